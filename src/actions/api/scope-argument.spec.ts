import { expect, test } from 'vitest';
import { scopeArgument, scopeSource } from './scope-argument.js';

test('a scope is trimmed and otherwise as it was passed', () => {
  expect(scopeArgument('\t read:All ')).toBe('read:All');
  expect(scopeSource('\t read:All ')).toBe('scopes.read:All');
});

test('what is no scope is refused', () => {
  expect(() => scopeArgument(1)).toThrow(new TypeError('scope must be string'));
  expect(() => scopeArgument(' ')).toThrow('scope must NOT be empty');
  expect(() => scopeArgument('a b')).toThrow('scope must NOT have whitespace in it');
  expect(() => scopeArgument('a'.repeat(281))).toThrow('scope must NOT have more than 280 characters');
  expect(scopeArgument(` ${'a'.repeat(280)} `)).toHaveLength(280);
});
