/** What pages of other origins may call, and which answers they may read. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { made, makeClient, makeCode, makeParties, patched, redeem, SECRET } from './token-parties.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  await made(server, 'clients', {
    client_id: 'spa-2',
    name: 'SPA',
    app_type: 'spa',
    callbacks: ['http://localhost:5173/callback', 'https://*.preview.example.test/cb'],
    web_origins: ['https://web.example.test'],
    allowed_origins: ['https://other.example.test:8443/ignored'],
  });
});
afterAll(() => server.close());

const FOR_CLIENTS = ['/oauth/token', '/oauth/revoke', '/userinfo'];
const FOR_ANYONE = [
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/jwks.json',
];
const ORIGINS = [
  'http://localhost:5173',
  'https://web.example.test',
  'https://other.example.test:8443',
  'https://feature-1.preview.example.test',
  'https://app.example.test',
];
const STRANGERS = [
  'https://attacker.test',
  'http://web.example.test',
  'https://web.example.test.attacker.test',
  'http://localhost:5174',
  'https://a.b.preview.example.test',
  'https://preview.example.test',
  'null',
  'com.example.app://callback',
  'https://web.example.test, https://attacker.test',
];

const preflight = (path: string, origin: string): Promise<Response> =>
  fetch(`${server.baseUrl}${path}`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'auth0-client,authorization,content-type,dpop',
    },
  });
const header = (response: Response, name: string): string | null =>
  response.headers.get(`access-control-${name}`);

test.each(FOR_CLIENTS.flatMap((path) => ORIGINS.map((origin) => [path, origin] as const)))(
  '%s tells %s what it may send, and no cookie',
  async (path, origin) => {
    const response = await preflight(path, origin);
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(header(response, 'allow-origin')).toBe(origin);
    expect(header(response, 'allow-methods')).toContain('POST');
    expect(header(response, 'allow-headers')).toBe('Auth0-Client, Authorization, Content-Type, DPoP');
    expect(header(response, 'allow-credentials')).toBeNull();
    expect(response.headers.get('vary')).toBe('Origin');
  },
);

test.each(FOR_CLIENTS.flatMap((path) => STRANGERS.map((origin) => [path, origin] as const)))(
  '%s refuses %s, and says what would let it in',
  async (path, origin) => {
    const response = await preflight(path, origin);
    expect(response.status).toBe(403);
    expect(header(response, 'allow-origin')).toBeNull();
    expect(await response.json()).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringContaining('allowed_origins'),
    });
  },
);

test('a page of a client may read what is answered, be it an error, and what a proof or a retry needs', async () => {
  const { code } = await makeCode(server);
  const ask = async (origin: string, path: string, init: RequestInit = {}) =>
    fetch(`${server.baseUrl}${path}`, {
      ...init,
      headers: { origin, ...(init.headers as Record<string, string> | undefined) },
    });
  const { body } = await redeem(server, code);
  const userinfo = { headers: { authorization: `Bearer ${body.access_token}` } };
  const [origin] = ORIGINS as [string];
  for (const [path, init, status] of [
    ['/userinfo', userinfo, 200],
    ['/userinfo', {}, 401],
    ['/oauth/token', { method: 'POST', body: new URLSearchParams({ grant_type: 'nonsense' }) }, 401],
    ['/oauth/token', { method: 'POST', body: 'text' }, 415],
    ['/oauth/revoke', { method: 'POST', body: new URLSearchParams({ client_id: 'spa-2', token: 'x' }) }, 200],
  ] as const) {
    const response = await ask(origin, path, init);
    expect([path, response.status]).toEqual([path, status]);
    expect(header(response, 'allow-origin')).toBe(origin);
    expect(header(response, 'expose-headers')).toBe('DPoP-Nonce, Retry-After, WWW-Authenticate');
    expect(header(response, 'allow-credentials')).toBeNull();
    expect(response.headers.get('vary')).toContain('Origin');

    const stranger = await ask('https://attacker.test', path, init);
    expect(header(stranger, 'allow-origin')).toBeNull();
    expect(stranger.headers.get('vary')).toContain('Origin');
  }
});

test.each(FOR_ANYONE)('%s may be read by any page', async (path) => {
  for (const response of [
    await preflight(path, 'https://attacker.test'),
    await fetch(`${server.baseUrl}${path}`, { headers: { origin: 'https://attacker.test' } }),
    await fetch(`${server.baseUrl}${path}`),
  ]) {
    expect(response.ok).toBe(true);
    expect(header(response, 'allow-origin')).toBe('*');
  }
});

test('the two discovery documents are one', async () => {
  const [one, other] = await Promise.all(
    FOR_ANYONE.slice(0, 2).map(async (path) => (await server.api('GET', path)).body),
  );
  expect(other).toEqual(one);
});

test.each([
  '/oauth/introspect',
  '/oauth/par',
  '/authorize',
  '/login',
  '/api/v2/clients',
  '/api/transactions',
  '/v1/oauth/token',
  '/v1/oauth/revoke',
  '/samlp/app',
  '/health',
])('no page may call %s', async (path) => {
  const response = await preflight(path, ORIGINS[0]!);
  expect(response.ok).toBe(false);
  expect(header(response, 'allow-origin')).toBeNull();
  const answer = await fetch(`${server.baseUrl}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: ORIGINS[0]!, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ client_id: 'app', client_secret: SECRET, token: 'x' }),
  });
  expect(header(answer, 'allow-origin')).toBeNull();
});

test('a change of the client counts at once, wherever in the list it stands', async () => {
  const origin = 'https://late.example.test';
  for (let index = 0; index < 100; index++) await makeClient(server, `filler-${index}`);
  await makeClient(server, 'late');
  expect((await preflight('/oauth/token', origin)).status).toBe(403);
  await patched(server, 'clients/late', { allowed_origins: [origin] });
  expect((await preflight('/oauth/token', origin)).status).toBe(204);
  await patched(server, 'clients/late', { allowed_origins: null });
  expect((await preflight('/oauth/token', origin)).status).toBe(403);
});

test('OPTIONS that is no preflight is answered, and lets nobody in', async () => {
  const response = await fetch(`${server.baseUrl}/oauth/token`, { method: 'OPTIONS' });
  expect(response.status).toBe(204);
  expect(header(response, 'allow-origin')).toBeNull();
});
