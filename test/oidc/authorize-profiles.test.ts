/** /authorize and /oauth/par over HTTP: what FAPI (`compliance_level`) asks of a client, and what of a request that was pushed counts. */
import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { decodeJwt, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import {
  answerAt,
  keptCode,
  LOGIN,
  make,
  makeParties,
  startLanding,
  type Landing,
  type Parameters,
} from './relying-party.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

let server: TestServer;
let landing: Landing;
let secret: string;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
  secret = (await server.api('GET', '/api/v2/clients/app')).body['client_secret'] as string;
  for (const [client_id, compliance_level, more] of [
    ['fapi1', 'fapi1_adv_pkj_par', {}],
    ['fapi2', 'fapi2_sp_pkj_mtls', {}],
    ['fapi2-auth0', 'fapi2_sp_pkj_mtls', { oauth_dialect: 'auth0' }],
    ['fapi2-notion', 'fapi2_sp_pkj_mtls', { oauth_dialect: 'notion' }],
  ] as const)
    await make(server, '/api/v2/clients', {
      client_id,
      name: client_id,
      callbacks: [landing.callback],
      grant_types: ['authorization_code', 'implicit'],
      client_authentication_methods: { private_key_jwt: { credentials: [{ pem, alg: 'RS256' }] } },
      compliance_level,
      ...more,
    });
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

const assertionOf = (clientId: string): Promise<string> => {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ iss: clientId, sub: clientId, aud: `${server.baseUrl}/`, iat: now, exp: now + 60 })
    .setJti(randomUUID())
    .setProtectedHeader({ alg: 'RS256' })
    .sign(privateKey);
};

const verifier = randomBytes(32).toString('base64url');
const PKCE = {
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
} as const;

async function push(
  clientId: string,
  parameters: Parameters = {},
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, string>> }> {
  const all = {
    ...(clientId === 'app'
      ? { client_id: 'app', client_secret: secret }
      : {
          client_assertion: await assertionOf(clientId),
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        }),
    response_type: 'code',
    redirect_uri: landing.callback,
    scope: 'openid',
    state: 'a state',
    ...PKCE,
    ...parameters,
  };
  const body = new URLSearchParams(Object.entries(all).filter(([, value]) => value !== ''));
  const answer = await fetch(`${server.baseUrl}/oauth/par`, { method: 'POST', body });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
}

const urlOf = (query: string, path = '/authorize'): string => `${server.baseUrl}${path}?${query}`;
const queryOf = (parameters: Parameters): string => new URLSearchParams(parameters).toString();

