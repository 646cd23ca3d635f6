/** /authorize over HTTP: whom a request names, by an ID token or by `claims`, and what it asks for in the ID token (OIDC Core 3.1.2.1, 5.5). */
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import {
  answerAt,
  API,
  authorizeUrl,
  claimsOf,
  LOGIN,
  logIn,
  make,
  makeParties,
  newest,
  startLanding,
  type Landing,
  type Parameters,
} from './relying-party.js';

let server: TestServer;
let landing: Landing;
let secret: string;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
  secret = (await server.api('GET', '/api/v2/clients/app')).body['client_secret'] as string;
  await make(server, '/api/v2/users', {
    user_id: 'auth0|bob',
    email: 'bob@example.test',
    name: 'Bob',
    password: LOGIN.password,
  });
  await make(server, '/api/v2/clients', { client_id: 'gone', name: 'G', callbacks: [landing.callback] });
  // a client and an API by one name: what tells their tokens apart is not the audience
  await make(server, '/api/v2/resource-servers', {
    identifier: 'app',
    name: 'Namesake',
    signing_alg: 'PS256',
  });
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

const BOB = { username: 'bob@example.test', password: LOGIN.password } as const;
const IMPLICIT = { response_type: 'id_token', nonce: 'n' } as const;

const idTokenOf = async (parameters: Parameters = {}): Promise<string> =>
  (await logIn(new UserAgent(), server, landing, { ...IMPLICIT, ...parameters }))['id_token']!;

const arrive = async (agent: UserAgent, parameters: Parameters): Promise<Record<string, string>> =>
  answerAt(await agent.get(authorizeUrl(server, landing, parameters)), landing);

