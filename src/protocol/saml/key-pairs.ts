/**
 * The two pairs a configuration can bring along: cert with key (signs), encryptionCert with encryptionPublicKey (encrypts).
 * Both halves or neither, and they must match; there is no falling back to the tenant's key, nor to plaintext (saml-output.md 10).
 */
import { hash, type KeyObject, type X509Certificate } from 'node:crypto';
import type { SigningPair } from '../xml/signature.js';
import type { EncryptionRecipient } from '../xml/encryption.js';
import { readCertificate, readPrivateKey, readPublicKey, type PemField } from './pem.js';
import { SamlError } from './saml-error.js';

export interface KeyRules {
  /** RSA keys below it are refused; below 2048 bits they warn. */
  readonly minimumRsaBits: number;
  /** JSON pointer of the settings in the input, for errors: `/samlResponse`. */
  readonly pointer: string;
}
/** A pair that is whole. */
export interface Checked<Pair> {
  readonly pair: Pair;
  readonly certificate: X509Certificate;
  /** Modulus length. */
  readonly bits: number;
}

/** Of `cert` and `key`: the pair, or `null` when neither is set. */
export function readSigningPair(
  cert: string | undefined,
  key: string | undefined,
  rules: KeyRules,
): Checked<SigningPair> | null {
  const halves = bothOrNeither('cert', cert, 'key', key, rules);
  if (!halves) return null;
  const certificate = readCertificate(halves[0], field('cert', rules));
  const privateKey = readPrivateKey(halves[1], field('key', rules));
  if (!certificate.checkPrivateKey(privateKey))
    throw mismatch('cert', 'key', 'the certificate is not the one of the private key', rules);
  return {
    pair: { privateKey, certificate: der(certificate) },
    certificate,
    bits: strongEnough(privateKey, 'key', rules),
  };
}

/** RSA-OAEP with SHA-1 needs 42 bytes beside the 32 of the content key (RFC 8017 7.1.1). */
const OAEP_MINIMUM_BITS = 8 * (32 + 42);

/** Of `encryptionCert` and `encryptionPublicKey`: for whom to encrypt, or `null` when neither is set. */
export function readEncryptionPair(
  cert: string | undefined,
  key: string | undefined,
  rules: KeyRules,
): Checked<EncryptionRecipient> | null {
  const halves = bothOrNeither('encryptionCert', cert, 'encryptionPublicKey', key, rules);
  if (!halves) return null;
  const certificate = readCertificate(halves[0], field('encryptionCert', rules));
  const publicKey = readPublicKey(halves[1], field('encryptionPublicKey', rules));
  if (!certificate.publicKey.equals(publicKey))
    throw mismatch(
      'encryptionCert',
      'encryptionPublicKey',
      'the public key is not the one in the certificate',
      rules,
    );
  return {
    pair: { publicKey, certificate: der(certificate) },
    certificate,
    bits: roomForContentKey(publicKey, rules),
  };
}

/** The two ways to read a pair; a caller may hand in others that remember. */
export interface PairReaders {
  readonly readSigningPair: typeof readSigningPair;
  readonly readEncryptionPair: typeof readEncryptionPair;
}

/** base64 of the DER, as KeyInfo wants it. */
export const der = (certificate: X509Certificate): string => certificate.raw.toString('base64');

const FINGERPRINTS = new WeakMap<X509Certificate, string>();

/** SHA-256 of the DER, hex: how a certificate is named in traces. Worked out once, since each reading of `raw` copies the DER. */
export function fingerprint(certificate: X509Certificate): string {
  const known = FINGERPRINTS.get(certificate);
  if (known !== undefined) return known;
  const fresh = hash('sha256', certificate.raw, 'hex');
  FINGERPRINTS.set(certificate, fresh);
  return fresh;
}

/** The modulus length of an RSA key; throws `saml_key_too_short` below the tenant's minimum. */
export function strongEnough(key: KeyObject, name: string, rules: KeyRules): number {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits >= rules.minimumRsaBits) return bits;
  const way = `use 2048 bits or more, or lower the tenant setting minimum_rsa_bits (now ${rules.minimumRsaBits})`;
  throw tooShort(name, `an RSA key of ${bits} bits is too short: ${way}`, rules);
}

/** The same, and throws `saml_key_too_short` where RSA-OAEP has no room for a content key, whatever the tenant allows. */
function roomForContentKey(key: KeyObject, rules: KeyRules): number {
  const bits = strongEnough(key, 'encryptionPublicKey', rules);
  if (bits >= OAEP_MINIMUM_BITS) return bits;
  const detail = `an RSA key of ${bits} bits is too short to wrap an AES-256 key with RSA-OAEP: use 2048 bits or more`;
  throw tooShort('encryptionPublicKey', detail, rules);
}

const tooShort = (name: string, detail: string, { pointer }: KeyRules): SamlError =>
  new SamlError('saml_key_too_short', `${name}: ${detail}`, {
    errors: [{ pointer: `${pointer}/${name}`, detail }],
  });

const field = (name: string, rules: KeyRules): PemField => ({ name, pointer: `${rules.pointer}/${name}` });

function bothOrNeither(
  first: string,
  a: string | undefined,
  second: string,
  b: string | undefined,
  rules: KeyRules,
): readonly [string, string] | null {
  if (a === undefined && b === undefined) return null;
  if (a !== undefined && b !== undefined) return [a, b];
  const [given, missing] = a === undefined ? [second, first] : [first, second];
  const detail = `${given} is set without ${missing}: both must be given, or neither`;
  throw new SamlError('saml_key_pair_incomplete', detail, {
    errors: [{ pointer: `${rules.pointer}/${given}`, detail }],
  });
}

function mismatch(first: string, second: string, detail: string, { pointer }: KeyRules): SamlError {
  return new SamlError('saml_key_pair_mismatch', `${first} and ${second} do not belong together: ${detail}`, {
    errors: [first, second].map((name) => ({ pointer: `${pointer}/${name}`, detail })),
  });
}
