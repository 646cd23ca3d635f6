/** DPoP at the token endpoint and at /oauth/par (RFC 9449): what is bound to a key, and what a proof is refused for. */
import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { tokenDigest } from '../../src/tenant/grant.js';
import { answerAt, keptCode, LOGIN, logIn, startLanding, type Landing } from '../oidc/relying-party.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import {
  API,
  makeClient,
  makeCode,
  makeParties,
  patched,
  post,
  redeem,
  refresh,
  refusal,
  SECRET,
  token,
  verified,
  type Parameters,
} from './token-parties.js';

let server: TestServer;
let landing: Landing;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server);
  await makeClient(server, 'bound', { require_proof_of_possession: true });
  await makeClient(server, 'web', { callbacks: [landing.callback] });
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

interface Holder {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
  readonly jkt: string;
}
async function holder(alg = 'ES256'): Promise<Holder> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) };
}

interface Wishes {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly alg?: string;
}
const proofOf = ({ privateKey, jwk }: Holder, { claims = {}, header = {}, alg = 'ES256' }: Wishes = {}) =>
  new SignJWT({
    htm: 'POST',
    htu: `${server.baseUrl}/oauth/token`,
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
    ...claims,
  })
    .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk, ...header })
    .sign(privateKey);

const withProof = async (key: Holder, wishes?: Wishes): Promise<{ dpop: string }> => ({
  dpop: await proofOf(key, wishes),
});
const own = (more: Parameters = {}): Parameters => ({
  grant_type: 'client_credentials',
  client_id: 'app',
  client_secret: SECRET,
  audience: API,
  ...more,
});
const codeCall = async (headers: Readonly<Record<string, string>>, clientId = 'app') => {
  const { code } = await makeCode(server, { clientId });
  return token(
    server,
    {
      grant_type: 'authorization_code',
      client_id: clientId,
      ...(clientId !== 'spa' && { client_secret: SECRET }),
      redirect_uri: 'https://app.example.test/callback',
      code,
    },
    headers,
  );
};
const keptKey = async (accessToken: string | undefined): Promise<string | undefined> =>
  (await server.app.get(AccessTokenStore).find(tokenDigest(accessToken ?? '')))?.token.dpopJkt;

test('a client’s own token is bound to the key of the proof, in the token and in what is kept of it', async () => {
  const key = await holder();
  const { status, body } = await token(server, own(), await withProof(key));
  expect({ status, body }).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
  expect((await verified(server, body.access_token)).payload).toMatchObject({ cnf: { jkt: key.jkt } });
  expect(await keptKey(body.access_token)).toBe(key.jkt);
  const bearer = await token(server, own());
  expect(bearer.body.token_type).toBe('Bearer');
  expect((await verified(server, bearer.body.access_token)).payload['cnf']).toBeUndefined();
});

test('tokens of a code are bound; the refresh token of a public client too, that of another not', async () => {
  const [key, other] = await Promise.all([holder(), holder()]);
  const { body } = await codeCall(await withProof(key), 'spa');
  expect(body.token_type).toBe('DPoP');
  expect((await verified(server, body.access_token)).payload).toMatchObject({ cnf: { jkt: key.jkt } });

  const again = (headers: Readonly<Record<string, string>>, refreshToken = body.refresh_token) =>
    token(server, { grant_type: 'refresh_token', client_id: 'spa', refresh_token: refreshToken }, headers);
  expect(refusal(await again({})).slice(0, 2)).toEqual([403, 'invalid_grant']);
  expect(refusal(await again(await withProof(other))).slice(0, 2)).toEqual([403, 'invalid_grant']);
  const renewed = await again(await withProof(key));
  expect(renewed).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
  expect((await verified(server, renewed.body.access_token)).payload).toMatchObject({
    cnf: { jkt: key.jkt },
  });

  const confidential = await codeCall(await withProof(key));
  const { status, body: unbound } = await refresh(server, confidential.body.refresh_token);
  expect({ status, type: unbound.token_type }).toEqual({ status: 200, type: 'Bearer' });
});

test('a rotated refresh token of a public client stays bound to its key', async () => {
  await makeClient(server, 'rotating-spa', {
    token_endpoint_auth_method: 'none',
    app_type: 'spa',
    refresh_token: { rotation_type: 'rotating', expiration_type: 'expiring' },
  });
  const key = await holder();
  const { code } = await makeCode(server, { clientId: 'rotating-spa' });
  const call = (parameters: Parameters, headers = {}) =>
    token(server, { client_id: 'rotating-spa', ...parameters }, headers);
  const first = await call(
    { grant_type: 'authorization_code', redirect_uri: 'https://app.example.test/callback', code },
    await withProof(key),
  );
  const second = await call(
    { grant_type: 'refresh_token', refresh_token: first.body.refresh_token },
    await withProof(key),
  );
  expect(second.body.refresh_token).not.toBe(first.body.refresh_token);
  const stolen = { grant_type: 'refresh_token', refresh_token: second.body.refresh_token };
  expect((await call(stolen)).body.error).toBe('invalid_grant');
  expect((await call(stolen, await withProof(key))).status).toBe(200);
});

