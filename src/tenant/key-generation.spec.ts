import { createPrivateKey, X509Certificate } from 'node:crypto';
import { importPKCS8, jwtVerify, SignJWT, importX509 } from 'jose';
import { expect, test } from 'vitest';
import { thumbprintOf } from '../protocol/jwt/jwks.js';
import { TOKEN_ALGORITHMS } from './client.js';
import { generateSigningKey, selfSignedCertificate } from './key-generation.js';
import { keyFile } from '../../test/support/jwt-keys.js';

const circumstances = { now: new Date('2026-03-01T12:00:00.500Z'), commonName: 'acme' };

test.each(TOKEN_ALGORITHMS)(
  'a generated %s key is PKCS#8 that jose signs with, and its kid is its thumbprint',
  async (alg) => {
    const key = await generateSigningKey(alg, circumstances);
    const jwt = await new SignJWT()
      .setProtectedHeader({ alg })
      .sign(await importPKCS8(key.privateKeyPem, alg));
    expect(jwt.split('.')).toHaveLength(3);
    expect(key).toMatchObject({
      kid: thumbprintOf(createPrivateKey(key.privateKeyPem)),
      alg,
      status: 'current',
      createdAt: '2026-03-01T12:00:00.500Z',
    });
    expect(key.certificatePem === null).toBe(alg !== 'RS256');
  },
);

test('the certificate of an RS256 key is signed by itself, names the tenant and lives ten years', async () => {
  const { privateKeyPem, certificatePem } = await generateSigningKey('RS256', circumstances);
  const privateKey = createPrivateKey(privateKeyPem);
  const certificate = new X509Certificate(certificatePem!);
  expect(certificate.checkPrivateKey(privateKey)).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkIssued(certificate)).toBe(true);
  expect([certificate.subject, certificate.issuer]).toEqual(['CN=acme', 'CN=acme']);
  expect(certificate.ca).toBe(false);
  expect(certificate.validFrom).toBe('Mar  1 12:00:00 2026 GMT');
  expect(certificate.validTo).toBe('Mar  1 12:00:00 2036 GMT');
  expect(privateKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  const jwt = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
  expect((await jwtVerify(jwt, await importX509(certificatePem!, 'RS256'))).payload).toEqual({ a: 1 });
});

test('serial numbers are twenty octets, positive and never the same', () => {
  const key = createPrivateKey(keyFile('jwt-rsa.key.pem'));
  const serials = Array.from(
    { length: 20 },
    () => new X509Certificate(selfSignedCertificate(key, circumstances)).serialNumber,
  );
  expect(new Set(serials).size).toBe(20);
  for (const serial of serials) {
    expect(serial).toMatch(/^[0-7][0-9A-F]{39}$/);
    expect(serial).not.toMatch(/^00/);
  }
});

test('a validity that ends after 2049, a leap day and a name beyond ASCII are written as X.509 wants them', () => {
  const certificate = new X509Certificate(
    selfSignedCertificate(createPrivateKey(keyFile('jwt-rsa.key.pem')), {
      now: new Date('2048-02-29T23:59:59Z'),
      commonName: 'Käse 🜨',
    }),
  );
  expect(certificate.validFrom).toBe('Feb 29 23:59:59 2048 GMT');
  expect(certificate.validTo).toBe('Mar  1 23:59:59 2058 GMT');
  expect(certificate.subject).toBe('CN=Käse 🜨');
});
