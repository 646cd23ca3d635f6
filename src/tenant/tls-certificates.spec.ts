import { X509Certificate, createPrivateKey } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import {
  isServerCertificateFit,
  makeServerCertificate,
  makeTlsAuthority,
  type TlsPair,
} from './tls-certificates.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const NAMES = ['localhost', '127.0.0.1', '::1', 'idp.example.test', '2001:db8::7'];
const DAY_MS = 86_400_000;
const later = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS);

let authority: TlsPair;
let server: TlsPair;
beforeAll(async () => {
  authority = await makeTlsAuthority(NOW);
  server = await makeServerCertificate(authority, NAMES, NOW);
});

test('the authority signs itself, lives ten years, and may sign servers but no other authority', () => {
  const certificate = new X509Certificate(authority.certificatePem);
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkPrivateKey(createPrivateKey(authority.privateKeyPem))).toBe(true);
  expect(certificate.validTo).toBe('Mar  1 12:00:00 2036 GMT');
  expect(certificate.subject).toMatch(/^CN=Mintmark local authority [0-9a-f]{8}$/);
});

test('two authorities have two names', async () => {
  const other = new X509Certificate((await makeTlsAuthority(NOW)).certificatePem);
  expect(other.subject).not.toBe(new X509Certificate(authority.certificatePem).subject);
});

test('the certificate of the server has each name and address, its own key, and no more days than browsers take', () => {
  const certificate = new X509Certificate(server.certificatePem);
  expect(certificate.ca).toBe(false);
  expect(certificate.checkPrivateKey(createPrivateKey(server.privateKeyPem))).toBe(true);
  expect(certificate.subjectAltName).toBe(
    'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:idp.example.test, IP Address:2001:DB8:0:0:0:0:0:7',
  );
  const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / DAY_MS;
  expect(days).toBeLessThanOrEqual(397);
  expect(Date.parse(certificate.validFrom)).toBeLessThan(NOW.getTime());
  // id-kp-serverAuth (RFC 5280 4.2.1.12)
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
});

test('it is kept while it has every name and is far from its end', async () => {
  expect(isServerCertificateFit(server, authority, NAMES, NOW)).toBe(true);
  expect(isServerCertificateFit(server, authority, NAMES.slice(1), later(300))).toBe(true);
  expect(isServerCertificateFit(server, authority, NAMES, later(340))).toBe(false);
  expect(isServerCertificateFit(server, authority, NAMES, later(400))).toBe(false);
  for (const missing of ['other.example.test', '10.0.0.1', '::2'])
    expect(isServerCertificateFit(server, authority, [...NAMES, missing], NOW), missing).toBe(false);
  expect(isServerCertificateFit(server, await makeTlsAuthority(NOW), NAMES, NOW)).toBe(false);
});
