import { expect, test } from 'vitest';
import { z } from 'zod';
import { argumentOf, nameArgument, stringArgument } from './argument-errors.js';

test('a string is handed back, anything else is a TypeError that names the argument', () => {
  expect(stringArgument('key', '')).toBe('');
  expect(() => stringArgument('key', 1)).toThrow(new TypeError('key must be string'));
});

test('a name is any string but the one that reaches the prototype', () => {
  expect(nameArgument('name', 'constructor')).toBe('constructor');
  expect(() => nameArgument('name', null)).toThrow(new TypeError('name must be string'));
  expect(() => nameArgument('name', '__proto__')).toThrow('name must NOT be __proto__');
});

test('a wrong type is a TypeError, any other broken rule an Error, each with its text', () => {
  const schema = z.array(z.string('must be string')).max(1, 'must NOT have more than 1 items');
  expect(argumentOf('probes', schema, ['a'])).toEqual(['a']);
  expect(thrownBy(() => argumentOf('probes', schema, [1]))).toEqual(['TypeError', '0 must be string']);
  expect(thrownBy(() => argumentOf('probes', schema, ['a', 'b']))).toEqual([
    'Error',
    'probes must NOT have more than 1 items',
  ]);
});

function thrownBy(call: () => unknown): readonly string[] {
  try {
    call();
  } catch (error) {
    return error instanceof Error ? [error.name, error.message] : [];
  }
  return [];
}
