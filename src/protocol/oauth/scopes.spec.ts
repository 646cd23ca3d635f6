import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { beyond, intersection, isOidcScope, malformedScope, scopeWords } from './scopes.js';

const words = fc.array(fc.constantFrom<string[]>('openid', 'read:mail', 'write:mail', 'a', 'b'));

test('the words of a scope stand once each, in the order of the request', () => {
  expect(scopeWords('openid  profile openid read:mail ')).toEqual(['openid', 'profile', 'read:mail']);
  expect(scopeWords('')).toEqual([]);
  expect(scopeWords(undefined)).toEqual([]);
});

test('what is within and what is beyond make up what was asked for', () => {
  fc.assert(
    fc.property(words, words, (asked, allowed) => {
      const within = intersection(asked, allowed);
      const rest = beyond(asked, allowed);
      expect(within.every((word) => allowed.includes(word))).toBe(true);
      expect(rest.some((word) => allowed.includes(word))).toBe(false);
      expect([...within, ...rest].toSorted()).toEqual(asked.toSorted());
    }),
  );
  expect(intersection(['c', 'a', 'b'], ['a', 'c'])).toEqual(['c', 'a']);
});

test.each(['"a"', 'a\\b', 'ä', 'a\tb', 'a\u007f'])('%j is no scope', (word) => {
  expect(malformedScope(['openid', word])).toBe(word);
});

test('URLs, colons and other marks are scopes', () => {
  expect(malformedScope(scopeWords('https://api.example/read read:mail a,b !#[]~ openid'))).toBeUndefined();
});

test('the scopes of OpenID Connect are told from those of APIs', () => {
  expect(isOidcScope('offline_access')).toBe(true);
  expect(isOidcScope('read:mail')).toBe(false);
  expect(isOidcScope('constructor')).toBe(false);
});
