/**
 * The end_session_endpoint (OpenID Connect RP-Initiated Logout 1.0). Tests named oidcc-rp-initiated-logout… demand what the modules of that
 * name of the OpenID conformance suite do.
 */
import { createPrivateKey } from 'node:crypto';
import { decodeJwt, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  answerStep,
  logIn as logInAtSp,
  makeLogoutSp,
  startLanding as startSp,
} from '../logout/logout-sp.js';
import { keyFile } from '../support/jwt-keys.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';
import {
  isLoggedIn,
  loggedIn,
  makeClient,
  newestLogout,
  request,
  type LoggedIn,
  type RawAnswer,
} from './logout-party.js';
import { makeParties, startLanding, type Landing } from './relying-party.js';

let server: TestServer;
let landing: Landing;
let agent: UserAgent;
let alice: LoggedIn;
let bye: string;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
  bye = `${landing.origin}/bye?kept=1`;
  await makeClient(server, landing, {
    client_id: 'rp',
    name: 'The <relying> party',
    allowed_logout_urls: [bye],
  });
  await server.api('PATCH', '/api/v2/tenants/settings', {
    allowed_logout_urls: [`${landing.origin}/tenant`],
  });
});
afterAll(async () => {
  await server.close();
  await landing.close();
});
beforeEach(async () => {
  agent = new UserAgent();
  alice = await loggedIn(agent, server, landing, { client_id: 'rp' });
});

type Sent = Readonly<Record<string, string>>;
const endpoint = (): string => `${server.baseUrl}/oidc/logout`;
const urlOf = (parameters: Sent): string => `${endpoint()}?${new URLSearchParams(parameters).toString()}`;
const ask = (parameters: Sent, cookies = alice.cookies): Promise<RawAnswer> =>
  request(urlOf(parameters), cookies);
const alive = (): Promise<boolean> => isLoggedIn(agent, server, landing);
/** All of a request that is right. */
const right = (over: Sent = {}): Sent => ({
  id_token_hint: alice.idToken,
  post_logout_redirect_uri: bye,
  state: 'a state & more',
  ...over,
});
const without = (parameters: Sent, ...names: string[]): Sent =>
  Object.fromEntries(Object.entries(parameters).filter(([name]) => !names.includes(name)));
const isConfirmation = ({ status, text }: Pick<RawAnswer, 'status' | 'text'>): boolean =>
  status === 200 && text.includes('action="/oidc/logout/confirm"');

/** Of another payload, as the server itself signs; `expired` an hour ago. */
const signedHere = (
  claims: Record<string, unknown>,
  typ = 'JWT',
  key = 'saml-idp.key.pem',
): Promise<string> => {
  const { kid } = JSON.parse(Buffer.from(alice.idToken.split('.')[0]!, 'base64url').toString('utf8')) as {
    kid: string;
  };
  return new SignJWT({ ...decodeJwt(alice.idToken), ...claims })
    .setProtectedHeader({ alg: 'RS256', kid, typ })
    .sign(createPrivateKey(keyFile(key)));
};

test('oidcc-rp-initiated-logout: the browser goes to the registered URI with the state, and prompt=none fails afterwards', async () => {
  expect(await alive()).toBe(true);
  const answer = await ask(right());
  expect([answer.status, answer.location]).toEqual([302, `${bye}&state=a%20state%20%26%20more`]);
  expect(await alive()).toBe(false);
  expect(await newestLogout(server)).toMatchObject({ status: 'finished', relyingParty: { clientId: 'rp' } });
});

test('oidcc-rp-initiated-logout-no-state: no state is added', async () => {
  expect((await ask(without(right(), 'state'))).location).toBe(bye);
  expect(await alive()).toBe(false);
});

test('oidcc-rp-initiated-logout-bad-post-logout-redirect-uri: an error page, and nobody is logged out', async () => {
  for (const post_logout_redirect_uri of [
    'https://evil.example/bye',
    landing.origin,
    `${landing.origin}/tenant`,
    'javascript:alert(1)//?kept=1',
    `${landing.origin}/bye`,
  ]) {
    const answer = await ask(right({ post_logout_redirect_uri }));
    expect([answer.status, answer.location]).toEqual([400, null]);
    expect(answer.text).toContain('logout_url_not_allowed');
  }
  expect(await alive()).toBe(true);
});

