/** What Actions see and make of a browser's session: metadata, its end, its cookie, and the methods they record in it. */
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { Clock } from '../../src/login/ports.js';
import { answerAt, authorizeUrl, startLanding } from '../oidc/relying-party.js';
import {
  logsInAs,
  makeServiceProvider,
  makeUser,
  responseXml,
  statusIn,
  type ServiceProvider,
} from '../saml-browser/service-provider.js';
import { bindHandlers, makeParties, oidcLogin, samlLogin } from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';
import { textsOf } from '../support/wire.js';

let server: TestServer;
let sp: ServiceProvider;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  sp = await makeServiceProvider(server, { clientId: 'browsers' });
  await makeUser(server, 'alice');
});
afterAll(() => server.close());

let agent: UserAgent;
beforeEach(() => {
  agent = new UserAgent();
});

/** With its password where it is asked for one. */
async function logIn(): Promise<Page> {
  const page = await agent.get(await sp.loginUrl());
  return isLoginPage(page) ? agent.submit(page, logsInAs('alice')) : page;
}
const isLoginPage = ({ text }: Page): boolean => text.includes('name="password"');
const isAsked = async (): Promise<boolean> => isLoginPage(await agent.get(await sp.loginUrl()));
const told = (page: Page, name: string): unknown => {
  const [text] = textsOf(responseXml(page, sp.acsUrl), name) ?? [];
  return text === undefined || text === null ? undefined : JSON.parse(text);
};
const TELL = (name: string, what: string): string =>
  `api.samlResponse.setAttribute('${name}', JSON.stringify(${what} ?? null));`;
const sessionsOfAlice = async (): Promise<readonly { id: string }[]> =>
  (await server.api<{ sessions: { id: string }[] }>('GET', '/api/v2/users/auth0%7Calice/sessions')).body
    .sessions;

test('the session stands in the event of a browser login, with the clients that know of it', async () => {
  await bindHandlers(server, [TELL('session', 'event.session')]);
  const first = told(await logIn(), 'session');
  expect(first).toMatchObject({
    id: expect.any(String) as string,
    user_id: 'auth0|alice',
    clients: [],
    cookie: { mode: 'persistent' },
    metadata: {},
  });
  const again = told(await logIn(), 'session') as { id: string };
  expect(again).toMatchObject({ id: (first as { id: string }).id, clients: [{ client_id: 'browsers' }] });
  expect((await sessionsOfAlice()).map(({ id }) => id)).toContain(again.id);
});

test('relying parties of OpenID Connect are among the clients of a session', async () => {
  const landing = await startLanding();
  onTestFinished(landing.close);
  await server.api('POST', '/api/v2/clients', {
    client_id: 'application',
    name: 'Application',
    callbacks: [landing.callback],
  });
  await bindHandlers(server, [TELL('session', 'event.session')]);
  await logIn();
  expect(
    answerAt(await agent.get(authorizeUrl(server, landing, { client_id: 'application' })), landing),
  ).toHaveProperty('code');
  expect(told(await logIn(), 'session')).toMatchObject({
    clients: [{ client_id: 'browsers' }, { client_id: 'application' }],
  });
});

test('session metadata is seen at once, by later Actions, and in the next login of the session alone', async () => {
  await bindHandlers(server, [
    `${TELL('before', 'event.session.metadata')}
     api.session.setMetadata('count', String(Number(event.session.metadata.count ?? 0) + 1));
     api.session.setMetadata('gone', 'soon'); api.session.deleteMetadata('gone');
     ${TELL('at_once', 'event.session.metadata')}`,
    TELL('later', 'event.session.metadata'),
  ]);
  const first = await logIn();
  expect(['before', 'at_once', 'later'].map((name) => told(first, name))).toEqual([
    {},
    { count: '1' },
    { count: '1' },
  ]);
  const second = await logIn();
  expect(['before', 'at_once'].map((name) => told(second, name))).toEqual([{ count: '1' }, { count: '2' }]);
  agent = new UserAgent();
  expect(told(await logIn(), 'before')).toEqual({});
});

