/** `event.request`: the request that a handler runs for. */
import { BINDINGS } from '../protocol/saml/names.js';
import type { Transaction } from '../tenant/transaction.js';
import type { EventFacts } from './event-facts.js';
import type { JsonObject } from './merged.js';

/** Whether an Action sent the browser away and it came back: then the request is another one than that of the arrival. */
export const hasReturned = ({ timeline }: Transaction): boolean =>
  timeline.some(({ name }) => name === 'user.returned');

/** Of post-login. A SAML message, which the facts leave out, stands where the browser brought it. */
export function loginRequest({ request, hostname, transaction }: EventFacts): JsonObject {
  const message = hasReturned(transaction) ? {} : messageIn(transaction);
  return {
    ...callerIn({ request, hostname }),
    query: { ...request.query, ...message.query },
    body: { ...request.body, ...message.body },
  };
}

/** Of credentials-exchange: without a query, as Auth0 has it. */
export const exchangeRequest = ({ request, hostname }: EventFacts, tokenRequest: JsonObject): JsonObject => ({
  ...callerIn({ request, hostname }),
  body: { ...tokenRequest, ...request.body },
});

function callerIn({ request, hostname }: Pick<EventFacts, 'request' | 'hostname'>): JsonObject {
  const language = primaryLanguage(request.language);
  return {
    ip: request.ip,
    method: request.method,
    hostname,
    // nobody looks addresses up: a test that needs a place gives one
    geoip: {},
    ...(request.userAgent !== undefined && { user_agent: request.userAgent }),
    ...(language !== undefined && { language }),
  };
}

/** Over REST no browser sent anything, so there it stands nowhere. */
function messageIn({ saml, browser }: Transaction): {
  readonly query?: JsonObject;
  readonly body?: JsonObject;
} {
  if (!saml || !browser) return {};
  const { SAMLRequest, RelayState, binding } = saml;
  const message = {
    ...(SAMLRequest !== undefined && { SAMLRequest }),
    ...(RelayState !== undefined && { RelayState }),
  };
  return binding === BINDINGS.httpPost ? { body: message } : { query: message };
}

/** `de` of `de-CH,de;q=0.9`: the first language that Accept-Language names (RFC 9110 12.5.4), without its region. */
function primaryLanguage(acceptLanguage: string | undefined): string | undefined {
  const ranges = (acceptLanguage ?? '').split(',').map((range) => range.trim());
  const [, tag] = ranges.map((range) => /^([a-z]{2,8})(?![a-z])/i.exec(range)).find(Boolean) ?? [];
  return tag?.toLowerCase();
}
