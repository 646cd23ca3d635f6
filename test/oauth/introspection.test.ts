import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { RefreshTokenStore } from '../../src/storage/refresh-token-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import { tokenDigest } from '../../src/tenant/grant.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  ALICE,
  API,
  made,
  makeClient,
  makeCode,
  makeParties,
  makeSession,
  patched,
  post,
  redeem,
  refresh,
  SECRET,
  token,
  type CodeWishes,
  type TokenBody,
} from './token-parties.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());

const PATH = '/oauth/introspect';
type Answer = Readonly<Record<string, unknown>>;

/** As a form, by client_secret_post, of `app` unless told otherwise. */
async function introspect(
  value: string | undefined,
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: Answer }> {
  const { status, headers, body } = await post(
    server,
    new URLSearchParams({
      client_id: 'app',
      client_secret: SECRET,
      ...(value !== undefined && { token: value }),
      ...more,
    }).toString(),
    { 'content-type': 'application/x-www-form-urlencoded' },
    PATH,
  );
  return { status, headers, body: body as unknown as Answer };
}
const worth = async (value: string | undefined, more = {}): Promise<Answer> =>
  (await introspect(value, more)).body;
const INACTIVE = { active: false };

async function tokensOf(wishes: CodeWishes = {}): Promise<{
  readonly access: string;
  readonly refresh: string;
  readonly grantId: string;
  readonly body: TokenBody;
}> {
  const { code, grant } = await makeCode(server, wishes);
  const { body } = await redeem(server, code, { client_id: wishes.clientId ?? 'app' });
  return { access: body.access_token!, refresh: body.refresh_token!, grantId: grant.id, body };
}

test('a JWT and an opaque access token are told alike, for whom, to whom and what for', async () => {
  const jwt = await tokensOf();
  const { status, headers, body } = await introspect(jwt.access);
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toEqual({
    active: true,
    scope: 'openid profile offline_access read:mail',
    client_id: 'app',
    username: 'alice',
    token_type: 'Bearer',
    exp: expect.any(Number),
    iat: expect.any(Number),
    sub: ALICE,
    aud: [API, `${server.baseUrl}/userinfo`],
    iss: `${server.baseUrl}/`,
  });
  const { exp, iat } = JSON.parse(Buffer.from(jwt.access.split('.')[1]!, 'base64url').toString()) as Answer;
  expect(body).toMatchObject({ exp, iat });

  const opaque = await tokensOf({ audience: null, scope: 'openid' });
  expect(opaque.access.split('.')).toHaveLength(1);
  const told = await worth(opaque.access);
  expect(told).toMatchObject({ active: true, scope: 'openid', sub: ALICE, client_id: 'app' });
  expect(told).not.toHaveProperty('aud');
});

test('a client’s own token is told without a user, and the jti of RFC 9068 is that of the token', async () => {
  await made(server, 'resource-servers', {
    identifier: 'urn:rfc9068',
    token_dialect: 'rfc9068_profile',
    subject_type_authorization: { user: { policy: 'allow_all' }, client: { policy: 'allow_all' } },
  });
  const { body } = await token(server, {
    grant_type: 'client_credentials',
    client_id: 'app',
    client_secret: SECRET,
    audience: 'urn:rfc9068',
  });
  const told = await worth(body.access_token);
  const payload = JSON.parse(
    Buffer.from(body.access_token!.split('.')[1]!, 'base64url').toString(),
  ) as Answer;
  expect(told).toMatchObject({ active: true, sub: 'app@clients', aud: 'urn:rfc9068', jti: payload['jti'] });
  expect(payload['jti']).toMatch(/./);
  expect(told).not.toHaveProperty('username');
});

test('a refresh token is told without a token_type, whatever the hint says', async () => {
  const { refresh: value } = await tokensOf();
  for (const hint of [undefined, 'refresh_token', 'access_token', 'nonsense']) {
    const told = await worth(value, hint === undefined ? {} : { token_type_hint: hint });
    expect(told).toMatchObject({ active: true, client_id: 'app', sub: ALICE });
    expect(told).not.toHaveProperty('token_type');
  }
});

