/** How long a session lasts, and how an operator sees and ends it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Clock } from '../../src/login/ports.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import {
  PASSWORD,
  logsInAs,
  makeServiceProvider,
  makeUser,
  type ServiceProvider,
} from './service-provider.js';

let server: TestServer;
let sp: ServiceProvider;
beforeAll(async () => {
  server = await startTestServer();
  sp = await makeServiceProvider(server);
  await makeUser(server, 'alice');
});
afterAll(() => server.close());

const settings = async (change: object): Promise<void> => {
  expect((await server.api('PATCH', '/api/v2/tenants/settings', change)).status).toBe(200);
};
const logIn = async (name = 'alice'): Promise<UserAgent> => {
  const agent = new UserAgent();
  await sp.accept(await agent.submit(await agent.get(await sp.loginUrl()), logsInAs(name)));
  return agent;
};
const isAsked = async (agent: UserAgent): Promise<boolean> =>
  (await agent.get(await sp.loginUrl())).text.includes('name="password"');

interface Sessions {
  readonly sessions: readonly {
    readonly id: string;
    readonly user_id: string;
    readonly clients: readonly object[];
  }[];
}
const sessionsOf = async (name: string): Promise<Sessions['sessions']> =>
  (await server.api<Sessions>('GET', `/api/v2/users/auth0%7C${name}/sessions`)).body.sessions;

test('an idle session is over; each login in it keeps it alive, until its absolute end', async () => {
  await settings({ idle_session_lifetime: 2, session_lifetime: 5 });
  const clock = server.app.get(Clock);
  const [idle, busy] = [await logIn(), await logIn()];
  const hours = (passed: number): void => void (clock.now = () => new Date(Date.now() + passed * 3_600_000));
  try {
    hours(1.5);
    expect(await isAsked(busy)).toBe(false);
    hours(2.1);
    expect(await isAsked(idle)).toBe(true);
    hours(3.4);
    expect(await isAsked(busy)).toBe(false);
    hours(4.9);
    expect(await isAsked(busy)).toBe(false);
    hours(5.1);
    expect(await isAsked(busy)).toBe(true);
  } finally {
    hours(0);
    await settings({ idle_session_lifetime: null, session_lifetime: null });
  }
});

test('the session cookie is closed to scripts and to posts of other sites, and ends with the session', async () => {
  const agent = new UserAgent();
  const delivered = await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice'));
  const [cookie] = delivered.headers.getSetCookie();
  expect(cookie).toMatch(/^mintmark_session=[\w-]{43};/);
  expect(cookie).toContain('HttpOnly');
  expect(cookie).toContain('SameSite=Lax');
  expect(cookie).toContain('Path=/');
  const expires = Date.parse(/Expires=([^;]+)/.exec(cookie!)![1]!);
  expect(Math.abs(expires - Date.now() - 168 * 3_600_000)).toBeLessThan(60_000);
});

test('sessions of a user are listed with the clients that know of them, and none of their secrets', async () => {
  await makeUser(server, 'lisa');
  const agent = await logIn('lisa');
  const listed = await sessionsOf('lisa');
  expect(listed).toMatchObject([
    { user_id: 'auth0|lisa', clients: [{ client_id: 'sp', name_id: 'auth0|lisa' }] },
  ]);
  const token = agent.cookie(server.baseUrl, 'mintmark_session')!;
  expect(JSON.stringify(listed)).not.toContain(token);
  expect((await server.api('GET', `/api/v2/sessions/${listed[0]!.id}`)).body).toEqual(listed[0]);
});

test('a session that is revoked asks for the password again; one that is not there is a 404', async () => {
  await makeUser(server, 'rose');
  for (const end of [
    (id: string) => server.api('POST', `/api/v2/sessions/${id}/revoke`),
    (id: string) => server.api('DELETE', `/api/v2/sessions/${id}`),
    () => server.api('DELETE', '/api/v2/users/auth0%7Crose/sessions'),
    () => server.api('PATCH', '/api/v2/users/auth0%7Crose', { password: PASSWORD }),
  ]) {
    const agent = await logIn('rose');
    expect(await isAsked(agent)).toBe(false);
    const { id } = (await sessionsOf('rose'))[0]!;
    expect((await end(id)).status).toBeLessThan(300);
    expect(await isAsked(agent)).toBe(true);
    expect(await sessionsOf('rose')).toEqual([]);
    expect(await server.api('POST', `/api/v2/sessions/${id}/revoke`)).toMatchObject({
      status: 404,
      body: { code: 'session_not_found' },
    });
  }
});