test('oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri: it is compared to the letter', async () => {
  const answer = await ask(right({ post_logout_redirect_uri: `${bye}&more=1` }));
  expect([answer.status, answer.location]).toEqual([400, null]);
  expect(await alive()).toBe(true);
});

test('oidcc-rp-initiated-logout-no-id-token-hint: the person is asked, and after a yes sent on', async () => {
  const page = await agent.get(urlOf({ client_id: 'rp', post_logout_redirect_uri: bye, state: 's' }));
  expect(isConfirmation(page)).toBe(true);
  expect(page.text).toContain('The &lt;relying&gt; party');
  expect(page.text).toContain('alice@example.test');
  expect(await alive()).toBe(true);
  const sent = await agent.submit(page);
  expect(sent.url).toBe(`${bye}&state=s`);
  expect(await alive()).toBe(false);
});

test('oidcc-rp-initiated-logout-no-id-token-hint: without a client only the tenant’s URLs count', async () => {
  const foreign = await ask({ post_logout_redirect_uri: bye });
  expect([foreign.status, foreign.location]).toEqual([400, null]);
  const page = await agent.get(urlOf({ post_logout_redirect_uri: `${landing.origin}/tenant` }));
  expect(isConfirmation(page)).toBe(true);
  expect((await agent.submit(page)).url).toBe(`${landing.origin}/tenant`);
});

test('oidcc-rp-initiated-logout-bad-id-token-hint: a foreign signature is refused, whatever the token says', async () => {
  const answer = await ask(right({ id_token_hint: await signedHere({}, 'JWT', 'jwt-other-rsa.key.pem') }));
  expect([answer.status, answer.location]).toEqual([400, null]);
  expect(answer.text).toContain('logout_hint_invalid');
  expect(await alive()).toBe(true);
});

test('oidcc-rp-initiated-logout-modified-id-token-hint: alg none is refused', async () => {
  const answer = await ask(right({ id_token_hint: new UnsecuredJWT(decodeJwt(alice.idToken)).encode() }));
  expect([answer.status, answer.location]).toEqual([400, null]);
  expect(answer.text).toContain('logout_hint_invalid');
  expect(await alive()).toBe(true);
});

for (const [name, parameters] of [
  ['-no-params', {}],
  ['-only-state', { state: 's' }],
] as const)
  test(`oidcc-rp-initiated-logout${name}: after a yes the page says that the session is over`, async () => {
    const page = await agent.get(urlOf(parameters));
    expect(isConfirmation(page)).toBe(true);
    const end = await agent.submit(page);
    expect([end.status, end.text]).toEqual([200, expect.stringContaining('Logged out')]);
    expect(await alive()).toBe(false);
  });

test('oidcc-rp-initiated-logout-no-post-logout-redirect-uri: the page says that the session is over', async () => {
  const answer = await ask(without(right(), 'post_logout_redirect_uri'));
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('Logged out')]);
  expect(await alive()).toBe(false);
});

test('oidcc-rp-initiated-logout-discovery-endpoint-verification: the endpoint is advertised', async () => {
  const { body } = await server.api('GET', '/.well-known/openid-configuration');
  expect(body).toMatchObject({
    end_session_endpoint: endpoint(),
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  });
});

test('an ID token that has expired, or is of another time, is as good', async () => {
  for (const times of [
    { iat: 1_000_000, exp: 1_000_060 },
    { iat: 9_000_000_000, nbf: 9_000_000_000, exp: 9_000_000_060 },
  ]) {
    const fresh = new UserAgent();
    const { idToken, cookies } = await loggedIn(fresh, server, landing, { client_id: 'rp' });
    alice = { ...alice, idToken, cookies };
    expect((await ask(right({ id_token_hint: await signedHere(times) }))).status).toBe(302);
    expect(await isLoggedIn(fresh, server, landing)).toBe(false);
  }
});

test('other tokens of ours are no hints', async () => {
  for (const hint of [
    await signedHere({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }),
    await signedHere({}, 'logout+jwt'),
    await signedHere({}, 'at+jwt'),
    await signedHere({ iss: 'https://elsewhere.example/' }),
    await signedHere({ aud: [] }),
    'x',
    `${alice.idToken}x`,
  ]) {
    const answer = await ask(right({ id_token_hint: hint }));
    expect([answer.status, answer.location]).toEqual([400, null]);
  }
  // an access token names an API
  const api = await ask(
    right({ id_token_hint: await signedHere({ aud: 'https://api.example.test', azp: 'rp' }) }),
  );
  expect([api.status, api.text]).toEqual([400, expect.stringContaining('logout_client_unknown')]);
  expect(await alive()).toBe(true);
});

