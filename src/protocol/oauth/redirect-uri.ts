/**
 * Which URI a browser may be sent to: redirect URIs, URLs after a logout, and origins that take messages (oauth-oidc.md 2.5).
 * They are compared as text. A parser would mend what it reads, and what it mends it may mend differently from the browser.
 */

/** A URI in its pieces: only scheme and host are case-insensitive (RFC 3986 6.2.2.1). */
interface Pieces {
  readonly scheme: string;
  /** Lower case; `undefined` where no `//` follows the scheme. */
  readonly authority: string | undefined;
  /** Path, query and fragment. */
  readonly rest: string;
}

/** The pieces; `undefined` for what is no absolute URI, and for what browsers read in another way than it is written. */
function piecesOf(uri: string): Pieces | undefined {
  // browsers drop tabs and line breaks, and take a backslash for a slash
  if (/[\s\p{Cc}\\]/u.test(uri)) return undefined;
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?(.*)$/i.exec(uri);
  if (!match) return undefined;
  const [, scheme = '', authority, rest = ''] = match;
  // user information is case-sensitive, and good for nothing but to mislead
  if (authority?.includes('@')) return undefined;
  return { scheme: scheme.toLowerCase(), authority: authority?.toLowerCase(), rest };
}

/** Schemes that run or show what stands in the URI itself, on the origin of the page that leads there. */
const UNSAFE = new Set([
  'javascript',
  'data',
  'vbscript',
  'about',
  'blob',
  'file',
  'filesystem',
  'view-source',
]);

/** Whether no browser may be sent there, registered or not. */
export function isUnsafeUri(uri: string): boolean {
  const pieces = piecesOf(uri);
  return pieces === undefined || UNSAFE.has(pieces.scheme);
}

/** A label of a host: what a `*` stands for, and the name of an organization. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;
const isWeb = (scheme: string): boolean => scheme === 'https' || scheme === 'http';

/** RFC 8252 7.3; `localhost` too, as RFC 9700 4.1.3 says. */
const LOOPBACK = /^(127\.0\.0\.1|\[::1\]|localhost)(?::\d{1,5})?$/;

export interface MatchOptions {
  /** A native application listens on whichever port of the loopback interface is free (RFC 8252 7.3). */
  readonly anyLoopbackPort?: boolean;
  /** No `*` stands for anything (RFC 9700 4.1.3). */
  readonly exactly?: boolean;
  /** Stands in for `{organization_name}`. */
  readonly organizationName?: string | undefined;
}

function authorityMatches(
  sent: Pieces,
  registered: Pieces,
  { anyLoopbackPort, exactly }: MatchOptions,
): boolean {
  if (registered.authority?.startsWith('*.') && isWeb(registered.scheme)) {
    if (exactly || sent.authority === undefined) return false;
    const dot = sent.authority.indexOf('.');
    return (
      sent.authority.slice(dot) === registered.authority.slice(1) && LABEL.test(sent.authority.slice(0, dot))
    );
  }
  if (sent.authority === registered.authority) return true;
  if (sent.authority === undefined || registered.authority === undefined) return false;
  if (!anyLoopbackPort || registered.scheme !== 'http') return false;
  const host = LOOPBACK.exec(registered.authority)?.[1];
  return host !== undefined && LOOPBACK.exec(sent.authority)?.[1] === host;
}

const PLACEHOLDER = '{organization_name}';

/** The registered URI with the organization's name in it; `undefined` where it wants one and there is none. */
function named(registered: string, organizationName: string | undefined): string | undefined {
  if (!registered.includes(PLACEHOLDER)) return registered;
  if (organizationName === undefined || !LABEL.test(organizationName)) return undefined;
  return registered.replaceAll(PLACEHOLDER, organizationName);
}

const MOST_NAMES = 20;

/**
 * The names that a URI has where registered ones have `{organization_name}`. Nothing is judged here: whoever finds an organization by one of
 * them still matches the URI with it.
 */
