/**
 * Whether /authorize goes on with a request, in the order of oauth-oidc.md 2.3: first what decides whether the browser may be sent back at all,
 * then what is told to the client by the way that it asked for.
 */
import { didYouMean } from '../nearest-name.js';
import type { AuthorizationRequest } from './authorization-request.js';
import { RESPONSE_MODES, type ResponseMode, type ResponseTarget } from './authorization-response.js';
import { quoted } from './description.js';
import type { Dialect } from './dialect.js';
import { OAuthError } from './oauth-error.js';
import { repeatedError } from './parameters.js';
import { readChallenge, type CodeChallenge } from './pkce.js';
import { isUnsafeUri, isWebUri, matchesOrigin, matchesRedirectUri, originOf } from './redirect-uri.js';
import { malformedScope } from './scopes.js';

/** Its words in alphabetical order: they may come in any (OAuth 2.0 Multiple Response Type Encoding Practices 3). */
export const RESPONSE_TYPES = [
  'code',
  'token',
  'id_token',
  'id_token token',
  'code id_token',
  'code token',
  'code id_token token',
] as const;
export type ResponseType = (typeof RESPONSE_TYPES)[number];

export type AuthorizationProtocol = 'oidc-basic-profile' | 'oidc-implicit-profile' | 'oidc-hybrid-profile';

export const PROMPTS = ['none', 'login', 'consent', 'select_account'] as const;
export type Prompt = (typeof PROMPTS)[number];

/** The client that `client_id` names, as far as it counts here. */
export interface AuthorizationClient {
  readonly callbacks: readonly string[];
  /** Origins whose pages may take a web message. */
  readonly webOrigins: readonly string[];
  readonly grantTypes: readonly string[];
  readonly isNative: boolean;
  /** No callback has a `*` that counts. */
  readonly matchesExactly?: boolean;
  readonly requiresPushedRequest?: boolean;
  readonly requiresPkce?: boolean;
  /** Whether the method `plain` will do. */
  readonly allowsPlainChallenge?: boolean;
  /** Codes only, for a redirect URI that is named (FAPI 2.0 Security Profile 5.3.2.2). */
  readonly followsFapi2?: boolean;
}

export interface AuthorizationRules {
  /** `undefined` where nobody is known by the `client_id`. */
  readonly client: AuthorizationClient | undefined;
  readonly dialect: Dialect;
  /** The request was pushed before (RFC 9126). */
  readonly isPushed?: boolean;
  readonly organizationName?: string;
}

/** A request that passed. */
export interface CheckedRequest {
  readonly target: ResponseTarget;
  readonly responseType: ResponseType;
  readonly returns: { readonly code: boolean; readonly token: boolean; readonly idToken: boolean };
  readonly protocol: AuthorizationProtocol;
  /** The URI was in the request, and must be in the token request too. */
  readonly sentRedirectUri: boolean;
  readonly prompt: readonly Prompt[];
  readonly maxAgeInSeconds?: number;
  readonly challenge?: CodeChallenge;
  /** What the token is for: `audience`, else `resource`. */
  readonly audience?: string;
}

export type AuthorizationCheck =
  | { readonly kind: 'proceed'; readonly checked: CheckedRequest }
  /** Tell the client. */
  | { readonly kind: 'redirect'; readonly error: OAuthError; readonly target: ResponseTarget }
  /** Tell the person in front of the browser, who must not be sent anywhere. */
  | { readonly kind: 'page'; readonly error: OAuthError };

/** Where PAR keeps its requests (RFC 9126 2.2). */
export const PUSHED_REQUEST_PREFIX = 'urn:ietf:params:oauth:request_uri:';

type Check<Value> = (request: AuthorizationRequest, rules: AuthorizationRules) => Value;

const typeOf = ({ responseType }: AuthorizationRequest): ResponseType | undefined => {
  const sorted = responseType.toSorted().join(' ');
  return RESPONSE_TYPES.find((type) => type === sorted);
};
const returnsOf = (words: readonly string[]): CheckedRequest['returns'] => ({
  code: words.includes('code'),
  token: words.includes('token'),
  idToken: words.includes('id_token'),
});

