/** Takes in a key that the operator brings along, or says in which field it fails and how to mend it. Never repeats what a PEM holds. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SamlError } from '../protocol/saml/saml-error.js';
import { readCertificate } from '../protocol/saml/pem.js';
import type { TokenAlgorithm } from './client.js';
import { selfSignedCertificate, signingKeyOf, type KeyCircumstances } from './key-generation.js';
import type { SigningKey } from './signing-key.js';
import { TenantError } from './tenant-error.js';

export interface KeyToImport {
  /** PEM: PKCS#8, PKCS#1 or SEC1, unencrypted. */
  readonly privateKey: string;
  /** PEM; only beside a key for RS256, which gets a self-signed one where it is missing. */
  readonly certificate?: string | undefined;
  /** Inferred from the type of the key where it is missing. */
  readonly alg?: TokenAlgorithm | undefined;
}

const refuse = (field: keyof KeyToImport, detail: string): TenantError =>
  new TenantError('key_invalid', `the key was not imported: ${detail}`, {
    errors: [{ pointer: `/${field}`, detail }],
  });

/** What a block that is no plain private key needs. */
const REMEDIES: readonly (readonly [label: RegExp, remedy: string])[] = [
  [
    /^ENCRYPTED PRIVATE KEY$/,
    'the key is encrypted and there is no setting for a passphrase; decrypt it with: openssl pkcs8 -in key.pem -out plain.pem',
  ],
  [
    /PUBLIC KEY$/,
    'this is a public key; signing needs the private one, which begins with -----BEGIN PRIVATE KEY-----',
  ],
  [/CERTIFICATE$/, 'this is a certificate; put it in certificate, and the private key here'],
  [
    /^OPENSSH PRIVATE KEY$/,
    'this is an OpenSSH key; make one with: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048',
  ],
];

const PRIVATE_KEYS = new Set(['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']);

function readPrivateKey(text: string): KeyObject {
  // A key that came through an environment variable or JSON often has its line breaks spelled out.
  const pem = text
    .replaceAll(String.raw`\n`, '\n')
    .replaceAll('\r', '')
    .trim();
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map(([, label = '']) => label);
  const [label] = labels;
  if (label === undefined)
    throw refuse('privateKey', 'it is not PEM: it must begin with -----BEGIN PRIVATE KEY-----');
  if (labels.length > 1)
    throw refuse(
      'privateKey',
      `it holds ${labels.length} PEM blocks (${labels.join(', ')}); give the private key alone, as openssl pkcs8 -topk8 -nodes -in key.pem writes it`,
    );
  const remedy = REMEDIES.find(([kind]) => kind.test(label))?.[1];
  if (remedy !== undefined) throw refuse('privateKey', remedy);
  if (!PRIVATE_KEYS.has(label))
    throw refuse('privateKey', `it is a ${label} block where a PRIVATE KEY block is needed`);
  if (pem.includes('Proc-Type: 4,ENCRYPTED')) throw refuse('privateKey', REMEDIES[0]![1]);
  try {
    return createPrivateKey(pem);
  } catch {
    // OpenSSL's message adds nothing that a person can act on.
    throw refuse(
      'privateKey',
      'the PEM cannot be read; it may be cut off, or its line breaks were lost on the way',
    );
  }
}

/** The algorithms a key can serve, the first unless another is asked for. */
function algorithmsOf(key: KeyObject): readonly TokenAlgorithm[] {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa') return ['RS256', 'PS256'];
  if (type === 'ed25519') return ['EdDSA'];
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return ['ES256'];
  const found =
    type === 'ec' ? `an EC key on ${details?.namedCurve ?? 'an unnamed curve'}` : `of type ${type}`;
  throw refuse('privateKey', `the key is ${found}; RSA, P-256 and Ed25519 keys can sign here`);
}

function chooseAlgorithm(key: KeyObject, asked: TokenAlgorithm | undefined): TokenAlgorithm {
  const served = algorithmsOf(key);
  const alg = asked ?? served[0]!;
  if (served.includes(alg)) return alg;
  throw refuse('alg', `the key cannot sign ${alg}; it serves ${served.join(' or ')}, or leave alg out`);
}

/** RFC 7518 3.3: a shorter RSA key must not sign tokens. */
const MINIMUM_RSA_BITS = 2048;

function requireLength(key: KeyObject): void {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits === undefined || bits >= MINIMUM_RSA_BITS) return;
  throw refuse(
    'privateKey',
    `an RSA key of ${bits} bits is too short to sign tokens: use ${MINIMUM_RSA_BITS} bits or more`,
  );
}

/** PEM of the certificate that was brought along, once it is known to be that of the key. */
function matchingCertificate(text: string, key: KeyObject, alg: TokenAlgorithm): string {
  if (alg !== 'RS256')
    throw refuse('certificate', `only an RS256 key has a certificate, this one signs ${alg}; leave it out`);
  try {
    const certificate = readCertificate(text, { name: 'certificate', pointer: '/certificate' });
    if (certificate.checkPrivateKey(key)) return certificate.toString();
  } catch (error) {
    if (error instanceof SamlError)
      throw new TenantError('key_invalid', `the key was not imported: ${error.description}`, {
        errors: error.errors,
      });
    throw error;
  }
  throw refuse(
    'certificate',
    'it belongs to another key; give the one made for this key, or leave it out and a self-signed one is made',
  );
}

/** The key as it is kept. Errors: `key_invalid`, which names the field. */
export function importSigningKey(
  { privateKey: pem, certificate, alg: asked }: KeyToImport,
  circumstances: KeyCircumstances,
): SigningKey {
  const privateKey = readPrivateKey(pem);
  const alg = chooseAlgorithm(privateKey, asked);
  requireLength(privateKey);
  const certificatePem =
    certificate !== undefined
      ? matchingCertificate(certificate, privateKey, alg)
      : alg === 'RS256'
        ? selfSignedCertificate(privateKey, circumstances)
        : null;
  return signingKeyOf(privateKey, alg, certificatePem, circumstances.now);
}
