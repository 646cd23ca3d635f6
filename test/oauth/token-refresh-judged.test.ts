/** A refresh is a login that goes on: what the login judged may have changed since. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimsOf } from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { RefreshTokenStore } from '../../src/storage/refresh-token-store.js';
import { tokenDigest } from '../../src/tenant/grant.js';
import {
  ALICE,
  API,
  lastTransaction,
  made,
  makeClient,
  makeCode,
  makeParties,
  patched,
  redeem,
  refresh,
  refreshTokenOf,
  refusal,
} from './token-parties.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());

const UNKNOWN = [403, 'invalid_grant', 'Unknown or invalid refresh token.'];
const ALICE_PATH = `users/${encodeURIComponent(ALICE)}`;
const AS = { app: { client_id: 'app' }, strict: { client_id: 'strict-app' } };

let apis = 0;
/** Of its own for each test; yields its identifier and how to change it. */
async function makeApi(more: Readonly<Record<string, unknown>> = {}) {
  const audience = `https://api${++apis}.example.test`;
  const body = {
    identifier: audience,
    name: audience,
    scopes: [{ value: 'read:mail' }, { value: 'write:mail' }],
    allow_offline_access: true,
    ...more,
  };
  const answer = await server.api<{ id: string }>('POST', '/api/v2/resource-servers', body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return { audience, path: `resource-servers/${answer.body.id}` };
}

const deleted = async (path: string, body?: unknown): Promise<void> => {
  expect((await server.api('DELETE', `/api/v2/${path}`, body)).status).toBe(204);
};

test('scopes that the user has lost are dropped, come back with the permission, and permissions are those of now', async () => {
  const { audience } = await makeApi({ enforce_policies: true, token_dialect: 'access_token_authz' });
  const permission = (name: string) => ({
    permissions: [{ resource_server_identifier: audience, permission_name: name }],
  });
  await made(server, `${ALICE_PATH}/permissions`, permission('read:mail'));
  await made(server, `${ALICE_PATH}/permissions`, permission('write:mail'));
  const scope = 'openid offline_access read:mail write:mail';
  const token = await refreshTokenOf(server, { audience, scope });
  const told = async () => {
    const { body } = await refresh(server, token);
    return [body.scope, claimsOf(body.access_token)['permissions']];
  };
  expect(await told()).toEqual([scope, ['read:mail', 'write:mail']]);
  await deleted(`${ALICE_PATH}/permissions`, permission('write:mail'));
  expect(await told()).toEqual(['openid offline_access read:mail', ['read:mail']]);
  expect(await lastTransaction(server)).toMatchObject({
    warnings: [{ code: 'scopes_dropped', detail: expect.stringContaining('write:mail') as string }],
  });
  await deleted(`${ALICE_PATH}/permissions`, permission('read:mail'));
  expect(await told()).toEqual(['openid offline_access', []]);
  await made(server, `${ALICE_PATH}/permissions`, permission('write:mail'));
  expect(await told()).toEqual(['openid offline_access write:mail', ['write:mail']]);
});

test('who has left the organization of the login does not go on, and does when they are back', async () => {
  const { body: organization } = await server.api<{ id: string }>('POST', '/api/v2/organizations', {
    name: 'acme',
  });
  const members = `/api/v2/organizations/${organization.id}/members`;
  const body = { members: [ALICE] };
  await server.api('POST', members, body);
  const token = await refreshTokenOf(server);
  // as a login in the organization leaves it
  const store = server.app.get(RefreshTokenStore);
  const { grant, token: kept } = (await store.find(tokenDigest(token)))!;
  const value = randomBytes(24).toString('base64url');
  const grantId = 'grant_in_acme';
  await server.app
    .get(GrantStore)
    .insert(
      { ...grant, id: grantId, organization: { id: organization.id } },
      { refreshToken: { ...kept, grantId, id: 'rt_in_acme', digest: tokenDigest(value) } },
    );
  const answer = await refresh(server, value);
  expect(claimsOf(answer.body.access_token)['org_id']).toBe(organization.id);
  await server.api('DELETE', members, body);
  expect(refusal(await refresh(server, value))).toEqual(UNKNOWN);
  expect((await refresh(server, token)).status).toBe(200);
  await server.api('POST', members, body);
  expect((await refresh(server, value)).status).toBe(200);
  await server.api('DELETE', `/api/v2/organizations/${organization.id}`);
  expect(refusal(await refresh(server, value))).toEqual(UNKNOWN);
});

test('an API that is gone, or gives no refresh tokens any more, ends them; one that gives them again lets them go on', async () => {
  const { audience, path } = await makeApi();
  const token = await refreshTokenOf(server, { audience });
  const strict = await refreshTokenOf(server, { audience, clientId: 'strict-app' });
  await patched(server, path, { allow_offline_access: false });
  expect(refusal(await refresh(server, token))).toEqual(UNKNOWN);
  expect(refusal(await refresh(server, strict, AS.strict))).toEqual([
    400,
    'invalid_grant',
    expect.stringContaining('allow_offline_access') as string,
  ]);
  await patched(server, path, { allow_offline_access: true });
  expect((await refresh(server, token)).status).toBe(200);
  await deleted(path);
  expect(refusal(await refresh(server, token))).toEqual([
    403,
    'access_denied',
    `Service not found: ${audience}`,
  ]);
  expect(refusal(await refresh(server, strict, AS.strict)).slice(0, 2)).toEqual([400, 'invalid_target']);
});

test('the default audience of the tenant need not be managed, as at /authorize', async () => {
  const audience = 'https://unmanaged.example.test';
  await patched(server, 'tenants/settings', { default_audience: audience });
  const token = await refreshTokenOf(server, { audience });
  expect((await refresh(server, token)).body.scope).toBe('openid profile offline_access read:mail');
  await patched(server, 'tenants/settings', { default_audience: null });
  expect(refusal(await refresh(server, token)).slice(0, 2)).toEqual([403, 'access_denied']);
});

test('the client goes on with what the API lets it have for its users, and no more', async () => {
  const { audience, path } = await makeApi({
    subject_type_authorization: { user: { policy: 'require_client_grant' }, client: { policy: 'deny_all' } },
  });
  const clientGrant = await server.api<{ id: string }>('POST', '/api/v2/client-grants', {
    client_id: 'app',
    audience,
    scope: ['read:mail', 'write:mail'],
    subject_type: 'user',
  });
  const grantPath = `client-grants/${clientGrant.body.id}`;
  const scope = 'offline_access read:mail write:mail';
  const token = await refreshTokenOf(server, { audience, scope });
  expect((await refresh(server, token)).body.scope).toBe(scope);
  await patched(server, grantPath, { scope: ['read:mail'] });
  expect((await refresh(server, token)).body.scope).toBe('offline_access read:mail');
  await deleted(grantPath);
  const missing = [403, 'access_denied', expect.stringContaining('client-grant') as string];
  expect(refusal(await refresh(server, token))).toEqual(missing);
  await patched(server, path, {
    subject_type_authorization: { user: { policy: 'allow_all' }, client: { policy: 'deny_all' } },
  });
  expect((await refresh(server, token)).body.scope).toBe(scope);
  // a scope that the API has no more
  await patched(server, path, { scopes: [{ value: 'read:mail' }] });
  expect((await refresh(server, token)).body.scope).toBe('offline_access read:mail');
});

test('a client that may not refresh any more is refused', async () => {
  await makeClient(server, 'once');
  const as = { client_id: 'once' };
  const token = await refreshTokenOf(server, { clientId: 'once' });
  await patched(server, 'clients/once', { grant_types: ['authorization_code'] });
  expect(refusal(await refresh(server, token, as)).slice(0, 2)).toEqual([403, 'unauthorized_client']);
});

test('a refusal spends nothing: the token rotates when what was lost is back', async () => {
  await makeClient(server, 'rotating', { refresh_token: { rotation_type: 'rotating' } });
  const { audience, path } = await makeApi();
  const as = { client_id: 'rotating' };
  const token = await refreshTokenOf(server, { audience, clientId: 'rotating' });
  await patched(server, path, { allow_offline_access: false });
  expect(refusal(await refresh(server, token, as))).toEqual(UNKNOWN);
  await patched(server, path, { allow_offline_access: true });
  const next = (await refresh(server, token, as)).body.refresh_token;
  expect((await refresh(server, next, as)).status).toBe(200);
});

test('where rotation is switched, the first exchange ends those of the other kind for the same user and API', async () => {
  await makeClient(server, 'switching');
  const as = { client_id: 'switching' };
  const { audience: elsewhere } = await makeApi();
  const of = (audience: string) => refreshTokenOf(server, { clientId: 'switching', audience });
  const [one, other, atAnother] = [await of(API), await of(API), await of(elsewhere)];
  const { code } = await makeCode(server, { clientId: 'switching' });
  const { body: sibling } = await redeem(server, code, as);

  await patched(server, 'clients/switching', { refresh_token: { rotation_type: 'rotating' } });
  const begunSince = await of(API);
  const rotated = (await refresh(server, one, as)).body.refresh_token;
  expect(refusal(await refresh(server, other, as))).toEqual(UNKNOWN);
  expect(refusal(await refresh(server, sibling.refresh_token, as))).toEqual(UNKNOWN);
  const begun = (await refresh(server, begunSince, as)).body.refresh_token;
  const elsewhereToo = (await refresh(server, atAnother, as)).body.refresh_token;
  expect([rotated, begun, elsewhereToo].map((value) => typeof value)).toEqual(['string', 'string', 'string']);

  await patched(server, 'clients/switching', { refresh_token: { rotation_type: 'non-rotating' } });
  const stays = (await refresh(server, begun, as)).body.refresh_token;
  expect((await refresh(server, stays, as)).body.refresh_token).toBeUndefined();
  expect(refusal(await refresh(server, rotated, as))).toEqual(UNKNOWN);
  expect((await refresh(server, elsewhereToo, as)).status).toBe(200);
  // what was there since stays
  expect((await refresh(server, stays, as)).status).toBe(200);
});
