/** How an OAuthError is told to a caller that is a program: status, body and headers of each dialect, in one table (oauth-oidc.md 4.8, 17). */
import { describable } from './description.js';
import type { Dialect } from './dialect.js';
import { DPOP_ALGORITHMS } from './dpop.js';
import type { OAuthError, OAuthErrorCase, OAuthErrorCode } from './oauth-error.js';

export interface ErrorAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the RFCs say of the status. All others are 400 (RFC 6749 5.2). */
const STATUS: { readonly [Code in OAuthErrorCode]?: number } = {
  invalid_client: 401,
  invalid_token: 401,
  insufficient_scope: 403,
  too_many_attempts: 429,
  too_many_requests: 429,
  server_error: 500,
  temporarily_unavailable: 503,
};

/** Where Auth0 answers otherwise. A text stands where SDKs and test suites know it by heart; then our own goes into `error_detail`. */
interface Deviation {
  readonly status?: number;
  readonly error?: OAuthErrorCode;
  readonly text?: string | ((about: string) => string);
  readonly uri?: string;
}
const unauthorized: Deviation = { error: 'access_denied', text: 'Unauthorized' };
const code: Deviation = { status: 403, text: 'Invalid authorization code' };
const verifier: Deviation = { status: 403, text: 'Failed to verify code verifier' };
const refreshToken: Deviation = { status: 403, text: 'Unknown or invalid refresh token.' };
const AUTH0: { readonly [Case in OAuthErrorCase]?: Deviation } = {
  client_unknown: unauthorized,
  client_unnamed: unauthorized,
  client_secret_wrong: unauthorized,
  client_secret_missing: unauthorized,
  client_credentials_malformed: unauthorized,
  client_method_not_allowed: unauthorized,
  grant_unknown: { status: 403, text: (grant) => `Unsupported grant type: ${grant}` },
  grant_not_allowed: {
    status: 403,
    text: (grant) => `Grant type '${grant}' not allowed for the client.`,
    uri: 'https://auth0.com/docs/clients/client-grant-types',
  },
  code_unknown: code,
  code_used: code,
  code_expired: code,
  code_of_another_client: code,
  verifier_wrong: verifier,
  verifier_missing: verifier,
  verifier_unexpected: verifier,
  token_redirect_uri_differs: { status: 403 },
  refresh_token_unknown: refreshToken,
  refresh_token_expired: refreshToken,
  refresh_token_revoked: refreshToken,
  refresh_token_reused: refreshToken,
  refresh_token_of_another_client: refreshToken,
  password_wrong: { status: 403, text: 'Wrong email or password.' },
  user_blocked: { status: 403 },
  mfa_needed: { status: 403, text: 'Multifactor authentication required' },
  mfa_code_wrong: { status: 403 },
  device_pending: { status: 403, text: 'User has yet to authorize device code.' },
  device_too_fast: {
    status: 429,
    text: (seconds) =>
      `You are polling faster than the specified interval of ${seconds === '' ? 5 : seconds} seconds.`,
  },
  device_code_expired: { status: 403 },
  device_code_unknown: { status: 403 },
  device_refused: { status: 403, text: 'User cancelled the confirmation prompt.' },
  dpop_nonce_needed: { text: 'Authorization server requires nonce in DPoP proof' },
  dpop_key_differs: { status: 403 },
  audience_unknown: { status: 403, error: 'access_denied', text: (aud) => `Service not found: ${aud}` },
  resource_invalid: { status: 403, error: 'access_denied', text: (aud) => `Service not found: ${aud}` },
  audience_missing: {
    status: 403,
    error: 'access_denied',
    text: 'No audience parameter was provided, and no default audience has been configured',
  },
  client_grant_missing: {
    status: 403,
    error: 'access_denied',
    text: (aud) =>
      `Client is not authorized to access "${aud}". You need to create a "client-grant" associated to this API.`,
  },
  scope_not_granted: {
    status: 403,
    error: 'access_denied',
    text: (scopes) => `Client has not been granted scopes: ${scopes}`,
  },
  consent_refused: { status: 403 },
  user_cancelled: { status: 403 },
};

/** What an Action denied is 403 where it is `access_denied`; the codes that it may choose keep the status of the RFCs. */
const deviationOf = (error: OAuthError): Deviation =>
  error.case === 'action_denied' && error.code === 'access_denied'
    ? { status: 403 }
    : (AUTH0[error.case] ?? {});

