/** A failure of OAuth 2 or OpenID Connect: the `error` of the RFCs, and our own finer name for what happened. */
import { MintmarkError } from '../mintmark-error.js';
import { shortened } from '../saml/shortened.js';

/** Every `error` that is answered with, by whichever endpoint. */
export type OAuthErrorCode =
  // RFC 6749 4.1.2.1, 5.2
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'access_denied'
  | 'server_error'
  | 'temporarily_unavailable'
  // OIDC Core 3.1.2.6
  | 'login_required'
  | 'consent_required'
  | 'interaction_required'
  | 'account_selection_required'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'invalid_request_uri'
  | 'registration_not_supported'
  // RFC 8707, 7009, 9449, 8628, 6750
  | 'invalid_target'
  | 'unsupported_token_type'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'invalid_token'
  | 'insufficient_scope'
  // Auth0
  | 'mfa_required'
  | 'too_many_attempts'
  | 'too_many_requests';

/** What can go wrong, and the `error` that the RFCs have for it. Where a dialect has another one, error-answer.ts says so. */
const CODES = {
  // reading a request
  parameter_missing: 'invalid_request',
  parameter_twice: 'invalid_request',
  parameter_invalid: 'invalid_request',
  parameters_contradict: 'invalid_request',
  body_unreadable: 'invalid_request',
  body_too_large: 'invalid_request',
  // who asks
  client_unknown: 'invalid_client',
  client_unnamed: 'invalid_client',
  client_secret_wrong: 'invalid_client',
  client_secret_missing: 'invalid_client',
  client_credentials_malformed: 'invalid_client',
  client_method_not_allowed: 'invalid_client',
  client_methods_many: 'invalid_request',
  client_assertion_invalid: 'invalid_client',
  client_assertion_replayed: 'invalid_client',
  // the authorization request
  authorization_client_unknown: 'invalid_request',
  redirect_uri_missing: 'invalid_request',
  redirect_uri_not_registered: 'invalid_request',
  redirect_uri_unsafe: 'invalid_request',
  response_type_missing: 'unsupported_response_type',
  response_type_unknown: 'unsupported_response_type',
  response_type_not_allowed: 'unauthorized_client',
  response_mode_unknown: 'invalid_request',
  response_mode_refused: 'invalid_request',
  web_origin_not_allowed: 'invalid_request',
  nonce_missing: 'invalid_request',
  prompt_invalid: 'invalid_request',
  max_age_invalid: 'invalid_request',
  challenge_missing: 'invalid_request',
  challenge_invalid: 'invalid_request',
  dpop_jkt_invalid: 'invalid_request',
  openid_missing: 'invalid_request',
  scopes_contradict: 'invalid_request',
  pushed_request_required: 'unauthorized_client',
  request_object: 'request_not_supported',
  request_uri: 'request_uri_not_supported',
  request_uri_unknown: 'invalid_request_uri',
  registration: 'registration_not_supported',
  // the user
  login_needed: 'login_required',
  consent_needed: 'consent_required',
  interaction_needed: 'interaction_required',
  account_selection_needed: 'account_selection_required',
  user_cancelled: 'access_denied',
  consent_refused: 'access_denied',
  action_denied: 'access_denied',
  // grants
  grant_type_missing: 'invalid_request',
  grant_unknown: 'unsupported_grant_type',
  grant_not_allowed: 'unauthorized_client',
  code_unknown: 'invalid_grant',
  code_used: 'invalid_grant',
  code_expired: 'invalid_grant',
  code_of_another_client: 'invalid_grant',
  verifier_wrong: 'invalid_grant',
  verifier_missing: 'invalid_grant',
  verifier_unexpected: 'invalid_grant',
  token_redirect_uri_missing: 'invalid_request',
  token_redirect_uri_differs: 'invalid_grant',
  refresh_token_unknown: 'invalid_grant',
  refresh_token_expired: 'invalid_grant',
  refresh_token_revoked: 'invalid_grant',
  refresh_token_reused: 'invalid_grant',
  refresh_token_of_another_client: 'invalid_grant',
  password_wrong: 'invalid_grant',
  user_blocked: 'invalid_grant',
  mfa_needed: 'mfa_required',
  mfa_pending: 'authorization_pending',
  mfa_code_wrong: 'invalid_grant',
  device_pending: 'authorization_pending',
  device_too_fast: 'slow_down',
  device_code_expired: 'expired_token',
  device_code_unknown: 'invalid_grant',
  device_refused: 'access_denied',
  device_answered: 'access_denied',
  subject_token_invalid: 'invalid_request',
  // what for
  audience_unknown: 'invalid_target',
  audience_missing: 'invalid_target',
  resource_invalid: 'invalid_target',
  client_grant_missing: 'invalid_target',
  scope_invalid: 'invalid_scope',
  scope_not_granted: 'invalid_scope',
  organization_invalid: 'invalid_request',
  // tokens that are shown
  dpop_proof_invalid: 'invalid_dpop_proof',
  dpop_nonce_needed: 'use_dpop_nonce',
  dpop_key_differs: 'invalid_grant',
  token_type_unsupported: 'unsupported_token_type',
  token_of_another_client: 'invalid_grant',
  token_invalid: 'invalid_token',
  token_expired: 'invalid_token',
  token_scope_missing: 'insufficient_scope',
  // limits, and what is ours
  too_many_attempts: 'too_many_attempts',
  too_many_requests: 'too_many_requests',
  server_failed: 'server_error',
  server_busy: 'temporarily_unavailable',
} as const satisfies Readonly<Record<string, OAuthErrorCode>>;

export type OAuthErrorCase = keyof typeof CODES;
export const OAUTH_ERROR_CASES = Object.keys(CODES) as readonly OAuthErrorCase[];

/** Whoever sends a long value gets no more of it back, in a body or in a header. */
const LONGEST_ABOUT = 500;
const LONGEST_DESCRIPTION = 2000;

/** A named failure of OAuth. `code` is the `error` of the RFCs; `extensions` become further members of the answer, such as `mfa_token`. */
export class OAuthError extends MintmarkError<OAuthErrorCode> {
  readonly case: OAuthErrorCase;
  /** The one value that it is about, where Auth0's text names it: the grant, the audience, the scopes. */
  readonly about: string;

  constructor(
    what: OAuthErrorCase,
    /** In characters of description.ts, except where an Action wrote it. */
    description: string,
    options: {
      readonly about?: string;
      /** Where the case leaves it open: an Action chooses its own. */
      readonly code?: OAuthErrorCode;
      readonly cause?: unknown;
      readonly extensions?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    // what an Action wrote is told as it is
    super(
      options.code ?? CODES[what],
      what === 'action_denied' ? description : shortened(description, LONGEST_DESCRIPTION),
      options,
    );
    this.case = what;
    this.about = shortened(options.about ?? '', LONGEST_ABOUT);
  }
}
