/** /oauth/par over HTTP (RFC 9126): what is left there, what becomes of it at /authorize, and what is refused. */
import { createHash, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import * as client from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  answerAt,
  API,
  keptCode,
  LOGIN,
  make,
  makeParties,
  newest,
  startLanding,
  type Landing,
} from '../oidc/relying-party.js';
import { PushedRequestStore } from '../../src/storage/pushed-request-store.js';
import { tokenDigest } from '../../src/tenant/grant.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';

let server: TestServer;
let landing: Landing;
let secret: string;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
  secret = (await server.api('GET', '/api/v2/clients/app')).body['client_secret'] as string;
  await make(server, '/api/v2/clients', {
    client_id: 'strict',
    name: 'S',
    callbacks: [landing.callback],
    oauth_dialect: 'strict',
    token_endpoint_auth_method: 'client_secret_basic',
    client_secret: 'a secret of strict',
    require_pushed_authorization_requests: true,
  });
  await make(server, '/api/v2/clients', {
    client_id: 'spa',
    name: 'SPA',
    app_type: 'spa',
    callbacks: [landing.callback],
  });
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

async function post(parameters: Readonly<Record<string, string>>, headers = {}): Promise<Answer> {
  const response = await fetch(`${server.baseUrl}/oauth/par`, {
    method: 'POST',
    body: new URLSearchParams(parameters),
    headers,
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Answer['body'],
  };
}

const asked = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  client_id: 'app',
  client_secret: secret,
  response_type: 'code',
  redirect_uri: landing.callback,
  scope: 'openid',
  state: 'a state',
  ...more,
});
const push = (more: Readonly<Record<string, string>> = {}, headers = {}): Promise<Answer> =>
  post(Object.fromEntries(Object.entries(asked(more)).filter(([, value]) => value !== '')), headers);

const authorize = (parameters: Readonly<Record<string, string>>): string =>
  `${server.baseUrl}/authorize?${new URLSearchParams(parameters).toString()}`;

test('a pushed request is answered with a reference that lasts half a minute, and stays out of caches', async () => {
  const { status, headers, body } = await push();
  expect(status).toBe(201);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toEqual({
    request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[\w-]{43}$/),
    expires_in: 30,
  });
});

test('what was pushed is what counts, once; what the browser adds does not', async () => {
  const challenge = createHash('sha256').update(randomBytes(32)).digest('base64url');
  const { body } = await push({ code_challenge: challenge, code_challenge_method: 'S256', nonce: 'n-1' });
  const url = authorize({
    client_id: 'app',
    request_uri: body['request_uri'] as string,
    scope: 'openid email',
    state: 'another',
    redirect_uri: landing.callback,
    code_challenge: 'x'.repeat(43),
    prompt: 'none',
  });
  const agent = new UserAgent();
  const answer = answerAt(await agent.submit(await agent.get(url), LOGIN), landing);
  expect(answer).toMatchObject({ state: 'a state', code: expect.any(String) as string });
  const { code, grant } = await keptCode(server, answer['code']);
  expect(code).toMatchObject({ nonce: 'n-1', codeChallenge: { value: challenge } });
  expect(grant.scope).toBe('openid');

  const again = await agent.get(url);
  expect(answerAt(again, landing)).toMatchObject({ error: 'invalid_request_uri' });
  const page = await agent.get(authorize({ client_id: 'app', request_uri: body['request_uri'] as string }));
  expect(page.status).toBe(400);
  expect(page.text).toContain('used or expired');
});

