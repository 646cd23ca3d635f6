/**
 * What a relying party asks for when it sends the browser to be logged out: at /oidc/logout (OpenID Connect RP-Initiated Logout 1.0), or at
 * /v2/logout as Auth0 has it. Says where the browser may go afterwards, and which session is meant.
 */
import { deliver } from '../protocol/oauth/authorization-response.js';
import { quoted } from '../protocol/oauth/description.js';
import type { Parameters } from '../protocol/oauth/parameters.js';
import {
  isUnsafeUri,
  matchesPostLogoutUri,
  matchesReturnTo,
  type MatchOptions,
} from '../protocol/oauth/redirect-uri.js';
import type { Client } from '../tenant/client.js';
import type { TenantSettings } from '../tenant/tenant-settings.js';
import type { IdTokenHint } from './id-token-hint.js';
import { LogoutError } from './logout-error.js';

export interface CheckedRpLogout {
  readonly endpoint: '/v2/logout' | '/oidc/logout';
  /** `null` where it does not say who it is. */
  readonly clientId: string | null;
  /** Found among the registered ones, with the state in it; `null` where the browser stays here. */
  readonly redirectTo: string | null;
  /** `sid` of the sessions that it says are meant. */
  readonly sids: readonly string[];
  /** As sent, so that a page can ask again. */
  readonly sent: { readonly postLogoutRedirectUri?: string; readonly state?: string };
  readonly isFederated: boolean;
}

/** Whether it shows that it knows this session; else the person in front of the browser is asked. */
export const meansSession = ({ endpoint, sids }: CheckedRpLogout, sessionId: string): boolean =>
  endpoint === '/v2/logout' || (sids.length > 0 && sids.every((sid) => sid === sessionId));

/** The error of an id_token_hint that is none of ours. */
export const invalidHint = (why: string): LogoutError =>
  new LogoutError('logout_hint_invalid', `The id_token_hint is none that was issued here: ${why}.`);

/** Who asks: the client that is named, or that the ID token was issued to. Throws LogoutError `logout_hint_mismatch`. */
export function askingClientId(parameters: Parameters, hint: IdTokenHint | null): string | undefined {
  const named = parameters.get('client_id');
  if (named === undefined || !hint) return named ?? hint?.issuedTo;
  if (hint.audience.includes(named)) return named;
  throw new LogoutError(
    'logout_hint_mismatch',
    `The client_id is ${quoted(named)}, and the id_token_hint was issued to ${hint.audience.map(quoted).join(', ')}: send the ID token of this very client.`,
  );
}

export interface LogoutUrls {
  readonly client: Client | null;
  readonly settings: Pick<TenantSettings, 'allowed_logout_urls'>;
  /** That the URL has where a registered one has `{organization_name}`, where there is such an organization. */
  readonly organizationName?: string | undefined;
}

export const urlsOf = ({ client, settings }: Pick<LogoutUrls, 'client' | 'settings'>): readonly string[] =>
  (client ?? settings).allowed_logout_urls;
const optionsOf = ({ client, organizationName }: LogoutUrls): MatchOptions => ({
  anyLoopbackPort: client?.app_type === 'native',
  organizationName,
});

const MOST_TOLD = 5;
function notAllowed(name: string, url: string, urls: LogoutUrls, rule: string): LogoutError {
  const whose = urls.client ? `the client ${urls.client.client_id}` : 'the tenant (no client is named)';
  const registered = urlsOf(urls);
  const which =
    registered.length === 0
      ? 'has none'
      : `has ${registered.slice(0, MOST_TOLD).map(quoted).join(', ')}${registered.length > MOST_TOLD ? ', …' : ''}`;
  return new LogoutError(
    'logout_url_not_allowed',
    `The ${name} ${quoted(url)} is not in allowed_logout_urls: ${whose} ${which}. Add it there; ${rule}. Nobody was logged out.`,
  );
}

function locationOf(uri: string, state?: string): string {
  const delivery = deliver({ redirectUri: uri, responseMode: 'query', state }, {});
  if (delivery.kind !== 'redirect') throw new TypeError('a query travels by redirect');
  return delivery.location;
}

/** /oidc/logout, apart from its hints. Throws LogoutError `logout_url_not_allowed`. */
export function postLogoutTarget(parameters: Parameters, urls: LogoutUrls): string | null {
  const uri = parameters.get('post_logout_redirect_uri');
  if (uri === undefined) return null;
  if (isUnsafeUri(uri) || !matchesPostLogoutUri(uri, urlsOf(urls), optionsOf(urls)))
    throw notAllowed('post_logout_redirect_uri', uri, urls, 'it is compared to the letter');
  return locationOf(uri, parameters.get('state'));
}

/** /v2/logout. Throws LogoutError `logout_url_not_allowed`. */
export function returnTarget(parameters: Parameters, urls: LogoutUrls): string | null {
  const uri = parameters.get('returnTo');
  if (uri === undefined) {
    // a pattern is no address
    const first = urlsOf(urls).find((url) => !/[*{]/.test(url));
    return first === undefined ? null : locationOf(first);
  }
  if (isUnsafeUri(uri) || !matchesReturnTo(uri, urlsOf(urls), optionsOf(urls)))
    throw notAllowed('returnTo', uri, urls, 'query and fragment do not count');
  return locationOf(uri);
}
