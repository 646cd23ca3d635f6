/**
 * What a relying party asks for when it sends the browser to be logged out: at /oidc/logout (OpenID Connect RP-Initiated Logout 1.0), or at
 * /v2/logout as Auth0 has it. Says where the browser may go afterwards, and which session is meant.
 */
import { decodeJwt } from '../protocol/jwt/compact.js';
import type { Jwks } from '../protocol/jwt/jwks.js';
import { verifyJwt } from '../protocol/jwt/verification.js';
import { deliver } from '../protocol/oauth/authorization-response.js';
import { quoted } from '../protocol/oauth/description.js';
import type { Parameters } from '../protocol/oauth/parameters.js';
import { isUnsafeUri, matchesPostLogoutUri, matchesReturnTo } from '../protocol/oauth/redirect-uri.js';
import type { Client } from '../tenant/client.js';
import { sidOf } from '../tenant/session.js';
import type { TenantSettings } from '../tenant/tenant-settings.js';
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
  endpoint === '/v2/logout' || (sids.length > 0 && sids.every((sid) => sid === sidOf(sessionId)));

/** What of an ID token a logout goes by. */
export interface Hint {
  readonly audience: readonly string[];
  /** The client it was issued to. */
  readonly issuedTo: string | undefined;
  readonly sid: string | undefined;
}

/** A logout may come long after the login, and a transaction may have had a clock of its own: when the token was valid does not matter. */
const OF_NO_CONCERN: ReadonlySet<string> = new Set(['issued_at', 'not_before', 'expiry']);

/** Reads an ID token of ours, be it expired or not. Throws LogoutError `logout_hint_invalid`. */
export async function readHint(
  jwt: string,
  { keys, issuer, now }: { readonly keys: Jwks; readonly issuer: string; readonly now: Date },
): Promise<Hint> {
  const { steps } = await verifyJwt(jwt, { keys, issuer, now });
  const failed = steps.find(({ name, status }) => status === 'fail' && !OF_NO_CONCERN.has(name));
  if (failed) throw invalidHint(`${failed.detail}${failed.hint === undefined ? '' : `; ${failed.hint}`}`);
  const { header, payload } = decodeJwt(jwt);
  const { aud, azp, sid, events } = payload ?? {};
  const audience = [aud].flat().filter((each) => typeof each === 'string');
  if (header?.['typ'] !== 'JWT' || events !== undefined || audience.length === 0)
    throw invalidHint('it is a token of ours, but no ID token: send what came as id_token');
  return {
    audience,
    issuedTo: typeof azp === 'string' && audience.includes(azp) ? azp : audience[0],
    sid: typeof sid === 'string' ? sid : undefined,
  };
}

const invalidHint = (why: string): LogoutError =>
  new LogoutError('logout_hint_invalid', `The id_token_hint is none that was issued here: ${why}.`);

/** Who asks: the client that is named, or that the ID token was issued to. Throws LogoutError `logout_hint_mismatch`. */
export function askingClientId(parameters: Parameters, hint: Hint | null): string | undefined {
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
}

const urlsOf = ({ client, settings }: LogoutUrls): readonly string[] =>
  (client ?? settings).allowed_logout_urls;
const optionsOf = ({ client }: LogoutUrls): { readonly anyLoopbackPort: boolean } => ({
  anyLoopbackPort: client?.app_type === 'native',
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
