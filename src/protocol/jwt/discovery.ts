/** OpenID Provider Metadata (OIDC Discovery 3). It advertises what works, and nothing else. */
import { CLIENT_ASSERTION_ALGORITHMS } from '../oauth/client-assertion.js';
import type { JwtAlgorithm } from './algorithms.js';
import { CLAIMS_OF_SCOPE } from './id-token.js';

/** Each endpoint that exists, as a path below the issuer. A new endpoint is a new row. */
const ENDPOINTS = {
  token_endpoint: 'oauth/token',
  pushed_authorization_request_endpoint: 'oauth/par',
  jwks_uri: '.well-known/jwks.json',
} as const;

/** RFC 9700 has no password grant, so that one is for those who know of it. */
const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'] as const;
const AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const;

/** Claims that an ID token may carry whatever the scope. */
const PROTOCOL_CLAIMS = ['aud', 'auth_time', 'at_hash', 'exp', 'iat', 'iss', 'nonce', 'sid', 'sub'] as const;

export type DiscoveryDocument = { readonly [Member in keyof typeof ENDPOINTS]: string } & {
  readonly issuer: string;
  readonly response_types_supported: readonly string[];
  readonly grant_types_supported: readonly string[];
  readonly token_endpoint_auth_methods_supported: readonly string[];
  readonly token_endpoint_auth_signing_alg_values_supported: readonly string[];
  readonly subject_types_supported: readonly string[];
  readonly id_token_signing_alg_values_supported: readonly JwtAlgorithm[];
  readonly scopes_supported: readonly string[];
  readonly claims_supported: readonly string[];
};

/**
 * The document for an issuer (with its trailing slash) whose keys sign with these algorithms.
 * A list of response types or grants that is empty is not absent: absent it would mean `authorization_code` and `implicit`.
 */
export function discoveryDocument(issuer: string, algorithms: readonly JwtAlgorithm[]): DiscoveryDocument {
  const endpoints = Object.fromEntries(
    Object.entries(ENDPOINTS).map(([member, path]) => [member, `${issuer}${path}`]),
  ) as { [Member in keyof typeof ENDPOINTS]: string };
  return {
    issuer,
    ...endpoints,
    response_types_supported: [],
    grant_types_supported: GRANT_TYPES,
    token_endpoint_auth_methods_supported: AUTH_METHODS,
    token_endpoint_auth_signing_alg_values_supported: CLIENT_ASSERTION_ALGORITHMS,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: algorithms,
    scopes_supported: ['openid', ...Object.keys(CLAIMS_OF_SCOPE), 'offline_access'],
    claims_supported: [...PROTOCOL_CLAIMS, ...Object.values(CLAIMS_OF_SCOPE).flat()].toSorted(),
  };
}
