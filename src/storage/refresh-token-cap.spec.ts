import { expect, test } from 'vitest';
import type { Database } from './database.js';
import { dropBeyondCap } from './refresh-token-cap.js';

test('what was issued stays issued where the database fails to drop what is too much', async () => {
  const failing = { rows: () => Promise.reject(new Error('connection lost')) } as unknown as Database;
  await expect(
    dropBeyondCap(failing, { grantId: 'grant_1', createdAt: '2026-01-01T00:00:00.000Z' }),
  ).resolves.toBeUndefined();
});
