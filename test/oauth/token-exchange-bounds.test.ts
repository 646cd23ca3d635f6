/** What a token is exchanged for at most: the scopes, the key, the organization, the life and the actors that it has (RFC 8693). */
import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { later } from '../support/later.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  ALICE,
  API,
  lastTransaction,
  made,
  makeClient,
  makeCode,
  makeParties,
  patched,
  PASSWORD,
  post,
  refresh,
  refusal,
  SECRET,
  token,
  verified,
  type CodeWishes,
  type Parameters,
  type TokenBody,
} from './token-parties.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type:';
const OTHER_API = 'urn:other-api';
const ACME = 'org_acme';
const GLOBEX = 'org_globex';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  const grant_types = [EXCHANGE, 'client_credentials', 'authorization_code', 'refresh_token', 'password'];
  await makeClient(server, 'gateway', { grant_types });
  await makeClient(server, 'strict-gateway', { grant_types, oauth_dialect: 'strict' });
  await makeClient(server, 'of-organizations', { grant_types, organization_usage: 'require' });
  await makeClient(server, 'with-organizations', { grant_types, organization_usage: 'allow' });
  await made(server, 'resource-servers', {
    identifier: OTHER_API,
    name: 'Other',
    scopes: [{ value: 'read:orders' }],
    allow_offline_access: true,
  });
  await made(server, 'client-grants', { client_id: 'gateway', audience: OTHER_API, scope: [] });
  await made(server, 'users', { user_id: 'auth0|bob', username: 'bob', password: PASSWORD });
  for (const [id, name] of [
    [ACME, 'acme'],
    [GLOBEX, 'globex'],
  ] as const)
    await made(server, 'organizations', { id, name });
  await made(server, `organizations/${ACME}/members`, { members: [ALICE] });
});
afterAll(() => server.close());

const login = async (wishes: CodeWishes = {}, headers = {}): Promise<TokenBody> => {
  const { code } = await makeCode(server, wishes);
  const form = {
    grant_type: 'authorization_code',
    client_id: wishes.clientId ?? 'app',
    client_secret: SECRET,
    redirect_uri: 'https://app.example.test/callback',
    code,
  };
  const { status, body } = await token(server, form, headers);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
};
const exchange = (parameters: Parameters, client_id = 'gateway', headers = {}) =>
  token(
    server,
    {
      grant_type: EXCHANGE,
      client_id,
      client_secret: SECRET,
      subject_token_type: `${TYPE}access_token`,
      audience: OTHER_API,
      ...parameters,
    },
    headers,
  );
const warningsOfLast = async (): Promise<unknown> => {
  const { id } = await lastTransaction(server);
  const { body } = await server.api<{ warnings: unknown }>('GET', `/api/transactions/${id as string}`);
  return body.warnings;
};

test('of the API that the subject token is for no more scopes are granted than it has', async () => {
  const { access_token: subject_token } = await login({ scope: 'read:mail' });
  const again = await exchange({ subject_token, audience: API, scope: 'read:mail write:mail' });
  expect([again.status, again.body.scope]).toEqual([200, 'read:mail']);
  expect(await warningsOfLast()).toMatchObject([
    { code: 'scopes_dropped', detail: expect.stringContaining('write:mail') as string },
  ]);
  const strictly = await exchange(
    { subject_token, audience: API, scope: 'read:mail write:mail' },
    'strict-gateway',
  );
  expect(refusal(strictly).slice(0, 2)).toEqual([400, 'invalid_scope']);
  const { refresh_token } = await login({ clientId: 'gateway', scope: 'offline_access read:mail' });
  const byRefreshToken = await exchange({
    subject_token: refresh_token,
    subject_token_type: `${TYPE}refresh_token`,
    audience: API,
    scope: 'write:mail',
  });
  // nothing is left of it, and an empty scope is not told
  expect([byRefreshToken.status, byRefreshToken.body.scope]).toEqual([200, undefined]);
});

