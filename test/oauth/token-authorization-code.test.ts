import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bindHandlers, unbindAll } from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  ALICE,
  API,
  CALLBACK,
  clientOf,
  DIALECTS,
  lastTransaction,
  made,
  makeCode,
  makeParties,
  makeSession,
  patched,
  redeem,
  refresh,
  refusal,
  s256,
  verified,
} from './token-parties.js';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { tokenDigest } from '../../src/tenant/grant.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());
beforeEach(() => unbindAll(server));

test('a code becomes an access token, an ID token and a refresh token', async () => {
  const sessionId = await makeSession(server);
  const { code, grant } = await makeCode(server, { nonce: 'n-1', sessionId });
  const { status, body, headers } = await redeem(server, code);
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toMatchObject({
    token_type: 'Bearer',
    expires_in: 86_400,
    scope: 'openid profile offline_access read:mail',
  });
  expect(body.refresh_token).toMatch(/^[\w-]{43}$/);
  const access = await verified(server, body.access_token);
  expect(access.payload).toMatchObject({
    sub: ALICE,
    azp: 'app',
    aud: [API, `${server.baseUrl}/userinfo`],
    scope: 'openid profile offline_access read:mail',
  });
  expect(access.payload['gty']).toBeUndefined();
  const id = await verified(server, body.id_token, 'app');
  expect(id.payload).toMatchObject({
    sub: ALICE,
    aud: 'app',
    nonce: 'n-1',
    name: 'Alice',
    updated_at: '2026-01-02T03:04:05.000Z',
    sid: sessionId,
    auth_time: Math.floor(Date.parse(grant.authenticatedAt!) / 1000),
  });
  expect(id.payload['at_hash']).toMatch(/^[\w-]{22}$/);
  expect(await lastTransaction(server)).toMatchObject({
    status: 'completed',
    protocol: 'authorization_code',
    user_id: ALICE,
    oidc: { loginId: 'txn_of_the_login', audience: API },
  });
});

test('a strict client reads updated_at as a number', async () => {
  const { code } = await makeCode(server, { clientId: 'strict-app' });
  const { body } = await redeem(server, code, { client_id: 'strict-app' });
  expect((await verified(server, body.id_token, 'strict-app')).payload['updated_at']).toBe(
    Date.parse('2026-01-02T03:04:05Z') / 1000,
  );
});

test('without an audience the access token is opaque, and without openid there is no ID token', async () => {
  const { code } = await makeCode(server, { audience: null, scope: 'profile' });
  const { body } = await redeem(server, code);
  expect(body.access_token).toMatch(/^[\w-]{43}$/);
  expect([body.id_token, body.refresh_token]).toEqual([undefined, undefined]);
});

test('what the login settled is issued, and no Action runs again', async () => {
  await bindHandlers(server, [`api.access.deny('it ran again')`]);
  const { code } = await makeCode(server, {
    issuance: {
      scope: 'read:mail added',
      idToken: { customClaims: { 'https://example.test/tier': 'gold' } },
      accessToken: { customClaims: { 'https://example.test/plan': 7 }, scopes: { added: true } },
      refreshToken: { metadata: { device: 'tv' }, expiresAt: Date.now() - 1000 },
    },
  });
  const { body } = await redeem(server, code);
  const { payload } = await verified(server, body.access_token);
  expect(payload).toMatchObject({ scope: 'read:mail added', 'https://example.test/plan': 7 });
  expect((await verified(server, body.id_token, 'app')).payload['https://example.test/tier']).toBe('gold');
  expect(refusal(await refresh(server, body.refresh_token)).slice(0, 2)).toEqual([403, 'invalid_grant']);
});

test('permissions stand in the token where the API enforces them', async () => {
  const audience = 'https://rbac.example.test';
  await made(server, 'resource-servers', {
    identifier: audience,
    scopes: [{ value: 'a' }, { value: 'b' }],
    enforce_policies: true,
    token_dialect: 'access_token_authz',
  });
  await made(server, `users/${encodeURIComponent(ALICE)}/permissions`, {
    permissions: [{ resource_server_identifier: audience, permission_name: 'b' }],
  });
  const { code } = await makeCode(server, { audience, scope: 'b' });
  const { body } = await redeem(server, code);
  expect((await verified(server, body.access_token, audience)).payload['permissions']).toEqual(['b']);
});

