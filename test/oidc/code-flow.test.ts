/** From /authorize to /oauth/token: what the login settled is what the tokens say, and the code is good for its client alone. */
import { createHash, randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bindHandlers, unbindAll } from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import {
  answerAt,
  API,
  claimsOf,
  keptCode,
  logIn,
  make,
  makeParties,
  startLanding,
  type Landing,
  type Parameters,
} from './relying-party.js';

let server: TestServer;
let landing: Landing;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
  await make(server, '/api/v2/clients', {
    client_id: 'spa',
    name: 'A single-page application',
    app_type: 'spa',
    callbacks: [landing.callback],
  });
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

const post = async (
  path: string,
  fields: Parameters,
): Promise<{ status: number; body: Record<string, string> }> => {
  const response = await fetch(`${server.baseUrl}${path}`, {
    method: 'POST',
    body: new URLSearchParams(fields),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
};
const redeem = (code: string | undefined, more: Parameters = {}) =>
  post('/oauth/token', {
    grant_type: 'authorization_code',
    client_id: 'spa',
    code: code ?? '',
    redirect_uri: landing.callback,
    ...more,
  });
const verifier = randomBytes(32).toString('base64url');
const PKCE = {
  client_id: 'spa',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
};

test('a code becomes the tokens of the login that it came from', async () => {
  await bindHandlers(server, [
    `api.idToken.setCustomClaim('urn:role', 'editor'); api.accessToken.addScope('extra');`,
  ]);
  const agent = new UserAgent();
  const { code } = await logIn(agent, server, landing, {
    ...PKCE,
    nonce: 'n-1',
    audience: API,
    scope: 'openid email read:things offline_access',
  });
  await unbindAll(server);
  const { status, body } = await redeem(code, { code_verifier: verifier });
  expect({ status, ...body }).toMatchObject({ status: 200, token_type: 'Bearer' });
  expect(body['refresh_token']).toEqual(expect.any(String));
  const id = claimsOf(body['id_token']);
  expect(id).toMatchObject({
    sub: 'auth0|alice',
    aud: 'spa',
    nonce: 'n-1',
    email: 'alice@example.test',
    'urn:role': 'editor',
  });
  expect(claimsOf(body['access_token'])).toMatchObject({
    sub: 'auth0|alice',
    scope: 'openid email read:things offline_access extra',
  });
  const asked = { ...PKCE, response_type: 'id_token', nonce: 'n-2' };
  const silent = answerAt(
    await agent.get(
      `${server.baseUrl}/authorize?${new URLSearchParams({ ...asked, redirect_uri: landing.callback, scope: 'openid' }).toString()}`,
    ),
    landing,
  );
  expect(claimsOf(silent['id_token'])).toMatchObject({ sid: id['sid'], auth_time: id['auth_time'] });
});

test('a code is good once, with its verifier, at its redirect URI, for its client', async () => {
  const { code } = await logIn(new UserAgent(), server, landing, PKCE);
  const refusals = [
    await redeem(code),
    await redeem(code, { code_verifier: 'x'.repeat(43) }),
    await redeem(code, { code_verifier: verifier, redirect_uri: `${landing.callback}/` }),
    await redeem(code, { code_verifier: verifier, redirect_uri: '' }),
  ];
  for (const { status } of refusals) expect(status).toBeGreaterThanOrEqual(400);
  expect((await redeem(code, { code_verifier: verifier })).status).toBe(200);
  expect((await redeem(code, { code_verifier: verifier })).body['error']).toBe('invalid_grant');
});

test('a request that was pushed goes on at /authorize, once, and takes nothing from the browser', async () => {
  const pushed = await post('/oauth/par', {
    ...PKCE,
    response_type: 'code',
    redirect_uri: landing.callback,
    scope: 'openid email',
    state: 'pushed',
    nonce: 'n',
  });
  expect(pushed.status).toBe(201);
  const own = {
    client_id: 'spa',
    request_uri: pushed.body['request_uri']!,
    scope: 'openid profile',
    state: '',
  };
  const agent = new UserAgent();
  const answer = await logIn(agent, server, landing, { ...own, response_type: '', redirect_uri: '' });
  expect(answer['state']).toBe('pushed');
  const { body } = await redeem(answer['code'], { code_verifier: verifier });
  expect(claimsOf(body['id_token'])).toMatchObject({ email: 'alice@example.test' });
  expect(claimsOf(body['id_token'])).not.toHaveProperty('name');
  const again = await agent.get(`${server.baseUrl}/authorize?${new URLSearchParams(own).toString()}`);
  expect(again.status).toBe(400);
  expect(again.text).toContain('request_uri');
});

test('a grant is kept no longer than its code, unless that is redeemed: then as long as the ID token', async () => {
  await make(server, '/api/v2/clients', {
    client_id: 'long',
    name: 'Long',
    app_type: 'spa',
    callbacks: [landing.callback],
    jwt_configuration: { lifetime_in_seconds: 1_000_000 },
  });
  const { code } = await logIn(new UserAgent(), server, landing, { ...PKCE, client_id: 'long' });
  const { code: kept, grant } = await keptCode(server, code);
  const keptUntil = async (): Promise<number> => {
    const rows = await server.app
      .get(DataSource)
      .query<readonly { kept_until: number }[]>(`SELECT kept_until FROM grants WHERE id = '${grant.id}'`);
    return rows[0]!.kept_until;
  };
  expect(await keptUntil()).toBe(Date.parse(kept.expiresAt));
  const { body } = await redeem(code, { client_id: 'long', code_verifier: verifier });
  expect(Math.floor((await keptUntil()) / 1000)).toBe(claimsOf(body['id_token'])['exp']);
});
