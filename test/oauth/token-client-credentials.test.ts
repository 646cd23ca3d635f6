import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { jwtVerify } from 'jose';
import { bindHandlers, unbindAll } from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  API,
  clientOf,
  DIALECTS,
  lastTransaction,
  made,
  makeClient,
  makeParties,
  patched,
  refusal,
  SECRET,
  token,
  verified,
  type Parameters,
} from './token-parties.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());
beforeEach(() => unbindAll(server));

const ask = (more: Parameters = {}) =>
  token(server, {
    grant_type: 'client_credentials',
    client_id: 'app',
    client_secret: SECRET,
    audience: API,
    ...more,
  });

test('a client gets a token of its own for an API that it has a grant for', async () => {
  const { status, body, headers } = await ask();
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 86_400, scope: 'read:mail' });
  expect(status).toBe(200);
  expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', 'no-cache']);
  const { payload, protectedHeader } = await verified(server, body.access_token);
  expect(protectedHeader.typ).toBe('JWT');
  expect(payload).toMatchObject({
    sub: 'app@clients',
    azp: 'app',
    gty: 'client-credentials',
    aud: API,
    scope: 'read:mail',
  });
  expect(payload['permissions']).toBeUndefined();
  expect(await lastTransaction(server)).toMatchObject({
    status: 'completed',
    protocol: 'client_credentials',
  });
});

test('what a client may not have is refused in the words of its dialect', async () => {
  await makeClient(server, 'poor');
  await makeClient(server, 'strict-poor', { oauth_dialect: 'strict' });
  const answers = [];
  for (const dialect of DIALECTS) {
    const client_id = clientOf(dialect);
    const poor = dialect === 'strict' ? 'strict-poor' : 'poor';
    answers.push(
      refusal(await ask({ client_id, audience: 'https://nowhere.example.test' })),
      refusal(await ask({ client_id, audience: undefined })),
      refusal(await ask({ client_id: poor })),
      refusal(await ask({ client_id, scope: 'read:mail write:mail' })),
      refusal(await ask({ client_id, scope: 'read:"mail"' })).slice(0, 2),
    );
  }
  expect(answers).toEqual([
    [403, 'access_denied', 'Service not found: https://nowhere.example.test'],
    [403, 'access_denied', 'No audience parameter was provided, and no default audience has been configured'],
    [
      403,
      'access_denied',
      `Client is not authorized to access "${API}". You need to create a "client-grant" associated to this API.`,
    ],
    [403, 'access_denied', 'Client has not been granted scopes: write:mail'],
    [400, 'invalid_scope'],
    [
      400,
      'invalid_target',
      `no API has the identifier 'https://nowhere.example.test'; did you mean 'https://api.example.test'?`,
    ],
    [
      400,
      'invalid_target',
      'the request names no audience, and the tenant has no default_audience; send the identifier of an API',
    ],
    [
      400,
      'invalid_target',
      `the client strict-poor has no client grant for the API ${API}; POST /api/v2/client-grants makes one`,
    ],
    [400, 'invalid_scope', expect.stringContaining('has no write:mail') as string],
    [400, 'invalid_scope'],
  ]);
});

test('the tenant’s default audience stands in, also under the name resource', async () => {
  await patched(server, 'tenants/settings', { default_audience: API });
  const { payload } = await verified(server, (await ask({ audience: undefined })).body.access_token);
  expect(payload.aud).toBe(API);
  expect((await ask({ audience: undefined, resource: 'https://nowhere.example.test' })).status).toBe(403);
});

