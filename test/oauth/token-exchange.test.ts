/** Token exchange over HTTP (RFC 8693): which tokens are taken, what is issued for them, and who acts for whom. */
import * as fc from 'fast-check';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { UserStore } from '../../src/storage/user-store.js';
import { bindHandlers, unbindAll } from '../support/actions.js';
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
  redeem,
  refusal,
  SECRET,
  token,
  verified,
  type Parameters,
  type TokenBody,
} from './token-parties.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type:';
const OTHER_API = 'urn:other-api';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  const grant_types = [EXCHANGE, 'client_credentials', 'authorization_code', 'refresh_token'];
  await makeClient(server, 'gateway', { grant_types });
  await makeClient(server, 'strict-gateway', { grant_types, oauth_dialect: 'strict' });
  await makeClient(server, 'public', { grant_types, token_endpoint_auth_method: 'none', app_type: 'spa' });
  await made(server, 'resource-servers', {
    identifier: OTHER_API,
    name: 'Other',
    scopes: [{ value: 'read:orders' }],
    allow_offline_access: true,
  });
  for (const client_id of ['gateway', 'app'])
    await made(server, 'client-grants', { client_id, audience: OTHER_API, scope: [] });
});
afterAll(() => server.close());
afterEach(() => unbindAll(server));

const login = async (clientId = 'app'): Promise<TokenBody> => {
  const { code } = await makeCode(server, { clientId });
  const { status, body } = await redeem(server, code, { client_id: clientId });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
};
const exchange = (parameters: Parameters, client_id = 'gateway') =>
  token(server, {
    grant_type: EXCHANGE,
    client_id,
    client_secret: SECRET,
    subject_token_type: `${TYPE}access_token`,
    audience: OTHER_API,
    ...parameters,
  });
const expOf = (jwt: string | undefined): number => decodeJwt(jwt!).exp!;
const ownToken = async (client_id: string): Promise<string | undefined> => {
  const { body } = await token(server, {
    grant_type: 'client_credentials',
    client_id,
    client_secret: SECRET,
    audience: OTHER_API,
  });
  return body.access_token;
};

test('an access token of a user is exchanged for one of the same user at another API', async () => {
  const { access_token: subject_token } = await login();
  const { status, body } = await exchange({ subject_token, scope: 'read:orders unknown' });
  expect({ status, body }).toMatchObject({
    status: 200,
    body: { token_type: 'Bearer', scope: 'read:orders', issued_token_type: `${TYPE}access_token` },
  });
  expect(body.refresh_token).toBeUndefined();
  const { payload } = await verified(server, body.access_token, OTHER_API);
  expect(payload).toMatchObject({ sub: ALICE, azp: 'gateway', aud: OTHER_API, scope: 'read:orders' });
  expect(payload['act']).toBeUndefined();
  const kept = await lastTransaction(server);
  expect(kept).toMatchObject({ protocol: 'token_exchange', status: 'completed' });
  expect(JSON.stringify(kept)).not.toContain(subject_token);
});

test('ID tokens and refresh tokens are taken of the client that exchanges', async () => {
  const subject_token_type = `${TYPE}refresh_token`;
  const asIdToken = { subject_token_type: `${TYPE}id_token`, scope: 'openid offline_access' };
  const byIdToken = await exchange({ subject_token: (await login('gateway')).id_token, ...asIdToken });
  expect(byIdToken).toMatchObject({
    status: 200,
    body: { id_token: expect.any(String) as string },
  });
  expect(byIdToken.body.refresh_token).toBeUndefined();
  expect((await verified(server, byIdToken.body.id_token, 'gateway')).payload).toMatchObject({ sub: ALICE });
  const byForeign = await exchange({ subject_token: (await login()).id_token, ...asIdToken });
  expect(refusal(byForeign).slice(0, 2)).toEqual([400, 'invalid_request']);
  expect(byForeign.body.error_description).toContain("issued to 'app'");

  const { refresh_token: own } = await login('gateway');
  const { refresh_token: foreign } = await login();
  const answer = await exchange({ subject_token: own, subject_token_type });
  expect(answer.status).toBe(200);
  expect(answer.body.refresh_token).toBeUndefined();
  expect((await exchange({ subject_token: foreign, subject_token_type })).body.error).toBe('invalid_request');
});

