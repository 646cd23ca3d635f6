/** Fetches a service provider's metadata from where it publishes it: bounded in time, size and redirects. */
import { decodeUtf8 } from '../protocol/xml/parse.js';
import { MintmarkError } from '../protocol/mintmark-error.js';
import { TenantError } from '../tenant/tenant-error.js';

const PATIENCE_MS = 10_000;
const MOST_BYTES = 1_048_576;
const MOST_REDIRECTS = 3;
/** Whatever the media type says: PHP calls XML `text/html`, too. */
const HTML = /^\uFEFF?\s*<(?:!doctype\s+)?html[\s>]/i;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The document at `url`, http or https; every address is allowed, since whoever may import may reach the service providers under test.
 * Throws TenantError `metadata_unreachable`: no answer within 10 s, another status than 2xx, more than 1 MB or 3 redirects, no UTF-8, an HTML page.
 */
export async function fetchMetadata(url: string): Promise<string> {
  try {
    const text = decodeUtf8(await bytesOf(await finalAnswer(url, AbortSignal.timeout(PATIENCE_MS))));
    if (!HTML.test(text)) return text;
    throw unreachable(
      url,
      'it answered with an HTML page: give the URL of the XML itself, which must open without a login',
    );
  } catch (error) {
    if (error instanceof TenantError) throw error;
    throw unreachable(url, reasonOf(error), error);
  }
}

async function finalAnswer(url: string, signal: AbortSignal): Promise<Response> {
  let at = url;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const { username, password } = new URL(at);
    if (username !== '' || password !== '')
      throw unreachable(at, 'it has a user name or a password in it, and none is sent; send the XML itself');
    const answer = await fetch(at, {
      redirect: 'manual',
      signal,
      headers: { accept: 'application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1' },
    });
    if (!REDIRECTS.has(answer.status)) {
      if (answer.ok) return answer;
      await answer.body?.cancel();
      throw unreachable(at, `it answered with the status ${answer.status}`);
    }
    await answer.body?.cancel();
    at = redirectedTo(at, answer.headers.get('location'));
  }
  throw unreachable(url, `it redirects more than ${MOST_REDIRECTS} times`);
}

function redirectedTo(from: string, location: string | null): string {
  if (location === null || !URL.canParse(location, from))
    throw unreachable(from, 'it redirects, and does not say where to');
  const next = new URL(location, from);
  if (!['http:', 'https:'].includes(next.protocol))
    throw unreachable(from, `it redirects to ${next.protocol}, and only http and https are followed`);
  return next.href;
}

/** As they come, so that a document without an end does not fill the memory. */
async function bytesOf(answer: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    chunks.push(chunk as Uint8Array);
    size += (chunk as Uint8Array).byteLength;
    if (size > MOST_BYTES) throw unreachable(answer.url, `it has more than ${MOST_BYTES} bytes (1 MB)`);
  }
  return Buffer.concat(chunks);
}

/** What of a failed fetch helps: its codes, since the message is always "fetch failed". */
function reasonOf(error: unknown): string {
  if (error instanceof MintmarkError) return error.description;
  if (!(error instanceof Error)) return 'it cannot be fetched';
  if (error.name === 'TimeoutError') return `it did not answer within ${PATIENCE_MS / 1000} seconds`;
  const { code, message } = (error.cause ?? {}) as { code?: unknown; message?: unknown };
  if (message === 'bad port')
    return 'its port is one that is never fetched from (Fetch 2.9): send the XML itself';
  return typeof code === 'string'
    ? (REASONS[code] ?? `the connection failed with ${code}`)
    : 'the connection failed';
}
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
  ENOTFOUND: 'its host has no address (ENOTFOUND)',
  EAI_AGAIN: 'its host has no address (EAI_AGAIN)',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its TLS certificate is self-signed: start Mintmark with NODE_EXTRA_CA_CERTS, or send the XML itself',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its TLS certificate is by an issuer that is not known: start Mintmark with NODE_EXTRA_CA_CERTS, or send the XML itself',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its TLS certificate is by an issuer that is not known: start Mintmark with NODE_EXTRA_CA_CERTS, or send the XML itself',
};

function unreachable(url: string, why: string, cause?: unknown): TenantError {
  const detail = `the metadata at ${withoutCredentials(url)} cannot be had: ${why}`;
  return new TenantError('metadata_unreachable', detail, {
    cause,
    errors: [{ pointer: '/url', detail: why }],
  });
}

/** What is said of a URL does not repeat a password in it. */
function withoutCredentials(url: string): string {
  if (!URL.canParse(url)) return url.slice(0, 200);
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`.slice(0, 200);
}