test('evictMetadata empties it, also for the next login', async () => {
  await bindHandlers(server, [
    `${TELL('before', 'event.session.metadata')}
     if (event.session.metadata.a) api.session.evictMetadata(); else api.session.setMetadata('a', '1');`,
  ]);
  const seen: unknown[] = [];
  for (let round = 0; round < 3; round++) seen.push(told(await logIn(), 'before'));
  expect(seen).toEqual([{}, { a: '1' }, {}]);
});

test('session.revoke denies the login with its reason and ends the session; later Actions do not run', async () => {
  await bindHandlers(server, []);
  await logIn();
  expect(await isAsked()).toBe(false);
  const before = (await sessionsOfAlice()).length;
  await bindHandlers(server, [`api.session.revoke('stolen');`, `api.access.deny('never said');`]);
  const xml = responseXml(await logIn(), sp.acsUrl);
  expect(statusIn(xml)).toEqual(['Responder']);
  expect(xml).toContain('>stolen<');
  expect(xml).not.toContain('Assertion');
  expect(await sessionsOfAlice()).toHaveLength(before - 1);
  await bindHandlers(server, []);
  expect(await isAsked()).toBe(true);
});

test('a denial leaves the session, and the next login meets Actions again', async () => {
  await bindHandlers(server, [`api.session.setMetadata('denied', 'yes'); api.access.deny('no');`]);
  expect(statusIn(responseXml(await logIn(), sp.acsUrl))).toEqual(['Responder']);
  expect(await isAsked()).toBe(false);
  await bindHandlers(server, [TELL('seen', 'event.session.metadata')]);
  expect(told(await logIn(), 'seen')).toEqual({ denied: 'yes' });
});

test('setExpiresAt with a negative instant leaves no session, and this login goes on', async () => {
  await bindHandlers(server, [`api.session.setExpiresAt(-1);`]);
  expect(statusIn(responseXml(await logIn(), sp.acsUrl))).toEqual(['Success']);
  expect(await isAsked()).toBe(true);
});

const minutesAhead = (minutes: number): void =>
  void (server.app.get(Clock).now = () => new Date(Date.now() + minutes * 60_000));

test('setExpiresAt ends a session when it says, at the earliest of several instants; none makes it longer', async () => {
  await bindHandlers(server, [
    `const until = (minutes) => api.session.setExpiresAt(Date.now() + minutes * 60_000);
     if (event.session.metadata.set) until(60 * 24 * 365); else { until(30); until(10); until(20); }
     api.session.setMetadata('set', '1');`,
  ]);
  try {
    await logIn();
    minutesAhead(9);
    expect(await isAsked()).toBe(false);
    minutesAhead(11);
    expect(await isAsked()).toBe(true);
  } finally {
    minutesAhead(0);
  }
});

test('setIdleExpiresAt holds until the next login: one that says it again goes on, one that does not is back to the tenant’s', async () => {
  const idle = (minutes: number): Promise<void> =>
    bindHandlers(server, [
      `${TELL('idle', 'event.session.idle_expires_at')} api.session.setIdleExpiresAt(Date.now() + ${minutes} * 60_000);`,
    ]);
  try {
    // the code of an Action has the clock of the machine
    await idle(10);
    expect(told(await logIn(), 'idle')).toBeNull();
    minutesAhead(9);
    await idle(19);
    expect(typeof told(await logIn(), 'idle')).toBe('string');
    minutesAhead(18);
    await bindHandlers(server, [TELL('nothing', 'null')]);
    expect(await isAsked()).toBe(false);
    minutesAhead(60);
    expect(await isAsked()).toBe(false);
    await idle(61);
    await logIn();
    minutesAhead(62);
    expect(await isAsked()).toBe(true);
  } finally {
    minutesAhead(0);
  }
});

