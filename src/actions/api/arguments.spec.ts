import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  booleanOf,
  boundedStringOf,
  instantOf,
  isObject,
  listed,
  objectOf,
  optionsOf,
  shown,
  textOf,
  wordOf,
} from './arguments.js';

const anything = fc.oneof(
  fc.anything({ withBigInt: true, withNullPrototype: true }),
  fc.constantFrom<unknown>(Symbol('s'), () => 1),
);

test('every value is shown on one short line', () => {
  fc.assert(
    fc.property(anything, (value) => {
      expect(shown(value)).not.toContain('\n');
      expect(shown(value).length).toBeLessThan(500);
    }),
  );
  expect([undefined, null, 1n, Symbol('s'), () => 1, [], {}, 'a'].map(shown)).toEqual([
    'undefined',
    'null',
    '1',
    'Symbol(s)',
    'a function',
    'an array',
    'an object',
    '"a"',
  ]);
  expect(shown('x'.repeat(100))).toBe(`"${'x'.repeat(60)}…"`);
});

test('names are listed as one says them', () => {
  expect(listed([])).toBe('');
  expect(listed(['a'])).toBe('a');
  expect(listed(['a', 'b'])).toBe('a or b');
  expect(listed(['a', 'b', 'c'])).toBe('a, b or c');
});

test('a value of the wrong type is refused by the name of its field', () => {
  expect(() => textOf('reason', 1)).toThrow(new TypeError('reason must be string'));
  expect(() => textOf('host', '')).toThrow(/^host must NOT have fewer than 1 characters$/);
  expect(() => booleanOf('flag', 'true')).toThrow(/^flag must be boolean$/);
  for (const none of [null, [], 'a', undefined]) {
    expect(() => objectOf('payload', none)).toThrow(/^payload must be object$/);
    expect(isObject(none)).toBe(false);
  }
  expect([textOf('a', 'b'), booleanOf('a', false), objectOf('a', {})]).toEqual(['b', false, {}]);
});

test('lengths count code points', () => {
  expect(boundedStringOf('id', '🜨'.repeat(3), 3)).toBe('🜨🜨🜨');
  expect(() => boundedStringOf('id', '🜨'.repeat(4), 3)).toThrow(/^id must NOT have more than 3 characters$/);
  expect(() => boundedStringOf('id', 'abcd', 3)).toThrow('more than 3');
  expect(boundedStringOf('id', 'abc', 3)).toBe('abc');
  expect(() => boundedStringOf('id', 'x'.repeat(1000), 3)).toThrow('more than 3');
});

test('a word outside the list is refused with the list, and with the one that was meant', () => {
  expect(wordOf('provider', 'duo', ['any', 'duo'])).toBe('duo');
  expect(() => wordOf('provider', 'guardiam', ['any', 'duo', 'guardian'])).toThrow(
    'provider must be any, duo or guardian, not "guardiam"; did you mean "guardian"?',
  );
  expect(() => wordOf('provider', Symbol('s'), ['any'])).toThrow('provider must be any, not Symbol(s)');
});

test('an option that nobody knows is refused with those that are known', () => {
  expect(optionsOf('options', undefined, ['a'])).toEqual({});
  expect(optionsOf('options', { a: 1 }, ['a'])).toEqual({ a: 1 });
  expect(() => optionsOf('options', { preserveTokens: true }, ['preserveRefreshTokens'])).toThrow(
    'options must NOT have additional properties: "preserveTokens" is not one of preserveRefreshTokens; did you mean "preserveRefreshTokens"?',
  );
  expect(() => optionsOf('options', JSON.parse('{"__proto__":{"a":1}}'), ['a'])).toThrow('"__proto__"');
  expect(() => optionsOf('options', null, ['a'])).toThrow('options must be object');
});

test('an instant is a number of milliseconds that a Date can hold; nothing and zero are none', () => {
  for (const instant of [1, -1, 1_767_225_600_000.5, 8.64e15, -8.64e15])
    expect(instantOf('absolute', instant)).toBe(instant);
  for (const none of [undefined, null, 0, -0, Number.NaN, '', false, 0n])
    expect(() => instantOf('absolute', none)).toThrow(
      /^Either inactivity or absolute expiration time must be provided$/,
    );
  for (const other of ['1', true, {}, 1n, Infinity, -Infinity, Symbol('s')])
    expect(() => instantOf('absolute', other)).toThrow(/^absolute must be number$/);
  for (const beyond of [8.64e15 + 1, -1e300])
    expect(() => instantOf('absolute', beyond)).toThrow(/^absolute must be an instant in milliseconds/);
});
