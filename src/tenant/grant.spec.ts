import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  accessTokenState,
  refreshTokenState,
  tokenDigest,
  type FoundAccessToken,
  type FoundRefreshToken,
  type RefreshToken,
} from './grant.js';

const AT = Date.parse('2026-03-01T12:00:00.000Z');
const iso = (milliseconds: number): string => new Date(AT + milliseconds).toISOString();
const found = (over: Partial<RefreshToken>, isRevoked = false): FoundRefreshToken =>
  ({
    token: { status: 'active', rotatedAt: null, expiresAt: null, idleExpiresAt: null, ...over },
    isRevoked,
  }) as FoundRefreshToken;
const stateOf = (over: Partial<RefreshToken>, milliseconds = 0, leewayMs = 0): string =>
  refreshTokenState(found(over), new Date(AT + milliseconds), leewayMs);

test('a token is kept by its SHA-256, as base64url', () => {
  // of "abc" (FIPS 180-2, appendix B.1)
  expect(tokenDigest('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
});

test('an active refresh token is good until one of its two ends', () => {
  expect(stateOf({})).toBe('active');
  for (const end of ['expiresAt', 'idleExpiresAt']) {
    expect(stateOf({ [end]: iso(100) }, 99)).toBe('active');
    expect(stateOf({ [end]: iso(100) }, 100)).toBe('expired');
  }
});

test('a rotated token is good within the leeway, and then tells of a reuse, even past its end', () => {
  const rotated = { status: 'rotated', rotatedAt: iso(0), expiresAt: iso(100) } as const;
  expect(stateOf(rotated, 49, 50)).toBe('again');
  expect(stateOf(rotated, 50, 50)).toBe('reused');
  expect(stateOf(rotated, 0, 0)).toBe('reused');
  expect(stateOf(rotated, 100, 500)).toBe('expired');
  expect(stateOf(rotated, 500, 50)).toBe('reused');
  // another instance's clock may be ahead: that is no leeway
  expect(stateOf({ ...rotated, rotatedAt: iso(10) }, 0, 0)).toBe('reused');
});

test('a spent token is a reuse whatever the leeway, and nothing that is revoked is good', () => {
  const status = fc.constantFrom('active', 'rotated', 'spent');
  const instant = fc.integer({ min: -1000, max: 1000 });
  fc.assert(
    fc.property(status, instant, instant, fc.nat(), (kind, rotated, now, leewayMs) => {
      const over = { status: kind, rotatedAt: iso(rotated) } as Partial<RefreshToken>;
      expect(refreshTokenState(found(over, true), new Date(AT + now), leewayMs)).toBe('revoked');
      if (kind === 'spent') expect(stateOf(over, now, leewayMs)).toBe('reused');
    }),
  );
});

test('an access token is active until it expires or is revoked', () => {
  const access = (isRevoked: boolean) => ({ token: { expiresAt: iso(100) }, isRevoked }) as FoundAccessToken;
  expect(accessTokenState(access(false), new Date(AT + 99))).toBe('active');
  expect(accessTokenState(access(false), new Date(AT + 100))).toBe('expired');
  expect(accessTokenState(access(true), new Date(AT))).toBe('revoked');
});
