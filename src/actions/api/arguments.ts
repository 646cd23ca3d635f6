/**
 * Checks of options and other arguments that have no schema, for members that share them. Messages are Auth0's where it has them: the name
 * of the field, then the rule it breaks (`reason must be string`). A wrong type throws TypeError, everything else Error.
 */
import { didYouMean } from '../../protocol/nearest-name.js';
import { stringArgument } from './argument-errors.js';

export type Fields = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const LONGEST_SHOWN = 60;

/** A value as a message shows it: short, on one line. A symbol or a bigint must not break the message that refuses it. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    const cut = value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value;
    return JSON.stringify(cut);
  }
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
}

/** `a, b or c`, as a message lists what is allowed. */
export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;

/** A string with something in it. */
export function textOf(name: string, value: unknown): string {
  const text = stringArgument(name, value);
  if (text === '') throw new Error(`${name} must NOT have fewer than 1 characters`);
  return text;
}

/** A string of at most `limit` code points. */
export function boundedStringOf(name: string, value: unknown, limit: number): string {
  const text = stringArgument(name, value);
  // A code point takes one or two units, so most texts need no counting.
  if (text.length > limit && (text.length > 2 * limit || Array.from(text).length > limit))
    throw new Error(`${name} must NOT have more than ${limit} characters`);
  return text;
}

export function booleanOf(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${name} must be boolean`);
  return value;
}

export function objectOf(name: string, value: unknown): Fields {
  if (!isObject(value)) throw new TypeError(`${name} must be object`);
  return value;
}

/** One of a few words. */
export function wordOf<Word extends string>(name: string, value: unknown, allowed: readonly Word[]): Word {
  const word = allowed.find((one) => one === value);
  if (word === undefined)
    throw new Error(
      `${name} must be ${listed(allowed)}, not ${shown(value)}${typeof value === 'string' ? didYouMean(value, allowed) : ''}`,
    );
  return word;
}

/** The members of an object of options; one that nobody knows is a mistake, not a wish. `undefined` stands for none. */
export function optionsOf(name: string, value: unknown, known: readonly string[]): Fields {
  if (value === undefined) return {};
  const options = objectOf(name, value);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new Error(
      `${name} must NOT have additional properties: ${shown(unknown)} is not one of ${known.join(', ')}${didYouMean(unknown, known)}`,
    );
  return options;
}

/** What a Date can hold (ECMA-262 21.4.1.1). */
const LAST_INSTANT = 8.64e15;

/** An instant in milliseconds since 1970. Negative ones are instants too: sessions are ended by them. */
export function instantOf(name: string, value: unknown): number {
  // Whatever is falsy counts as left out, 0 and NaN too.
  if (!value) throw new Error('Either inactivity or absolute expiration time must be provided');
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError(`${name} must be number`);
  if (Math.abs(value) > LAST_INSTANT)
    throw new Error(`${name} must be an instant in milliseconds since 1970, as Date.now() gives it`);
  return value;
}
