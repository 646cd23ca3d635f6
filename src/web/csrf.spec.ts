import { expect, test } from 'vitest';
import { csrfTokenOf, isCsrfToken } from './csrf.js';

const BROWSER = 'b'.repeat(43);
const token = csrfTokenOf(BROWSER, 'txn_1');

test('a token is good for one browser and one purpose, and shows neither', () => {
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(isCsrfToken(token, BROWSER, 'txn_1')).toBe(true);
  expect(isCsrfToken(token, BROWSER, 'txn_2')).toBe(false);
  expect(isCsrfToken(token, 'c'.repeat(43), 'txn_1')).toBe(false);
});

test.each([
  undefined,
  null,
  '',
  token.slice(1),
  `${token}x`,
  `ü${token.slice(1)}`,
  [token],
  Buffer.from(token),
])('%o is no token', (given) => {
  expect(isCsrfToken(given, BROWSER, 'txn_1')).toBe(false);
});

test.each([undefined, ''])('a browser without a token of its own (%o) can have none', (browserToken) => {
  expect(isCsrfToken(csrfTokenOf('', 'txn_1'), browserToken, 'txn_1')).toBe(false);
});
