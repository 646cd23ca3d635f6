import { expect, test } from 'vitest';
import { isInstant, readInstant } from './instant.js';

test('an instant is read to the millisecond', () => {
  expect(readInstant('2030-01-31T12:00:00Z')).toBe(Date.UTC(2030, 0, 31, 12));
  expect(readInstant('2030-01-31T12:00:00.5Z')).toBe(Date.UTC(2030, 0, 31, 12, 0, 0, 500));
  expect(readInstant('2030-01-31T12:00:00.1239999Z')).toBe(Date.UTC(2030, 0, 31, 12, 0, 0, 123));
  expect(readInstant('0050-01-01T00:00:00Z')).toBe(Date.parse('0050-01-01T00:00:00Z'));
});

for (const text of [
  '2030-02-30T12:00:00Z',
  '2030-13-01T12:00:00Z',
  '2030-01-31T24:00:01Z',
  '2030-01-31T12:60:00Z',
  '2030-01-31T12:00:60Z',
  '2030-01-31T12:00:00',
  '2030-01-31T12:00:00+00:00',
  '2030-01-31 12:00:00Z',
  '2030-01-31',
  ' 2030-01-31T12:00:00Z',
  '',
])
  test(`${JSON.stringify(text)} is no instant`, () => {
    expect(isInstant(text)).toBe(false);
  });
