/** Brings a logout token to a relying party, and says how it was taken. Every address may be told but our own. */
import type { DeliveryAttempt } from '../tenant/logout-delivery.js';

/** As long as Auth0 waits. */
const PATIENCE_MS = 5_000;

/** As a parser writes them: names of RFC 6761 6.3, IPv4, IPv6, and IPv4 (7f.. and 0) in IPv6. */
const LOOPBACK =
  /^(?:(?:[^.]+\.)*localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::(?:1|ffff:(?:7f[\da-f]{2}:[\da-f]{1,4}|0:0))?\])$/;

/** A dot at the end of a name says that it is whole, and leads to the same host. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/\.$/, '');
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };
const portOf = ({ protocol, port }: URL): string => (port === '' ? (DEFAULT_PORTS[protocol] ?? '') : port);

/**
 * Whether a URL leads back to this server, by whichever name of this machine: what may be posted there is for others to say. It is the port
 * that a server has to itself, not the scheme.
 */
export function leadsHere(url: string, baseUrl: string): boolean {
  const [there, here] = [new URL(url), new URL(baseUrl)];
  if (portOf(there) !== portOf(here)) return false;
  return hostOf(there) === hostOf(here) || (LOOPBACK.test(hostOf(there)) && LOOPBACK.test(hostOf(here)));
}

/** One POST of the form field `logout_token`, and nothing else; redirects are not followed. Never throws. */
export async function postLogoutToken(
  url: string,
  token: string,
  { at, stop }: { readonly at: Date; readonly stop: AbortSignal },
): Promise<DeliveryAttempt> {
  const attempt = { at: at.toISOString() };
  try {
    const { status, body } = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
      redirect: 'manual',
      signal: AbortSignal.any([stop, AbortSignal.timeout(PATIENCE_MS)]),
    });
    await body?.cancel();
    return { ...attempt, status, reason: status >= 200 && status < 300 ? null : saidBy(status) };
  } catch (error) {
    return { ...attempt, reason: reasonOf(error) };
  }
}

const saidBy = (status: number): string =>
  status >= 300 && status < 400
    ? `it redirects (${status}), and redirects are not followed: register the URL that takes the POST itself`
    : `it answered with the status ${status}`;

/** The message is always "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be reached';
  if (error.name === 'TimeoutError') return `it did not answer within ${PATIENCE_MS / 1000} seconds`;
  const { code, message } = (error.cause ?? {}) as { code?: unknown; message?: unknown };
  if (message === 'bad port') return 'its port is one that is never fetched from (Fetch 2.9)';
  return typeof code === 'string' ? `the connection failed with ${code}` : 'the connection failed';
}
