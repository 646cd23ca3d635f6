/** Scopes: words between spaces (RFC 6749 3.3), and those that OpenID Connect gave a meaning. */

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