test('a refresh token that has been replaced is worth nothing, within the leeway it still is', async () => {
  await makeClient(server, 'rotating', {
    refresh_token: { rotation_type: 'rotating', expiration_type: 'expiring', leeway: 0 },
  });
  const as = { client_id: 'rotating' };
  const first = await tokensOf({ clientId: 'rotating' });
  const { body } = await refresh(server, first.refresh, as);
  expect(await worth(first.refresh, as)).toEqual(INACTIVE);
  expect(await worth(body.refresh_token, as)).toMatchObject({ active: true, exp: expect.any(Number) });
  await patched(server, 'clients/rotating', { refresh_token: { leeway: 3600 } });
  expect(await worth(first.refresh, as)).toMatchObject({ active: true });
});

test.each(['access', 'refresh'] as const)(
  'with its grant the %s token is over, though its signature still verifies',
  async (kind) => {
    const tokens = await tokensOf();
    expect(await worth(tokens[kind])).toMatchObject({ active: true });
    await server.app.get(GrantStore).revoke({ grantId: tokens.grantId }, new Date());
    expect(await worth(tokens[kind])).toEqual(INACTIVE);
  },
);

test('a revoked access token is over, and the refresh token beside it is not', async () => {
  const { access, refresh: beside } = await tokensOf();
  await server.app.get(AccessTokenStore).revoke(tokenDigest(access), new Date());
  expect(await worth(access)).toEqual(INACTIVE);
  expect(await worth(beside)).toMatchObject({ active: true });
});

test('when refresh tokens alone are revoked, the access token lives to its end', async () => {
  const { access, refresh: value } = await tokensOf();
  await server.app.get(RefreshTokenStore).revoke(tokenDigest(value), new Date(), 'refresh_tokens');
  expect(await worth(value)).toEqual(INACTIVE);
  expect(await worth(access)).toMatchObject({ active: true });
});

test('an online refresh token is over with its session, an offline one is not', async () => {
  const sessionId = await makeSession(server);
  const online = await tokensOf({ sessionId, scope: 'openid online_access' });
  const offline = await tokensOf({ sessionId });
  expect(await worth(online.refresh)).toMatchObject({ active: true });
  await server.app.get(SessionStore).delete(sessionId);
  expect(await worth(online.refresh)).toEqual(INACTIVE);
  expect(await worth(offline.refresh)).toMatchObject({ active: true });
});

test('an expired token is over', async () => {
  const long = new Date(Date.now() - 10_000).toISOString();
  const value = 'an opaque token';
  await server.app.get(AccessTokenStore).insert({
    key: tokenDigest(value),
    grantId: null,
    clientId: 'app',
    userId: null,
    audience: null,
    scope: '',
    issuedAt: long,
    expiresAt: long,
    customClaims: {},
  });
  expect(await worth(value)).toEqual(INACTIVE);
});

test('a token that is bound to a key says so', async () => {
  const value = 'a bound token';
  await server.app.get(AccessTokenStore).insert({
    key: tokenDigest(value),
    grantId: null,
    clientId: 'app',
    userId: null,
    audience: null,
    scope: 'a',
    issuedAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
    customClaims: {},
    dpopJkt: 'thumbprint',
  });
  expect(await worth(value)).toMatchObject({ token_type: 'DPoP', cnf: { jkt: 'thumbprint' } });
});

test('another client’s token is told like one that there is not; an API that is a client by its name may know', async () => {
  const { access, refresh: value, body } = await tokensOf();
  expect(await worth(access, { client_id: 'other' })).toEqual(INACTIVE);
  expect(await worth(value, { client_id: 'other' })).toEqual(INACTIVE);
  expect(await worth(body.id_token)).toEqual(INACTIVE);
  expect(await worth(`${access.slice(0, -4)}AAAA`)).toEqual(INACTIVE);
  expect(await worth('no token')).toEqual(INACTIVE);

  await makeClient(server, 'the-api');
  await made(server, 'resource-servers', { identifier: 'the-api' });
  const forApi = await tokensOf({ audience: 'the-api', scope: 'openid' });
  expect(await worth(forApi.access, { client_id: 'the-api' })).toMatchObject({
    active: true,
    client_id: 'app',
  });
  expect(await worth(forApi.access, { client_id: 'other' })).toEqual(INACTIVE);
});

