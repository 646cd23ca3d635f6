/** Scopes: words between spaces (RFC 6749 3.3), and those that OpenID Connect gave a meaning. */

import type { Dialect } from './dialect.js';
import { OAuthError } from './oauth-error.js';

/** OIDC Core 5.4 and 11; `online_access` is Auth0's, a refresh token that ends with the session. */
const OIDC_SCOPES = [
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline_access',
  'online_access',
] as const;
const OIDC: ReadonlySet<string> = new Set(OIDC_SCOPES);

export const isOidcScope = (word: string): boolean => OIDC.has(word);

/** The words, each once, in the order in which they first stand. Text that is not a scope gives words all the same, see `malformedScope`. */
export const scopeWords = (text: string | undefined): readonly string[] => [
  ...new Set((text ?? '').split(' ').filter((word) => word !== '')),
];

/** The first word with a character that no scope may have; `undefined` where there is none. */
export const malformedScope = (words: readonly string[]): string | undefined =>
  words.find((word) => !/^[\x21\x23-\x5B\x5D-\x7E]+$/.test(word));

/** Those of `asked` that are `allowed`, in the order in which they were asked for. */
export function intersection(asked: readonly string[], allowed: Iterable<string>): readonly string[] {
  const set = new Set(allowed);
  return asked.filter((word) => set.has(word));
}

/** Those that a user may have: where there are permissions (`null` where an API does not ask for any) no other scope of the API. */
export const permittedScopes = (
  words: readonly string[],
  permissions: readonly string[] | null,
): readonly string[] =>
  permissions ? words.filter((word) => isOidcScope(word) || permissions.includes(word)) : words;

/** Those of `asked` that are not `allowed`. */
export function beyond(asked: readonly string[], allowed: Iterable<string>): readonly string[] {
  const set = new Set(allowed);
  return asked.filter((word) => !set.has(word));
}

/**
 * RFC 6749 3.3 has no empty scope, and an answer without any means the scope that was asked for: so whoever gets nothing of theirs must hear of
 * it. Auth0 leaves it out. Errors: `scope_not_granted`.
 */
export function refuseEmptyScope(
  asked: readonly string[],
  granted: readonly string[],
  dialect: Dialect,
): void {
  if (dialect !== 'strict' || asked.length === 0 || granted.length > 0) return;
  throw new OAuthError(
    'scope_not_granted',
    'nothing of the scope can be granted: the API has no such scope, the client may not have it, or the user may not; ask for another',
    { about: asked.join(' ') },
  );
}
