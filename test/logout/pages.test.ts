/** Logouts that begin here, the pages around them, and what the inspector shows. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeUser } from '../saml-browser/service-provider.js';
import { KEYS } from '../support/login-context.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';
import {
  POST,
  REDIRECT,
  answerStep,
  isAlive,
  logIn,
  logoutRequestXml,
  logoutsOf,
  makeLogoutSp,
  messageOn,
  redirectUrl,
  requestLogout,
  sessionToken,
  startLanding,
  type Landing,
  type LogoutSp,
} from './logout-sp.js';

let server: TestServer;
let landing: Landing;
beforeAll(async () => {
  landing = await startLanding();
  server = await startTestServer();
  await makeUser(server, 'alice');
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

let count = 0;
const HOSTILE = `<img src=x onerror="alert(1)">'&`;
async function twoLoggedIn(name: string = HOSTILE): Promise<{ agent: UserAgent; sps: [LogoutSp, LogoutSp] }> {
  const prefix = `pages-${(count += 1)}`;
  const sps: [LogoutSp, LogoutSp] = [
    await makeLogoutSp(server, landing, `${prefix}-a`, { binding: REDIRECT, client: { name } }),
    await makeLogoutSp(server, landing, `${prefix}-b`, { binding: POST }),
  ];
  const agent = new UserAgent();
  for (const sp of sps) await logIn(agent, sp);
  return { agent, sps };
}
const logoutPage = (): string => `${server.baseUrl}/logout`;

test('a logout that begins here is confirmed first, asks everybody and ends on a page of ours', async () => {
  const { agent, sps } = await twoLoggedIn();
  const token = sessionToken(server, agent);
  const confirmation = await agent.get(logoutPage());
  expect(confirmation.text).toContain('alice@example.test');
  expect(await isAlive(server, token)).toBe(true);
  const first = await agent.submit(confirmation);
  expect(await isAlive(server, token)).toBe(false);
  expect(sessionToken(server, agent)).toBeUndefined();
  expect(first.text).not.toContain('<img');
  const second = await answerStep(agent, sps[0], first);
  const end = await answerStep(agent, sps[1], second.page);
  expect(end.page.text).toContain('<h1>Logged out</h1>');
  expect(end.page.text).not.toContain('<img');
  expect(end.page.text).toContain('&lt;img');
  expect(end.page.forms).toEqual([]);
  const again = await agent.get(logoutPage());
  expect(again.text).toContain('Nobody is logged in');
});

test('the page says who was not logged out', async () => {
  const { agent, sps } = await twoLoggedIn();
  const first = await agent.submit(await agent.get(logoutPage()));
  const second = await answerStep(agent, sps[0], first, false);
  const end = await agent.submit(second.page, {}, second.page.forms.length - 1);
  expect(end.text).toContain('Logged out, but not everywhere');
  expect(end.text).toContain('it answered Requester, UnknownPrincipal');
  expect(end.text).toContain('left it out');
});

test('a logout URL of a client that is opened without a message leads to the confirmation', async () => {
  const { agent, sps } = await twoLoggedIn();
  for (const url of [sps[0].target, `${server.baseUrl}/samlp/logout`, `${sps[0].target}?RelayState=x`])
    expect((await agent.get(url)).text).toContain('Log out?');
  const posted = await agent.post(sps[0].target, [['RelayState', 'x']], landing.url);
  expect(posted.text).toContain('Log out?');
});

test('no page of another site logs anybody out', async () => {
  const { agent, sps } = await twoLoggedIn();
  const token = sessionToken(server, agent);
  const confirmation = await agent.get(logoutPage());
  const fields = confirmation.forms[0]!.fields;
  const stranger = await new UserAgent().get(logoutPage());
  expect(stranger.forms).toEqual([]);
  const forgeries: readonly (readonly [readonly (readonly [string, string])[], string?])[] = [
    [[]],
    [[['csrf', '']]],
    [[['csrf', 'x'.repeat(43)]]],
    [
      [
        ['state', ''],
        ['csrf', 'ä'],
      ],
    ],
    // the very form, but from elsewhere: the cookies stay behind
    [fields, landing.url],
  ];
  for (const [given, from] of forgeries) {
    const page = await agent.post(logoutPage(), given, from);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('logout_form_stale')]);
  }
  // the token of another browser
  const other = await twoLoggedIn();
  const theirs = (await other.agent.get(logoutPage())).forms[0]!.fields;
  expect((await agent.post(logoutPage(), theirs)).status).toBe(400);
  for (const url of [
    logoutPage(),
    `${logoutPage()}?csrf=${fields.find(([name]) => name === 'csrf')![1]}&action=logout`,
    sps[0].target,
    redirectUrl(
      sps[0].target,
      'SAMLRequest',
      logoutRequestXml({ issuer: sps[0].entityId, destination: sps[0].target, nameId: 'auth0|alice' }),
    ),
  ])
    await agent.get(url, landing.url);
  expect(await isAlive(server, token)).toBe(true);
  expect((await agent.submit(confirmation)).status).toBe(200);
  expect(await isAlive(server, token)).toBe(false);
});

test('every page of a logout is kept by nobody, framed by nobody, and runs its own script only', async () => {
  const { agent, sps } = await twoLoggedIn();
  const pages: Page[] = [await agent.get(logoutPage())];
  pages.push(await agent.submit(pages[0]!));
  pages.push((await answerStep(agent, sps[0], pages[1]!)).page);
  pages.push((await answerStep(agent, sps[1], pages[2]!)).page);
  pages.push(await agent.get(`${logoutPage()}?state=lgt_${'0'.repeat(32)}`));
  expect(pages.map(({ status }) => status)).toEqual([200, 200, 200, 200, 404]);
  for (const { headers, text } of pages) {
    const policy = headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("script-src 'unsafe-inline'");
    expect(headers.get('cache-control')).toContain('no-store');
    const nonces = [...text.matchAll(/<script nonce="([^"]+)"/g)].map(([, nonce]) => nonce!);
    for (const nonce of nonces) expect(policy).toContain(`'nonce-${nonce}'`);
    expect(text.match(/<script\b/g)?.length ?? 0).toBe(nonces.length);
  }
});

test('an SP that is down is found out here, so that the browser looks before it goes there', async () => {
  const probeOn = (page: Page): string | undefined => /data-probe="([^"]*)"/.exec(page.text)?.[1];
  const alive = await twoLoggedIn();
  expect(probeOn(await alive.agent.submit(await alive.agent.get(logoutPage())))).toBe('');
  const gone = await startLanding();
  await gone.close();
  const sp = await makeLogoutSp(server, gone, `down-${(count += 1)}`);
  const agent = new UserAgent();
  await logIn(agent, sp);
  expect(probeOn(await agent.submit(await agent.get(logoutPage())))).toBe(`${gone.url}/favicon.ico`);
});

test('the inspector shows a logout with all of its messages, and neither secrets nor markup of others', async () => {
  const relayState = `"><script>alert('relay')</script>`;
  const { agent, sps } = await twoLoggedIn();
  const token = sessionToken(server, agent)!;
  await server.api('PATCH', `/api/v2/clients/${sps[1].clientId}`, {
    addons: {
      samlp: {
        entityId: sps[1].entityId,
        spCertificates: [KEYS.sp.cert],
        logout: { callback: sps[1].sloUrl },
        cert: KEYS.other.cert,
        key: KEYS.other.key,
      },
    },
  });
  const profile = await logIn(agent, sps[0]);
  const step = await requestLogout(agent, sps[0], profile, relayState);
  const browserToken = agent.cookie(server.baseUrl, 'mintmark_browser')!;
  const csrf = step.forms.at(-1)!.fields.find(([name]) => name === 'csrf')![1];
  await agent.submit(step, {}, step.forms.length - 1);
  const { id } = (await logoutsOf(server))[0]!;

  const listed = await server.api<{ items: { id: string }[] }>('GET', '/debug/logouts');
  expect(listed.body.items[0]!.id).toBe(id);
  const one = await server.api<{ timeline: { name: string }[] }>('GET', `/debug/logouts/${id}`);
  expect(one.body).toMatchObject({
    id,
    status: 'finished',
    userId: 'auth0|alice',
    requester: { clientId: sps[0].clientId, RelayState: relayState },
    steps: [{ participant: { clientId: sps[1].clientId }, state: 'failed' }],
  });
  expect(one.body.timeline.map(({ name }) => name)).toEqual([
    'request.received',
    'request.verified',
    'session.ended',
    'participant.asked',
    'participant.failed',
    'response.sent',
    'logout.finished',
  ]);
  const pages = await Promise.all(
    ['', `/${id}`].map((path) =>
      server.api<string>('GET', `/debug/logouts${path}`, undefined, { accept: 'text/html' }),
    ),
  );
  for (const { status, headers, body } of pages) {
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('text/html');
    expect(body).not.toContain('<script>alert');
    expect(body).toContain(id);
  }
  expect(pages[1]!.body).toContain('&lt;script&gt;alert');
  for (const text of [JSON.stringify([listed.body, one.body]), ...pages.map(({ body }) => body)])
    for (const secret of [token, browserToken, csrf, 'PRIVATE KEY']) expect(text).not.toContain(secret);
  const missing = await server.api('GET', '/debug/logouts/lgt_nothing');
  expect([missing.status, missing.body['code']]).toEqual([404, 'logout_not_found']);
});

test('a person without JavaScript or a program without a wish for HTML gets what it can read', async () => {
  const { agent, sps } = await twoLoggedIn();
  const step = await agent.submit(await agent.get(logoutPage()));
  expect(step.text).toContain('<noscript>');
  expect(messageOn(step).location).toBe(sps[0].sloUrl);
  const problem = await fetch(sps[0].target, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: 'SAMLRequest=%25%25',
  });
  expect(problem.headers.get('content-type')).toContain('application/problem+json');
  expect(await problem.json()).toMatchObject({ status: 400, code: 'saml_message_undecodable' });
});

test('a session that another login of this browser began is not forgotten with the one that ended', async () => {
  const { agent, sps } = await twoLoggedIn();
  const old = sessionToken(server, agent)!;
  const step = await agent.submit(await agent.get(logoutPage()));
  await logIn(agent, sps[0]);
  const fresh = sessionToken(server, agent)!;
  expect(fresh).not.toBe(old);
  await answerStep(agent, sps[0], step);
  expect(sessionToken(server, agent)).toBe(fresh);
  expect(await isAlive(server, fresh)).toBe(true);
});

test('whoever only looks, as a preview of a link does, takes no logout further', async () => {
  const { agent, sps } = await twoLoggedIn();
  const profile = await logIn(agent, sps[0]);
  const url = await sps[0].saml.getLogoutUrlAsync(profile, '', {});
  expect((await fetch(url, { method: 'HEAD', redirect: 'manual' })).status).toBe(405);
  expect(await isAlive(server, sessionToken(server, agent))).toBe(true);
  const begun = await fetch(url, { redirect: 'manual' });
  const page = new URL(begun.headers.get('location')!, server.baseUrl).href;
  expect((await fetch(page, { method: 'HEAD' })).status).toBe(405);
  expect(messageOn(await agent.get(page)).location).toBe(sps[1].sloUrl);
});
