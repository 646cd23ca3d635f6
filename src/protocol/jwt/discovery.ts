/** OpenID Provider Metadata (OIDC Discovery 3). It advertises what works, and nothing else. */
import { PROMPTS, RESPONSE_TYPES } from '../oauth/authorization-check.js';
import { RESPONSE_MODES } from '../oauth/authorization-response.js';
import { CLIENT_ASSERTION_ALGORITHMS } from '../oauth/client-assertion.js';
import { DPOP_ALGORITHMS } from '../oauth/dpop.js';
import { CHALLENGE_METHODS } from '../oauth/pkce.js';
import type { JwtAlgorithm } from './algorithms.js';
import { CLAIMS_OF_SCOPE } from './id-token.js';
import { SCOPE_OF_CLAIM } from './restricted-claims.js';

/** Each endpoint that exists, as a path below the issuer. A new endpoint is a new row. */
const ENDPOINTS = {
  authorization_endpoint: 'authorize',
  token_endpoint: 'oauth/token',
  device_authorization_endpoint: 'oauth/device/code',
  pushed_authorization_request_endpoint: 'oauth/par',
  userinfo_endpoint: 'userinfo',
  introspection_endpoint: 'oauth/introspect',
  revocation_endpoint: 'oauth/revoke',
  end_session_endpoint: 'oidc/logout',
  jwks_uri: '.well-known/jwks.json',
} as const;

/** RFC 9700 has no password grant, so that one is for those who know of it. */
const GRANT_TYPES = [
  'authorization_code',
  'implicit',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
] as const;
const SECRET_METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
const AUTH_METHODS = [...SECRET_METHODS, 'none'] as const;

/** Claims that an ID token may carry whatever the scope. */
const PROTOCOL_CLAIMS = [
  'aud',
  'auth_time',
  'at_hash',
  'c_hash',
  'exp',
  'iat',
  'iss',
  'nonce',
  's_hash',
  'sid',
  'sub',
] as const;

/** Claims of further scopes, which /userinfo tells. */
const USERINFO_CLAIMS = [...SCOPE_OF_CLAIM]
  .filter(([, scope]) => scope === 'address' || scope === 'phone')
  .map(([claim]) => claim);

/** `consent` is understood, but nobody is asked for any. */
const PROMPT_VALUES = PROMPTS.filter((prompt) => prompt !== 'consent');

export type DiscoveryDocument = { readonly [Member in keyof typeof ENDPOINTS]: string } & {
  readonly issuer: string;
  readonly response_types_supported: readonly string[];
  readonly response_modes_supported: readonly string[];
  readonly prompt_values_supported: readonly string[];
  readonly code_challenge_methods_supported: readonly string[];
  readonly claims_parameter_supported: true;
  /** Absent they would mean that a request_uri may be used. */
  readonly request_parameter_supported: false;
  readonly request_uri_parameter_supported: false;
  readonly authorization_response_iss_parameter_supported?: true;
  readonly grant_types_supported: readonly string[];
  readonly token_endpoint_auth_methods_supported: readonly string[];
  readonly token_endpoint_auth_signing_alg_values_supported: readonly string[];
  readonly introspection_endpoint_auth_methods_supported: readonly string[];
  readonly introspection_endpoint_auth_signing_alg_values_supported: readonly string[];
  readonly revocation_endpoint_auth_methods_supported: readonly string[];
  readonly revocation_endpoint_auth_signing_alg_values_supported: readonly string[];
  readonly backchannel_logout_supported: true;
  /** Logout tokens and ID tokens have `sid`. */
  readonly backchannel_logout_session_supported: true;
  readonly dpop_signing_alg_values_supported: readonly string[];
  readonly subject_types_supported: readonly string[];
  readonly id_token_signing_alg_values_supported: readonly JwtAlgorithm[];
  readonly scopes_supported: readonly string[];
  readonly claims_supported: readonly string[];
};

/**
 * The document for an issuer (with its trailing slash) whose keys sign with these algorithms. `answersNameIssuer`: every answer of
 * /authorize has `iss` (RFC 9207); clients that read so refuse one without.
 */
export function discoveryDocument(
  issuer: string,
  algorithms: readonly JwtAlgorithm[],
  answersNameIssuer = false,
): DiscoveryDocument {
  const endpoints = Object.fromEntries(
    Object.entries(ENDPOINTS).map(([member, path]) => [member, `${issuer}${path}`]),
  ) as { [Member in keyof typeof ENDPOINTS]: string };
  return {
    issuer,
    ...endpoints,
    response_types_supported: RESPONSE_TYPES,
    response_modes_supported: RESPONSE_MODES,
    prompt_values_supported: PROMPT_VALUES,
    code_challenge_methods_supported: CHALLENGE_METHODS,
    claims_parameter_supported: true,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    ...(answersNameIssuer && { authorization_response_iss_parameter_supported: true as const }),
    grant_types_supported: GRANT_TYPES,
    token_endpoint_auth_methods_supported: AUTH_METHODS,
    token_endpoint_auth_signing_alg_values_supported: CLIENT_ASSERTION_ALGORITHMS,
    introspection_endpoint_auth_methods_supported: SECRET_METHODS,
    introspection_endpoint_auth_signing_alg_values_supported: CLIENT_ASSERTION_ALGORITHMS,
    revocation_endpoint_auth_methods_supported: AUTH_METHODS,
    revocation_endpoint_auth_signing_alg_values_supported: CLIENT_ASSERTION_ALGORITHMS,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    dpop_signing_alg_values_supported: DPOP_ALGORITHMS,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: algorithms,
    scopes_supported: ['openid', ...Object.keys(CLAIMS_OF_SCOPE), 'address', 'phone', 'offline_access'],
    claims_supported: [
      ...PROTOCOL_CLAIMS,
      ...Object.values(CLAIMS_OF_SCOPE).flat(),
      ...USERINFO_CLAIMS,
    ].toSorted(),
  };
}
