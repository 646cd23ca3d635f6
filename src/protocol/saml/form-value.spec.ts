import { expect, test } from 'vitest';
import { isCarriedUnchanged } from './form-value.js';

test.each([
  ['', true],
  ['https://sp.example.test/?a=b&c=d#e', true],
  ['a\r\nb', true],
  ['\ttab, \u0085, \u2028, \u{1f600}, \ufeff', true],
  ['a\nb', false],
  ['a\rb', false],
  ['a\n\rb', false],
  ['a\r\n\nb', false],
  ['a\0b', false],
  ['a\ud800b', false],
  ['\udc00', false],
])('a form carries %j unchanged: %s', (text, unchanged) => {
  expect(isCarriedUnchanged(text)).toBe(unchanged);
});
