import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePlain, encodePlain, shownPlain } from './plain-value.js';

const throughJson = (value: unknown): unknown => decodePlain(JSON.parse(JSON.stringify(encodePlain(value))));

test('what JSON cannot say arrives as it was', () => {
  expect(throughJson([undefined, Number.NaN, Infinity, -0, 12n, null])).toEqual([
    undefined,
    Number.NaN,
    Infinity,
    -0,
    12n,
    null,
  ]);
  expect(typeof throughJson(Symbol('s'))).toBe('symbol');
  expect((throughJson(function named() {}) as { name: string }).name).toBe('named');
  expect(() => (throughJson(() => 1) as () => void)()).toThrow(TypeError);
});

test('an object that looks like a mark stays an object', () => {
  for (const value of [
    { $undefined: true },
    { $object: { a: 1 } },
    { $number: 'NaN' },
    { a: { $bigint: '1' } },
  ])
    expect(throughJson(value)).toEqual(value);
});

test('any plain value arrives as it was, a member named __proto__ too', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withNullPrototype: false }), (value) => {
      expect(throughJson(value)).toEqual(value);
    }),
  );
  const own = JSON.parse('{"__proto__": {"polluted": true}}') as object;
  expect(Object.hasOwn(throughJson(own) as object, '__proto__')).toBe(true);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('people read it', () => {
  expect(shownPlain({ a: undefined, b: [Number.NaN, 1n, Symbol('x'), () => 1], c: null })).toEqual({
    a: 'undefined',
    b: ['NaN', '1n', 'Symbol(x)', '[function ]'],
    c: null,
  });
});
