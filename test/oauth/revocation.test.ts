import * as fc from 'fast-check';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  API,
  makeClient,
  makeCode,
  makeParties,
  redeem,
  refresh,
  SECRET,
  token,
  type CodeWishes,
} from './token-parties.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

async function call(
  path: string,
  parameters: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = FORM,
): Promise<{ readonly status: number; readonly headers: Headers; readonly text: string }> {
  const isJson = headers['content-type'] === 'application/json';
  const response = await fetch(`${server.baseUrl}${path}`, {
    method: 'POST',
    headers,
    body: isJson ? JSON.stringify(parameters) : new URLSearchParams(parameters).toString(),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
const AS_APP = { client_id: 'app', client_secret: SECRET };
const revoke = (value: string, more: Readonly<Record<string, string>> = AS_APP) =>
  call('/oauth/revoke', { token: value, ...more });
async function isActive(value: string | undefined, as: Readonly<Record<string, string>> = AS_APP) {
  const { text } = await call('/oauth/introspect', { token: value!, ...as });
  return (JSON.parse(text) as { active: boolean }).active;
}
async function tokensOf(wishes: CodeWishes = {}) {
  const { code } = await makeCode(server, wishes);
  const { clientId = 'app' } = wishes;
  const { body } = await redeem(server, code, {
    client_id: clientId,
    ...(clientId === 'spa' && { client_secret: undefined }),
  });
  return { access: body.access_token!, refresh: body.refresh_token! };
}

test('the answer is empty', async () => {
  const { access } = await tokensOf();
  const { status, headers, text } = await revoke(access);
  expect({ status, text }).toEqual({ status: 200, text: '' });
  expect(headers.get('cache-control')).toBe('no-store');
  const { access: strict } = await tokensOf({ clientId: 'strict-app' });
  expect(await revoke(strict, { ...AS_APP, client_id: 'strict-app' })).toMatchObject({
    status: 200,
    text: '',
  });
});

test('a refresh token takes its family and every access token of the grant along', async () => {
  await makeClient(server, 'rotating', {
    refresh_token: { rotation_type: 'rotating', expiration_type: 'expiring', leeway: 600 },
  });
  const as = { ...AS_APP, client_id: 'rotating' };
  const first = await tokensOf({ clientId: 'rotating' });
  const { body: second } = await refresh(server, first.refresh, as);
  // the one before, which is still good for a sibling: nothing of the family outlives it
  expect((await revoke(first.refresh, as)).status).toBe(200);
  for (const each of [first.access, first.refresh, second.access_token, second.refresh_token])
    expect(await isActive(each, as)).toBe(false);
  expect((await refresh(server, second.refresh_token, as)).body.error).toBe('invalid_grant');
  expect((await refresh(server, first.refresh, as)).body.error).toBe('invalid_grant');
});

test('an access token goes alone, JWT or opaque, a user’s or the client’s own', async () => {
  const jwt = await tokensOf();
  const opaque = await tokensOf({ audience: null });
  const { body: own } = await token(server, {
    grant_type: 'client_credentials',
    audience: API,
    ...AS_APP,
  });
  for (const each of [jwt.access, opaque.access, own.access_token!]) {
    expect(await isActive(each)).toBe(true);
    expect((await revoke(each)).status).toBe(200);
    expect(await isActive(each)).toBe(false);
  }
  expect(await isActive(jwt.refresh)).toBe(true);
  expect((await refresh(server, jwt.refresh)).status).toBe(200);
});

test('an unknown token is as good as revoked, and so is one that was revoked before', async () => {
  const { refresh: value } = await tokensOf();
  for (const each of ['nothing of ours', value, value])
    for (const hint of ['access_token', 'refresh_token', 'nonsense'])
      expect(await revoke(each, { ...AS_APP, token_type_hint: hint })).toMatchObject({
        status: 200,
        text: '',
      });
  expect(await isActive(value)).toBe(false);
});

test('a public client gives its own tokens up by its id alone, and JSON will do', async () => {
  const { refresh: value } = await tokensOf({ clientId: 'spa', scope: 'openid offline_access' });
  const json = { 'content-type': 'application/json' };
  expect((await call('/oauth/revoke', { client_id: 'spa', token: value }, json)).status).toBe(200);
  const { body } = await refresh(server, value, { client_id: 'spa', client_secret: undefined });
  expect(body.error).toBe('invalid_grant');
});

test('another client’s token is refused, and stays', async () => {
  const { access, refresh: value } = await tokensOf();
  for (const each of [access, value]) {
    const { status, text } = await revoke(each, { ...AS_APP, client_id: 'other' });
    expect({ status, ...(JSON.parse(text) as object) }).toMatchObject({
      status: 400,
      error: 'invalid_grant',
    });
    expect(await isActive(each)).toBe(true);
  }
});

test.each([
  ['a wrong secret', { client_secret: 'wrong' }, 401, 'access_denied'],
  [
    'a wrong secret of a strict client',
    { client_id: 'strict-app', client_secret: 'wrong' },
    401,
    'invalid_client',
  ],
  ['no secret', { client_secret: '' }, 401, 'access_denied'],
  ['no token', { token: '' }, 400, 'invalid_request'],
])('%s is told', async (_, more, status, error) => {
  const answer = await revoke('any', { ...AS_APP, ...more });
  expect({ status: answer.status, ...(JSON.parse(answer.text) as object) }).toMatchObject({ status, error });
});

test('oauth4webapi revokes both kinds', async () => {
  const options = { [oauth.allowInsecureRequests]: true } as const;
  const issuer = new URL(`${server.baseUrl}/`);
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
  const client = { client_id: 'strict-app' };
  const { access, refresh: value } = await tokensOf({ clientId: 'strict-app' });
  for (const each of [access, value]) {
    const response = await oauth.revocationRequest(
      as,
      client,
      oauth.ClientSecretBasic(SECRET),
      each,
      options,
    );
    expect(await oauth.processRevocationResponse(response)).toBeUndefined();
    expect(await isActive(each, { ...AS_APP, client_id: 'strict-app' })).toBe(false);
  }
  const refused = await oauth.revocationRequest(as, client, oauth.ClientSecretPost('wrong'), access, options);
  await expect(oauth.processRevocationResponse(refused)).rejects.toMatchObject({ error: 'invalid_client' });
});

test('whatever is given up, the server answers, and ends nothing else', async () => {
  const { access, refresh: value } = await tokensOf();
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('', '\0', '%', 'e30.e30.'),
    fc.nat(value.length - 1).map((end) => value.slice(0, end)),
    fc.nat(access.length - 1).map((end) => access.slice(0, end)),
  );
  await fc.assert(
    fc.asyncProperty(text, text, async (given, hint) => {
      const { status } = await revoke(given, { ...AS_APP, token_type_hint: hint });
      expect([200, 400]).toContain(status);
    }),
    { numRuns: 200 },
  );
  expect([await isActive(access), await isActive(value)]).toEqual([true, true]);
});