/** The client, and the URI to send the browser back to. Throws what must not be told by a redirect. */
const whereTo: Check<{ client: AuthorizationClient; redirectUri: string }> = (request, rules) => {
  const { clientId, redirectUri, repeated } = request;
  const doubtful = repeated.filter((name) => name === 'client_id' || name === 'redirect_uri');
  if (doubtful.length > 0) throw repeatedError(doubtful);
  if (clientId === undefined)
    throw new OAuthError('parameter_missing', 'there is no client_id; send the id of the application');
  const { client } = rules;
  if (!client)
    throw new OAuthError(
      'authorization_client_unknown',
      `no application has the client_id ${quoted(clientId)}; compare it with the list of applications`,
    );
  if (redirectUri === undefined && client.followsFapi2)
    throw new OAuthError(
      'redirect_uri_missing',
      'there is no redirect_uri, which FAPI 2 requires (compliance_level); push one of the callbacks of the application with the request',
    );
  if (redirectUri === undefined) return { client, redirectUri: defaultRedirectUri(request, client) };
  if (
    isUnsafeUri(redirectUri) ||
    !matchesRedirectUri(redirectUri, client.callbacks, {
      anyLoopbackPort: client.isNative,
      exactly: client.matchesExactly ?? false,
      organizationName: rules.organizationName,
    })
  )
    throw new OAuthError(
      'redirect_uri_not_registered',
      `Callback URL mismatch: ${quoted(redirectUri)} is not among the callbacks of the application${hintFor(redirectUri, client)}`,
      { about: redirectUri },
    );
  return { client, redirectUri };
};