test('a way round by another API gives no more of the first one', async () => {
  const { access_token: subject_token } = await login({ scope: 'read:mail' });
  const there = await exchange({ subject_token, scope: 'read:orders' });
  expect(there.body.scope).toBe('read:orders');
  const back = await exchange({
    subject_token: there.body.access_token,
    audience: API,
    scope: 'read:mail write:mail',
  });
  expect([back.status, back.body.scope]).toEqual([200, 'read:mail']);
});

test('an access token gives no scope of OpenID Connect that it has not, no ID token and no refresh token', async () => {
  const { access_token: subject_token } = await login({ scope: 'openid offline_access read:mail' });
  const wanted = 'openid email offline_access read:orders';
  const { status, body } = await exchange({ subject_token, scope: wanted });
  expect([status, body.scope]).toEqual([200, 'openid read:orders']);
  expect([body.id_token, body.refresh_token]).toEqual([undefined, undefined]);
  const wants = { requested_token_type: `${TYPE}id_token`, audience: undefined };
  const { body: refused } = await exchange({ subject_token, ...wants });
  expect(refused.error).toBe('invalid_request');
});

test('an ID token is issued alone, for a login at the client that calls', async () => {
  const { id_token, refresh_token } = await login({ clientId: 'gateway' });
  const requested_token_type = `${TYPE}id_token`;
  const wish = { subject_token: id_token, subject_token_type: requested_token_type, requested_token_type };
  const { status, body } = await exchange({ ...wish, audience: 'gateway', scope: 'openid profile' });
  expect({ status, body }).toMatchObject({
    status: 200,
    body: { token_type: 'N_A', issued_token_type: requested_token_type, scope: 'openid profile' },
  });
  expect([body.id_token, body.refresh_token]).toEqual([undefined, undefined]);
  const { payload } = await verified(server, body.access_token, 'gateway');
  expect(payload).toMatchObject({ sub: ALICE, name: 'Alice' });
  expect(payload['at_hash']).toBeUndefined();
  expect(await lastTransaction(server)).toMatchObject({
    status: 'completed',
    result: { id_token: body.access_token },
  });
  const byRefreshToken = { subject_token: refresh_token, subject_token_type: `${TYPE}refresh_token` };
  const answer = await exchange({ ...wish, ...byRefreshToken, audience: undefined });
  expect(answer.body.token_type).toBe('N_A');
  expect((await exchange({ ...wish, audience: undefined, scope: 'profile' })).body.error).toBe(
    'invalid_request',
  );
  expect(refusal(await exchange({ ...wish, scope: 'openid' }, 'gateway')).slice(0, 2)).toEqual([
    403,
    'access_denied',
  ]);
  const acting = { actor_token: id_token, actor_token_type: requested_token_type };
  const acted = await exchange({ ...wish, ...acting, audience: undefined, scope: 'openid' });
  expect(acted.body.error).toBe('invalid_request');
});

interface Holder {
  readonly jkt: string;
  readonly proof: () => Promise<{ dpop: string }>;
}
async function holder(): Promise<Holder> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  const claims = () => ({
    htm: 'POST',
    htu: `${server.baseUrl}/oauth/token`,
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
  });
  return {
    jkt: await calculateJwkThumbprint(jwk),
    proof: async () => ({
      dpop: await new SignJWT(claims())
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .sign(privateKey),
    }),
  };
}

test('a token that is bound to a key is exchanged with a proof of that key only, and for one that is bound as well', async () => {
  const [own, other] = [await holder(), await holder()];
  const { access_token: subject_token } = await login({}, await own.proof());
  for (const proof of [undefined, other.proof])
    for (const name of ['subject', 'actor']) {
      const { access_token: unbound } = await login();
      const answer = await exchange(
        name === 'subject'
          ? { subject_token }
          : {
              subject_token: unbound,
              actor_token: subject_token,
              actor_token_type: `${TYPE}access_token`,
            },
        'gateway',
        await proof?.(),
      );
      expect(refusal(answer).slice(0, 2)).toEqual([400, 'invalid_request']);
    }
  const { status, body } = await exchange({ subject_token }, 'gateway', await own.proof());
  expect([status, body.token_type]).toEqual([200, 'DPoP']);
  const { payload } = await verified(server, body.access_token, OTHER_API);
  expect(payload['cnf']).toEqual({ jkt: own.jkt });
});