test.each(['0', 'NaN', 'undefined', '"tomorrow"'])(
  'setExpiresAt(%s) throws, and the session stays',
  async (value) => {
    await bindHandlers(server, [`api.session.setExpiresAt(${value});`]);
    expect(statusIn(responseXml(await logIn(), sp.acsUrl))).toEqual(['Responder']);
    await bindHandlers(server, []);
    expect(await isAsked()).toBe(false);
  },
);

test('a cookie that is not to persist has no Expires, and one that is to has it again', async () => {
  const cookieOf = (page: Page): string =>
    page.headers.getSetCookie().find((line) => line.startsWith('mintmark_session=')) ?? '';
  await bindHandlers(server, [
    `if (!event.session.metadata.turn) { api.session.setCookieMode('persistent'); api.session.setCookieMode('non-persistent'); }
     ${TELL('mode', 'event.session.cookie.mode')} api.session.setMetadata('turn', '1');`,
    TELL('later', 'event.session.cookie.mode'),
  ]);
  const first = await logIn();
  expect(cookieOf(first)).toMatch(/^mintmark_session=[\w-]+;/);
  expect(cookieOf(first)).not.toMatch(/Expires|Max-Age/i);
  expect([told(first, 'mode'), told(first, 'later')]).toEqual(['non-persistent', 'non-persistent']);
  const second = await logIn();
  expect(told(second, 'mode')).toBe('non-persistent');
  // no cookie is sent anew where nothing of it is to change
  expect(cookieOf(second)).toBe('');
  await bindHandlers(server, [`api.session.setCookieMode('persistent');`]);
  expect(cookieOf(await logIn())).toMatch(/Expires=/);
  expect(await isAsked()).toBe(false);
});

test('a method that is recorded is seen by later Actions and in the next login of the session, not in another', async () => {
  const METHOD = 'https://mfa.example.test/otp';
  await bindHandlers(server, [
    `${TELL('before', 'event.authentication.methods')} api.authentication.recordMethod('${METHOD}'); ${TELL('same', 'event.authentication.methods')}`,
    TELL('later', 'event.authentication.methods'),
  ]);
  const names = (page: Page, what: string): string[] => {
    const methods = told(page, what) as readonly { name: string; url?: string; timestamp: string }[];
    for (const { timestamp } of methods) expect(new Date(timestamp).toISOString()).toBe(timestamp);
    return methods.map(({ name, url }) => url ?? name);
  };
  const first = await logIn();
  expect(names(first, 'before')).toEqual(['pwd']);
  expect(names(first, 'same')).toEqual(['pwd']);
  expect(names(first, 'later')).toEqual(['pwd', METHOD]);
  expect(names(await logIn(), 'before')).toEqual(['pwd', METHOD]);
  agent = new UserAgent();
  expect(names(await logIn(), 'before')).toEqual(['pwd']);
});

test('over REST there is no session: what needs one throws, what does not is in vain', async () => {
  await bindHandlers(server, [`api.session.setMetadata('a', '1');`]);
  expect((await samlLogin(server)).status).toBe('failed');
  await bindHandlers(server, [`api.session.revoke('no');`]);
  expect((await oidcLogin(server)).status).toBe('failed');
  await bindHandlers(server, [
    `api.session.deleteMetadata('a'); api.session.evictMetadata(); api.session.setExpiresAt(-1); api.session.setCookieMode('non-persistent');`,
  ]);
  expect((await oidcLogin(server)).status).toBe('completed');
});

test('a session that a test gives with its event can be written on, and no session of the server is', async () => {
  const [real] = await sessionsOfAlice();
  await bindHandlers(server, [
    `api.session.setMetadata('a', event.session.metadata.given); api.session.revoke('over');`,
  ]);
  expect(
    await oidcLogin(server, { event: { session: { id: real!.id, metadata: { given: 'yes' } } } }),
  ).toMatchObject({ status: 'denied', reason: 'over' });
  expect((await sessionsOfAlice()).map(({ id }) => id)).toContain(real!.id);
});
