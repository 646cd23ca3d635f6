import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { expect, test } from 'vitest';
import { jwks, jwtCertificate, jwtKeys, published } from '../../../test/support/jwt-keys.js';
import { jwkOf, thumbprintOf } from './jwks.js';

const entry = (alg: string) => jwks.keys.find((key) => key.alg === alg)!;

test('each kind of key has the members of its kind', () => {
  expect(Object.keys(entry('RS256'))).toEqual('e kty n use alg kid x5t x5t#S256 x5c'.split(' '));
  expect(Object.keys(entry('PS256'))).toEqual('e kty n use alg kid'.split(' '));
  expect(Object.keys(entry('ES256'))).toEqual('crv kty x y use alg kid'.split(' '));
  expect(Object.keys(entry('EdDSA'))).toEqual('crv kty x use alg kid'.split(' '));
  expect(new Set(jwks.keys.map(({ use }) => use))).toEqual(new Set(['sig']));
});

test('x5c is the certificate in base64, x5t and x5t#S256 are its digests in base64url', () => {
  const { raw } = new X509Certificate(jwtCertificate);
  expect(entry('RS256')).toMatchObject({
    x5c: [raw.toString('base64')],
    x5t: createHash('sha1').update(raw).digest('base64url'),
    'x5t#S256': createHash('sha256').update(raw).digest('base64url'),
  });
});

test('no private member leaks, even when a private key is handed in by mistake', () => {
  const leaky = published.map((key) => jwkOf({ ...key, publicKey: jwtKeys[key.alg].privateKey }));
  expect(leaky).toEqual(jwks.keys);
  for (const key of leaky)
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])
      expect(key).not.toHaveProperty(member);
});

test('the kid is the thumbprint that jose computes', async () => {
  for (const { publicKey } of published)
    expect(thumbprintOf(publicKey)).toBe(await calculateJwkThumbprint(publicKey.export({ format: 'jwk' })));
});

test('the thumbprint of the example in RFC 8037 A.3 is the one given there', () => {
  const key = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
  expect(thumbprintOf(createPublicKey({ key, format: 'jwk' }))).toBe(
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  );
});