test('a refresh token that was replaced ends its login at this door too', async () => {
  await patched(server, 'clients/gateway', { refresh_token: { rotation_type: 'rotating' } });
  const { refresh_token: first } = await login({ clientId: 'gateway' });
  const second = await refresh(server, first, { client_id: 'gateway' });
  expect(second.status).toBe(200);
  const asRefreshToken = { subject_token: first, subject_token_type: `${TYPE}refresh_token` };
  expect(refusal(await exchange(asRefreshToken)).slice(0, 2)).toEqual([400, 'invalid_request']);
  const third = await refresh(server, second.body.refresh_token, { client_id: 'gateway' });
  expect(third.body.error).toBe('invalid_grant');
  await patched(server, 'clients/gateway', { refresh_token: { rotation_type: 'non-rotating' } });
});

test('whoever acts must be somebody: a blocked user or one who is gone acts for nobody', async () => {
  const asBob = await token(server, {
    grant_type: 'password',
    client_id: 'gateway',
    client_secret: SECRET,
    username: 'bob',
    password: PASSWORD,
    audience: OTHER_API,
  });
  const { access_token: subject_token } = await login();
  const actor_token = asBob.body.access_token;
  const act = () => exchange({ subject_token, actor_token, actor_token_type: `${TYPE}access_token` });
  const acted = await act();
  const { payload } = await verified(server, acted.body.access_token, OTHER_API);
  expect(payload['act']).toEqual({ sub: 'auth0|bob' });
  await patched(server, 'users/auth0%7Cbob', { blocked: true });
  expect(refusal(await act()).slice(0, 2)).toEqual([400, 'invalid_request']);
  await server.api('DELETE', '/api/v2/users/auth0%7Cbob');
  const gone = await act();
  expect(refusal(gone).slice(0, 2)).toEqual([400, 'invalid_request']);
  expect((await exchange({ subject_token: actor_token })).body.error).toBe('invalid_request');
});

test('an opaque token keeps who acts, and introspection tells it', async () => {
  const { access_token: subject_token } = await login();
  const own = await token(server, {
    grant_type: 'client_credentials',
    client_id: 'gateway',
    client_secret: SECRET,
    audience: OTHER_API,
  });
  const opaque = await exchange({
    subject_token,
    audience: undefined,
    actor_token: own.body.access_token,
    actor_token_type: `${TYPE}access_token`,
  });
  expect(opaque.body.access_token).toMatch(/^[\w-]{43}$/);
  const introspected = await post(
    server,
    new URLSearchParams({
      client_id: 'gateway',
      client_secret: SECRET,
      token: opaque.body.access_token!,
    }).toString(),
    { 'content-type': 'application/x-www-form-urlencoded' },
    '/oauth/introspect',
  );
  expect(introspected.body).toMatchObject({ active: true, sub: ALICE, act: { sub: 'gateway@clients' } });
  const { body } = await exchange({ subject_token: opaque.body.access_token });
  const { payload } = await verified(server, body.access_token, OTHER_API);
  expect(payload['act']).toEqual({ sub: 'gateway@clients' });
});

