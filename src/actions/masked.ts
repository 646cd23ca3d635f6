/** Secrets are replaced before anything that an author's code said is kept. */
import { SECRET } from '../tenant/secret.js';

/** Shorter ones would blot out every other word. */
const SHORTEST = 4;

/** A function that replaces each of `secrets` wherever it stands in a string, in members and elements at any depth too. */
export function maskOf(secrets: Readonly<Record<string, string>>): (value: unknown) => unknown {
  const values = Object.values(secrets)
    .filter((value) => value.length >= SHORTEST)
    // the longer first: one may hold another
    .toSorted((one, other) => other.length - one.length);
  if (values.length === 0) return (value) => value;
  const text = (value: string): string =>
    values.reduce((masked, secret) => masked.replaceAll(secret, SECRET), value);
  const mask = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(mask);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [text(name), mask(member)]));
  };
  return mask;
}

/** Arguments as they may be shown: those at `places` (`0`, or `0.secret` for a member) not at all. */
export const withoutSecretArguments = (
  args: readonly unknown[],
  places: readonly string[] = [],
): readonly unknown[] =>
  places.reduce<readonly unknown[]>((shown, place) => without(shown, place.split('.')) as unknown[], args);

function without(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value === undefined ? value : SECRET;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return value;
  const hidden = without((value as Record<string, unknown>)[name], rest);
  if (Array.isArray(value)) return value.with(Number(name), hidden);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, key === name ? hidden : member]),
  );
}