test('what an ID token is exchanged for ends with it, and brings no refresh token, by whichever dialect', async () => {
  const issuance = { tokenClient: { alg: 'RS256', idTokenLifetimeInSeconds: 60 } } as const;
  const { code } = await makeCode(server, { clientId: 'gateway', issuance });
  const { body: first } = await redeem(server, code, { client_id: 'gateway' });
  const asIdToken = { subject_token: first.id_token, subject_token_type: `${TYPE}id_token` };
  const end = expOf(first.id_token);
  const both = await exchange({ ...asIdToken, scope: 'openid offline_access read:orders' });
  expect(both.body.refresh_token).toBeUndefined();
  const alone = await exchange({
    ...asIdToken,
    audience: undefined,
    scope: 'openid',
    requested_token_type: `${TYPE}id_token`,
  });
  expect(alone.body.expires_in).toBeLessThanOrEqual(60);
  for (const issued of [both.body.access_token, both.body.id_token, alone.body.access_token])
    expect(expOf(issued)).toBeLessThanOrEqual(end);
});

test('an ID token of before a new password, or of an earlier user by that id, is exchanged for nothing', async () => {
  const { id_token: subject_token } = await login('gateway');
  const asIdToken = { subject_token, subject_token_type: `${TYPE}id_token` };
  const users = server.app.get(UserStore);
  const kept = (await users.get(ALICE))!;
  const status = async () => (await exchange(asIdToken)).status;
  expect(await status()).toBe(200);
  const later = new Date(Date.now() + 2000).toISOString();
  await users.update(ALICE, (user) => ({ ...user, last_password_reset: later }));
  expect(await status()).toBe(400);
  await users.update(ALICE, () => ({ ...kept, created_at: later }));
  expect(await status()).toBe(400);
  await users.update(ALICE, () => kept);
  expect(await status()).toBe(200);
});

test('an actor stands in act, before those who acted before, and gets no refresh token', async () => {
  const { access_token: subject_token } = await login();
  const actor = { actor_token: await ownToken('gateway'), actor_token_type: `${TYPE}access_token` };
  const first = await exchange({ subject_token, scope: 'offline_access read:orders', ...actor });
  expect(first.status).toBe(200);
  expect(first.body.refresh_token).toBeUndefined();
  expect((await verified(server, first.body.access_token, OTHER_API)).payload['act']).toEqual({
    sub: 'gateway@clients',
  });
  const second = await exchange({
    subject_token: first.body.access_token,
    ...actor,
    actor_token: await ownToken('app'),
  });
  expect((await verified(server, second.body.access_token, OTHER_API)).payload['act']).toEqual({
    sub: 'app@clients',
    act: { sub: 'gateway@clients' },
  });
  let last = second;
  for (let hop = 3; hop <= 5; hop += 1)
    last = await exchange({ subject_token: last.body.access_token, ...actor });
  expect(last.status).toBe(200);
  const tooDeep = await exchange({ subject_token: last.body.access_token, ...actor });
  expect(refusal(tooDeep).slice(0, 2)).toEqual([400, 'invalid_request']);
});

test('an actor is named by token and type together', async () => {
  const { access_token: subject_token } = await login();
  const actor_token = await ownToken('gateway');
  for (const actor of [{ actor_token }, { actor_token_type: `${TYPE}access_token` }])
    expect(refusal(await exchange({ subject_token, ...actor })).slice(0, 2)).toEqual([
      400,
      'invalid_request',
    ]);
});

test('post-login Actions run, are told the protocol, and may deny', async () => {
  await bindHandlers(server, [`api.accessToken.setCustomClaim('via', event.transaction.protocol);`]);
  const { access_token: subject_token } = await login();
  const { body } = await exchange({ subject_token });
  const { payload } = await verified(server, body.access_token, OTHER_API);
  expect(payload['via']).toBe('oauth2-token-exchange');
  await bindHandlers(server, [`api.redirect.sendUserTo('https://away.example.test/');`]);
  expect((await exchange({ subject_token })).body.error).toBe('interaction_required');
  await bindHandlers(server, [`api.access.deny('not for others');`]);
  expect(refusal(await exchange({ subject_token }))).toEqual([403, 'access_denied', 'not for others']);
});

