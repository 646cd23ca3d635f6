import { createPublicKey, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Jwks } from '../../src/protocol/jwt/jwks.js';
import { keyFile } from '../support/jwt-keys.js';
import { startTestServer, type TestServer } from '../support/server.js';

interface KeyView {
  kid: string;
  alg: string;
  status: string;
  certificate: string | null;
  fingerprint_sha256: string | null;
  not_before: string | null;
  not_after: string | null;
  created_at: string;
}

/** Two instances on one database. */
let here: TestServer;
let there: TestServer;
beforeAll(async () => {
  here = await startTestServer();
  there = await startTestServer({ DATABASE_URL: here.databaseUrl });
});
afterAll(async () => {
  await there.close();
  await here.close();
});

const keysOf = async (server: TestServer): Promise<KeyView[]> =>
  (await server.api<KeyView[]>('GET', '/api/keys')).body;
const kidsIn = async (server: TestServer): Promise<string[]> =>
  (await server.api<Jwks>('GET', '/.well-known/jwks.json')).body.keys.map(({ kid }) => kid);

test('the tenant has a current key for each algorithm; the RS256 key has a certificate', async () => {
  const keys = await keysOf(here);
  expect(keys.map(({ alg, status }) => `${alg} ${status}`).toSorted()).toEqual([
    'ES256 current',
    'EdDSA current',
    'PS256 current',
    'RS256 current',
  ]);
  const certificate = new X509Certificate(keyFile('saml-idp.crt.pem'));
  expect(keys.find(({ alg }) => alg === 'RS256')).toMatchObject({
    certificate: certificate.toString(),
    fingerprint_sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    not_before: new Date(certificate.validFrom).toISOString(),
    not_after: new Date(certificate.validTo).toISOString(),
  });
  expect(keys.find(({ alg }) => alg === 'ES256')).toMatchObject({ certificate: null, not_after: null });
});

test.each([
  [undefined, 'RS256'],
  [{}, 'RS256'],
  [{ alg: 'PS256' }, 'PS256'],
  [{ alg: 'ES256' }, 'ES256'],
  [{ alg: 'EdDSA' }, 'EdDSA'],
])(
  'a rotation with %j makes a new current %s key; the old one stays published, on every instance',
  async (body, alg) => {
    const old = (await keysOf(here)).find((key) => key.alg === alg && key.status === 'current')!;
    const others = await kidsIn(there);
    const { status, body: made } = await here.api<KeyView>('POST', '/api/keys/rotate', body);
    expect(status).toBe(201);
    expect(made).toMatchObject({ alg, status: 'current' });
    expect(made.kid).not.toBe(old.kid);
    expect((await kidsIn(there)).toSorted()).toEqual([...others, made.kid].toSorted());
    expect((await keysOf(there)).find(({ kid }) => kid === old.kid)).toMatchObject({ status: 'previous' });
  },
);

test('after a rotation the other instance signs with the new key, and what the old one signed still verifies', async () => {
  await here.api('POST', '/api/v2/clients', { client_id: 'app', name: 'App', callbacks: [] });
  const kidOfToken = async (): Promise<string> => {
    const { body } = await there.api<{ result: { id_token: string } }>('POST', '/api/transactions', {
      protocol: 'oidc',
      client_id: 'app',
      user: { user_id: 'auth0|a', name: 'A' },
      complete: true,
    });
    const [header] = body.result.id_token.split('.');
    return (JSON.parse(Buffer.from(header!, 'base64url').toString()) as { kid: string }).kid;
  };
  const before = await kidOfToken();
  const { body: made } = await here.api<KeyView>('POST', '/api/keys/rotate');
  expect(await kidOfToken()).toBe(made.kid);
  expect(await kidsIn(there)).toContain(before);
});

test('a pair is imported with its certificate and becomes the current key', async () => {
  const { status, body } = await here.api<KeyView>('POST', '/api/keys/import', {
    privateKey: keyFile('saml-other.key.pem'),
    certificate: keyFile('saml-other.crt.pem'),
  });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    alg: 'RS256',
    status: 'current',
    certificate: new X509Certificate(keyFile('saml-other.crt.pem')).toString(),
  });
  const jwk = (await there.api<Jwks>('GET', '/.well-known/jwks.json')).body.keys.find(
    ({ kid }) => kid === body.kid,
  )!;
  expect(
    createPublicKey({ key: { ...jwk } as never, format: 'jwk' }).equals(
      createPublicKey(keyFile('saml-other.key.pem')),
    ),
  ).toBe(true);
  expect(
    await here.api('POST', '/api/keys/import', { privateKey: keyFile('saml-other.key.pem') }),
  ).toMatchObject({ status: 409, body: { code: 'key_exists' } });
});

test.each<[string, object, string, string]>([
  ['no key', {}, 'invalid_body', '/privateKey'],
  ['no PEM', { privateKey: 'x' }, 'key_invalid', '/privateKey'],
  ['a certificate as key', { privateKey: keyFile('saml-idp.crt.pem') }, 'key_invalid', '/privateKey'],
  [
    'the certificate of another key',
    { privateKey: keyFile('saml-sp.key.pem'), certificate: keyFile('saml-idp.crt.pem') },
    'key_invalid',
    '/certificate',
  ],
  [
    'an algorithm the key cannot serve',
    { privateKey: keyFile('saml-sp.key.pem'), alg: 'ES256' },
    'key_invalid',
    '/alg',
  ],
  ['an unknown algorithm', { privateKey: keyFile('saml-sp.key.pem'), alg: 'HS256' }, 'invalid_body', '/alg'],
])(
  'an import of %s is refused with the field at fault, and no key changes',
  async (_what, body, code, pointer) => {
    const before = await keysOf(here);
    const answer = await here.api('POST', '/api/keys/import', body);
    expect(answer).toMatchObject({ status: 400, body: { code, errors: [{ pointer }] } });
    const secret = keyFile('saml-sp.key.pem').split('\n')[2]!;
    expect(JSON.stringify(answer.body)).not.toContain(secret);
    expect(await keysOf(here)).toEqual(before);
  },
);

test('no answer holds a private half', async () => {
  const answers = JSON.stringify([
    await keysOf(here),
    (await here.api('POST', '/api/keys/rotate')).body,
    (await here.api('GET', '/.well-known/jwks.json')).body,
  ]);
  expect(answers).not.toContain('PRIVATE');
  for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'privateKeyPem', 'privateKey'])
    expect(answers).not.toContain(`"${member}":`);
});
