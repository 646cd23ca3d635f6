/** The tenant's keys as relying parties read them: a JSON Web Key Set (RFC 7517 5). */
import { createHash, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { JwtAlgorithm } from './algorithms.js';

/** What of a signing key is published. */
export interface PublishedKey {
  readonly kid: string;
  readonly alg: JwtAlgorithm;
  readonly publicKey: KeyObject;
  /** PEM. */
  readonly certificatePem: string | null;
}

type PublicMembers =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: string; readonly x: string };
export type Jwk = PublicMembers & {
  readonly use: 'sig';
  readonly alg: JwtAlgorithm;
  readonly kid: string;
  /** base64url of the certificate's SHA-1 and SHA-256. */
  readonly x5t?: string;
  readonly 'x5t#S256'?: string;
  /** base64 (not base64url) of the certificate's DER (RFC 7517 4.7). */
  readonly x5c?: readonly string[];
};
export interface Jwks {
  readonly keys: readonly Jwk[];
}

/** The members that make a public key, in the order RFC 7638 3.2 hashes them. A private member is never among them. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

function publicMembers(key: KeyObject): PublicMembers {
  const exported: Readonly<Record<string, unknown>> = {
    ...(key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' }),
  };
  const members = MEMBERS[String(exported['kty'])] ?? [];
  return Object.fromEntries(members.map((name) => [name, exported[name]])) as unknown as PublicMembers;
}

/** The RFC 7638 thumbprint of a public key (or of the public half of a private one): base64url of SHA-256. */
export const thumbprintOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(JSON.stringify(publicMembers(key)))
    .digest('base64url');

function certificateMembers(pem: string): Pick<Jwk, 'x5t' | 'x5t#S256' | 'x5c'> {
  const der = new X509Certificate(pem).raw;
  const digest = (hash: string): string => createHash(hash).update(der).digest('base64url');
  return { x5t: digest('sha1'), 'x5t#S256': digest('sha256'), x5c: [der.toString('base64')] };
}

export const jwkOf = ({ kid, alg, publicKey, certificatePem }: PublishedKey): Jwk => ({
  ...publicMembers(publicKey),
  use: 'sig',
  alg,
  kid,
  ...(certificatePem !== null && certificateMembers(certificatePem)),
});

export const jwksOf = (keys: readonly PublishedKey[]): Jwks => ({ keys: keys.map(jwkOf) });
