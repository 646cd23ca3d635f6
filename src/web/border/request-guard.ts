/**
 * Who may speak to us. A page on the web can make a browser send requests to loopback, and can point a name of its own at
 * 127.0.0.1 (DNS rebinding); it can forge neither the Host nor the Origin header, and Sec-Fetch-* comes from the browser (Fetch Metadata).
 * The decision is pure; border.ts asks for it before anything else happens to a request.
 */
import { isIP } from 'node:net';
import { isAdminToken } from './admin-token.js';
import { BorderError } from './border-error.js';

/**
 * `control` is what an operator uses; `health` answers balancers, which know no name; `program` is called by the programs of clients, and
 * answers them in the words of OAuth; everything else faces browsers and SPs.
 */
export type Area = 'control' | 'health' | 'program' | 'open';

const CONTROL = ['/api', '/debug'];
const PROGRAM = ['/oauth', '/userinfo', '/v1/oauth/token', '/v1/oauth/introspect', '/v1/oauth/revoke'];
const isBelow = (routeUrl: string | undefined, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => routeUrl === prefix || routeUrl?.startsWith(`${prefix}/`));

/** The area of a route by the pattern it was registered with, which no encoding, case or dot segment in a request can change. */
export function areaOf(routeUrl: string | undefined): Area {
  if (routeUrl === '/health') return 'health';
  if (isBelow(routeUrl, CONTROL)) return 'control';
  return isBelow(routeUrl, PROGRAM) ? 'program' : 'open';
}

interface Authority {
  /** Lower case, an IPv6 address in its brackets. */
  readonly name: string;
  readonly port: number | null;
}
/** RFC 9110 7.2: `host[:port]`, nothing else. */
function authorityOf(text: string): Authority | undefined {
  const [, name, port] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text.toLowerCase()) ?? [];
  return name === undefined ? undefined : { name, port: port === undefined ? null : Number(port) };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Whether an address is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
/** Loopback is among them. */
const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);

/** What the guard goes by; made once the port is known. */
export interface GuardPolicy {
  readonly isOurs: (host: string) => boolean;
  /** Of the base URL. */
  readonly origin: string;
  /** See `hashOfAdminToken`; `null` where no token is asked for. */
  readonly adminTokenHash: string | null;
}

/** The policy of a server on `host` and `port`. Throws an Error where a token is needed and none is given. */
export function guardPolicy(server: {
  /** Address and port that are listened on. */
  readonly host: string;
  readonly port: number;
  readonly baseUrl: string;
  /** `name` for any port, or `name:port`; lower case. */
  readonly allowedHosts: readonly string[];
  readonly adminTokenHash: string | null;
}): GuardPolicy {
  const { host, port, allowedHosts, adminTokenHash } = server;
  const base = new URL(server.baseUrl);
  const basePort = base.port === '' ? DEFAULT_PORTS[base.protocol]! : Number(base.port);
  const loopback = isLoopback(host);
  if (!loopback && !adminTokenHash) throw new Error(`${host} is not loopback: an admin token is needed`);

  const names = new Set<string>();
  const add = (name: string, its: number | null): void =>
    void names.add(its === null ? name : `${name}:${its}`);
  add(base.hostname.toLowerCase(), basePort);
  if (loopback || EVERY_ADDRESS.has(host))
    for (const name of ['localhost', '127.0.0.1', '[::1]']) add(name, port);
  for (const allowed of allowedHosts) names.add(allowed);

  return {
    isOurs: (text) => {
      const authority = authorityOf(text);
      if (!authority) return false;
      const ports = authority.port === null ? Object.values(DEFAULT_PORTS) : [authority.port];
      return names.has(authority.name) || ports.some((its) => names.has(`${authority.name}:${its}`));
    },
    origin: base.origin,
    adminTokenHash: loopback ? null : adminTokenHash,
  };
}

/** What of a request the guard looks at; headers as Node gives them, names in lower case. */
export interface GuardedRequest {
  readonly method: string;
  readonly area: Area;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Whether a cookie says that the token with this hash was known; see `isOperatorPass`. */
  readonly isOperator?: (adminTokenHash: string) => boolean;
}

/** RFC 6454 6.2 against the Host header, which has been found ours; the scheme is the proxy's affair. */
function isSameOrigin(origin: string, host: string, policy: GuardPolicy): boolean {
  if (origin === policy.origin) return true;
  const [, scheme, authority] = /^(https?:)\/\/(.+)$/.exec(origin) ?? [];
  if (scheme === undefined) return false;
  const [theirs, ours] = [authorityOf(authority!), authorityOf(host)];
  const port = DEFAULT_PORTS[scheme]!;
  return theirs !== undefined && theirs.name === ours?.name && (theirs.port ?? port) === (ours.port ?? port);
}

/** A person followed a link or typed an address: the page that led here cannot read the answer. */
const isNavigation = (method: string, header: (name: string) => string | undefined): boolean =>
  ['GET', 'HEAD'].includes(method) &&
  header('sec-fetch-mode') === 'navigate' &&
  header('sec-fetch-dest') === 'document';

/** Why the request is refused, or `undefined` if it may pass. */
export function refusalOf(request: GuardedRequest, policy: GuardPolicy): BorderError | undefined {
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  if (request.area === 'health') return undefined;

  const host = header('host') ?? '';
  if (!policy.isOurs(host))
    return new BorderError(
      'host_not_ours',
      `The Host header ${JSON.stringify(host.slice(0, 100))} is not a name of this server. ` +
        `It is reached at ${policy.origin}; set BASE_URL to another address, or add a name to MINTMARK_ALLOWED_HOSTS.`,
    );
  if (request.area !== 'control') return undefined;

  const origin = header('origin');
  const site = header('sec-fetch-site') ?? 'none';
  const foreign =
    (origin !== undefined && !isSameOrigin(origin, host, policy)) ||
    (!['none', 'same-origin'].includes(site) && !isNavigation(request.method, header));
  if (foreign)
    return new BorderError(
      'cross_origin_refused',
      'This came from a web page of another origin. Call /api and /debug from a program, or from a page that this server itself serves.',
    );

  if (policy.adminTokenHash === null) return undefined;
  const [, token] = /^bearer +([^ ]+) *$/i.exec(header('authorization') ?? '') ?? [];
  if (token !== undefined && isAdminToken(token, policy.adminTokenHash)) return undefined;
  // the token itself was refused, so a pass beside it does not count
  if (token === undefined && request.isOperator?.(policy.adminTokenHash)) return undefined;
  return new BorderError(
    'admin_token_required',
    'This server does not listen on loopback, so /api and /debug ask for the header Authorization: Bearer <admin token>; ' +
      (token === undefined ? 'there is none.' : 'the one that came is another.'),
    {
      // RFC 6750 3 and 3.1
      headers: {
        'www-authenticate': `Bearer realm="mintmark"${token === undefined ? '' : ', error="invalid_token"'}`,
      },
    },
  );
}
