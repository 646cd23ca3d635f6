/** The signature algorithms of JWTs, one row each (RFC 7518 3.1, RFC 8037 3.1, RFC 9864 2.2). */

/** What a signature with the algorithm needs of its key, as a JWK says it. */
export interface KeyShape {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  readonly crv?: string;
}

/** The algorithms that a verifier takes. Neither `none` nor a MAC stands here: a public key must never be a secret. */
export const VERIFIABLE = new Map<string, KeyShape>([
  ['RS256', { kty: 'RSA' }],
  ['RS384', { kty: 'RSA' }],
  ['RS512', { kty: 'RSA' }],
  ['PS256', { kty: 'RSA' }],
  ['PS384', { kty: 'RSA' }],
  ['PS512', { kty: 'RSA' }],
  ['ES256', { kty: 'EC', crv: 'P-256' }],
  ['ES384', { kty: 'EC', crv: 'P-384' }],
  ['ES512', { kty: 'EC', crv: 'P-521' }],
  ['EdDSA', { kty: 'OKP', crv: 'Ed25519' }],
  ['Ed25519', { kty: 'OKP', crv: 'Ed25519' }],
]);

/** The algorithms that a token is issued with. */
export type JwtAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

export interface SigningAlgorithm {
  /** As a KeyObject names its type, and its curve where the type has several. */
  readonly keyType: 'rsa' | 'ec' | 'ed25519';
  readonly namedCurve?: string;
  /** Half of it is `at_hash` (OIDC Core 3.1.3.6); Ed25519 hashes with SHA-512 (RFC 8032 5.1). */
  readonly tokenHash: 'sha256' | 'sha512';
}

export const SIGNING: Readonly<Record<JwtAlgorithm, SigningAlgorithm>> = {
  RS256: { keyType: 'rsa', tokenHash: 'sha256' },
  PS256: { keyType: 'rsa', tokenHash: 'sha256' },
  ES256: { keyType: 'ec', namedCurve: 'prime256v1', tokenHash: 'sha256' },
  EdDSA: { keyType: 'ed25519', tokenHash: 'sha512' },
};