const JWT_OF_NOBODY = 'e30.e30.e30';
test.each([
  ['access_token', 'x'],
  ['access_token', JWT_OF_NOBODY],
  ['id_token', 'x'],
  ['id_token', JWT_OF_NOBODY],
  ['refresh_token', 'x'],
])('what is no %s of this server is an invalid_request: %s', async (type, subject_token) => {
  for (const client_id of ['gateway', 'strict-gateway'])
    expect(
      refusal(await exchange({ subject_token, subject_token_type: `${TYPE}${type}` }, client_id)).slice(0, 2),
    ).toEqual([400, 'invalid_request']);
});

test('no token passes for one of another type, and none that was revoked or is a client’s own passes', async () => {
  const { access_token, id_token, refresh_token } = await login('gateway');
  const mixed: readonly (readonly [type: string, value: string | undefined])[] = [
    ['access_token', id_token],
    ['access_token', refresh_token],
    ['id_token', access_token],
    ['refresh_token', access_token],
    ['refresh_token', id_token],
    ['access_token', await ownToken('gateway')],
  ];
  for (const [type, subject_token] of mixed) {
    const answer = await exchange({ subject_token, subject_token_type: `${TYPE}${type}` });
    expect([type, ...refusal(answer).slice(0, 2)]).toEqual([type, 400, 'invalid_request']);
  }
  const form = new URLSearchParams({ client_id: 'gateway', client_secret: SECRET, token: refresh_token! });
  await fetch(`${server.baseUrl}/oauth/revoke`, { method: 'POST', body: form });
  expect((await exchange({ subject_token: access_token })).body.error).toBe('invalid_request');
});

test('a token of a blocked user is exchanged for nothing', async () => {
  const { access_token: subject_token } = await login();
  await patched(server, `users/${encodeURIComponent(ALICE)}`, { blocked: true });
  expect(refusal(await exchange({ subject_token })).slice(0, 2)).toEqual([400, 'invalid_request']);
  await patched(server, `users/${encodeURIComponent(ALICE)}`, { blocked: false });
});

test('what is asked for must be known, and who asks must be allowed to', async () => {
  const { access_token: subject_token } = await login();
  const refused = async (parameters: Parameters, client_id?: string) =>
    refusal(await exchange({ subject_token, ...parameters }, client_id)).slice(0, 2);
  expect(await refused({ audience: 'urn:nobody' }, 'strict-gateway')).toEqual([400, 'invalid_target']);
  expect(await refused({ audience: 'urn:nobody' })).toEqual([403, 'access_denied']);
  expect(await refused({ subject_token: undefined })).toEqual([400, 'invalid_request']);
  expect(await refused({ subject_token_type: undefined })).toEqual([400, 'invalid_request']);
  expect(await refused({ subject_token_type: `${TYPE}saml1` })).toEqual([400, 'invalid_request']);
  expect(await refused({ requested_token_type: `${TYPE}saml2` })).toEqual([400, 'invalid_request']);
  expect(await refused({}, 'app')).toEqual([403, 'unauthorized_client']);
  expect(await refused({ client_secret: undefined }, 'public')).toEqual([403, 'unauthorized_client']);
});

test('a JWT needs an audience; without one the token is opaque', async () => {
  const { access_token: subject_token } = await login();
  const opaque = await exchange({ subject_token, audience: undefined });
  expect(opaque.body.access_token).toMatch(/^[\w-]{43}$/);
  const wanted = { requested_token_type: `${TYPE}jwt` };
  const jwt = await exchange({ subject_token, ...wanted });
  expect(jwt).toMatchObject({ status: 200, body: { issued_token_type: `${TYPE}jwt` } });
  expect((await exchange({ subject_token, audience: undefined, ...wanted })).status).toBe(403);
});

test('whatever is exchanged, the server does not fail', async () => {
  const { access_token, id_token } = await login();
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(access_token!, id_token!, `${TYPE}access_token`, `${TYPE}id_token`, API, 'openid'),
  );
  const names = fc.constantFrom(
    'subject_token',
    'subject_token_type',
    'actor_token',
    'actor_token_type',
    'requested_token_type',
    'audience',
    'resource',
    'scope',
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(names, value), async (given) => {
      const { status, body } = await exchange({ subject_token: access_token, ...given });
      expect(status).toBeLessThan(500);
      expect(typeof (body.access_token ?? body.error)).toBe('string');
    }),
    { numRuns: 100 },
  );
});