test('a code that /authorize bound to a key is redeemed with a proof of that key alone', async () => {
  const [key, other] = await Promise.all([holder(), holder()]);
  const { code } = await logIn(
    new UserAgent(),
    server,
    landing,
    {
      client_id: 'web',
      dpop_jkt: key.jkt,
    },
    { ...LOGIN },
  );
  const more = { client_id: 'web', redirect_uri: landing.callback };
  expect(refusal(await redeem(server, code!, more)).slice(0, 2)).toEqual([403, 'invalid_grant']);
  const call = async (proved: Holder) =>
    token(
      server,
      { grant_type: 'authorization_code', client_secret: SECRET, code, ...more },
      await withProof(proved),
    );
  expect(refusal(await call(other)).slice(0, 2)).toEqual([403, 'invalid_grant']);
  expect(await call(key)).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
});

test('a request that is pushed with a proof binds its code to that key; dpop_jkt must not name another', async () => {
  const [key, other] = await Promise.all([holder(), holder()]);
  const htu = `${server.baseUrl}/oauth/par`;
  const push = async (more: Readonly<Record<string, string>> = {}) =>
    post(
      server,
      new URLSearchParams({
        client_id: 'web',
        client_secret: SECRET,
        response_type: 'code',
        redirect_uri: landing.callback,
        scope: 'openid',
        ...more,
      }).toString(),
      {
        'content-type': 'application/x-www-form-urlencoded',
        ...(await withProof(key, { claims: { htu } })),
      },
      '/oauth/par',
    );
  expect(await push({ dpop_jkt: other.jkt })).toMatchObject({
    status: 400,
    body: { error: 'invalid_dpop_proof' },
  });
  const { body } = (await push({ dpop_jkt: key.jkt })) as unknown as { body: { request_uri: string } };
  const agent = new UserAgent();
  const query = new URLSearchParams({ client_id: 'web', request_uri: body.request_uri });
  const page = await agent.get(`${server.baseUrl}/authorize?${query.toString()}`);
  const { code } = answerAt(await agent.submit(page, LOGIN), landing);
  expect((await keptCode(server, code)).code.dpopJkt).toBe(key.jkt);
});

test('a proof works once, also where it comes many times at once', async () => {
  const key = await holder();
  const headers = await withProof(key);
  const answers = await Promise.all(Array.from({ length: 8 }, () => token(server, own(), headers)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const refused = answers.find(({ status }) => status !== 200);
  expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } });
});

test('a refused proof costs nothing: the code is redeemed after it', async () => {
  const key = await holder();
  const { code } = await makeCode(server);
  const call = async (wishes?: Wishes) =>
    token(
      server,
      {
        grant_type: 'authorization_code',
        client_id: 'app',
        client_secret: SECRET,
        redirect_uri: 'https://app.example.test/callback',
        code,
      },
      await withProof(key, wishes),
    );
  expect((await call({ claims: { htm: 'GET' } })).body.error).toBe('invalid_dpop_proof');
  expect((await call()).status).toBe(200);
});

const hours = (count: number): number => Math.floor(Date.now() / 1000) + count * 3600;
const WRONG: readonly (readonly [what: string, wishes: () => Wishes])[] = [
  ['for another URL', () => ({ claims: { htu: `${server.baseUrl}/oauth/revoke` } })],
  ['for another method', () => ({ claims: { htm: 'GET' } })],
  ['that is old', () => ({ claims: { iat: hours(-1) } })],
  ['from the future', () => ({ claims: { iat: hours(1) } })],
  ['without a jti', () => ({ claims: { jti: undefined } })],
  ['of another type', () => ({ header: { typ: 'JWT' } })],
  ['without a key', () => ({ header: { jwk: undefined } })],
];
test.each(WRONG)('a proof %s is refused', async (_, wishes) => {
  const { status, body } = await token(server, own(), await withProof(await holder(), wishes()));
  expect({ status, error: body.error }).toEqual({ status: 400, error: 'invalid_dpop_proof' });
  expect(body.error_description).toContain('DPoP proof');
});

test('what is no proof, two of them, and one that tells its private key are refused', async () => {
  const key = await holder();
  const [one, two] = [await proofOf(key), await proofOf(key)];
  const { d } = await exportJWK(key.privateKey);
  const told = await proofOf(key, { header: { jwk: { ...key.jwk, d } } });
  for (const dpop of ['x', `${one}, ${two}`, told, `${one}x`]) {
    const { status, body } = await token(server, own(), { dpop });
    expect({ status, error: body.error }).toEqual({ status: 400, error: 'invalid_dpop_proof' });
    if (d !== undefined) expect(JSON.stringify(body)).not.toContain(d);
  }
});

test('algorithms beyond ES256 are for strict clients', async () => {
  const key = await holder('Ed25519');
  const headers = () => withProof(key, { alg: 'Ed25519' });
  expect((await token(server, own(), await headers())).body.error).toBe('invalid_dpop_proof');
  const strict = await token(server, own({ client_id: 'strict-app' }), await headers());
  expect(strict.body.token_type).toBe('DPoP');
});