/** What may be wrong with a URI that is not registered. */
function hintFor(redirectUri: string, { callbacks, matchesExactly }: AuthorizationClient): string {
  if (redirectUri.includes('#')) return ', and a redirect_uri has no fragment (#)';
  if (callbacks.length === 0) return ', which has none; add it to them';
  if (matchesExactly && matchesRedirectUri(redirectUri, callbacks))
    return ' as it is, and for a strict application a * stands for nothing (RFC 9700 4.1.3); add it to them';
  const bare = (uri: string): string =>
    uri
      .toLowerCase()
      .replace(/[?#].*$/s, '')
      .replace(/\/+$/, '');
  const near = callbacks.find((each) => bare(each) === bare(redirectUri));
  return near === undefined
    ? '; add it to them, or send one of them'
    : `; ${quoted(near)} is, and every character counts: slashes at the end, letters of the path, the query`;
}

/** RFC 6749 3.1.2.3 forgives a missing URI where there is one to choose from; OIDC Core 3.1.2.1 does not. */
function defaultRedirectUri(
  { scope, request }: AuthorizationRequest,
  { callbacks }: AuthorizationClient,
): string {
  const [only, ...others] = callbacks;
  if (request !== undefined)
    throw new OAuthError(
      'request_object',
      'request objects are not supported; send the parameters one by one',
    );
  if (only === undefined || others.length > 0 || scope.includes('openid') || /[*{]/.test(only))
    throw new OAuthError(
      'redirect_uri_missing',
      'there is no redirect_uri; send one of the callbacks of the application',
    );
  return only;
}

const hasTokens = (request: AuthorizationRequest): boolean =>
  request.responseType.some((word) => word === 'token' || word === 'id_token');

/** The mode by which the client hears of its errors: the one it asked for, where that can be. Throws where a message has nobody to go to. */
function modeFor(
  request: AuthorizationRequest,
  client: AuthorizationClient,
  redirectUri: string,
): ResponseMode {
  const byDefault = hasTokens(request) ? 'fragment' : 'query';
  if (request.repeated.includes('response_mode')) return byDefault;
  const mode = RESPONSE_MODES.find((each) => each === request.responseMode) ?? byDefault;
  if (mode === 'query') return byDefault;
  const origin = originOf(redirectUri);
  // a form is posted to a server, which an app is not
  if (mode === 'form_post' && origin === undefined) return byDefault;
  if (mode === 'web_message' && (origin === undefined || !matchesOrigin(origin, client.webOrigins)))
    throw new OAuthError(
      'web_origin_not_allowed',
      `${quoted(origin ?? redirectUri)} is not among the web origins of the application, so no page there may take the answer; add it to web_origins`,
      { about: origin ?? redirectUri },
    );
  return mode;
}

/** One thing that may be wrong, or is read on the way. */
const refuse = (...wrong: ConstructorParameters<typeof OAuthError>): never => {
  throw new OAuthError(...wrong);
};

/** OIDC Core 6, 7.2.1, RFC 9126 2.1, 4. */
const requestObjects: Check<void> = ({ request, requestUri, registration }, { client, isPushed }) => {
  if (registration !== undefined)
    refuse(
      'registration',
      'an application does not register itself in a request: leave registration out, and register it at /api/v2/clients',
    );
  if (request !== undefined)
    refuse('request_object', 'request objects are not supported; send the parameters one by one');
  if (isPushed && requestUri !== undefined)
    refuse('parameter_invalid', 'a request that is pushed holds its parameters, not a request_uri');
  if (requestUri?.startsWith(PUSHED_REQUEST_PREFIX))
    refuse(
      'request_uri_unknown',
      'the request_uri is unknown, used or expired; push the request again and use what is answered at once',
    );
  if (requestUri !== undefined)
    refuse(
      'request_uri',
      'a request_uri of your own is not supported; push the request to /oauth/par, or send its parameters',
    );
  if (client?.requiresPushedRequest && !isPushed)
    refuse(
      'pushed_request_required',
      'the application requires pushed authorization requests; send the parameters to /oauth/par, then its request_uri here',
    );
};

const responseTypes: Check<Pick<CheckedRequest, 'responseType' | 'returns' | 'protocol'>> = (
  request,
  { client },
) => {
  const known = typeOf(request);
  if (request.responseType.length === 0)
    return refuse('response_type_missing', 'there is no response_type; send response_type=code');
  if (!known)
    return refuse(
      'response_type_unknown',
      `the response_type ${quoted(request.responseType.join(' '))} is unknown; there are code, token, id_token and their combinations`,
    );
  const returns = returnsOf(request.responseType);
  if (client?.followsFapi2 && known !== 'code')
    refuse(
      'response_type_not_allowed',
      `the response_type ${quoted(request.responseType.join(' '))} is not allowed under FAPI 2 (compliance_level), which has codes only; send response_type=code`,
    );
  const implicit = returns.token || returns.idToken;
  for (const [needed, grant] of [
    [returns.code, 'authorization_code'],
    [implicit, 'implicit'],
  ] as const)
    if (needed && !client?.grantTypes.includes(grant))
      refuse(
        'response_type_not_allowed',
        `the response_type ${quoted(request.responseType.join(' '))} needs the grant ${grant}, which the application does not have; add it to grant_types`,
        { about: grant },
      );
  const protocol = !implicit
    ? 'oidc-basic-profile'
    : returns.code
      ? 'oidc-hybrid-profile'
      : 'oidc-implicit-profile';
  return { responseType: known, returns, protocol };
};

const responseModes = (request: AuthorizationRequest, redirectUri: string): void => {
  const { responseMode } = request;
  if (responseMode === undefined) return;
  if (!RESPONSE_MODES.some((each) => each === responseMode))
    refuse(
      'response_mode_unknown',
      `the response_mode ${quoted(responseMode)} is unknown; there are ${RESPONSE_MODES.join(', ')}`,
    );
  if (responseMode === 'form_post' && !isWebUri(redirectUri))
    refuse(
      'response_mode_refused',
      `no form can be posted to ${quoted(redirectUri)}, which is no address of the web; use query or fragment`,
    );
  if (responseMode === 'query' && hasTokens(request))
    refuse(
      'response_mode_refused',
      'tokens do not travel in a query, where logs and other sites would see them; use fragment or form_post',
    );
};

/** A scope that nobody knows is dropped later; one that cannot be written is an error. */
const scopes: Check<void> = ({ scope, responseType }) => {
  const malformed = malformedScope(scope);
  if (malformed !== undefined)
    refuse('scope_invalid', `the scope ${quoted(malformed)} has a character that no scope may have`);
  if (scope.includes('online_access') && scope.includes('offline_access'))
    refuse('scopes_contradict', 'scope has both online_access and offline_access; choose one');
  if (responseType.includes('id_token') && !scope.includes('openid'))
    refuse('openid_missing', 'an id_token is asked for, but scope lacks openid; add it');
};

const nonces: Check<void> = ({ responseType, nonce }) => {
  if (responseType.includes('id_token') && nonce === undefined)
    refuse(
      'nonce_missing',
      'an id_token that comes from /authorize needs a nonce; send one, and compare it with that of the token',
    );
};

const prompts: Check<readonly Prompt[]> = ({ prompt }) => {
  const unknown = prompt.find((word) => !PROMPTS.some((each) => each === word));
  if (unknown !== undefined)
    refuse(
      'prompt_invalid',
      `the prompt ${quoted(unknown)} is unknown${didYouMean(unknown, PROMPTS).replaceAll('"', "'")}; there are ${PROMPTS.join(', ')}`,
    );
  if (prompt.includes('none') && prompt.length > 1)
    refuse('prompt_invalid', 'prompt=none means that no page is shown; it stands alone');
  return prompt as readonly Prompt[];
};

const maxAges: Check<number | undefined> = ({ maxAge }) => {
  if (maxAge === undefined) return undefined;
  if (!/^\d{1,10}$/.test(maxAge))
    return refuse('max_age_invalid', `max_age is ${quoted(maxAge)}; send a whole number of seconds`);
  return Number(maxAge);
};

const challenges: Check<CodeChallenge | undefined> = (
  { codeChallenge, codeChallengeMethod, responseType },
  { client },
) => {
  const challenge = readChallenge(codeChallenge, codeChallengeMethod);
  if (!responseType.includes('code')) return undefined;
  if (!challenge && client?.requiresPkce)
    refuse(
      'challenge_missing',
      'the application requires PKCE; send code_challenge and code_challenge_method=S256',
    );
  if (challenge?.method === 'plain' && client?.allowsPlainChallenge === false)
    refuse(
      'challenge_invalid',
      'the code_challenge_method plain (which is meant where none is sent) is not allowed; use S256',
    );
  return challenge;
};

const dpopKeys: Check<void> = ({ dpopJkt }) => {
  if (dpopJkt !== undefined && !/^[A-Za-z0-9_-]{43}$/.test(dpopJkt))
    refuse(
      'dpop_jkt_invalid',
      'dpop_jkt is the SHA-256 thumbprint of a key in base64url without padding, 43 characters (RFC 9449 10)',
    );
};

/** RFC 8707 2; what Auth0 calls an audience is any text. */
const audiences: Check<string | undefined> = ({ audience, resource }, { dialect }) => {
  if (resource !== undefined && dialect === 'strict' && !(URL.canParse(resource) && !resource.includes('#')))
    refuse('resource_invalid', `the resource ${quoted(resource)} is no absolute URI without fragment`, {
      about: resource,
    });
  return audience ?? resource;
};

/** Custom parameters of a request that was pushed; any number comes by the browser. */
const MOST_EXTENSIONS = 10;
const extensions: Check<void> = ({ extensions: named }, { isPushed }) => {
  const count = Object.keys(named).length;
  if (isPushed && count > MOST_EXTENSIONS)
    refuse(
      'parameter_invalid',
      `there are ${count} parameters ext-..., at most ${MOST_EXTENSIONS} can be pushed`,
    );
};

/** Runs every check in its order; the first that fails is told. Never throws. */
export function checkAuthorizationRequest(
  request: AuthorizationRequest,
  rules: AuthorizationRules,
): AuthorizationCheck {
  let target: ResponseTarget | undefined;
  try {
    const { client, redirectUri } = whereTo(request, rules);
    target = {
      redirectUri,
      responseMode: modeFor(request, client, redirectUri),
      ...(request.state !== undefined && !request.repeated.includes('state') && { state: request.state }),
    };
    if (request.repeated.length > 0) throw repeatedError(request.repeated);
    requestObjects(request, rules);
    const types = responseTypes(request, rules);
    responseModes(request, redirectUri);
    scopes(request, rules);
    nonces(request, rules);
    const prompt = prompts(request, rules);
    const maxAgeInSeconds = maxAges(request, rules);
    const challenge = challenges(request, rules);
    dpopKeys(request, rules);
    extensions(request, rules);
    const audience = audiences(request, rules);
    const checked: CheckedRequest = {
      target,
      ...types,
      sentRedirectUri: request.redirectUri !== undefined,
      prompt,
      ...(maxAgeInSeconds !== undefined && { maxAgeInSeconds }),
      ...(challenge !== undefined && { challenge }),
      ...(audience !== undefined && { audience }),
    };
    return { kind: 'proceed', checked };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return target ? { kind: 'redirect', error, target } : { kind: 'page', error };
  }
}
