import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonBytes, plainJson, put, withMember } from './plain-json.js';

test('a value is read as JSON.stringify writes it', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withSparseArray: true }), (value) => {
      const text = JSON.stringify(value) as string | undefined;
      expect(plainJson(value)).toStrictEqual(text === undefined ? undefined : JSON.parse(text));
    }),
  );
});

test.each([
  [undefined, undefined],
  [() => 1, undefined],
  [Symbol('s'), undefined],
  [Number.NaN, null],
  [-Infinity, null],
  [-0, 0],
  [{ a: undefined, b: () => 1, c: Symbol('s'), d: [undefined, () => 1] }, { d: [null, null] }],
])('what JSON cannot say is left out or null: %#', (value, json) => {
  expect(plainJson(value)).toStrictEqual(json);
});

test('a toJSON of the author’s is not called', () => {
  expect(plainJson({ a: 1, toJSON: () => 'called' })).toEqual({ a: 1 });
});

test('a bigint anywhere throws, and so do a circle and what is too deep', () => {
  expect(() => plainJson({ a: [1n] })).toThrow(TypeError);
  const circle: unknown[] = [];
  circle.push(circle);
  expect(() => plainJson(circle)).toThrow(
    new TypeError('the value is nested deeper than 100 levels, or contains itself'),
  );
  const nested = (levels: number): unknown => (levels === 0 ? 'end' : [nested(levels - 1)]);
  expect(plainJson(nested(100))).toEqual(nested(100));
  expect(() => plainJson(nested(101))).toThrow(TypeError);
});

test('a member named __proto__ stays a member', () => {
  const value: unknown = JSON.parse('{"__proto__":{"admin":true}}');
  const copy = plainJson(value) as object;
  expect(Object.keys(copy)).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  const target: Record<string, unknown> = {};
  put(target, '__proto__', 1);
  expect(Object.entries(target)).toEqual([['__proto__', 1]]);
  expect(Object.entries(withMember({ a: 1 }, '__proto__', 2))).toEqual([
    ['a', 1],
    ['__proto__', 2],
  ]);
});

test('bytes are those of UTF-8', () => {
  expect(jsonBytes({ a: 'ä' })).toBe(10);
});
