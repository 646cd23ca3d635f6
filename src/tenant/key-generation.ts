/** Makes a tenant's signing keys, and the self-signed certificate by which SAML service providers know an RS256 key. */
import { createPublicKey, generateKeyPair, randomBytes, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { thumbprintOf } from '../protocol/jwt/jwks.js';
import type { TokenAlgorithm } from './client.js';
import type { SigningKey } from './signing-key.js';

const CERTIFICATE_YEARS = 10;

const generate = promisify(generateKeyPair);
const rsa = async (): Promise<KeyObject> => (await generate('rsa', { modulusLength: 2048 })).privateKey;

/** In the threadpool: an RSA key takes a hundred milliseconds or more. */
const GENERATORS: Readonly<Record<TokenAlgorithm, () => Promise<KeyObject>>> = {
  RS256: rsa,
  PS256: rsa,
  ES256: async () => (await generate('ec', { namedCurve: 'P-256' })).privateKey,
  EdDSA: async () => (await generate('ed25519')).privateKey,
};

export interface KeyCircumstances {
  /** Start of the certificate's validity, and the key's `createdAt`. */
  readonly now: Date;
  /** Of the certificate's subject: the tenant's name. */
  readonly commonName: string;
}

/** 20 octets, as many as RFC 5280 4.1.2.2 allows; the first is 1 to 127, so that the number is positive and no octet is lost. */
export function serialNumber(): string {
  const octets = randomBytes(20);
  octets[0] = (octets[0]! % 0x7f) + 1;
  return octets.toString('hex');
}

/** The types of node-forge take a class of tags where the library takes a string type. */
export const utf8Name = (value: string): forge.pki.CertificateField =>
  ({
    name: 'commonName',
    value,
    valueTagClass: forge.asn1.Type.UTF8,
  }) as unknown as forge.pki.CertificateField;

/** PEM of a certificate that an RSA key signs for itself (sha256WithRSAEncryption), valid for ten years from `now`. */
export function selfSignedCertificate(privateKey: KeyObject, { now, commonName }: KeyCircumstances): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(
    createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
  );
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = now;
  certificate.validity.notAfter = new Date(now);
  certificate.validity.notAfter.setUTCFullYear(now.getUTCFullYear() + CERTIFICATE_YEARS);
  const name = [utf8Name(commonName)];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  // No keyUsage: without keyCertSign OpenSSL would not see that it is self-signed, and with it the certificate would be an authority.
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(
    forge.pki.privateKeyFromPem(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()),
    forge.md.sha256.create(),
  );
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
}

/** The key as it is kept: PKCS#8, its kid the thumbprint of the public half. */
export const signingKeyOf = (
  privateKey: KeyObject,
  alg: TokenAlgorithm,
  certificatePem: string | null,
  now: Date,
): SigningKey => ({
  kid: thumbprintOf(privateKey),
  alg,
  status: 'current',
  privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  certificatePem,
  createdAt: now.toISOString(),
});

/** A new key: RSA-2048, P-256 or Ed25519. An RS256 key has a certificate, since it signs SAML too. */
export async function generateSigningKey(
  alg: TokenAlgorithm,
  circumstances: KeyCircumstances,
): Promise<SigningKey> {
  const privateKey = await GENERATORS[alg]();
  const certificatePem = alg === 'RS256' ? selfSignedCertificate(privateKey, circumstances) : null;
  return signingKeyOf(privateKey, alg, certificatePem, circumstances.now);
}
