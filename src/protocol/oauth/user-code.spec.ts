import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readUserCode, USER_CODE_OCTETS, userCodeOf } from './user-code.js';

const octets = fc.uint8Array({ minLength: USER_CODE_OCTETS, maxLength: 16 });

test('whatever the octets, a code has eight letters, none of them a vowel', () => {
  fc.assert(
    fc.property(octets, (random) => {
      expect(userCodeOf(random)).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    }),
  );
});

test('a code is read back however it is typed', () => {
  const gap = fc.constantFrom('', ' ', '-', '–', '\u2011', '_', '.', '\n', '\u200b', '\u3000');
  fc.assert(
    fc.property(
      octets,
      fc.array(gap, { minLength: 10, maxLength: 10 }),
      fc.nat(255),
      (random, gaps, small) => {
        const code = userCodeOf(random);
        const typed = code
          .replace('-', '')
          .split('')
          .map((letter, index) => `${gaps[index]}${(small >> index) & 1 ? letter.toLowerCase() : letter}`);
        expect(readUserCode(`${typed.join('')}${gaps[9]}`)).toBe(code);
      },
    ),
  );
});

test('every letter comes up, about as often as any other', () => {
  const counts = new Map<string, number>();
  // a fixed walk over the octets instead of randomness
  for (let seed = 0; seed < 5000; seed++) {
    const random = Uint8Array.from(
      { length: 12 },
      (_, index) => (seed * (2 * index + 37) * 101) >> (index % 5),
    );
    for (const letter of userCodeOf(random).replace('-', ''))
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  expect(counts.size).toBe(20);
  for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(400);
});

test.each([
  '',
  'WDJB',
  'WDJB-MJH',
  'WDJB-MJHTT',
  'WDJA-MJHT',
  'WDJY-MJHT',
  'WDJB-MJHTA',
  'WDJ8-MJHT',
  'WDJB-MJHß',
  'WDJBMJß',
  'ΒDJB-MJHT',
  'W'.repeat(10_000),
])('%s is no code', (typed) => {
  expect(readUserCode(typed)).toBeUndefined();
});

test('letters of full width are those that they look like', () => {
  expect(readUserCode('ｗｄｊｂ－ｍｊｈｔ')).toBe('WDJB-MJHT');
});

test('too few octets make no code', () => {
  expect(() => userCodeOf(new Uint8Array(USER_CODE_OCTETS - 1))).toThrow(RangeError);
});

test('whatever is typed, it is a code or it is not', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (typed) => {
      expect(readUserCode(typed) ?? 'BBBB-BBBB').toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
    }),
  );
});
