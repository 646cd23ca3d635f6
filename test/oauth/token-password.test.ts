import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bindHandlers, unbindAll } from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  ALICE,
  API,
  clientOf,
  DIALECTS,
  lastTransaction,
  made,
  makeClient,
  makeParties,
  PASSWORD,
  refresh,
  refusal,
  SECRET,
  token,
  verified,
  type Parameters,
} from './token-parties.js';

const REALM = 'http://auth0.com/oauth/grant-type/password-realm';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());
beforeEach(() => unbindAll(server));

const login = (more: Parameters = {}, headers: Readonly<Record<string, string>> = {}) =>
  token(
    server,
    {
      grant_type: 'password',
      client_id: 'app',
      client_secret: SECRET,
      username: 'alice',
      password: PASSWORD,
      audience: API,
      ...more,
    },
    headers,
  );

test('a user logs in by name and password, with every scope where none is asked for', async () => {
  const { status, body } = await login();
  expect(status).toBe(200);
  expect(body.scope).toBe('read:mail write:mail');
  expect([body.id_token, body.refresh_token]).toEqual([undefined, undefined]);
  const { payload } = await verified(server, body.access_token);
  expect(payload).toMatchObject({ sub: ALICE, gty: 'password', aud: API });
  expect(await lastTransaction(server)).toMatchObject({
    status: 'completed',
    protocol: 'password',
    user_id: ALICE,
  });
});

test('openid alone brings every standard scope, and offline_access a refresh token', async () => {
  const { body } = await login({ scope: 'openid', username: 'alice@example.test' });
  expect(body.scope).toBe('openid profile email address phone');
  const id = await verified(server, body.id_token, 'app');
  expect(id.payload).toMatchObject({ sub: ALICE, name: 'Alice', email: 'alice@example.test' });
  expect(id.payload['sid']).toBeUndefined();
  const offline = await login({ scope: 'openid offline_access read:mail' });
  expect(offline.body.scope).toBe('openid offline_access read:mail');
  expect((await refresh(server, offline.body.refresh_token)).status).toBe(200);
});

test('a realm names the connection that the user must be of', async () => {
  await made(server, 'connections', { name: 'Staff', strategy: 'auth0' });
  await made(server, 'connections', { name: 'Closed', strategy: 'auth0', enabled_clients: ['other'] });
  const inRealm = (realm?: string) => login({ grant_type: REALM, realm });
  expect((await inRealm('Username-Password-Authentication')).status).toBe(200);
  expect(refusal(await inRealm('Staff'))).toEqual([403, 'invalid_grant', 'Wrong email or password.']);
  expect(refusal(await inRealm('Closed')).slice(0, 2)).toEqual([400, 'invalid_request']);
  expect(refusal(await inRealm('Nowhere')).slice(0, 2)).toEqual([400, 'invalid_request']);
  expect(refusal(await inRealm()).slice(0, 2)).toEqual([400, 'invalid_request']);
});

test('who is not let in is told so in the words of the dialect', async () => {
  await made(server, 'users', {
    user_id: 'auth0|mallory',
    username: 'mallory',
    password: PASSWORD,
    blocked: true,
  });
  const answers = [];
  for (const dialect of DIALECTS) {
    const client_id = clientOf(dialect);
    answers.push(
      refusal(await login({ client_id, password: 'wrong' })),
      refusal(await login({ client_id, username: 'nobody' })),
      refusal(await login({ client_id, username: 'mallory' })).slice(0, 2),
      refusal(await login({ client_id, password: undefined })).slice(0, 2),
    );
  }
  expect(answers).toEqual([
    [403, 'invalid_grant', 'Wrong email or password.'],
    [403, 'invalid_grant', 'Wrong email or password.'],
    [403, 'invalid_grant'],
    [400, 'invalid_request'],
    [400, 'invalid_grant', 'Wrong email or password.'],
    [400, 'invalid_grant', 'Wrong email or password.'],
    [400, 'invalid_grant'],
    [400, 'invalid_request'],
  ]);
});

test('a client that was not given the grant does not have it', async () => {
  await makeClient(server, 'plain', { grant_types: undefined });
  const { status, body } = await login({ client_id: 'plain' });
  expect([status, body.error]).toEqual([403, 'unauthorized_client']);
});

test('guessing is counted by name and address, and a client with a secret tells whose address it is', async () => {
  await made(server, 'users', { user_id: 'auth0|bob', username: 'bob', password: PASSWORD });
  const guess = (address: string, more: Parameters = {}) =>
    login({ username: 'bob', password: 'wrong', ...more }, { 'auth0-forwarded-for': address });
  for (let count = 0; count < 10; count++) expect((await guess('203.0.113.7')).status).toBe(403);
  const { status, body } = await guess('203.0.113.7');
  expect([status, body.error]).toEqual([429, 'too_many_attempts']);
  expect((await guess('203.0.113.8')).status).toBe(403);
  expect((await guess('203.0.113.9', { password: PASSWORD })).status).toBe(200);
});

test('Actions run as in a login, and are told how it came', async () => {
  await bindHandlers(server, [
    `api.accessToken.setCustomClaim('seen', [event.transaction.protocol, event.request.ip, event.request.body, event.authentication.methods[0].name]);`,
  ]);
  const seen = async (more: Parameters) => {
    const { body } = await login(more, { 'auth0-forwarded-for': '203.0.113.1' });
    return (await verified(server, body.access_token)).payload['seen'];
  };
  const rest = { client_id: 'app', username: 'alice', audience: API };
  expect(await seen({})).toEqual([
    'oauth2-password',
    '203.0.113.1',
    { ...rest, grant_type: 'password' },
    'pwd',
  ]);
  const realm = 'Username-Password-Authentication';
  expect(await seen({ grant_type: REALM, realm })).toEqual([
    'oauth2-resource-owner',
    '203.0.113.1',
    { ...rest, grant_type: REALM, realm },
    'pwd',
  ]);
});

