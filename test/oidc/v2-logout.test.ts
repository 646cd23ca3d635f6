/** GET /v2/logout, as Auth0 has it. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  answerStep,
  makeLogoutSp,
  logIn as logInAtSp,
  startLanding as startSp,
} from '../logout/logout-sp.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import { isLoggedIn, loggedIn, makeClient, newestLogout, request, type RawAnswer } from './logout-party.js';
import { makeParties, startLanding, type Landing } from './relying-party.js';

let server: TestServer;
let landing: Landing;
let agent: UserAgent;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
  await makeClient(server, landing, {
    client_id: 'leaves',
    allowed_logout_urls: ['https://*.example.test/bye', `${landing.origin}/bye`, `${landing.origin}/other`],
  });
  await makeClient(server, landing, {
    client_id: 'native',
    app_type: 'native',
    allowed_logout_urls: ['http://127.0.0.1/bye'],
  });
  await server.api('PATCH', '/api/v2/tenants/settings', {
    allowed_logout_urls: [`${landing.origin}/tenant`],
  });
});
afterAll(async () => {
  await server.close();
  await landing.close();
});
beforeEach(() => {
  agent = new UserAgent();
});

const v2 = (parameters: Readonly<Record<string, string>>, cookies = ''): Promise<RawAnswer> =>
  request(`${server.baseUrl}/v2/logout?${new URLSearchParams(parameters).toString()}`, cookies);

test('it ends the session and sends the browser to a returnTo of the client by 302, query and fragment as they came', async () => {
  const { cookies } = await loggedIn(agent, server, landing);
  expect(await isLoggedIn(agent, server, landing)).toBe(true);
  const returnTo = `${landing.origin}/bye?a=b%20c#d`;
  const answer = await v2({ client_id: 'leaves', returnTo, auth0Client: 'e30' }, cookies);
  expect([answer.status, answer.location]).toEqual([302, returnTo]);
  expect(answer.cookies.join()).toMatch(/mintmark_session=;.*Expires=Thu, 01 Jan 1970/);
  expect(await isLoggedIn(agent, server, landing)).toBe(false);
  expect(await newestLogout(server)).toMatchObject({
    status: 'finished',
    userId: 'auth0|alice',
    requester: null,
    relyingParty: { clientId: 'leaves', redirectTo: returnTo },
  });
});

test('without returnTo it is the first URL of the client that is no pattern, without a client the tenant’s', async () => {
  expect((await v2({ client_id: 'leaves' })).location).toBe(`${landing.origin}/bye`);
  expect((await v2({})).location).toBe(`${landing.origin}/tenant`);
  const nowhere = await v2({ client_id: 'app' });
  expect([nowhere.status, nowhere.location]).toEqual([200, null]);
  expect(nowhere.text).toContain('Not logged in');
});

test('the URLs of the tenant count where no client is named, and there alone', async () => {
  expect((await v2({ returnTo: `${landing.origin}/tenant?x=1` })).location).toBe(
    `${landing.origin}/tenant?x=1`,
  );
  const mismatches: Record<string, string>[] = [
    { client_id: 'leaves', returnTo: `${landing.origin}/tenant` },
    { returnTo: `${landing.origin}/bye` },
  ];
  for (const parameters of mismatches) expect((await v2(parameters)).status).toBe(400);
});

test('a URL that is not registered is an error page that says what is, and the session stays', async () => {
  const { cookies } = await loggedIn(agent, server, landing);
  for (const returnTo of [
    `${landing.origin}/bye/`,
    `${landing.origin}/BYE`,
    `${landing.origin}@evil.example/bye`,
    'https://a.b.example.test/bye',
    'javascript:alert(1)',
    '//evil.example/bye',
    '/bye',
    `${landing.origin}/bye\\..`,
  ]) {
    const answer = await v2({ client_id: 'leaves', returnTo }, cookies);
    expect([answer.status, answer.location]).toEqual([400, null]);
    expect(answer.text).toContain('logout_url_not_allowed');
    expect(answer.text).toContain(`${landing.origin}/other`);
  }
  expect((await v2({ client_id: 'nobody' }, cookies)).text).toContain('logout_client_unknown');
  expect((await v2({ client_id: '\u{1F600}' }, cookies)).status).toBe(400);
  expect((await request(`${server.baseUrl}/v2/logout?returnTo=a&returnTo=b`, cookies)).status).toBe(400);
  expect(await isLoggedIn(agent, server, landing)).toBe(true);
});

test('a pattern stands for one label, and a native application may use any port of loopback', async () => {
  const bye = 'https://a.example.test/bye';
  expect((await v2({ client_id: 'leaves', returnTo: bye })).location).toBe(bye);
  const loopback = 'http://127.0.0.1:50123/bye';
  expect((await v2({ client_id: 'native', returnTo: loopback })).location).toBe(loopback);
});

test('federated is ignored, with a note on the timeline, with a value or without', async () => {
  for (const federated of ['federated', 'federated=', 'x=1&federated=true']) {
    const fresh = new UserAgent();
    const { cookies } = await loggedIn(fresh, server, landing);
    const answer = await request(`${server.baseUrl}/v2/logout?client_id=leaves&${federated}`, cookies);
    expect(answer.location).toBe(`${landing.origin}/bye`);
    expect((await newestLogout(server))!.timeline[0]).toMatchObject({
      name: 'logout.requested',
      detail: { federated: expect.stringContaining('ignored') },
    });
  }
});

test('the service providers of the session are asked first, and then the browser goes where it was to go', async () => {
  const spLanding = await startSp();
  try {
    const sp = await makeLogoutSp(server, spLanding, 'saml-in-between');
    await loggedIn(agent, server, landing);
    await logInAtSp(agent, sp);
    const step = await agent.get(
      `${server.baseUrl}/v2/logout?client_id=leaves&returnTo=${encodeURIComponent(`${landing.origin}/other?z=1`)}`,
    );
    const { page } = await answerStep(agent, sp, step);
    expect(page.url).toBe(`${landing.origin}/other?z=1`);
    const logout = await newestLogout(server);
    expect(logout!.steps.map(({ state }) => state)).toEqual(['logged_out']);
    expect(logout!.timeline.map(({ name }) => name)).toContain('browser.sent_back');
    // whoever goes back is sent there again
    expect((await agent.get(`${server.baseUrl}/logout?state=${logout!.id}`)).url).toBe(page.url);
    const shown = await server.api<string>('GET', `/debug/logouts/${logout!.id}`, undefined, {
      accept: 'text/html',
    });
    expect(shown.body).toContain(`${landing.origin}/other?z=1`);
  } finally {
    await spLanding.close();
  }
});

test('a HEAD changes nothing', async () => {
  const { cookies } = await loggedIn(agent, server, landing);
  const answer = await fetch(`${server.baseUrl}/v2/logout`, { method: 'HEAD', headers: { cookie: cookies } });
  expect(answer.status).toBe(405);
  expect(await isLoggedIn(agent, server, landing)).toBe(true);
});
