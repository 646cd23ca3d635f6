/**
 * Reads the parameters of a request, from a query, a form or a JSON body, and strictly: two readers of one request must not see two requests.
 * What arrives is text or octets, not what a framework made of it: a repeated name must be seen (RFC 6749 3.1, 3.2).
 */
import { readJson } from '../jwt/json-value.js';
import { quoted } from './description.js';
import { OAuthError } from './oauth-error.js';

/** Parameters by name. One without a value is absent (RFC 6749 3.1). */
export type Parameters = ReadonlyMap<string, string>;
export type JsonObject = Readonly<Record<string, unknown>>;

/** What is read, for messages. */
type Carrier = 'query' | 'form' | 'JSON body';

export interface ReadParameters {
  readonly parameters: Parameters;
  /** The names that stood more than once, whose first value is in `parameters`: /authorize tells it by a redirect, once it knows where to. */
  readonly repeated: readonly string[];
}

/** In characters. A form carries subject tokens and assertions. */
const LONGEST: Readonly<Record<Carrier, number>> = { query: 65_536, form: 262_144, 'JSON body': 262_144 };
const MOST = 256;
const LONGEST_NAME = 256;

const unreadable = (carrier: Carrier, detail: string): OAuthError =>
  new OAuthError('body_unreadable', `the ${carrier} cannot be read: ${detail}`);

/** The text that octets of UTF-8 are. */
function textOf(body: string | Uint8Array, carrier: Carrier): string {
  const length = typeof body === 'string' ? body.length : body.byteLength;
  if (length > LONGEST[carrier])
    throw new OAuthError(
      'body_too_large',
      `the ${carrier} has ${length} ${typeof body === 'string' ? 'characters' : 'bytes'}; at most ${LONGEST[carrier]} are read`,
    );
  if (typeof body === 'string') {
    if (!body.isWellFormed()) throw unreadable(carrier, 'it holds half of a surrogate pair');
    return body;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw unreadable(carrier, 'it is not UTF-8');
  }
}

/** `+` is a space; `undefined` where an escape is broken, or is not UTF-8. */
export function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** Refuses a name or a value that could not be carried on: no form of HTML can carry U+0000. */
function refuseUnfit(carrier: Carrier, name: string, value: string): void {
  if (name.length > LONGEST_NAME)
    throw unreadable(carrier, `a parameter has a name of ${name.length} characters`);
  if (name.includes('\0') || value.includes('\0'))
    throw unreadable(carrier, `the parameter ${quoted(name)} holds U+0000`);
}

/** Collects what is read, one value a name. */
function collector(carrier: Carrier): {
  readonly parameters: Map<string, string>;
  readonly repeated: Set<string>;
  /** Whether the name stands there for the first time. */
  readonly isFirst: (name: string) => boolean;
} {
  const parameters = new Map<string, string>();
  const seen = new Set<string>();
  const repeated = new Set<string>();
  return {
    parameters,
    repeated,
    isFirst: (name) => {
      if (seen.has(name)) {
        repeated.add(name);
        return false;
      }
      if (seen.size === MOST) throw unreadable(carrier, `it has more than ${MOST} parameters`);
      seen.add(name);
      return true;
    },
  };
}

/**
 * The parameters of a query (without its `?`) or of a form, and which of them are repeated. Errors: `body_too_large`; `body_unreadable` for
 * text that is not UTF-8, U+0000, or more than 256 parameters.
 */
