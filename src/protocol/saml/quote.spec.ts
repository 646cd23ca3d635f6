import { expect, test } from 'vitest';
import { quote } from './quote.js';

test('somebody else’s text stays on one line and is cut', () => {
  expect(quote('a "b"\nc')).toBe(String.raw`"a \"b\"\nc"`);
  expect(quote('x'.repeat(200))).toHaveLength(202);
  expect(quote('x'.repeat(100_000))).toBe(`"${'x'.repeat(200)}…"`);
});
