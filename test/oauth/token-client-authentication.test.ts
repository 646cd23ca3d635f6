import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SignJWT, type JWTPayload } from 'jose';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  API,
  CALLBACK,
  clientOf,
  DIALECTS,
  lastTransaction,
  made,
  makeClient,
  makeParties,
  patched,
  post,
  refusal,
  SECRET,
  token,
} from './token-parties.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  await makeClient(server, 'signer', {
    client_authentication_methods: { private_key_jwt: { credentials: [{ pem, alg: 'RS256' }] } },
  });
  await makeClient(server, 'poster', { token_endpoint_auth_method: 'client_secret_post' });
  await made(server, 'client-grants', { client_id: 'signer', audience: API, scope: ['read:mail'] });
});
afterAll(() => server.close());

const ASK = { grant_type: 'client_credentials', audience: API } as const;
const basic = (id: string, secret: string): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});
/** As RFC 6749 2.3.1 wants it, and as strictly as oauth4webapi does it. */
const encoded = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replace(/[-_.!~*'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

test('a secret is taken from the header, raw or form-encoded, and from a form or JSON', async () => {
  const json = JSON.stringify({ ...ASK, client_id: 'app', client_secret: SECRET });
  const answers = [
    await token(server, ASK, basic('app', SECRET)),
    await token(server, ASK, basic(encoded('app'), encoded(SECRET))),
    await token(server, { ...ASK, client_id: 'app' }, basic('app', SECRET)),
    await token(server, { ...ASK, client_id: 'app', client_secret: SECRET }),
    await post(server, json, { 'content-type': 'application/json; charset=utf-8' }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
});

test('a path with a slash too many is the same path', async () => {
  const body = new URLSearchParams({ ...ASK, client_id: 'app', client_secret: SECRET }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  expect((await post(server, body, headers, '//oauth/token')).status).toBe(200);
});

test('who is not the client they say is refused in the words of the dialect', async () => {
  const answers = [];
  for (const dialect of DIALECTS) {
    const client_id = clientOf(dialect);
    answers.push(
      refusal(await token(server, { ...ASK, client_id, client_secret: 'wrong' })),
      refusal(await token(server, { ...ASK, client_id })),
    );
  }
  answers.push(
    refusal(await token(server, { ...ASK, client_id: 'nobody', client_secret: SECRET })),
    refusal(await token(server, ASK)),
    refusal(await token(server, { ...ASK, client_id: 'poster' }, basic('poster', SECRET))),
  );
  expect(answers).toEqual([
    [401, 'access_denied', 'Unauthorized'],
    [401, 'access_denied', 'Unauthorized'],
    [
      401,
      'invalid_client',
      'the client_secret is not that of the client strict-app; GET /api/v2/clients/strict-app tells it',
    ],
    [401, 'invalid_client', expect.stringContaining('has a secret') as string],
    [401, 'access_denied', 'Unauthorized'],
    [401, 'access_denied', 'Unauthorized'],
    [401, 'access_denied', 'Unauthorized'],
  ]);
  expect(await lastTransaction(server)).toMatchObject({
    status: 'failed',
    client_id: 'poster',
    result: null,
  });
});

test('a challenge is sent to strict clients that tried Basic, and to nobody else', async () => {
  const challenges = [];
  for (const id of ['app', 'strict-app']) {
    const byHeader = await token(server, ASK, basic(id, 'wrong'));
    const byBody = await token(server, { ...ASK, client_id: id, client_secret: 'wrong' });
    challenges.push(byHeader.headers.get('www-authenticate'), byBody.headers.get('www-authenticate'));
  }
  expect(challenges).toEqual([null, null, 'Basic realm="mintmark"', null]);
});

test('two ways to authenticate at once are refused', async () => {
  const answer = await token(
    server,
    { ...ASK, client_id: 'app', client_secret: SECRET },
    basic('app', SECRET),
  );
  expect(refusal(answer).slice(0, 2)).toEqual([400, 'invalid_request']);
});

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
async function assertion(
  claims: JWTPayload = {},
  header: { kid?: string; alg?: string } = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    iss: 'signer',
    sub: 'signer',
    aud: `${server.baseUrl}/`,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    ...claims,
  })
    .setProtectedHeader({ alg: 'RS256', ...header })
    .sign(privateKey);
}
const bySigner = (client_assertion: string, client_assertion_type: string | undefined = TYPE) =>
  token(server, { ...ASK, client_assertion, client_assertion_type });

test('an assertion is taken whatever key id it names, for the issuer or the token endpoint', async () => {
  const taken = [
    await bySigner(await assertion()),
    await bySigner(await assertion({}, { kid: 'any' })),
    await bySigner(await assertion({ aud: server.baseUrl })),
    await bySigner(await assertion({ aud: `${server.baseUrl}/oauth/token` })),
  ];
  expect(taken.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

test('an assertion for the endpoint that it is sent to is taken there, and for the token endpoint everywhere', async () => {
  const at = async (path: string, aud: string): Promise<number> => {
    const body = new URLSearchParams({
      client_assertion: await assertion({ aud: `${server.baseUrl}${aud}` }),
      client_assertion_type: TYPE,
      token: 'unknown',
      response_type: 'code',
      redirect_uri: CALLBACK,
    });
    return (await fetch(`${server.baseUrl}${path}`, { method: 'POST', body })).status;
  };
  for (const path of ['/oauth/par', '/oauth/introspect', '/oauth/revoke']) {
    const served = path === '/oauth/par' ? 201 : 200;
    expect([path, await at(path, path)]).toEqual([path, served]);
    expect([path, await at(path, '/oauth/token')]).toEqual([path, served]);
    expect([path, await at(path, '/oauth/device/code')]).toEqual([path, 401]);
  }
  expect(refusal(await bySigner(await assertion({ aud: `${server.baseUrl}/oauth/par` })))[0]).toBe(401);
  await patched(server, 'clients/signer', { compliance_level: 'fapi2_sp_pkj_mtls' });
  try {
    expect(await at('/oauth/introspect', '/')).toBe(200);
    expect(await at('/oauth/introspect', '/oauth/introspect')).toBe(401);
    expect(await at('/oauth/introspect', '/oauth/token')).toBe(401);
  } finally {
    await patched(server, 'clients/signer', { compliance_level: null });
  }
});

test('an assertion that is old, for somebody else, changed or used before is refused', async () => {
  const once = await assertion();
  expect((await bySigner(once)).status).toBe(200);
  const [head, , signature] = once.split('.');
  const changed = Buffer.from(JSON.stringify({ iss: 'signer', sub: 'signer' })).toString('base64url');
  const refused = [
    await bySigner(once),
    await bySigner(await assertion({ exp: 1 })),
    await bySigner(await assertion({ exp: Math.floor(Date.now() / 1000) + 3600 })),
    await bySigner(await assertion({ aud: 'https://elsewhere.example.test/' })),
    await bySigner(await assertion({ iss: 'app' })),
    await bySigner(`${head}.${changed}.${signature}`),
    await token(server, { ...ASK, client_id: 'signer', client_secret: SECRET }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401, 401]);
  expect(refused.map(({ body }) => body.error).slice(0, 6)).toEqual(Array(6).fill('invalid_client'));
});

test('of a hundred uses of one assertion exactly one counts', async () => {
  const one = await assertion();
  const answers = await Promise.all(Array.from({ length: 100 }, () => bySigner(one)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('what is asked for must be named, known and allowed', async () => {
  await makeClient(server, 'bare', { grant_types: ['authorization_code'] });
  await makeClient(server, 'strict-bare', { grant_types: [], oauth_dialect: 'strict' });
  const as = (client_id: string, grant_type?: string) =>
    token(server, { client_id, client_secret: SECRET, grant_type });
  expect([
    refusal(await as('app')).slice(0, 2),
    refusal(await as('app', 'magic')),
    refusal(await as('strict-app', 'authorisation_code')),
    refusal(await as('bare', 'refresh_token')),
    refusal(await as('strict-bare', 'refresh_token')).slice(0, 2),
  ]).toEqual([
    [400, 'invalid_request'],
    [403, 'unsupported_grant_type', 'Unsupported grant type: magic'],
    [
      400,
      'unsupported_grant_type',
      `the grant_type 'authorisation_code' is unknown; did you mean 'authorization_code'?`,
    ],
    [403, 'unauthorized_client', `Grant type 'refresh_token' not allowed for the client.`],
    [400, 'unauthorized_client'],
  ]);
});
