/**
 * The certificates of https: an authority that a client comes to trust once, and the certificate of the server that it signs.
 * RSA, since node-forge signs with nothing else and every client reads it.
 */
import { X509Certificate, createHash, generateKeyPair } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { serialNumber, utf8Name } from './key-generation.js';

const DAY_MS = 86_400_000;
const AUTHORITY_YEARS = 10;
/** Browsers refuse certificates of servers that live longer than 398 days. */
const SERVER_DAYS = 397;
/** A start so near to the end makes a new one. */
const RENEWED_BEFORE_DAYS = 60;
/** For clients whose clock is behind. */
const BACKDATED_DAYS = 1;

/** A private key and the certificate of its public half. */
export interface TlsPair {
  /** PKCS#8 PEM. Leaves the storage for signing and listening only, never for an answer or a log. */
  readonly privateKeyPem: string;
  readonly certificatePem: string;
}

interface Keys {
  readonly privateKey: forge.pki.rsa.PrivateKey;
  readonly publicKey: forge.pki.rsa.PublicKey;
  readonly privateKeyPem: string;
}

/** In the threadpool; node-forge's own generator would hold up everything else. */
async function newKeys(): Promise<Keys> {
  const { privateKey: privateKeyPem, publicKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return {
    privateKeyPem,
    privateKey: forge.pki.privateKeyFromPem(privateKeyPem),
    publicKey: forge.pki.publicKeyFromPem(publicKey),
  };
}

const pemOf = (certificate: forge.pki.Certificate): string =>
  forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');

function certificateOf(publicKey: forge.pki.rsa.PublicKey, now: Date): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = new Date(now.getTime() - BACKDATED_DAYS * DAY_MS);
  return certificate;
}

/** An authority of its own, for ten years. Its name is like no other's, so that a client can trust several. */
export async function makeTlsAuthority(now: Date): Promise<TlsPair> {
  const { privateKey, publicKey, privateKeyPem } = await newKeys();
  const certificate = certificateOf(publicKey, now);
  certificate.validity.notAfter = new Date(now);
  certificate.validity.notAfter.setUTCFullYear(now.getUTCFullYear() + AUTHORITY_YEARS);
  const id = createHash('sha256').update(certificate.serialNumber).digest('hex').slice(0, 8);
  const name = [utf8Name(`Mintmark local authority ${id}`)];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(privateKey, forge.md.sha256.create());
  return { privateKeyPem, certificatePem: pemOf(certificate) };
}

/** A certificate for a server that is known by `names`: host names and IP addresses, without port and brackets. */
export async function makeServerCertificate(
  authority: TlsPair,
  names: readonly string[],
  now: Date,
): Promise<TlsPair> {
  const issuer = forge.pki.certificateFromPem(authority.certificatePem);
  const { publicKey, privateKeyPem } = await newKeys();
  const certificate = certificateOf(publicKey, now);
  certificate.validity.notAfter = new Date(certificate.validity.notBefore.getTime() + SERVER_DAYS * DAY_MS);
  certificate.setSubject([utf8Name('Mintmark')]);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    // GeneralName (RFC 5280 4.2.1.6): 7 is an address, 2 a name
    {
      name: 'subjectAltName',
      altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
    },
    { name: 'subjectKeyIdentifier' },
    {
      name: 'authorityKeyIdentifier',
      keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes(),
    },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(authority.privateKeyPem), forge.md.sha256.create());
  return { privateKeyPem, certificatePem: pemOf(certificate) };
}

/** Whether a certificate of before still serves: the authority's, under each of the names, and not soon over. */
export function isServerCertificateFit(
  { certificatePem }: TlsPair,
  authority: TlsPair,
  names: readonly string[],
  now: Date,
): boolean {
  const certificate = new X509Certificate(certificatePem);
  const issuer = new X509Certificate(authority.certificatePem);
  return (
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey) &&
    Date.parse(certificate.validTo) - now.getTime() > RENEWED_BEFORE_DAYS * DAY_MS &&
    names.every((name) =>
      isIP(name) === 0 ? certificate.checkHost(name) !== undefined : certificate.checkIP(name) !== undefined,
    )
  );
}
