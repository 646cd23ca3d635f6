import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { merged, overlaid, plainJson, type JsonObject } from './merged.js';

test('objects merge, lists and scalars replace', () => {
  const base = { a: { b: 1, c: { d: [1, 2] } }, e: 'x' };
  expect(merged(base, { a: { c: { d: [3] } }, e: { f: true } })).toEqual({
    a: { b: 1, c: { d: [3] } },
    e: { f: true },
  });
});

test('null takes a member away, however deep, and is nothing where there was none', () => {
  expect(merged({ a: { b: 1, c: 2 }, d: 3 }, { a: { b: null, x: { y: null } }, d: null })).toEqual({
    a: { c: 2, x: {} },
  });
});

test('changes neither argument', () => {
  const base = { a: { b: 1 } };
  const over = { a: { c: 2 } };
  merged(base, over);
  expect([base, over]).toEqual([{ a: { b: 1 } }, { a: { c: 2 } }]);
});

test('at the top level alone, objects replace too', () => {
  expect(overlaid({ a: { b: 1 }, c: 2, d: 3 }, { a: { x: 1 }, d: null })).toEqual({ a: { x: 1 }, c: 2 });
});

const json = (text: string): JsonObject => JSON.parse(text) as JsonObject;

test.each([
  '{"__proto__": {"polluted": 1}}',
  '{"a": {"__proto__": {"polluted": 1}}}',
  '{"constructor": {"prototype": {"polluted": 1}}}',
  '{"a": {"constructor": {"prototype": {"polluted": 1}}}}',
  '{"__proto__": null, "constructor": null}',
])('no name reaches a prototype: %s', (over) => {
  for (const base of [{}, { a: {} }]) {
    const result = merged(base, json(over));
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.hasOwn(result, '__proto__')).toBe(false);
    expect(Object.hasOwn(overlaid(base, json(over)), '__proto__')).toBe(false);
  }
});

test('what JSON cannot say is left out, and names of prototypes with it', () => {
  const value = { a: undefined, b: -0, list: [json('{"__proto__": 1, "kept": 2}')] };
  const plain = plainJson(value);
  expect(plain).toStrictEqual({ b: 0, list: [{ kept: 2 }] });
});

const NAMES = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'a', 'b'),
  fc.string(),
);
/** Objects with any names at all, `__proto__` among them as their own. */
const anyJson = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
  object: fc
    .array(fc.tuple(NAMES, tie('value')), { maxLength: 4 })
    .map((entries) => Object.fromEntries(entries) as JsonObject),
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, -0, 1.5, '', 'x'),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
})).object;

test('whatever is merged, no prototype changes and every member is its own', () => {
  const before = Object.getOwnPropertyNames(Object.prototype).join();
  fc.assert(
    fc.property(anyJson, anyJson, (base, over) => {
      const result = plainJson(merged(base, over));
      expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
      const walk = (value: unknown): void => {
        if (typeof value !== 'object' || value === null) return;
        if (!Array.isArray(value)) {
          expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
          expect(Object.hasOwn(value, '__proto__')).toBe(false);
        }
        Object.values(value).forEach(walk);
      };
      walk(result);
      expect(isDeepStrictEqual(JSON.parse(JSON.stringify(result)), result)).toBe(true);
    }),
  );
});

test('laid over twice, a merge says the same', () => {
  fc.assert(
    fc.property(anyJson, anyJson, (base, over) => {
      const once = merged(base, over);
      expect(isDeepStrictEqual(merged(once, over), once)).toBe(true);
    }),
  );
});
