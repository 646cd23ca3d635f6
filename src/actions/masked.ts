/** Secrets are replaced before anything that an author's code said is kept. */
import { SECRET } from '../tenant/secret.js';

/** Shorter ones would blot out every other word. */
const SHORTEST = 4;

/** Of a secret of several lines, each is one: a console prints them apart. So many: the longest keys have fewer. */
const SHORTEST_LINE = 8;
const MOST_LINES = 150;

/** The strings in a value, at any depth. */
const stringsIn = (value: unknown): readonly string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(stringsIn)
      : [];

/** As a secret may stand in a text: itself, and as JSON, a console and an address write it. */
function spellings(secret: string): readonly string[] {
  const lines = secret.split(/\r?\n/);
  const texts =
    lines.length === 1
      ? lines
      : [secret, ...lines.filter(({ length }) => length >= SHORTEST_LINE).slice(0, MOST_LINES)];
  return texts.flatMap((text) => {
    const json = JSON.stringify(text).slice(1, -1);
    // a console escapes all that JSON does but the quotation mark; a lone surrogate has no place in an address
    const wellFormed = text.toWellFormed();
    return [
      text,
      json,
      json.replaceAll('\\"', '"'),
      encodeURIComponent(wellFormed),
      // a form and URLSearchParams, whose space is a plus; and what URL makes of an address that was put together
      new URLSearchParams([['', wellFormed]]).toString().slice(1),
      encodeURI(wellFormed),
    ];
  });
}

/**
 * A function that replaces each string in `secrets` wherever it stands in a string, in members and elements at any depth too.
 * `secrets` may hold those of several Actions, each in a member of its own.
 */
export function maskOf(secrets: Readonly<Record<string, unknown>>): (value: unknown) => unknown {
  const values = [...new Set(stringsIn(secrets).flatMap(spellings))]
    .filter((value) => value.length >= SHORTEST)
    // the longer first: one may hold another
    .toSorted((one, other) => other.length - one.length);
  if (values.length === 0) return (value) => value;
  return (value) => {
    // most say nothing of any: one look at all of it, and not one at each of many short texts
    const all = textsIn(value).join('\n');
    const present = values.filter((secret) => all.includes(secret));
    return present.length === 0 ? value : masked(value, present);
  };
}

/** With the names of members. */
const textsIn = (value: unknown): readonly string[] =>
  typeof value === 'string'
    ? [value]
    : Array.isArray(value)
      ? value.flatMap(textsIn)
      : typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, member]) => [name, ...textsIn(member)])
        : [];

function masked(value: unknown, secrets: readonly string[]): unknown {
  const text = (shown: string): string =>
    secrets.reduce((before, secret) => before.replaceAll(secret, SECRET), shown);
  const mask = (inner: unknown): unknown => {
    if (typeof inner === 'string') return text(inner);
    if (Array.isArray(inner)) return inner.map(mask);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([name, member]) => [text(name), mask(member)]));
  };
  return mask(value);
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