test('an API says who gets its tokens: everybody, nobody, or whoever has a grant for all of it', async () => {
  const identifier = 'https://policies.example.test';
  const policy = (client: string) =>
    patched(server, `resource-servers/${encodeURIComponent(identifier)}`, {
      subject_type_authorization: { user: { policy: 'allow_all' }, client: { policy: client } },
    });
  await made(server, 'resource-servers', { identifier, scopes: [{ value: 'a' }, { value: 'b' }] });
  await policy('allow_all');
  expect((await ask({ audience: identifier })).body.scope).toBe('a b');
  expect((await ask({ audience: identifier, scope: 'b' })).body.scope).toBe('b');
  await policy('deny_all');
  expect((await ask({ audience: identifier })).status).toBe(403);
  await policy('require_client_grant');
  expect((await ask({ audience: identifier })).status).toBe(403);
  await made(server, 'client-grants', { client_id: 'app', audience: identifier, allow_all_scopes: true });
  expect((await ask({ audience: identifier })).body.scope).toBe('a b');
});

test('a token has the form that its API asks for: RFC 9068, HS256, permissions, lifetime', async () => {
  const signing_secret = 'a secret of the API, thirty-two characters and more';
  await made(server, 'resource-servers', {
    identifier: 'https://rfc9068.example.test',
    scopes: [{ value: 'a' }],
    token_dialect: 'rfc9068_profile_authz',
    enforce_policies: true,
    signing_alg: 'PS256',
    token_lifetime: 60,
  });
  await made(server, 'resource-servers', {
    identifier: 'https://hs256.example.test',
    signing_alg: 'HS256',
    signing_secret,
  });
  for (const audience of ['https://rfc9068.example.test', 'https://hs256.example.test'])
    await made(server, 'client-grants', { client_id: 'app', audience, allow_all_scopes: true });

  const first = await ask({ audience: 'https://rfc9068.example.test' });
  expect(first.body.expires_in).toBe(60);
  const { payload, protectedHeader } = await verified(
    server,
    first.body.access_token,
    'https://rfc9068.example.test',
  );
  expect(protectedHeader).toMatchObject({ alg: 'PS256', typ: 'at+jwt' });
  expect(payload).toMatchObject({ client_id: 'app', sub: 'app@clients', permissions: ['a'] });
  expect(payload.jti).toMatch(/^[\w-]{20,}$/);
  expect([payload['azp'], payload['gty']]).toEqual([undefined, undefined]);
  expect(payload.exp! - payload.iat!).toBe(60);

  const second = await ask({ audience: 'https://hs256.example.test' });
  const key = new TextEncoder().encode(signing_secret);
  const read = await jwtVerify(second.body.access_token ?? '', key, { algorithms: ['HS256'] });
  expect(read.payload).toMatchObject({ azp: 'app' });
});

test('an organization comes into the token where the client grant takes any', async () => {
  const audience = 'https://organizations.example.test';
  await made(server, 'organizations', { id: 'org_acme', name: 'acme' });
  await made(server, 'resource-servers', { identifier: audience });
  await made(server, 'client-grants', { id: 'cgr_acme', client_id: 'app', audience });
  expect(refusal(await ask({ audience, organization: 'org_acme' })).slice(0, 2)).toEqual([
    400,
    'invalid_request',
  ]);
  await patched(server, 'client-grants/cgr_acme', {
    organization_usage: 'require',
    allow_any_organization: true,
  });
  expect((await ask({ audience })).status).toBe(400);
  expect((await ask({ audience, organization: 'nobody' })).status).toBe(400);
  const { body } = await ask({ audience, organization: 'acme' });
  expect((await verified(server, body.access_token, audience)).payload['org_id']).toBe('org_acme');
});

