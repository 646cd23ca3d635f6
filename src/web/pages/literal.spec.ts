import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { shownPlain } from '../../actions/plain-value.js';
import { SECRET } from '../../tenant/secret.js';
import { literal } from './literal.js';

test.each([
  ['admin', '"admin"'],
  ['of "two"\nlines', String.raw`"of \"two\"\nlines"`],
  [['admin', 1, true, null], '["admin", 1, true, null]'],
  [{ role: 'x', 'a-b': { $c: [] } }, '{ role: "x", "a-b": { $c: [] } }'],
  [{}, '{}'],
  [SECRET, SECRET],
])('%j is written as %s', (value, written) => {
  expect(literal(value)).toBe(written);
});

test('what JSON cannot say is written as it was, too', () => {
  const passed = [undefined, Number.NaN, -Infinity, function named() {}];
  expect(passed.map((value) => literal(shownPlain(value)))).toEqual([
    'undefined',
    'NaN',
    '-Infinity',
    '[function named]',
  ]);
});

test('what is written says the value again', () => {
  const standsForItself = /^(?:undefined|NaN|-?Infinity|\[function .*\]|\(secret\))$/s;
  const text = fc.string({ unit: 'grapheme' }).filter((value) => !standsForItself.test(value));
  // in source text `__proto__:` is no member like any other
  const name = fc.string().filter((key) => key !== '__proto__');
  const { value: values } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(values, (value) => {
      // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- to read it as an author's engine would
      expect(new Function(`return (${literal(value)});`)()).toEqual(value);
    }),
  );
});