test('whoever asks proves who it is', async () => {
  const { access } = await tokensOf();
  expect(await introspect(access, { client_secret: 'wrong' })).toMatchObject({
    status: 401,
    body: { error: 'access_denied', error_description: 'Unauthorized' },
  });
  expect(await introspect(access, { client_id: 'strict-app', client_secret: 'wrong' })).toMatchObject({
    status: 401,
    body: { error: 'invalid_client' },
  });
  const anonymous = await post(
    server,
    new URLSearchParams({ token: access }).toString(),
    { 'content-type': 'application/x-www-form-urlencoded' },
    PATH,
  );
  expect(anonymous.status).toBe(401);
  const spa = await tokensOf({ clientId: 'app' });
  const publicClient = await post(
    server,
    new URLSearchParams({ token: spa.access, client_id: 'spa' }).toString(),
    { 'content-type': 'application/x-www-form-urlencoded' },
    PATH,
  );
  expect(publicClient).toMatchObject({ status: 401, body: { error_detail: expect.stringContaining('spa') } });
});

test('a call without a token, or with two, is refused', async () => {
  expect(await introspect(undefined)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  const twice = await post(
    server,
    `client_id=app&client_secret=${encodeURIComponent(SECRET)}&token=a&token=b`,
    { 'content-type': 'application/x-www-form-urlencoded' },
    PATH,
  );
  expect(twice).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
});

test('a JSON body will do', async () => {
  const { access } = await tokensOf();
  const { body } = await post(
    server,
    JSON.stringify({ client_id: 'app', client_secret: SECRET, token: access }),
    { 'content-type': 'application/json' },
    PATH,
  );
  expect(body).toMatchObject({ active: true });
});

test('oauth4webapi finds the endpoint and reads its answers, by every way to say who asks', async () => {
  const options = { [oauth.allowInsecureRequests]: true } as const;
  const issuer = new URL(`${server.baseUrl}/`);
  const as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options }),
  );
  const { access, refresh: value, grantId } = await tokensOf({ clientId: 'strict-app' });
  const client = { client_id: 'strict-app' };
  for (const authentication of [oauth.ClientSecretBasic(SECRET), oauth.ClientSecretPost(SECRET)])
    for (const each of [access, value]) {
      const response = await oauth.introspectionRequest(as, client, authentication, each, options);
      const told = await oauth.processIntrospectionResponse(as, client, response);
      expect(told).toMatchObject({ active: true, sub: ALICE });
    }
  await server.app.get(GrantStore).revoke({ grantId }, new Date());
  const response = await oauth.introspectionRequest(
    as,
    client,
    oauth.ClientSecretPost(SECRET),
    access,
    options,
  );
  expect(await oauth.processIntrospectionResponse(as, client, response)).toEqual({ active: false });

  const refused = await oauth.introspectionRequest(
    as,
    client,
    oauth.ClientSecretBasic('wrong'),
    access,
    options,
  );
  await expect(oauth.processIntrospectionResponse(as, client, refused)).rejects.toMatchObject({
    cause: [{ scheme: 'basic' }],
  });
});

test('whatever is asked, the server answers, and gives nothing away', async () => {
  const { access } = await tokensOf();
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('', '\0', '%', '..', 'e30.e30.', createHash('sha256').update(access).digest('base64url')),
    fc.nat(access.length).map((end) => access.slice(0, end - 1)),
  );
  await fc.assert(
    fc.asyncProperty(text, text, fc.boolean(), async (value, hint, isJson) => {
      const parameters = { client_id: 'app', client_secret: SECRET, token: value, token_type_hint: hint };
      const { status, body } = await post(
        server,
        isJson ? JSON.stringify(parameters) : new URLSearchParams(parameters).toString(),
        { 'content-type': isJson ? 'application/json' : 'application/x-www-form-urlencoded' },
        PATH,
      );
      expect([200, 400]).toContain(status);
      if (status === 200) expect(body).toEqual(INACTIVE);
      else expect(body.error).toBe('invalid_request');
    }),
    { numRuns: 300 },
  );
});