test('a code is for one client, one redirect URI and one verifier, and says so in each dialect', async () => {
  const verifier = 'v'.repeat(43);
  const answers = [];
  for (const dialect of DIALECTS) {
    const client_id = clientOf(dialect);
    const make = (wishes: Parameters<typeof makeCode>[1] = {}) =>
      makeCode(server, { clientId: client_id, ...wishes });
    const challenge = { value: s256(verifier), method: 'S256' } as const;
    answers.push(
      refusal(await redeem(server, 'no-such-code', { client_id })),
      refusal(await redeem(server, (await make({ lifetimeMs: -1 })).code, { client_id })),
      refusal(await redeem(server, (await makeCode(server, { clientId: 'other' })).code, { client_id })),
      refusal(await redeem(server, (await make()).code, { client_id, redirect_uri: undefined })).slice(0, 2),
      refusal(await redeem(server, (await make()).code, { client_id, redirect_uri: `${CALLBACK}/` })).slice(
        0,
        2,
      ),
      refusal(
        await redeem(server, (await make({ challenge })).code, { client_id, code_verifier: 'w'.repeat(43) }),
      ).slice(0, 2),
      refusal(await redeem(server, (await make({ challenge })).code, { client_id })).slice(0, 2),
      refusal(await redeem(server, (await make()).code, { client_id, code_verifier: verifier })).slice(0, 2),
      refusal(await redeem(server, '', { client_id })).slice(0, 2),
    );
    const right = await redeem(server, (await make({ challenge })).code, {
      client_id,
      code_verifier: verifier,
    });
    expect(right.status).toBe(200);
  }
  expect(answers).toEqual([
    [403, 'invalid_grant', 'Invalid authorization code'],
    [403, 'invalid_grant', 'Invalid authorization code'],
    [403, 'invalid_grant', 'Invalid authorization code'],
    [400, 'invalid_request'],
    [403, 'invalid_grant'],
    [403, 'invalid_grant'],
    [403, 'invalid_grant'],
    [403, 'invalid_grant'],
    [400, 'invalid_request'],
    [400, 'invalid_grant', 'there is no such code; codes end soon, and work once'],
    [400, 'invalid_grant', 'the code has expired; redeem it as soon as it comes'],
    [400, 'invalid_grant', expect.stringContaining('another client') as string],
    [400, 'invalid_request'],
    [400, 'invalid_grant'],
    [400, 'invalid_grant'],
    [400, 'invalid_grant'],
    [400, 'invalid_grant'],
    [400, 'invalid_request'],
  ]);
});

test('the redirect URI may be left out where the login left it out', async () => {
  const { code } = await makeCode(server, { redirectUri: null });
  expect((await redeem(server, code, { redirect_uri: undefined })).status).toBe(200);
});

test('a public client redeems its code by the verifier alone', async () => {
  const verifier = 'p'.repeat(64);
  const { code } = await makeCode(server, {
    clientId: 'spa',
    challenge: { value: s256(verifier), method: 'S256' },
  });
  const more = { client_id: 'spa', client_secret: undefined, code_verifier: verifier };
  expect((await redeem(server, code, more)).status).toBe(200);
});

test('a code that comes twice ends every token that it gave', async () => {
  const { code } = await makeCode(server);
  const first = await redeem(server, code);
  expect(first.status).toBe(200);
  const again = await redeem(server, code);
  expect(refusal(again)).toEqual([403, 'invalid_grant', 'Invalid authorization code']);
  expect(again.body.error_detail).toContain('redeemed before');
  const kept = await server.app.get(AccessTokenStore).find(tokenDigest(first.body.access_token!));
  expect(kept?.isRevoked).toBe(true);
  expect(refusal(await refresh(server, first.body.refresh_token)).slice(0, 2)).toEqual([
    403,
    'invalid_grant',
  ]);
});

test('there is a refresh token only where the client may refresh and the API allows it', async () => {
  const audience = 'https://online.example.test';
  await made(server, 'resource-servers', { identifier: audience });
  const { code } = await makeCode(server, { audience });
  expect((await redeem(server, code)).body.refresh_token).toBeUndefined();
  await patched(server, 'clients/other', { grant_types: ['authorization_code'] });
  const other = await makeCode(server, { clientId: 'other' });
  expect((await redeem(server, other.code, { client_id: 'other' })).body.refresh_token).toBeUndefined();
});
