import { expect, test } from 'vitest';
import { hashOfAdminToken } from './admin-token.js';
import { isOperatorPass, operatorPass } from './operator-pass.js';

const HASH = hashOfAdminToken('the admin token of this test');
const NOW = new Date('2026-11-21T10:00:00Z');
const { pass, expiresAt } = operatorPass(HASH, NOW);

test('a pass counts for twelve hours', () => {
  expect(expiresAt).toEqual(new Date('2026-11-21T22:00:00Z'));
  expect(isOperatorPass(pass, HASH, NOW)).toBe(true);
  expect(isOperatorPass(pass, HASH, new Date(expiresAt.getTime() - 1))).toBe(true);
  expect(isOperatorPass(pass, HASH, expiresAt)).toBe(false);
});

test('another admin token ends it', () => {
  expect(isOperatorPass(pass, hashOfAdminToken('another'), NOW)).toBe(false);
});

test('a longer time cannot be written into it, and whatever else comes is none', () => {
  const [until, sealed] = pass.split('-') as [string, string];
  const later = (Number.parseInt(until, 36) + 1).toString(36);
  for (const forged of [
    `${later}-${sealed}`,
    `${until}-${'A'.repeat(43)}`,
    until,
    sealed,
    '',
    '-',
    undefined,
  ])
    expect(isOperatorPass(forged, HASH, NOW)).toBe(false);
});