test('a client grant that takes organizations takes none unless it takes any, and the client’s own counts where it does', async () => {
  const audience = 'https://own-organization.example.test';
  const denied = 'https://no-organization.example.test';
  for (const identifier of [audience, denied]) await made(server, 'resource-servers', { identifier });
  await made(server, 'organizations', { id: 'org_own', name: 'own' });
  // of logins it takes none, which is another matter
  await makeClient(server, 'of-own', {
    organization_usage: 'deny',
    default_organization: { organization_id: 'org_own', flows: ['client_credentials'] },
  });
  const client_id = 'of-own';
  await made(server, 'client-grants', { client_id, audience: denied });
  await made(server, 'client-grants', { id: 'cgr_own', client_id, audience, organization_usage: 'allow' });
  const organizationOf = async (
    more: { readonly organization?: string },
    aud = audience,
  ): Promise<unknown> => {
    const { status, body } = await ask({ client_id, audience: aud, ...more });
    return status === 200
      ? (await verified(server, body.access_token, aud)).payload['org_id']
      : body.error_description;
  };
  expect(await organizationOf({}, denied)).toBeUndefined();
  expect(await organizationOf({ organization: 'own' }, denied)).toMatch(/not allowed by the client grant/);
  for (const more of [{}, { organization: 'own' }])
    expect(await organizationOf(more)).toMatch(/allow_any_organization/);
  await patched(server, 'client-grants/cgr_own', { allow_any_organization: true });
  expect(await organizationOf({})).toBe('org_own');
  await patched(server, 'client-grants/cgr_own', { organization_usage: 'require' });
  expect(await organizationOf({})).toBe('org_own');
  expect(await organizationOf({ organization: 'acme' })).toBe('org_acme');
  await patched(server, 'clients/of-own', {
    default_organization: { organization_id: 'org_gone', flows: ['client_credentials'] },
  });
  expect(await organizationOf({})).toMatch(/default_organization/);
  await patched(server, 'clients/of-own', { default_organization: null });
  expect(await organizationOf({})).toMatch(/required by the client grant/);
});

test('Actions of credentials-exchange see the request without its secret, set claims, and deny by a code', async () => {
  await bindHandlers(
    server,
    [
      `api.accessToken.setCustomClaim('seen', {
        body: event.request.body, scope: event.accessToken.scope, api: event.resource_server.identifier,
        requested: event.transaction.requested_scopes, client: event.client.client_id });
      api.accessToken.setCustomClaim('scope', 'everything');`,
    ],
    'credentials-exchange',
  );
  const { body } = await ask({ flavour: 'mint', scope: 'read:mail' });
  const { payload } = await verified(server, body.access_token);
  expect(payload['seen']).toEqual({
    body: {
      grant_type: 'client_credentials',
      client_id: 'app',
      audience: API,
      flavour: 'mint',
      scope: 'read:mail',
    },
    scope: ['read:mail'],
    api: API,
    requested: ['read:mail'],
    client: 'app',
  });
  expect(payload['scope']).toBe('read:mail');
});

test('a denial of an Action is told by its code, with the status of the dialect', async () => {
  const answers = [];
  for (const code of ['invalid_scope', 'invalid_request', 'server_error'])
    for (const dialect of DIALECTS) {
      await bindHandlers(server, [`api.access.deny('${code}', 'not today')`], 'credentials-exchange');
      answers.push(refusal(await ask({ client_id: clientOf(dialect) })));
      expect(await lastTransaction(server)).toMatchObject({ status: 'denied', reason: 'not today' });
    }
  expect(answers).toEqual([
    [400, 'invalid_scope', 'not today'],
    [400, 'invalid_scope', 'not today'],
    [400, 'invalid_request', 'not today'],
    [400, 'invalid_request', 'not today'],
    [500, 'server_error', 'not today'],
    [500, 'server_error', 'not today'],
  ]);
});

test('target scopes narrow what is granted and never go beyond the grant', async () => {
  await bindHandlers(
    server,
    [`api.transaction.setTargetScopes(['write:mail', 'read:mail', 'admin'])`],
    'credentials-exchange',
  );
  expect((await ask()).body.scope).toBe('read:mail');
  await bindHandlers(server, [`api.transaction.removeTargetScope('read:mail')`], 'credentials-exchange');
  expect((await ask()).body.scope).toBeUndefined();
});

test('a public client gets no token of its own', async () => {
  expect(refusal(await ask({ client_id: 'spa', client_secret: undefined }))).toEqual([
    403,
    'unauthorized_client',
    `Grant type 'client_credentials' not allowed for the client.`,
  ]);
});
