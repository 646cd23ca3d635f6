/** The tenant's signing keys as they are kept: one current key an algorithm, earlier ones still published until they are revoked. */
import type { TokenAlgorithm } from './client.js';
import { TenantError } from './tenant-error.js';

export interface SigningKey {
  /** RFC 7638 thumbprint of the public key (base64url of SHA-256). */
  readonly kid: string;
  /** RS256 also signs SAML. */
  readonly alg: TokenAlgorithm;
  /** What a revoked one has signed is worth nothing. */
  readonly status: 'current' | 'previous' | 'revoked';
  /** PKCS#8 PEM. Leaves the storage for signing only, never for an answer or a log. */
  readonly privateKeyPem: string;
  /** PEM; only RS256 keys have one. */
  readonly certificatePem: string | null;
  /** ISO instant. */
  readonly createdAt: string;
}

export const keyNotFound = (kid: string): TenantError =>
  new TenantError('key_not_found', `there is no key ${kid}; GET /api/keys lists them`);