test('of browsers that bring one reference at once exactly one is let in', async () => {
  const { body } = await push({ prompt: 'login' });
  const url = authorize({ client_id: 'app', request_uri: body['request_uri'] as string });
  const pages = await Promise.all(Array.from({ length: 6 }, () => new UserAgent().get(url)));
  expect(pages.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('a reference works for its client only', async () => {
  const { body } = await push();
  const page = await new UserAgent().get(
    authorize({ client_id: 'spa', request_uri: body['request_uri'] as string }),
  );
  expect(page.status).toBe(400);
  const own = await new UserAgent().get(
    authorize({ client_id: 'app', request_uri: body['request_uri'] as string }),
  );
  expect(own.status).toBe(200);
});

test('a client that requires pushed requests is refused without one, and served with one', async () => {
  const asks = {
    client_id: 'strict',
    response_type: 'code',
    redirect_uri: landing.callback,
    scope: 'openid',
  };
  const refused = await new UserAgent().get(authorize(asks));
  expect(answerAt(refused, landing)).toMatchObject({ error: 'unauthorized_client' });
  const { client_id: _, ...pushed } = asks;
  const { status, body } = await post(pushed, {
    authorization: `Basic ${Buffer.from('strict:a+secret+of+strict').toString('base64')}`,
  });
  expect({ status, body }).toMatchObject({ status: 201, body: { expires_in: 60 } });
  const agent = new UserAgent();
  const page = await agent.get(
    authorize({ client_id: 'strict', request_uri: body['request_uri'] as string }),
  );
  expect(answerAt(await agent.submit(page, LOGIN), landing)).toMatchObject({
    code: expect.any(String) as string,
  });
});

test('a public client may push too, and says who it is by its client_id', async () => {
  const { status } = await push({ client_id: 'spa', client_secret: '' });
  expect(status).toBe(201);
});

const REFUSED: readonly (readonly [
  what: string,
  parameters: Readonly<Record<string, string>>,
  expected: { readonly status: number; readonly error: string },
])[] = [
  ['a wrong secret', { client_secret: 'wrong' }, { status: 401, error: 'access_denied' }],
  ['no secret', { client_secret: '' }, { status: 401, error: 'access_denied' }],
  ['an unknown client', { client_id: 'nobody' }, { status: 401, error: 'access_denied' }],
  [
    'a redirect_uri that is not registered',
    { redirect_uri: 'https://evil.example.test/' },
    { status: 400, error: 'invalid_request' },
  ],
  ['no redirect_uri with openid', { redirect_uri: '' }, { status: 400, error: 'invalid_request' }],
  ['no response_type', { response_type: '' }, { status: 400, error: 'unsupported_response_type' }],
  [
    'an unknown response_type',
    { response_type: 'ticket' },
    { status: 400, error: 'unsupported_response_type' },
  ],
  [
    'a request_uri',
    { request_uri: 'urn:ietf:params:oauth:request_uri:x' },
    { status: 400, error: 'invalid_request' },
  ],
  ['a request object', { request: 'e30.e30.' }, { status: 400, error: 'request_not_supported' }],
  ['an audience that nobody has', { audience: 'urn:nobody' }, { status: 400, error: 'access_denied' }],
  ['a challenge that is too short', { code_challenge: 'abc' }, { status: 400, error: 'invalid_request' }],
  ['a dpop_jkt that is none', { dpop_jkt: 'abc' }, { status: 400, error: 'invalid_request' }],
  [
    'a web origin that is none of the client',
    { client_id: 'spa', client_secret: '', response_mode: 'web_message' },
    { status: 400, error: 'invalid_request' },
  ],
  [
    'more than ten parameters of its own',
    Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`ext-${index}`, 'x'])),
    { status: 400, error: 'invalid_request' },
  ],
  ['more than ten kilobytes', { login_hint: 'x'.repeat(10_241) }, { status: 413, error: 'invalid_request' }],
];
test.each(REFUSED)('%s is refused at once, as JSON', async (_, parameters, { status, error }) => {
  const answer = await push(parameters);
  expect(answer).toMatchObject({
    status,
    body: { error, error_description: expect.any(String) as string },
  });
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

test('pushing keeps no transaction: the login is the browser’s', async () => {
  const before = (await newest(server)).id;
  await push();
  await push({ redirect_uri: 'https://evil.example.test/' });
  expect((await newest(server)).id).toBe(before);
});

test('JSON is read as well, and GET is told to be a POST', async () => {
  const json = await server.api('POST', '/oauth/par', asked({ audience: API }));
  expect(json.status).toBe(201);
  const get = await fetch(`${server.baseUrl}/oauth/par`);
  expect(get.status).toBe(405);
});

test('of the requests of a client a thousand may wait to be used', async () => {
  const { body } = await push({ client_id: 'spa', client_secret: '', code_challenge: 'x'.repeat(43) });
  const store = server.app.get(PushedRequestStore);
  const digest = tokenDigest(String(body['request_uri']).split(':').at(-1)!);
  const left = (await store.take(digest, 'spa', new Date()))!;
  for (let index = 0; index < 1000; index += 1)
    await store.insert({ ...left, digest: `spa ${index}`, expiresAt: '9999-01-01T00:00:00.000Z' });
  const again = { client_id: 'spa', client_secret: '', code_challenge: 'x'.repeat(43) };
  const refused = await push(again);
  expect([refused.status, refused.body['error']]).toEqual([429, 'too_many_requests']);
  expect((await push()).status).toBe(201);
  for (let index = 0; index < 100; index += 1) await store.take(`spa ${index}`, 'spa', new Date());
  expect((await push(again)).status).toBe(201);
});

test('whatever is posted gets an answer of OAuth, never a failure of the server', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('code', 'openid', landing.callback, 'none', '1'),
  );
  const names = fc.constantFrom(
    'client_id',
    'client_secret',
    'response_type',
    'redirect_uri',
    'scope',
    'state',
    'nonce',
    'prompt',
    'claims',
    'max_age',
    'organization',
    'audience',
    'id_token_hint',
    'dpop_jkt',
    'code_challenge',
    '__proto__',
    'request_uri',
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(names, value), fc.boolean(), async (given, withClient) => {
      const { status, body } = await post({ ...(withClient && asked()), ...given });
      expect([200, 201, 400, 401, 403, 413]).toContain(status);
      if (status !== 201) expect(body['error']).toEqual(expect.any(String));
    }),
    { numRuns: 150 },
  );
});

test('openid-client pushes, is sent back, and takes the answer for its own', async () => {
  const config = new client.Configuration(
    {
      ...((await server.api('GET', '/.well-known/openid-configuration'))
        .body as unknown as client.ServerMetadata),
      authorization_endpoint: `${server.baseUrl}/authorize`,
    },
    'app',
    secret,
  );
  client.allowInsecureRequests(config);
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: landing.callback,
    scope: 'openid email',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
  });
  expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri']);
  const agent = new UserAgent();
  const landed = await agent.submit(await agent.get(url.href), LOGIN);
  const tokens = await client.authorizationCodeGrant(config, new URL(landed.url), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    idTokenExpected: true,
  });
  expect(tokens.claims()).toMatchObject({ sub: 'auth0|alice', email: 'alice@example.test' });
});
