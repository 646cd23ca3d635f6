/**
 * What of an HTTP request goes with a login, for Actions to see and for the inspector to show. It is kept, so it is bounded,
 * and nothing that proves who somebody is goes into it.
 */
import type { FastifyRequest } from 'fastify';
import { shortened } from '../protocol/saml/shortened.js';
import type { RequestFacts } from '../tenant/transaction.js';
import { queryOf } from './saml/query.js';

const LONGEST_USER_AGENT = 512;
const LONGEST_LANGUAGE = 256;
const MOST_PARAMETERS = 50;
const LONGEST_NAME = 256;
const LONGEST_VALUE = 2048;
/** Of all names and values of a query or a form; anyone can post what is kept here. */
const MOST_CHARACTERS = 16_384;

/** Messages are kept as what they are, their signatures with them; the others are secrets, or (`__proto__`) no name to give an object. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'SAMLRequest',
  'SAMLResponse',
  'Signature',
  'SigAlg',
  'password',
  'client_secret',
  'client_assertion',
  'id_token_hint',
  'csrf',
  '__proto__',
]);

/** Of a request that a browser makes. A body is a form, as it was posted. */
export const requestFactsOf = (request: FastifyRequest, longestValue = LONGEST_VALUE): RequestFacts => ({
  query: parametersOf(queryOf(request), longestValue),
  body: typeof request.body === 'string' ? parametersOf(request.body, longestValue) : {},
  ...callerOf(request),
});

/** Of a call of the API that begins a login: who called. What was called is no part of the login. */
export const apiRequestFactsOf = (request: FastifyRequest): RequestFacts => ({
  query: {},
  body: {},
  ...callerOf(request),
});

function callerOf({ ip, method, headers }: FastifyRequest): Omit<RequestFacts, 'query' | 'body'> {
  const userAgent = headers['user-agent'];
  const language = headers['accept-language'];
  return {
    ip,
    method,
    ...(userAgent !== undefined && { userAgent: shortened(userAgent, LONGEST_USER_AGENT) }),
    ...(language !== undefined && { language: shortened(language, LONGEST_LANGUAGE) }),
  };
}

/** Decoding what is left out would cost more than the rest. A name that is spelt with escapes is found when it is decoded. */
const withoutMessages = (encoded: string): string =>
  encoded
    .split('&')
    .filter((part) => !LEFT_OUT.has(part.split('=', 1)[0]!))
    .join('&');

/** Of several of one name the first. What is beyond a bound is cut, or left out where it is a name. */
function parametersOf(encoded: string, longestValue: number): Readonly<Record<string, string>> {
  const parameters = new Map<string, string>();
  // one that may be longer than others leaves them their room
  let room = MOST_CHARACTERS + (longestValue - LONGEST_VALUE);
  for (const [name, value] of new URLSearchParams(withoutMessages(encoded))) {
    if (parameters.has(name) || LEFT_OUT.has(name) || name.length > LONGEST_NAME) continue;
    const kept = shortened(value, longestValue);
    room -= name.length + kept.length;
    if (room < 0 || parameters.size === MOST_PARAMETERS) break;
    parameters.set(name, kept);
  }
  return Object.fromEntries(parameters);
}
