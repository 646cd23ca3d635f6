import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { describable, quoted } from './description.js';

const allowed = /^[\x20-\x21\x23-\x5B\x5D-\x7E]*$/;

test('whatever is quoted, the description has only characters that RFC 6749 allows, and never more than 205 of them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
      expect(quoted(text)).toMatch(allowed);
      expect(quoted(text).length).toBeLessThanOrEqual(205);
      expect(describable(text)).toMatch(allowed);
    }),
  );
});

test('a text that is allowed stays as it is', () => {
  const text = "It's 100% fine: [a] {b} ~ !";
  expect(describable(text)).toBe(text);
  expect(quoted('read:mail')).toBe("'read:mail'");
});

test('a character stands for one mark, however many units it has; a quotation mark becomes an apostrophe', () => {
  expect(describable('a "b" \\ \u{1F600}\n')).toBe("a 'b' / ??");
});

test('a long text is cut', () => {
  expect(quoted('x'.repeat(200))).toBe(`'${'x'.repeat(200)}'`);
  expect(quoted('x'.repeat(201))).toBe(`'${'x'.repeat(200)}...'`);
});