test('a client or an API that requires proofs gets no tokens without one', async () => {
  const call = own({ client_id: 'bound', audience: 'urn:bound' });
  await server.api('POST', '/api/v2/resource-servers', {
    identifier: 'urn:bound',
    name: 'B',
    proof_of_possession: { mechanism: 'dpop', required: true },
  });
  for (const client_id of ['bound', 'app'])
    await server.api('POST', '/api/v2/client-grants', { client_id, audience: 'urn:bound', scope: [] });
  expect(await token(server, call)).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } });
  const ofApi = own({ audience: 'urn:bound' });
  expect(await token(server, ofApi)).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } });
  expect((await token(server, ofApi, await withProof(await holder()))).status).toBe(200);
  expect(await codeCall({}, 'bound')).toMatchObject({ body: { error: 'invalid_dpop_proof' } });
  expect(await codeCall(await withProof(await holder()), 'bound')).toMatchObject({
    body: { token_type: 'DPoP' },
  });
});

test('who requires proofs gets no access token by way of the browser, and is told before the login', async () => {
  await makeClient(server, 'front', {
    callbacks: [landing.callback],
    grant_types: ['authorization_code', 'implicit'],
  });
  const asks = {
    redirect_uri: landing.callback,
    client_id: 'front',
    scope: 'openid',
    nonce: 'n',
    state: 'a state',
  };
  const arrive = async (more: Parameters): Promise<Record<string, string>> => {
    const query = new URLSearchParams({ ...asks, prompt: 'none', ...more } as Record<string, string>);
    return answerAt(await new UserAgent().get(`${server.baseUrl}/authorize?${query.toString()}`), landing);
  };
  await server.api('POST', '/api/v2/resource-servers', {
    identifier: 'urn:held',
    name: 'H',
    proof_of_possession: { mechanism: 'dpop', required: true },
    subject_type_authorization: { user: { policy: 'allow_all' } },
  });
  const audience = 'urn:held';
  for (const response_type of ['token', 'id_token token', 'code token', 'code id_token token']) {
    expect((await arrive({ response_type })).error).toBe('login_required');
    expect(await arrive({ response_type, audience })).toMatchObject({
      error: 'invalid_request',
      error_description: expect.stringMatching(/urn:held.*response_type=code.*DPoP/) as string,
    });
  }
  await patched(server, 'clients/front', { require_proof_of_possession: true });
  expect(await arrive({ response_type: 'token' })).toMatchObject({
    error: 'invalid_request',
    error_description: expect.stringContaining('require_proof_of_possession') as string,
  });
  const pushed = new URLSearchParams({ ...asks, client_secret: SECRET, response_type: 'token' }).toString();
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  expect(await post(server, pushed, form, '/oauth/par')).toMatchObject({
    status: 400,
    body: { error: 'invalid_request' },
  });
  for (const response_type of ['code', 'id_token', 'code id_token'])
    expect((await arrive({ response_type })).error).toBe('login_required');
});

test('where the tenant demands a nonce it is given out with the refusal, and each answer brings the next', async () => {
  await patched(server, 'tenants/settings', { dpop_nonce_required: true });
  const key = await holder();
  const refused = await token(server, own(), await withProof(key));
  expect(refusal(refused)).toEqual([
    400,
    'use_dpop_nonce',
    'Authorization server requires nonce in DPoP proof',
  ]);
  const nonce = refused.headers.get('dpop-nonce');
  expect(nonce).toMatch(/^[\w-]{43}$/);
  const served = await token(server, own(), await withProof(key, { claims: { nonce } }));
  expect({ status: served.status, nonce: served.headers.get('dpop-nonce') }).toEqual({ status: 200, nonce });
  const wrong = await token(server, own(), await withProof(key, { claims: { nonce: 'of another server' } }));
  expect(wrong.body.error).toBe('use_dpop_nonce');
  expect((await token(server, own())).body.token_type).toBe('Bearer');
  await patched(server, 'tenants/settings', { dpop_nonce_required: false });
});

test.each([false, true])('openid-client binds its tokens to a key, nonce demanded: %s', async (demanded) => {
  await patched(server, 'tenants/settings', { dpop_nonce_required: demanded });
  const config = await client.discovery(new URL(server.baseUrl), 'app', SECRET, undefined, {
    execute: [client.allowInsecureRequests],
  });
  expect(config.serverMetadata().dpop_signing_alg_values_supported).toEqual(['ES256']);
  const keys = await client.randomDPoPKeyPair();
  const DPoP = client.getDPoPHandle(config, keys);
  const jkt = await calculateJwkThumbprint(await exportJWK(keys.publicKey));
  const issued = await client.clientCredentialsGrant(config, { audience: API }, { DPoP });
  expect(issued.token_type).toBe('dpop');
  expect((await verified(server, issued.access_token)).payload).toMatchObject({ cnf: { jkt } });
  await patched(server, 'tenants/settings', { dpop_nonce_required: false });
});
