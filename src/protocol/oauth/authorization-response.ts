/** How the answer of /authorize travels to the client: its parameters, and the URI, form or message that carries them (oauth-oidc.md 2.2). */
import { OAuthError } from './oauth-error.js';
import { isUnsafeUri, isWebUri, originOf } from './redirect-uri.js';

export const RESPONSE_MODES = ['query', 'fragment', 'form_post', 'web_message'] as const;
export type ResponseMode = (typeof RESPONSE_MODES)[number];

/** Where an answer goes. It comes from `checkAuthorizationRequest`, which has found the URI among those of the client. */
export interface ResponseTarget {
  readonly redirectUri: string;
  readonly responseMode: ResponseMode;
  readonly state?: string | undefined;
}

/** In the order in which they are to stand; what is `undefined` is left out. */
export type ResponseParameters = Readonly<Record<string, string | number | undefined>>;

/** What the web has to do. */
export type Delivery =
  | { readonly kind: 'redirect'; readonly location: string }
  | {
      readonly kind: 'form_post';
      readonly action: string;
      readonly fields: readonly (readonly [name: string, value: string])[];
    }
  | {
      readonly kind: 'web_message';
      readonly targetOrigin: string;
      readonly message: {
        readonly type: 'authorization_response';
        readonly response: Readonly<Record<string, string | number>>;
      };
    };

/** A space is `%20`: in a fragment nobody but a form's reader takes `+` for one. */
const encoded = (text: string): string => encodeURIComponent(text.toWellFormed());

const written = (parameters: readonly (readonly [string, string | number])[]): string =>
  parameters.map(([name, value]) => `${encoded(name)}=${encoded(String(value))}`).join('&');

/** A header holds visible ASCII; what a URI has beyond is written as a browser would. */
const headerSafe = (uri: string): string => {
  if (!/[^\x21-\x7E]/.test(uri)) return uri;
  return URL.canParse(uri) ? new URL(uri).href : encodeURI(uri.toWellFormed());
};

/** The URI with more parameters in its query; what it had stays, its fragment too. */
export function withQuery(uri: string, more: readonly (readonly [string, string | number])[]): string {
  if (more.length === 0) return uri;
  const hash = uri.indexOf('#');
  const [base, fragment] = hash === -1 ? [uri, ''] : [uri.slice(0, hash), uri.slice(hash)];
  const mark = !base.includes('?') ? '?' : /[?&]$/.test(base) ? '' : '&';
  return `${base}${mark}${written(more)}${fragment}`;
}

/**
 * Carries the parameters, the request's `state` after them, and `iss` where the tenant says so (RFC 9207), errors included.
 * Errors: `redirect_uri_unsafe`, for a target that no check has seen.
 */
export function deliver(
  { redirectUri, responseMode, state }: ResponseTarget,
  parameters: ResponseParameters,
  issuer?: string,
): Delivery {
  if (isUnsafeUri(redirectUri))
    throw new OAuthError('redirect_uri_unsafe', 'no browser may be sent to the redirect_uri');
  const carried: ResponseParameters = { ...parameters, state, iss: issuer };
  const all = Object.entries(carried).filter(
    (entry): entry is [string, string | number] => entry[1] !== undefined,
  );
  if (responseMode === 'query')
    return { kind: 'redirect', location: headerSafe(withQuery(redirectUri, all)) };
  if (responseMode === 'fragment')
    return {
      kind: 'redirect',
      location: headerSafe(`${redirectUri.replace(/#.*$/s, '')}#${written(all)}`),
    };
  if (responseMode === 'form_post' && !isWebUri(redirectUri))
    throw new OAuthError('redirect_uri_unsafe', 'no form can be posted to the redirect_uri');
  if (responseMode === 'form_post')
    return {
      kind: 'form_post',
      action: redirectUri,
      fields: all.map(([name, value]) => [name, String(value).toWellFormed()] as const),
    };
  const targetOrigin = originOf(redirectUri);
  if (targetOrigin === undefined)
    throw new OAuthError('redirect_uri_unsafe', 'the redirect_uri has no origin that takes messages');
  return {
    kind: 'web_message',
    targetOrigin,
    message: { type: 'authorization_response', response: Object.fromEntries(all) },
  };
}
