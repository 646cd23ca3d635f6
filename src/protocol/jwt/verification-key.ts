/** Finds the key that a JWT says it was signed with, among those the verifier trusts. Keys inside the token's own header are never trusted. */
import { createHash, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { KeyShape } from './algorithms.js';
import type { Flaw, JsonObject } from './compact.js';

/** A JWKS, as published or fetched; or one PEM: a certificate or a public key. */
export type TrustedKeys = { readonly keys: readonly unknown[] } | string;

export interface TrustedKey {
  readonly kid?: string;
  readonly publicKey: KeyObject;
  /** Hex of SHA-256 over the certificate, where the key came in one. */
  readonly certificateSha256?: string;
}
export type Found = { readonly candidates: readonly [TrustedKey, ...TrustedKey[]] } | Flaw;

/** RFC 7518 3.3; verifiers refuse shorter ones whatever the signature says. */
const MINIMUM_RSA_BITS = 2048;

const attempt = <Value>(read: () => Value): Value | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

function keyInPem(pem: string): TrustedKey | Flaw {
  const flaw = (detail: string): Flaw => ({
    detail,
    hint: 'give one PEM: the certificate (-----BEGIN CERTIFICATE-----) or the public key (-----BEGIN PUBLIC KEY-----) of the issuer',
  });
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) return flaw('the PEM is a private key');
  const certificate = pem.includes('-----BEGIN CERTIFICATE-----')
    ? attempt(() => new X509Certificate(pem))
    : undefined;
  const publicKey = attempt(() => certificate?.publicKey ?? createPublicKey(pem));
  if (!publicKey) return flaw('the PEM cannot be read');
  if (!certificate) return { publicKey };
  return { publicKey, certificateSha256: createHash('sha256').update(certificate.raw).digest('hex') };
}

/** What keeps a key from verifying this algorithm; `undefined` where nothing does. */
function misfit({ publicKey }: TrustedKey, alg: string, shape: KeyShape): string | undefined {
  const jwk = attempt(() => publicKey.export({ format: 'jwk' }) as JsonObject) ?? {};
  const needed = [shape.kty, shape.crv].filter(Boolean).join(' ');
  if (jwk['kty'] !== shape.kty || (shape.crv !== undefined && jwk['crv'] !== shape.crv))
    return `${alg} needs a key of the kind ${needed}, this one is ${publicKey.asymmetricKeyType ?? 'another'}`;
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? MINIMUM_RSA_BITS;
  if (bits < MINIMUM_RSA_BITS)
    return `the RSA key has ${bits} bits, RFC 7518 3.3 asks for ${MINIMUM_RSA_BITS} and verifiers insist`;
  return undefined;
}

function keyOfEntry(entry: JsonObject, alg: string): TrustedKey | string {
  const named = typeof entry['kid'] === 'string' ? { kid: entry['kid'] } : {};
  if (entry['use'] !== undefined && entry['use'] !== 'sig')
    return `its use is ${JSON.stringify(entry['use'])}, not "sig"`;
  if (entry['alg'] !== undefined && entry['alg'] !== alg)
    return `it is for ${JSON.stringify(entry['alg'])}, the token says ${alg}`;
  if (entry['kty'] === 'oct') return 'it is a symmetric key';
  const publicKey = attempt(() => createPublicKey({ key: entry, format: 'jwk' }));
  return publicKey ? { ...named, publicKey } : 'its members do not make a key';
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null;

/** The keys that may have signed: one, or several where the header names no `kid`. */
export function findKey(keys: TrustedKeys, kid: unknown, alg: string, shape: KeyShape): Found {
  const suitable = (key: TrustedKey | string): TrustedKey | string =>
    typeof key === 'string' ? key : (misfit(key, alg, shape) ?? key);
  if (typeof keys === 'string') {
    const key = keyInPem(keys);
    if ('detail' in key) return key;
    const flaw = misfit(key, alg, shape);
    if (flaw === undefined) return { candidates: [key] };
    return {
      detail: flaw,
      hint: `give the key that signs ${alg}, or make the client’s jwt_configuration.alg fit the key`,
    };
  }
  const listed = Array.isArray(keys?.keys) ? keys.keys.filter(isObject) : [];
  const named = kid === undefined ? listed : listed.filter((entry) => entry['kid'] === kid);
  if (named.length === 0) {
    const kids = listed.map((entry) => String(attempt(() => JSON.stringify(entry['kid'])))).join(', ');
    return {
      detail: `no trusted key has the kid ${JSON.stringify(kid)}; there are ${kids || 'none'}`,
      hint: 'the token was signed by another issuer or with a key that is not published any more, or the verifier keeps an old JWKS: compare iss, and fetch jwks_uri again',
    };
  }
  const judged = named.map((entry) => suitable(keyOfEntry(entry, alg)));
  const [first, ...others] = judged.filter((key) => typeof key !== 'string');
  if (first) return { candidates: [first, ...others] };
  const reasons = judged.filter((key) => typeof key === 'string');
  return {
    detail: `the key ${JSON.stringify(kid ?? null)} cannot verify ${alg}: ${reasons.join('; ')}`,
    hint: 'the header names another algorithm than the key is for: the header was changed, or the client’s jwt_configuration.alg and its key differ',
  };
}
