import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyFile } from '../../test/support/jwt-keys.js';
import { thumbprintOf } from '../protocol/jwt/jwks.js';
import type { TokenAlgorithm } from './client.js';
import { importSigningKey, type KeyToImport } from './key-import.js';
import { TenantError } from './tenant-error.js';

const rules = { now: new Date('2026-03-01T12:00:00Z'), commonName: 'acme' };
const rsaPem = keyFile('jwt-rsa.key.pem');
const certificate = keyFile('jwt-rsa.crt.pem');
const ecPem = keyFile('jwt-p256.key.pem');
const edPem = keyFile('jwt-ed25519.key.pem');

const refusal = (key: KeyToImport): TenantError => {
  try {
    importSigningKey(key, rules);
  } catch (error) {
    if (error instanceof TenantError) return error;
    throw error;
  }
  throw new Error('the key was taken');
};
const pem = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1' = 'pkcs8'): string =>
  key.export({ type, format: 'pem' }).toString();

test.each<[string, string, TokenAlgorithm]>([
  ['PKCS#8 RSA', rsaPem, 'RS256'],
  ['PKCS#1 RSA', pem(createPrivateKey(rsaPem), 'pkcs1'), 'RS256'],
  ['PKCS#8 P-256', ecPem, 'ES256'],
  ['SEC1 P-256', pem(createPrivateKey(ecPem), 'sec1'), 'ES256'],
  ['Ed25519', edPem, 'EdDSA'],
  ['with CRLF and space around', `\r\n ${edPem.replaceAll('\n', '\r\n')} `, 'EdDSA'],
  ['with its line breaks spelled out', edPem.replaceAll('\n', String.raw`\n`), 'EdDSA'],
])('a key is kept as PKCS#8 with its algorithm inferred: %s', (_, privateKey, alg) => {
  const key = importSigningKey({ privateKey }, rules);
  expect(key).toMatchObject({ alg, status: 'current', createdAt: '2026-03-01T12:00:00.000Z' });
  expect(key.privateKeyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  expect(key.kid).toBe(thumbprintOf(createPrivateKey(key.privateKeyPem)));
});

test('an RS256 key keeps the certificate that comes with it, and gets one where none does', () => {
  const kept = importSigningKey({ privateKey: rsaPem, certificate }, rules);
  expect(new X509Certificate(kept.certificatePem!).raw).toEqual(new X509Certificate(certificate).raw);
  const made = new X509Certificate(importSigningKey({ privateKey: rsaPem }, rules).certificatePem!);
  expect(made.subject).toBe('CN=acme');
  expect(made.checkPrivateKey(createPrivateKey(rsaPem))).toBe(true);
});

test('an RSA key can be imported for PS256, and has no certificate then', () => {
  expect(importSigningKey({ privateKey: rsaPem, alg: 'PS256' }, rules)).toMatchObject({
    alg: 'PS256',
    certificatePem: null,
  });
});

const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const cipher = { cipher: 'aes-256-cbc', passphrase: 'correct horse' } as const;
const rsaKey = createPrivateKey(rsaPem);
const encrypted = {
  pkcs8: rsaKey.export({ type: 'pkcs8', format: 'pem', ...cipher }).toString(),
  pkcs1: rsaKey.export({ type: 'pkcs1', format: 'pem', ...cipher }).toString(),
};
const ecOn = (namedCurve: string): string => pem(generateKeyPairSync('ec', { namedCurve }).privateKey);

test.each<[string, KeyToImport, string, string]>([
  ['nothing', { privateKey: '' }, '/privateKey', 'not PEM'],
  ['prose', { privateKey: 'my key' }, '/privateKey', '-----BEGIN PRIVATE KEY-----'],
  ['an encrypted PKCS#8 key', { privateKey: encrypted.pkcs8 }, '/privateKey', 'openssl pkcs8'],
  ['an encrypted PKCS#1 key', { privateKey: encrypted.pkcs1 }, '/privateKey', 'openssl pkcs8'],
  ['a public key', { privateKey: keyFile('saml-sp.pub.pem') }, '/privateKey', 'public key'],
  ['a certificate as the key', { privateKey: certificate }, '/privateKey', 'put it in certificate'],
  ['several blocks', { privateKey: rsaPem + certificate }, '/privateKey', '2 PEM blocks'],
  [
    'the parameters before an EC key',
    { privateKey: `-----BEGIN EC PARAMETERS-----\nAA==\n-----END EC PARAMETERS-----\n${ecPem}` },
    '/privateKey',
    'openssl pkcs8 -topk8',
  ],
  [
    'an OpenSSH key',
    { privateKey: '-----BEGIN OPENSSH PRIVATE KEY-----\nAA==\n-----END OPENSSH PRIVATE KEY-----' },
    '/privateKey',
    'openssl genpkey',
  ],
  [
    'a request for a certificate',
    { privateKey: '-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----' },
    '/privateKey',
    'CERTIFICATE REQUEST block',
  ],
  ['half a key', { privateKey: rsaPem.slice(0, 700) }, '/privateKey', 'cut off'],
  ['a key on one line', { privateKey: rsaPem.replaceAll('\n', ' ') }, '/privateKey', 'line breaks'],
  ['a short RSA key', { privateKey: pem(short) }, '/privateKey', '2048 bits or more'],
  ['a key on another curve', { privateKey: ecOn('P-384') }, '/privateKey', 'secp384r1'],
  [
    'a key of another type',
    { privateKey: pem(generateKeyPairSync('x25519').privateKey) },
    '/privateKey',
    'x25519',
  ],
  ['an algorithm the key cannot sign', { privateKey: rsaPem, alg: 'ES256' }, '/alg', 'RS256 or PS256'],
  [
    'a certificate of another key',
    { privateKey: rsaPem, certificate: keyFile('saml-idp.crt.pem') },
    '/certificate',
    'another key',
  ],
  [
    'a certificate that is none',
    { privateKey: rsaPem, certificate: 'x!' },
    '/certificate',
    'BEGIN CERTIFICATE',
  ],
  ['a chain', { privateKey: rsaPem, certificate: certificate + certificate }, '/certificate', 'chain'],
  [
    'a key as the certificate',
    { privateKey: rsaPem, certificate: rsaPem },
    '/certificate',
    'CERTIFICATE block is needed',
  ],
  ['a certificate beside an EC key', { privateKey: ecPem, certificate }, '/certificate', 'leave it out'],
])('refused with the field and the remedy, nothing repeated: %s', (_, key, pointer, remedy) => {
  const { code, description, errors, cause } = refusal(key);
  expect(code).toBe('key_invalid');
  expect(errors.map((error) => error.pointer)).toEqual([pointer]);
  expect(description).toContain(remedy);
  expect(cause).toBeUndefined();
  for (const secret of [key.privateKey, key.certificate ?? ''])
    for (const line of secret.split('\n').filter((text) => /^[A-Za-z0-9+/=]{10,}$/.test(text)))
      expect(JSON.stringify([description, errors])).not.toContain(line);
});

test('a key with any one line taken out or changed is refused or still the same key, never a crash', () => {
  const lines = rsaPem.trim().split('\n');
  fc.assert(
    fc.property(fc.nat(lines.length - 1), fc.string(), (index, text) => {
      const mangled = lines.map((line, at) => (at === index ? text : line)).join('\n');
      try {
        expect(importSigningKey({ privateKey: mangled, certificate }, rules).certificatePem).not.toBeNull();
      } catch (error) {
        expect(error).toBeInstanceOf(TenantError);
      }
    }),
  );
});