test.each(['fapi1', 'fapi2', 'fapi2-auth0', 'fapi2-notion'])(
  '%s must push its requests, with PKCE by S256, though it has a key of its own',
  async (clientId) => {
    const direct = {
      client_id: clientId,
      response_type: 'code',
      redirect_uri: landing.callback,
      scope: 'openid',
      ...PKCE,
    };
    const refused = answerAt(await new UserAgent().get(urlOf(queryOf(direct))), landing);
    expect(refused).toMatchObject({
      error: 'unauthorized_client',
      error_description: expect.stringContaining('/oauth/par') as string,
      iss: `${server.baseUrl}/`,
    });
    const without = { code_challenge: '', code_challenge_method: '' };
    expect(await push(clientId, without)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    const plain = { code_challenge: verifier, code_challenge_method: 'plain' };
    expect(await push(clientId, plain)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(await push(clientId)).toMatchObject({ status: 201 });
  },
);

test.each(['fapi2', 'fapi2-auth0', 'fapi2-notion'])(
  '%s gets codes of a minute at most, by answers that name their issuer, whichever path',
  async (clientId) => {
    expect(await push(clientId, { redirect_uri: '', scope: 'profile' })).toMatchObject({
      status: 400,
      body: { error_description: expect.stringContaining('redirect_uri') as string },
    });
    for (const response_type of ['code id_token', 'token', 'code token'])
      expect((await push(clientId, { response_type, nonce: 'n' })).status).toBe(400);
    for (const path of ['/authorize', '/v1/oauth/authorize']) {
      const { request_uri } = (await push(clientId)).body;
      const agent = new UserAgent();
      const page = await agent.get(urlOf(queryOf({ client_id: clientId, request_uri: request_uri! }), path));
      const answer = answerAt(await agent.submit(page, LOGIN), landing);
      expect(Object.keys(answer).toSorted()).toEqual(['code', 'iss', 'state']);
      expect(answer['iss']).toBe(`${server.baseUrl}/`);
      const { code, grant } = await keptCode(server, answer['code']);
      expect(Date.parse(code.expiresAt) - Date.parse(grant.createdAt)).toBeLessThanOrEqual(60_000);
    }
  },
);

test('under FAPI 1 the ID token of the answer holds the state by its hash, and under no other rules', async () => {
  const claimsOf = async (client_id: string): Promise<Record<string, unknown>> => {
    const { request_uri } = (await push(client_id, { response_type: 'code id_token', nonce: 'n' })).body;
    const agent = new UserAgent();
    const page = await agent.get(urlOf(queryOf({ client_id, request_uri: request_uri! })));
    return decodeJwt(answerAt(await agent.submit(page, LOGIN), landing)['id_token']!);
  };
  const half = createHash('sha256').update('a state').digest().subarray(0, 16).toString('base64url');
  expect((await claimsOf('fapi1'))['s_hash']).toBe(half);
  expect(await claimsOf('app')).not.toHaveProperty('s_hash');
});

test('a client without a level is asked for none of it', async () => {
  expect(await push('app', { code_challenge: '', code_challenge_method: '' })).toMatchObject({ status: 201 });
  expect(await push('app', { response_type: 'code id_token', nonce: 'n' })).toMatchObject({ status: 201 });
});

test('beside a request that was pushed nothing counts but client_id and request_uri, which stand once', async () => {
  const reference = async (): Promise<string> =>
    queryOf({ client_id: 'app', request_uri: (await push('app')).body['request_uri']! });
  const junk = `&scope=email&scope=phone&state=x&state=y&redirect_uri=${encodeURIComponent('https://evil.example.test/')}&redirect_uri=y&response_mode=form_post&prompt=none&request=e30.e30.`;
  const agent = new UserAgent();
  const page = await agent.get(urlOf(`${await reference()}${junk}`));
  const answer = answerAt(await agent.submit(page, LOGIN), landing);
  expect(answer['state']).toBe('a state');
  expect((await keptCode(server, answer['code'])).grant.scope).toBe('openid');

  const twice = await reference();
  const [, uri] = twice.split('&');
  const refused = await agent.get(urlOf(`${twice}&${uri}`));
  expect(refused.status).toBe(400);
  expect(refused.text).toContain('more than once');
  const told = `${twice}&${uri}&${queryOf({ redirect_uri: landing.callback, state: 's' })}`;
  expect(answerAt(await agent.get(urlOf(told)), landing)).toMatchObject({
    error: 'invalid_request',
    state: 's',
  });
  const clients = await agent.get(urlOf(`${twice}&client_id=app`));
  expect(clients.status).toBe(400);
  // none of these spent it
  expect(answerAt(await agent.get(urlOf(twice)), landing)).toHaveProperty('code');
  expect((await agent.get(urlOf(twice))).text).toContain('used or expired');
});

test('logout URLs with the name of an organization lead to organizations that there are', async () => {
  await make(server, '/api/v2/organizations', { id: 'org_acme', name: 'acme' });
  await make(server, '/api/v2/clients', {
    client_id: 'many',
    name: 'Many',
    callbacks: [landing.callback],
    allowed_logout_urls: [
      'https://{organization_name}.example.test/bye',
      'https://app.example.test/{organization_name}/bye',
    ],
  });
  const endOf = async (path: string, name: string, url: string): Promise<string | number> => {
    const query = queryOf({ client_id: 'many', [name]: url });
    const answer = await fetch(urlOf(query, path), {
      redirect: 'manual',
      headers: { accept: 'text/html' },
    });
    return answer.headers.get('location') ?? answer.status;
  };
  for (const [path, name] of [
    ['/oidc/logout', 'post_logout_redirect_uri'],
    ['/v2/logout', 'returnTo'],
  ] as const) {
    for (const url of ['https://acme.example.test/bye', 'https://app.example.test/acme/bye'])
      expect(await endOf(path, name, url)).toBe(url);
    for (const url of [
      'https://nobody.example.test/bye',
      'https://org_acme.example.test/bye',
      'https://app.example.test/org_acme/bye',
      'https://acme.evil.example.test/bye',
      'https://acme.example.test.evil.test/bye',
      'https://app.example.test/acme/x/bye',
      'https://{organization_name}.example.test/bye',
    ])
      expect([url, await endOf(path, name, url)]).toEqual([url, 400]);
  }
});