export function organizationNamesIn(sent: string, registered: readonly string[]): readonly string[] {
  const names = registered.flatMap((each) => {
    const at = each.indexOf(PLACEHOLDER);
    return at === -1 ? [] : (/^[a-z0-9_-]{1,50}/.exec(sent.slice(at).toLowerCase()) ?? []);
  });
  return [...new Set(names)].slice(0, MOST_NAMES);
}

function matches(
  sent: string,
  registered: string,
  options: MatchOptions,
  restOf: (pieces: Pieces) => string = ({ rest }) => rest,
): boolean {
  const written = named(registered, options.organizationName);
  const [left, right] = [piecesOf(sent), written === undefined ? undefined : piecesOf(written)];
  if (!left || !right || UNSAFE.has(left.scheme)) return false;
  return (
    left.scheme === right.scheme && authorityMatches(left, right, options) && restOf(left) === restOf(right)
  );
}

/**
 * Whether a redirect URI is one of those registered: scheme and host without regard to case, path and query as they are. One `*` may stand for
 * the left-most label of a web host. A URI with a fragment is none (RFC 6749 3.1.2).
 */
export const matchesRedirectUri = (
  sent: string,
  registered: readonly string[],
  options: MatchOptions = {},
): boolean => !sent.includes('#') && registered.some((each) => matches(sent, each, options));

/** Whether /oidc/logout may send the browser there: the whole URI counts. */
export const matchesPostLogoutUri = (
  sent: string,
  registered: readonly string[],
  options: MatchOptions = {},
): boolean => registered.some((each) => matches(sent, each, options));

/** Whether /v2/logout may send the browser there: query and fragment do not count. */
export const matchesReturnTo = (
  sent: string,
  registered: readonly string[],
  options: MatchOptions = {},
): boolean =>
  registered.some((each) => matches(sent, each, options, ({ rest }) => rest.replace(/[?#].*$/s, '')));

/** Default ports do not stand in an origin. */
const withoutDefaultPort = ({ scheme, authority = '' }: Pieces): string =>
  authority.replace(scheme === 'https' ? /:443$/ : /:80$/, '');

/** The origin of a web URI as browsers write it; `undefined` for any other. */
export function originOf(uri: string): string | undefined {
  const pieces = piecesOf(uri);
  return pieces?.authority && isWeb(pieces.scheme)
    ? `${pieces.scheme}://${withoutDefaultPort(pieces)}`
    : undefined;
}

/** Whether pages of an origin may take a message. What stands after the host of a registered one does not count. */
export function matchesOrigin(origin: string, registered: readonly string[]): boolean {
  const sent = originOf(origin);
  return (
    sent !== undefined &&
    registered.some((each) => {
      const allowed = originOf(each);
      return allowed !== undefined && matches(sent, allowed, {});
    })
  );
}

/** Whether it is a page or server of the web, and no app that a scheme of its own leads to. */
export const isWebUri = (uri: string): boolean => originOf(uri) !== undefined;

/** What is wrong with a URI that is to be registered, as the end of a sentence; `undefined` where nothing is. */
export function registrationFlaw(uri: string): string | undefined {
  const pieces = piecesOf(uri.replaceAll(PLACEHOLDER, 'organization'));
  if (!pieces) return 'must be an absolute URI without user name, white space and backslash';
  if (UNSAFE.has(pieces.scheme)) return `must not have the scheme ${pieces.scheme}:`;
  if (isWeb(pieces.scheme) && !pieces.authority) return 'must name a host';
  if (uri.includes('#')) return 'must not have a fragment (#)';
  if (!pieces.authority?.includes('*')) return undefined;
  const [first, ...others] = pieces.authority.split('.');
  const whole = isWeb(pieces.scheme) && first === '*' && !others.join('.').includes('*');
  if (!whole || others.length === 0)
    return 'may have one * only, as the whole left-most label of a web host, like https://*.example.com/';
  // a dot at the end names the root: `*.com.` leaves as much open as `*.com`
  const labels = others.map((label) => label.replace(/:\d*$/, '')).filter((label) => label !== '');
  return labels.length < 2 && labels[0] !== 'localhost'
    ? 'must not leave a whole top-level domain open'
    : undefined;
}
