import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokenDigest, type Grant } from '../tenant/grant.js';
import { clientBodySchema, type ClientBody } from '../tenant/client.js';
import { oauthSettingsOf } from '../tenant/oauth-settings.js';
import type { RefreshTokenEffects } from '../tenant/effects.js';
import {
  exchangedToken,
  firstRefreshToken,
  nextRefreshToken,
  refreshAccess,
  shownRefreshToken,
} from './refresh-tokens.js';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const DAY_MS = 86_400_000;
const grant: Grant = {
  id: 'grant_1',
  transactionId: 'txn_1',
  clientId: 'app',
  userId: 'auth0|alice',
  sessionId: null,
  audience: 'https://api.example/',
  scope: 'offline_access read',
  createdAt: NOW.toISOString(),
};
const caller = { address: '203.0.113.1', userAgent: 'tv' };
const settingsOf = (refresh_token: ClientBody['refresh_token']) =>
  oauthSettingsOf({
    ...clientBodySchema.parse({ client_id: 'app', name: 'App', refresh_token }),
    client_id: 'app',
    client_secret: 'secret',
    created_at: NOW.toISOString(),
    updated_at: NOW.toISOString(),
  }).refreshToken;
const first = (settings: ClientBody['refresh_token'] = {}, effects?: RefreshTokenEffects) =>
  firstRefreshToken({
    grant,
    access: 'offline',
    settings: settingsOf(settings),
    effects,
    caller,
    now: NOW,
    random: randomBytes,
  });
const rotating = { rotation_type: 'rotating' } as const;

test('a refresh token needs the scope, the client’s grant and the API’s word', () => {
  const client = { grantTypes: ['refresh_token'], dialect: 'auth0' } as const;
  const api = { allow_offline_access: true };
  expect(refreshAccess(['offline_access'], client, api)).toBe('offline');
  expect(refreshAccess(['online_access'], client, null)).toBe('online');
  expect(refreshAccess(['openid'], client, api)).toBeNull();
  expect(refreshAccess(['offline_access'], { ...client, grantTypes: [] }, api)).toBeNull();
  expect(refreshAccess(['offline_access'], client, { allow_offline_access: false })).toBeNull();
});

test('it is kept by its digest, and lives as long as the client says', () => {
  const { value, token } = first();
  expect(token.digest).toBe(tokenDigest(value));
  expect(JSON.stringify(token)).not.toContain(value);
  expect([token.expiresAt, token.idleExpiresAt]).toEqual([null, null]);
  const limited = first({ ...rotating, token_lifetime: 600, idle_token_lifetime: 60 }).token;
  expect([limited.expiresAt, limited.idleExpiresAt]).toEqual([
    '2026-03-01T12:10:00.000Z',
    '2026-03-01T12:01:00.000Z',
  ]);
});

test('an Action turns one that never ends into one that does', () => {
  const { token } = first({}, { expiresAt: NOW.getTime() + 1000, metadata: { device: 'tv' } });
  expect([token.expiresAt, token.details.metadata]).toEqual(['2026-03-01T12:00:01.000Z', { device: 'tv' }]);
});

test('rotation keeps the family and its absolute end, and moves the idle one', () => {
  const settings = settingsOf(rotating);
  const { token } = first({ ...rotating, token_lifetime: 30 * 86_400, idle_token_lifetime: 86_400 });
  const later = new Date(NOW.getTime() + DAY_MS / 2);
  const exchanged = exchangedToken(token, {
    settings,
    effects: undefined,
    caller: { address: '203.0.113.2', userAgent: undefined },
    now: later,
  });
  const next = nextRefreshToken(token, exchanged, later, randomBytes).token;
  expect(next.id).toBe(token.id);
  expect(next.digest).not.toBe(token.digest);
  expect(next.expiresAt).toBe(token.expiresAt);
  expect(next.idleExpiresAt).toBe(new Date(later.getTime() + DAY_MS).toISOString());
  expect(next.details.device).toEqual({
    initialIp: '203.0.113.1',
    initialUserAgent: 'tv',
    lastIp: '203.0.113.2',
    lastUserAgent: 'tv',
  });
  expect(shownRefreshToken(next, grant)).toMatchObject({ id: token.id, createdAt: grant.createdAt });
});

test('whatever Actions ask for and however often it is exchanged, a token never ends later than it would have', () => {
  const settings = settingsOf(rotating);
  const instant = fc.option(fc.double(), { nil: undefined });
  fc.assert(
    fc.property(fc.array(fc.tuple(instant, instant), { maxLength: 6 }), (asked) => {
      let { token } = first(rotating);
      let now = NOW;
      for (const [expiresAt, idleExpiresAt] of asked) {
        now = new Date(now.getTime() + 1000);
        const effects = {
          ...(expiresAt !== undefined && !Number.isNaN(expiresAt) && { expiresAt }),
          ...(idleExpiresAt !== undefined && !Number.isNaN(idleExpiresAt) && { idleExpiresAt }),
        };
        const before = Date.parse(token.expiresAt!);
        const exchanged = exchangedToken(token, { settings, effects, caller, now });
        token = nextRefreshToken(token, exchanged, now, randomBytes).token;
        expect(Date.parse(token.expiresAt!)).toBeLessThanOrEqual(before);
        if (token.idleExpiresAt !== null)
          expect(Date.parse(token.idleExpiresAt)).toBeLessThanOrEqual(Date.parse(token.expiresAt!));
      }
    }),
  );
});
