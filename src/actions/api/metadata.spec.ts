import { expect, test } from 'vitest';
import { prefixed, withEntry, withoutEntry } from './metadata.js';

const entries = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, 'v']));

test('an entry is added, replaced and deleted in a new map; the old one stays', () => {
  const before = { a: '1' };
  expect(withEntry(before, 'b', '')).toEqual({ a: '1', b: '' });
  expect(withEntry(before, 'a', '2')).toEqual({ a: '2' });
  expect(withEntry(before, 'a', null)).toEqual({});
  expect(withoutEntry(before, 'a')).toEqual({});
  expect(before).toEqual({ a: '1' });
});

test('deleting what is not there hands the same map back', () => {
  const before = { a: '1' };
  expect(withEntry(before, 'b', null)).toBe(before);
  for (const key of ['b', 'toString', '__proto__', undefined, 1, Symbol('a')])
    expect(withoutEntry(before, key)).toBe(before);
});

test('25 entries are the most; one of them may still be replaced', () => {
  expect(Object.keys(withEntry(entries(24), 'one-more', 'v'))).toHaveLength(25);
  expect(withEntry(entries(25), 'key3', 'new')).toHaveProperty('key3', 'new');
  expect(() => withEntry(entries(25), 'one-more', 'v')).toThrow(
    /^Invalid metadata: Metadata must not contain more than 25 entries$/,
  );
});

test('255 characters are the most, in a key and in a value, and emoji count as two', () => {
  expect(withEntry({}, 'k'.repeat(255), 'v'.repeat(255))).toEqual({ ['k'.repeat(255)]: 'v'.repeat(255) });
  expect(() => withEntry({}, 'k'.repeat(256), 'v')).toThrow(
    'Invalid metadata: All metadata keys must be at most 255 characters long',
  );
  for (const value of ['v'.repeat(256), '🜨'.repeat(128)])
    expect(() => withEntry({}, 'k', value)).toThrow(
      'Invalid metadata: All metadata values must be at most 255 characters long',
    );
});

test.each([
  ['', 'v', 'Metadata keys may only include letters, numbers, underscores, or hyphens'],
  ['a.b', 'v', 'Metadata keys may only include letters, numbers, underscores, or hyphens'],
  ['a\n', 'v', 'Metadata keys may only include letters, numbers, underscores, or hyphens'],
  ['a\0', 'v', 'Metadata keys must not contain null bytes (\\x00)'],
  ['__proto__', 'v', 'Metadata keys must not be __proto__'],
  ['a', 'v\0', 'Metadata values must not contain null bytes (\\x00)'],
  ['a', 1, 'Metadata value must be a string'],
  ['a', undefined, 'Metadata value must be a string'],
  ['a', {}, 'Metadata value must be a string'],
  [1, 'v', 'Metadata key must be a string'],
  [undefined, null, 'Metadata key must be a string'],
  [Symbol('a'), 'v', 'Metadata key must be a string'],
])('the entry %s: %j is refused', (key, value, flaw) => {
  expect(() => withEntry({ a: '1' }, key, value)).toThrow(new Error(`Invalid metadata: ${flaw}`));
});

test('a key like constructor is a key as any other', () => {
  expect(Object.entries(withEntry({}, 'constructor', 'v'))).toEqual([['constructor', 'v']]);
});

test('a failure says what failed, and keeps its cause', () => {
  const cause = new Error('why');
  const fail = (): never => {
    throw cause;
  };
  expect(() => prefixed('Failed to set', fail)).toThrow(new Error('Failed to set: why', { cause }));
  expect(prefixed('Failed to set', () => 1)).toBe(1);
});
