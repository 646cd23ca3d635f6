/** What of a token request is kept, and its parameters as grants take them. */
import { quoted } from '../protocol/oauth/description.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { Parameters } from '../protocol/oauth/parameters.js';
import { malformedScope, scopeWords } from '../protocol/oauth/scopes.js';
import { shortened } from '../protocol/saml/shortened.js';

/** Whoever has one of these can be somebody else. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set([
  'client_secret',
  'client_assertion',
  'password',
  'code',
  'code_verifier',
  'refresh_token',
  'device_code',
  'subject_token',
  'actor_token',
  'assertion',
  'mfa_token',
  'otp',
  'oob_code',
  'binding_code',
  'recovery_code',
  'token',
  'access_token',
  'id_token',
]);
const MOST_PARAMETERS = 50;
const LONGEST_VALUE = 2048;
const MOST_CHARACTERS = 16_384;

/** `event.request.body`, and what the debug view shows: bounded, and without what proves who somebody is. */
export function keptParameters(parameters: Parameters): Readonly<Record<string, string>> {
  const kept: [string, string][] = [];
  let room = MOST_CHARACTERS;
  for (const [name, value] of parameters) {
    if (SECRET_PARAMETERS.has(name) || name === '__proto__') continue;
    const shown = shortened(value, LONGEST_VALUE);
    room -= name.length + shown.length;
    if (room < 0 || kept.length === MOST_PARAMETERS) break;
    kept.push([name, shown]);
  }
  return Object.fromEntries(kept);
}

/** Errors: `parameter_missing`. */
export function required(parameters: Parameters, name: string, hint: string): string {
  const value = parameters.get(name);
  if (value !== undefined) return value;
  throw new OAuthError('parameter_missing', `the parameter ${name} is missing: ${hint}`);
}

/** The scopes that are asked for; `undefined` where the request says nothing. Errors: `scope_invalid`. */
export function askedScopes(parameters: Parameters): readonly string[] | undefined {
  const text = parameters.get('scope');
  if (text === undefined) return undefined;
  const words = scopeWords(text);
  const malformed = malformedScope(words);
  if (malformed === undefined) return words;
  throw new OAuthError(
    'scope_invalid',
    `the scope ${quoted(malformed)} has a character that none may have; separate scopes by spaces (RFC 6749 3.3)`,
  );
}

/** `audience` of Auth0, else `resource` of RFC 8707. */
export const askedAudience = (parameters: Parameters): string | undefined =>
  parameters.get('audience') ?? parameters.get('resource');
