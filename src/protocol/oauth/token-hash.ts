/** The hashes in an ID token of what was issued beside it (OIDC Core 3.1.3.6, 3.3.2.11). */
import type { JwtAlgorithm } from '../jwt/algorithms.js';
import { halfHash } from '../jwt/id-token.js';

/** `at_hash` of the access token and `c_hash` of the code, as far as they are issued along; `alg` is that of the ID token. */
export const tokenHashes = (
  issued: { readonly accessToken?: string | undefined; readonly code?: string | undefined },
  alg: JwtAlgorithm,
): { readonly at_hash?: string; readonly c_hash?: string } => ({
  ...(issued.accessToken !== undefined && { at_hash: halfHash(issued.accessToken, alg) }),
  ...(issued.code !== undefined && { c_hash: halfHash(issued.code, alg) }),
});