test('the client_id must be the one that the ID token was issued to', async () => {
  expect((await ask(right({ client_id: 'rp' }))).status).toBe(302);
  const answer = await ask(right({ client_id: 'app' }));
  expect([answer.status, answer.location]).toEqual([400, null]);
  expect(answer.text).toContain('logout_hint_mismatch');
});

test('logout_hint with the sid of the session does without an ID token', async () => {
  const parameters = {
    client_id: 'rp',
    logout_hint: String(alice.claims['sid']),
    post_logout_redirect_uri: bye,
  };
  expect((await ask(parameters)).location).toBe(bye);
  expect(await alive()).toBe(false);
});

test('a hint of another session has the person asked, and so have hints that differ', async () => {
  const other = await loggedIn(new UserAgent(), server, landing, { client_id: 'rp' });
  for (const parameters of [
    right({ id_token_hint: other.idToken }),
    right({ logout_hint: String(other.claims['sid']) }),
    { logout_hint: 'auth0|alice' },
    right({ id_token_hint: await signedHere({ sid: undefined }) }),
  ]) {
    expect(isConfirmation(await ask(parameters))).toBe(true);
    expect(isConfirmation(await agent.post(endpoint(), Object.entries(parameters), landing.origin))).toBe(
      true,
    );
  }
  expect(await alive()).toBe(true);
});

test('with nobody logged in the browser goes on to the registered URI at once', async () => {
  expect((await ask(right(), '')).location).toBe(`${bye}&state=a%20state%20%26%20more`);
  expect((await ask({ client_id: 'rp', post_logout_redirect_uri: bye }, '')).location).toBe(bye);
  expect((await ask({}, '')).text).toContain('Not logged in');
  expect(await alive()).toBe(true);
});

test('a form of another site, which brings no cookies, does as much', async () => {
  const page = await agent.post(endpoint(), Object.entries(right()), landing.origin);
  expect(page.url).toBe(`${bye}&state=a%20state%20%26%20more`);
  expect(await alive()).toBe(false);
});

test('the ID token of a form does not get into an address', async () => {
  const answer = await request(endpoint(), '', new URLSearchParams(right()));
  expect(answer.status).toBe(303);
  expect(answer.location).not.toContain(alice.idToken);
  expect(answer.location).toContain(String(alice.claims['sid']));
});

test('only the page that this browser was shown confirms', async () => {
  const page = await agent.get(urlOf({ client_id: 'rp', post_logout_redirect_uri: bye }));
  const { action, fields } = page.forms[0]!;
  const to = new URL(action, page.url).href;
  const attempts: readonly Promise<Page>[] = [
    agent.post(to, fields, landing.origin),
    agent.post(
      to,
      fields.filter(([name]) => name !== 'csrf'),
      page.url,
    ),
    new UserAgent().post(to, fields, page.url),
  ];
  for (const { status, text } of await Promise.all(attempts))
    expect([status, text]).toEqual([400, expect.stringContaining('logout_form_stale')]);
  // and what was allowed is looked at again
  const elsewhere = fields.map(
    ([name, value]) => [name, value === bye ? 'https://evil.example/' : value] as const,
  );
  expect((await agent.post(to, elsewhere, page.url)).status).toBe(400);
  expect(await alive()).toBe(true);
});

test('the service providers of the session are asked before the browser goes to the URI', async () => {
  const spLanding = await startSp();
  try {
    const sp = await makeLogoutSp(server, spLanding, 'saml-sp');
    await logInAtSp(agent, sp);
    const { page } = await answerStep(agent, sp, await agent.get(urlOf(right())));
    expect(page.url).toBe(`${bye}&state=a%20state%20%26%20more`);
    expect((await newestLogout(server))!.steps).toMatchObject([{ state: 'logged_out' }]);
  } finally {
    await spLanding.close();
  }
});

test('a parameter that stands twice is refused', async () => {
  expect((await request(`${endpoint()}?state=a&state=b`, alice.cookies)).status).toBe(400);
  expect((await ask({ client_id: 'nobody' })).text).toContain('logout_client_unknown');
  expect(await alive()).toBe(true);
});