async function redeemed(code: string | undefined, more: Parameters = {}): Promise<Record<string, string>> {
  const response = await fetch(`${server.baseUrl}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: 'app',
      client_secret: secret,
      redirect_uri: landing.callback,
      code: code ?? '',
      ...more,
    }),
  });
  return (await response.json()) as Record<string, string>;
}

test('an ID token hints at its user, expired or not, whichever client has it', async () => {
  await server.api('PATCH', '/api/v2/clients/app', { jwt_configuration: { lifetime_in_seconds: 1 } });
  const agent = new UserAgent();
  const mine = (await logIn(agent, server, landing, IMPLICIT))['id_token']!;
  await server.api('PATCH', '/api/v2/clients/app', { jwt_configuration: null });
  await make(server, '/api/v2/clients', { client_id: 'other', name: 'O', callbacks: [landing.callback] });
  const { exp } = claimsOf(mine);
  while (Date.now() / 1000 < (exp as number)) await new Promise((resolve) => setTimeout(resolve, 50));
  const keys = (await server.api<JSONWebKeySet>('GET', '/.well-known/jwks.json')).body;
  await expect(jwtVerify(mine, createLocalJWKSet(keys))).rejects.toThrow(/exp/);
  for (const client_id of ['app', 'other'])
    expect(await arrive(agent, { client_id, prompt: 'none', id_token_hint: mine })).toHaveProperty('code');
  const bob = new UserAgent();
  await logIn(bob, server, landing, {}, BOB);
  expect(await arrive(bob, { prompt: 'none', id_token_hint: mine })).toMatchObject({
    error: 'login_required',
  });
});

test('what is no ID token of a client here is no hint, at /authorize and at the logout alike', async () => {
  const login = await logIn(new UserAgent(), server, landing, {
    response_type: 'code token',
    audience: 'app',
    scope: 'openid',
  });
  const ofApi = await logIn(new UserAgent(), server, landing, { response_type: 'token', audience: API });
  const stale = await idTokenOf({ client_id: 'gone' });
  await server.api('DELETE', '/api/v2/clients/gone');
  const [head, payload, signature] = (await idTokenOf()).split('.');
  const { sub, ...others } = claimsOf(`${head}.${payload}.`);
  const forged = Buffer.from(JSON.stringify({ ...others, sub: 'auth0|bob', was: sub })).toString('base64url');
  const hints = {
    'an access token for the namesake of the client': login['access_token']!,
    'an access token for an API': ofApi['access_token']!,
    'an ID token of a client that is gone': stale,
    'a changed ID token': `${head}.${forged}.${signature}`,
    'an ID token without its signature': `${head}.${payload}.`,
    'a code': login['code']!,
  };
  expect(claimsOf(hints['an access token for the namesake of the client'])).toMatchObject({ aud: 'app' });
  for (const [what, hint] of Object.entries(hints)) {
    const answer = await arrive(new UserAgent(), { id_token_hint: hint });
    expect([what, answer['error']]).toEqual([what, 'invalid_request']);
    expect(answer['error_description']).toContain('id_token_hint is no ID token of this server');
    const out = await new UserAgent().get(
      `${server.baseUrl}/oidc/logout?${new URLSearchParams({ id_token_hint: hint }).toString()}`,
    );
    expect([what, out.status]).toEqual([what, 400]);
  }
});

test('sub with a value lets nobody else log in, as an id_token_hint does', async () => {
  const asking = (value: unknown): string => JSON.stringify({ id_token: { sub: { value } } });
  const agent = new UserAgent();
  await logIn(agent, server, landing);
  expect(await arrive(agent, { prompt: 'none', claims: asking('auth0|alice') })).toHaveProperty('code');
  expect(await arrive(agent, { prompt: 'none', claims: asking('auth0|bob') })).toMatchObject({
    error: 'login_required',
  });
  // the page asks, since another user is wanted than the one of the session
  const page = await agent.get(authorizeUrl(server, landing, { claims: asking('auth0|bob') }));
  expect(answerAt(await agent.submit(page, BOB), landing)).toHaveProperty('code');
  const wrong = await logIn(new UserAgent(), server, landing, { claims: asking('auth0|bob') });
  expect(wrong).toMatchObject({
    error: 'login_required',
    error_description: expect.stringContaining('sub in claims') as string,
  });
  const both = { claims: asking('auth0|bob'), id_token_hint: await idTokenOf() };
  expect(await arrive(new UserAgent(), both)).toMatchObject({ error: 'invalid_request' });
});

test('wishes that nobody can grant, or knows, stand in the way of no login', async () => {
  const claims = JSON.stringify({
    id_token: {
      sub: { values: ['auth0|a', 'auth0|b'] },
      auth_time: { essential: true },
      acr: { essential: true, values: ['urn:mace:incommon:iap:silver'] },
      'https://example.test/unknown': null,
      __proto__: null,
    },
    elsewhere: { name: null },
  });
  const answer = await logIn(new UserAgent(), server, landing, {
    ...IMPLICIT,
    claims,
    acr_values: 'urn:one',
  });
  const told = claimsOf(answer['id_token']);
  expect(told).toMatchObject({ sub: 'auth0|alice', auth_time: expect.any(Number) as number });
  for (const name of ['acr', 'amr', 'https://example.test/unknown']) expect(told).not.toHaveProperty([name]);
});

const ASKED = JSON.stringify({
  id_token: { email: { essential: true }, email_verified: null, gender: null, iss: { value: 'x' } },
  userinfo: { name: null },
});
test('claims that are asked for in the ID token stand there whatever the scope, from each endpoint', async () => {
  const wish = { scope: 'openid offline_access', claims: ASKED, response_type: 'code id_token', nonce: 'n' };
  const answer = await logIn(new UserAgent(), server, landing, wish);
  const { refresh_token, ...tokens } = await redeemed(answer['code']);
  const renewed = await redeemed(undefined, {
    grant_type: 'refresh_token',
    refresh_token: refresh_token ?? '',
  });
  for (const jwt of [answer['id_token'], tokens['id_token'], renewed['id_token']]) {
    expect(claimsOf(jwt)).toMatchObject({
      iss: `${server.baseUrl}/`,
      email: 'alice@example.test',
      email_verified: true,
    });
    expect(claimsOf(jwt)).not.toHaveProperty('name');
    expect(claimsOf(jwt)).not.toHaveProperty('gender');
  }
  const userinfo = await server.api('GET', '/userinfo', undefined, {
    authorization: `Bearer ${tokens['access_token']}`,
  });
  expect(userinfo.body).toEqual({ sub: 'auth0|alice', name: 'Alice' });
  const without = await logIn(new UserAgent(), server, landing, { ...IMPLICIT, scope: 'openid' });
  expect(claimsOf(without['id_token'])).not.toHaveProperty('email');
});

test('the debug view tells what let a claim into the ID token', async () => {
  await logIn(new UserAgent(), server, landing, {
    ...IMPLICIT,
    scope: 'openid profile',
    claims: ASKED,
  });
  const { id } = await newest(server);
  const { body } = await server.api<{
    tokens: { id_token: { claims: readonly { readonly name: string; readonly from: string }[] } };
  }>('GET', `/debug/transactions/${id}?format=json`);
  const from = Object.fromEntries(body.tokens.id_token.claims.map((claim) => [claim.name, claim.from]));
  expect(from).toMatchObject({
    email: 'profile.email, asked for by id_token in claims',
    name: 'profile.name, let in by the scope profile',
  });
});
