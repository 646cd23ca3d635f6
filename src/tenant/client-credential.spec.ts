import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { clientCredentialSchema, credentialKey } from './client-credential.js';

const file = (name: string): string =>
  readFileSync(new URL(`../../test/keys/${name}`, import.meta.url), 'utf8');
const rsa = createPublicKey(file('saml-sp.pub.pem'));
const ec = createPublicKey(file('jwt-p256.key.pem'));
const faults = (credential: object): unknown =>
  clientCredentialSchema
    .safeParse(credential)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

test.each<[string, object]>([
  ['a public key as PEM', { pem: file('saml-sp.pub.pem') }],
  ['a PEM whose line breaks are spelled out', { pem: file('saml-sp.pub.pem').replaceAll('\n', '\\n') }],
  ['a certificate', { pem: file('saml-sp.crt.pem') }],
  ['a JWK', { jwk: rsa.export({ format: 'jwk' }), alg: 'PS384' }],
])('%s is read', (_what, credential) => {
  const read = clientCredentialSchema.parse(credential);
  expect(credentialKey(read).equals(rsa)).toBe(true);
  expect(read).toMatchObject({ credential_type: 'public_key', alg: expect.any(String) });
});

test('a key on the curve of its algorithm is read', () => {
  expect(faults({ jwk: ec.export({ format: 'jwk' }), alg: 'ES256' })).toBeUndefined();
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  expect(faults({ jwk: publicKey.export({ format: 'jwk' }), alg: 'ES384' })).toBeUndefined();
});

test.each<[string, object, RegExp]>([
  ['a private PEM', { pem: file('saml-sp.key.pem') }, /^pem: must be a public key.*-pubout/],
  [
    'a private JWK',
    { jwk: generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) },
    /^jwk: must be a public key/,
  ],
  ['a secret as JWK', { jwk: { kty: 'oct', k: 'c2VjcmV0' } }, /^jwk: must be a public key/],
  ['no key', {}, /^pem: give the public key once/],
  [
    'two keys',
    { pem: file('saml-sp.pub.pem'), jwk: rsa.export({ format: 'jwk' }) },
    /^pem: give the public key once/,
  ],
  ['no PEM', { pem: 'MIIB' }, /^pem: cannot be read: it must begin with/],
  ['half of a JWK', { jwk: { kty: 'RSA', e: 'AQAB' } }, /^jwk: is no public key that can be read/],
  [
    'an RSA key for ES256',
    { pem: file('saml-sp.pub.pem'), alg: 'ES256' },
    /^alg: is ES256, which needs an EC key on prime256v1, and the key is rsa/,
  ],
  [
    'an EC key for RS256',
    { jwk: ec.export({ format: 'jwk' }) },
    /^alg: is RS256, which needs an RSA key, and the key is on prime256v1/,
  ],
  [
    'an EC key for ES384',
    { jwk: ec.export({ format: 'jwk' }), alg: 'ES384' },
    /^alg: is ES384, which needs an EC key on secp384r1/,
  ],
  ['an HMAC', { pem: file('saml-sp.pub.pem'), alg: 'HS256' }, /^alg: must be one of RS256/],
])('%s is refused, and what was given is not repeated', (_what, credential, said) => {
  const [first] = faults(credential) as string[];
  expect(first).toMatch(said);
  expect(JSON.stringify(faults(credential))).not.toMatch(/BEGIN PRIVATE|c2VjcmV0|"d"/);
});