test('organization_usage of the client holds, and members alone log in', async () => {
  const { access_token: subject_token } = await login();
  const inOrganization = async (organization: string | undefined, client_id: string) =>
    exchange({ subject_token, organization }, client_id);
  const refused = async (organization: string | undefined, client_id: string) =>
    (await inOrganization(organization, client_id)).body.error;
  expect(await refused(undefined, 'of-organizations')).toBe('invalid_request');
  expect(await refused(ACME, 'gateway')).toBe('invalid_request');
  expect(await refused('nowhere', 'with-organizations')).toBe('invalid_request');
  expect(await refused(GLOBEX, 'with-organizations')).toBe('access_denied');
  const byId = await inOrganization(ACME, 'of-organizations');
  const claims = (await verified(server, byId.body.access_token, OTHER_API)).payload;
  expect([claims['org_id'], claims['org_name']]).toEqual([ACME, undefined]);
  const byName = await inOrganization('acme', 'with-organizations');
  const named = (await verified(server, byName.body.access_token, OTHER_API)).payload;
  expect([named['org_id'], named['org_name']]).toEqual([ACME, 'acme']);
});

test('the organization of a login goes on, and no other takes its place', async () => {
  const { access_token } = await login();
  const inAcme = await exchange({ subject_token: access_token, organization: 'acme' }, 'with-organizations');
  const subject_token = inAcme.body.access_token;
  const on = await exchange({ subject_token, audience: API }, 'with-organizations');
  const { payload } = await verified(server, on.body.access_token);
  expect([payload['org_id'], payload['org_name']]).toEqual([ACME, 'acme']);
  const elsewhere = await exchange({ subject_token, organization: GLOBEX }, 'with-organizations');
  expect(elsewhere.body.error).toBe('invalid_request');
  expect((await exchange({ subject_token })).body.error).toBe('invalid_request');
  await server.api('DELETE', `/api/v2/organizations/${ACME}/members`, { members: [ALICE] });
  expect((await exchange({ subject_token }, 'with-organizations')).body.error).toBe('access_denied');
  await made(server, `organizations/${ACME}/members`, { members: [ALICE] });
});

test('audience and resource name one target: strictly two are an error, and Auth0 takes the audience', async () => {
  const { access_token: subject_token } = await login();
  const both = { subject_token, resource: API };
  expect(refusal(await exchange(both, 'strict-gateway')).slice(0, 2)).toEqual([400, 'invalid_target']);
  const { body } = await exchange(both);
  await verified(server, body.access_token, OTHER_API);
  const same = { subject_token, resource: OTHER_API };
  for (const client_id of ['gateway', 'strict-gateway'])
    expect((await exchange(same, client_id)).status).toBe(200);
  const alone = await exchange({ ...same, audience: undefined });
  await verified(server, alone.body.access_token, OTHER_API);
});

test('a type that is not taken is told which are', async () => {
  for (const [type, hint] of [
    ['saml2', 'SAML assertion is none of them'],
    ['jwt', 'which of them the JWT is'],
    ['acces_token', 'told by what they are'],
  ]) {
    const { status, body } = await exchange({ subject_token: 'x', subject_token_type: `${TYPE}${type}` });
    expect([status, body.error]).toEqual([400, 'invalid_request']);
    for (const text of [hint!, `${TYPE}access_token`, `${TYPE}id_token`, `${TYPE}refresh_token`])
      expect(body.error_description).toContain(text);
  }
});

test('a JWT for an API that is called like the client is no ID token', async () => {
  await made(server, 'resource-servers', {
    identifier: 'gateway',
    name: 'Gateway',
    token_dialect: 'rfc9068_profile',
  });
  const { access_token: first } = await login();
  const { body } = await exchange({ subject_token: first, audience: 'gateway' });
  expect((await verified(server, body.access_token, 'gateway')).payload['auth_time']).toBeDefined();
  const answer = await exchange({
    subject_token: body.access_token,
    subject_token_type: `${TYPE}id_token`,
  });
  expect(refusal(answer).slice(0, 2)).toEqual([400, 'invalid_request']);
  expect(answer.body.error_description).toContain('no ID token');
});

// last: the transactions that it leaves are of tomorrow
test('what an access token is exchanged for ends with it', async () => {
  const { access_token: subject_token, expires_in } = await login();
  const right = later(server, expires_in! - 100);
  const { body } = await exchange({ subject_token });
  expect(body.expires_in).toBeLessThanOrEqual(100);
  right();
});