test('an Action may deny, and can send nobody away', async () => {
  await bindHandlers(server, [`api.access.deny('closed')`]);
  expect(refusal(await login())).toEqual([403, 'access_denied', 'closed']);
  expect(refusal(await login({ client_id: 'strict-app' }))).toEqual([400, 'access_denied', 'closed']);
  await bindHandlers(server, [`api.redirect.sendUserTo('https://elsewhere.example.test/')`]);
  expect(refusal(await login()).slice(0, 2)).toEqual([400, 'interaction_required']);
  expect(await lastTransaction(server)).toMatchObject({ status: 'failed', result: null });
});

test('a user gets the permissions they have where the API enforces them, and needs a grant where it asks for one', async () => {
  const audience = 'https://rbac.example.test';
  await made(server, 'resource-servers', {
    id: 'rbac',
    identifier: audience,
    scopes: [{ value: 'a' }, { value: 'b' }],
    enforce_policies: true,
  });
  await made(server, `users/${encodeURIComponent(ALICE)}/permissions`, {
    permissions: [{ resource_server_identifier: audience, permission_name: 'b' }],
  });
  expect((await login({ audience })).body.scope).toBe('b');
  await server.api('PATCH', '/api/v2/resource-servers/rbac', {
    subject_type_authorization: {
      user: { policy: 'require_client_grant' },
      client: { policy: 'require_client_grant' },
    },
  });
  expect(refusal(await login({ audience })).slice(0, 2)).toEqual([403, 'access_denied']);
  await made(server, 'client-grants', {
    client_id: 'app',
    audience,
    subject_type: 'user',
    scope: ['a', 'b'],
  });
  expect((await login({ audience, scope: 'a b' })).body.scope).toBe('b');
});

test('organization_usage of the client holds, and members alone log in', async () => {
  await makeClient(server, 'of-organizations', { organization_usage: 'require' });
  await made(server, 'organizations', { id: 'org_acme', name: 'acme' });
  await made(server, 'organizations', { id: 'org_globex', name: 'globex' });
  await made(server, 'organizations/org_acme/members', { members: [ALICE] });
  const refused = async (organization: string | undefined, client_id?: string) =>
    refusal(await login({ organization, ...(client_id !== undefined && { client_id }) })).slice(0, 2);
  expect(await refused(undefined, 'of-organizations')).toEqual([400, 'invalid_request']);
  expect(await refused('nowhere', 'of-organizations')).toEqual([400, 'invalid_request']);
  expect(await refused('org_acme')).toEqual([400, 'invalid_request']);
  expect((await refused('globex', 'of-organizations'))[1]).toBe('access_denied');
  const scope = 'openid offline_access read:mail';
  const { body } = await login({ organization: 'acme', client_id: 'of-organizations', scope });
  for (const [jwt, audience] of [
    [body.access_token, API],
    [body.id_token, 'of-organizations'],
  ] as const)
    expect((await verified(server, jwt, audience)).payload).toMatchObject({
      org_id: 'org_acme',
      org_name: 'acme',
    });
  const later = await refresh(server, body.refresh_token, { client_id: 'of-organizations' });
  expect((await verified(server, later.body.access_token)).payload).toMatchObject({ org_id: 'org_acme' });
});

test('whom Actions set instead is judged like who logged in', async () => {
  const identities = ['carol', 'alice'].map((user_id) => ({
    connection: 'Username-Password-Authentication',
    provider: 'auth0',
    user_id,
  }));
  await made(server, 'users', { user_id: 'auth0|carol', username: 'carol', identities });
  await makeClient(server, 'in-organizations', { organization_usage: 'allow' });
  await made(server, 'organizations', { id: 'org_initech', name: 'initech' });
  await made(server, 'organizations/org_initech/members', { members: [ALICE] });
  await bindHandlers(server, [`api.authentication.setPrimaryUser('auth0|carol');`]);
  const inOrganization = await login({ client_id: 'in-organizations', organization: 'initech' });
  expect(inOrganization.body).toMatchObject({
    error: 'access_denied',
    error_description: expect.stringContaining('auth0|carol is not part') as string,
  });
  const { body } = await login({ client_id: 'in-organizations' });
  expect((await verified(server, body.access_token)).payload.sub).toBe('auth0|carol');
});

test('there is no session, so no scope says that a refresh token would hang on one', async () => {
  const { status, body } = await login({ scope: 'openid online_access' });
  expect([status, body.scope, body.refresh_token]).toEqual([200, 'openid', undefined]);
});

test('an empty scope is never told: it is left out, and strictly it is an error to get nothing of what was asked for', async () => {
  const ask = (client_id: string) =>
    token(server, {
      grant_type: 'password',
      client_id,
      client_secret: SECRET,
      username: 'alice',
      password: PASSWORD,
      scope: 'nothing:known',
    });
  const { status, body } = await ask('app');
  expect(status).toBe(200);
  expect(body).not.toHaveProperty('scope');
  expect(refusal(await ask('strict-app')).slice(0, 2)).toEqual([400, 'invalid_scope']);
});