/** The `error` and `error_description` by which a dialect knows an error: at /authorize, which has no status, and in bodies alike. */
export function errorWords(
  error: OAuthError,
  dialect: Dialect,
): { readonly error: OAuthErrorCode; readonly error_description: string } {
  if (dialect !== 'auth0') return { error: error.code, error_description: describable(error.description) };
  const { error: known = error.code, text = error.description } = deviationOf(error);
  return { error: known, error_description: typeof text === 'string' ? text : text(error.about) };
}

/** RFC 6749 5.1; tokens and what is said of them stay out of caches. */
const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const;

/** The codes of errors that Notion's SDK knows (oauth-oidc.md 12.3). */
const notionCode = (status: number): string =>
  status === 401 ? 'unauthorized' : status === 429 ? 'rate_limited' : 'validation_error';

/** In seconds, where the error says so: when to come again (RFC 9110 10.2.3). */
function retryAfter({ case: what, about, extensions }: OAuthError): string | undefined {
  const seconds = what === 'device_too_fast' ? Number(about || 5) : extensions['retry_after_seconds'];
  return typeof seconds === 'number' && seconds >= 0 ? String(Math.ceil(seconds)) : undefined;
}

export interface NotionAnswer {
  /** Goes into the body and into `x-notion-request-id`. */
  readonly requestId: string;
  /** Adds what turns the answer into an APIResponseError of the SDK, which else keeps the raw body. */
  readonly apiErrors: boolean;
}

/**
 * The answer of the token endpoint and its like. `triedBasic` says that the client authenticated by the Authorization header, to whom the RFC
 * owes a challenge; only `strict` pays it, since openid-client shows the challenge in place of the error.
 */
export function errorAnswer(
  error: OAuthError,
  dialect: Dialect,
  triedBasic: boolean,
  notion?: NotionAnswer,
): ErrorAnswer {
  const words = errorWords(error, dialect);
  const deviation = dialect === 'auth0' ? deviationOf(error) : {};
  const status = deviation.status ?? STATUS[error.code] ?? 400;
  const challenge = dialect === 'strict' && triedBasic && status === 401;
  const wait = status === 429 ? retryAfter(error) : undefined;
  const apiError = dialect === 'notion' && notion?.apiErrors === true;
  return {
    status,
    body: {
      // ours come first, so that none stands in for a member of the protocol
      ...error.extensions,
      ...words,
      ...(deviation.text !== undefined && { error_detail: error.description }),
      ...(deviation.uri !== undefined && { error_uri: deviation.uri }),
      ...(apiError && {
        object: 'error',
        status,
        code: notionCode(status),
        message: words.error_description,
      }),
      ...(notion && dialect === 'notion' && { request_id: notion.requestId }),
    },
    headers: {
      ...NO_STORE,
      ...(wait !== undefined && { 'Retry-After': wait }),
      ...(challenge && { 'WWW-Authenticate': 'Basic realm="mintmark"' }),
      ...(notion && dialect === 'notion' && { 'x-notion-request-id': notion.requestId }),
    },
  };
}

/** The errors of a resource that takes tokens (RFC 6750 3.1, RFC 9449 7.1). */
const OF_RESOURCES = new Set<OAuthErrorCode>([
  'invalid_token',
  'insufficient_scope',
  'invalid_dpop_proof',
  'use_dpop_nonce',
]);

/**
 * The answer of a resource such as /userinfo. Without an error the request showed no token, and RFC 6750 3.1 wants the challenge alone.
 * It is told both schemes, since nobody knows which one its token is of (RFC 9449 7.2).
 * An attribute of the challenge is a quoted string, so what is described stays in the characters of the RFC in every dialect.
 */
export function resourceErrorAnswer(error: OAuthError | undefined, scheme: 'Bearer' | 'DPoP'): ErrorAnswer {
  const algs = `algs="${DPOP_ALGORITHMS.join(' ')}"`;
  if (!error)
    return {
      status: 401,
      body: {},
      headers: { ...NO_STORE, 'WWW-Authenticate': `Bearer, DPoP ${algs}` },
    };
  const status = OF_RESOURCES.has(error.code)
    ? error.code === 'insufficient_scope'
      ? 403
      : 401
    : (STATUS[error.code] ?? 400);
  const words = { error: error.code, error_description: describable(error.description) };
  const scope =
    error.code === 'insufficient_scope' && error.about !== '' ? { scope: describable(error.about) } : {};
  const attributes = [
    ...Object.entries({ ...words, ...scope }).map(([name, value]) => `${name}="${value}"`),
    ...(scheme === 'DPoP' ? [algs] : []),
  ];
  return {
    status,
    body: words,
    headers: {
      ...NO_STORE,
      ...(status < 500 && status !== 429 && { 'WWW-Authenticate': `${scheme} ${attributes.join(', ')}` }),
    },
  };
}