export function collectParameters(body: string | Uint8Array, carrier: 'query' | 'form'): ReadParameters {
  const { parameters, repeated, isFirst } = collector(carrier);
  for (const part of textOf(body, carrier).split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const [spelt, raw] = equals === -1 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
    // a form is UTF-8 as it arrives, but nobody can tell which bytes such characters of a URL were
    if (carrier === 'query' && /[^ -~]/.test(part))
      throw unreadable(carrier, `${quoted(spelt)} has characters that are not percent-encoded`);
    const name = formDecoded(spelt);
    const value = formDecoded(raw);
    if (name === undefined || value === undefined)
      throw unreadable(
        carrier,
        `${quoted(spelt)} has a percent sign that begins no escape of UTF-8; write a percent sign as %25 and text as UTF-8`,
      );
    refuseUnfit(carrier, name, value);
    if (isFirst(name) && value !== '') parameters.set(name, value);
  }
  return { parameters, repeated: [...repeated] };
}

/** The error of parameters that stand more than once. */
export const repeatedError = (repeated: readonly string[]): OAuthError =>
  new OAuthError(
    'parameter_twice',
    `${repeated.slice(0, 5).map(quoted).join(', ')} ${repeated.length === 1 ? 'stands' : 'stand'} more than once in the request; send each parameter once`,
  );

/** The parameters of a form (or query), each of which stands once. Errors: those of `collectParameters`, and `parameter_twice`. */
export function readParameters(body: string | Uint8Array, carrier: 'query' | 'form' = 'form'): Parameters {
  const { parameters, repeated } = collectParameters(body, carrier);
  if (repeated.length > 0) throw repeatedError(repeated);
  return parameters;
}

/** The names of the outermost object of a text that is known to be JSON, as often as they stand: JSON.parse keeps the last of each. */
function outermostNames(json: string): string[] {
  const names: string[] = [];
  let depth = 0;
  let last = '';
  for (const [token] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (token !== ':') last = token;
    else if (depth === 1) names.push(JSON.parse(last) as string);
  }
  return names;
}

/** The text of a plain value; `undefined` where it is none. */
function plainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === null ? '' : undefined;
}

export interface JsonParameters {
  readonly parameters: Parameters;
  /** The objects, by name. */
  readonly nested: ReadonlyMap<string, JsonObject>;
}

/**
 * The parameters of a JSON body: texts, and numbers and booleans as text; `null` is as good as absent. Objects may stand under the names of
 * `nested` only. Errors as of `readParameters`, and `parameter_invalid` for a value that is no text.
 */
export function readJsonParameters(
  body: string | Uint8Array,
  nestedNames: readonly string[] = [],
): JsonParameters {
  const text = textOf(body, 'JSON body');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw unreadable(
      'JSON body',
      /^[\w.~-]+=/.test(text)
        ? 'it is a form; send it as application/x-www-form-urlencoded'
        : 'it is not JSON; the Content-Type says it is',
    );
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw unreadable('JSON body', 'it is not an object; send the parameters as its members');
  const { parameters, repeated, isFirst } = collector('JSON body');
  for (const name of outermostNames(text)) isFirst(name);
  if (repeated.size > 0) throw repeatedError([...repeated]);
  const nested = new Map<string, JsonObject>();
  for (const [name, value] of Object.entries(parsed)) {
    const plain = plainText(value);
    if (plain === undefined) nested.set(name, nestedObject(name, value, nestedNames));
    else {
      refuseUnfit('JSON body', name, plain);
      if (!plain.isWellFormed() || !name.isWellFormed())
        throw unreadable('JSON body', `the parameter ${quoted(name)} holds half of a surrogate pair`);
      if (plain !== '') parameters.set(name, plain);
    }
  }
  return { parameters, nested };
}

function nestedObject(name: string, value: unknown, nestedNames: readonly string[]): JsonObject {
  if (Array.isArray(value))
    throw new OAuthError(
      'parameter_invalid',
      `${quoted(name)} is an array; send a text, with spaces between the words of a list`,
    );
  if (!nestedNames.includes(name))
    throw new OAuthError('parameter_invalid', `${quoted(name)} is an object; send a text`);
  const reading = readJson(value);
  if ('flaw' in reading)
    throw new OAuthError('parameter_invalid', `${quoted(name)} is ${reading.flaw.what}; make it flatter`);
  return reading.value as JsonObject;
}
