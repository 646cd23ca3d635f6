import { expect } from 'vitest';
import { GrantStore } from '../../src/storage/grant-store.js';
import { RefreshTokenStore } from '../../src/storage/refresh-token-store.js';
import { onEachDatabase } from './each-database.js';
import { after } from './samples.js';
import { aGrant, aRefreshToken, at } from './token-samples.js';

onEachDatabase(
  'refresh tokens from before families were counted live on, and are counted',
  async ({ open }) => {
    const first = await open();
    const grants = new GrantStore(first);
    await grants.insert(aGrant('kept'), {
      refreshToken: aRefreshToken('kept', 'kept', { createdAt: after(7) }),
    });
    await grants.insert(aGrant('bare'));
    const isThere = async (): Promise<boolean> =>
      (await first.query<{ name: string }[]>('SELECT name FROM migrations')).some(
        ({ name }) => name === 'RefreshTokenFamilies1795248000000',
      );
    while (await isThere()) await first.undoLastMigration();
    await expect(first.query('SELECT refresh_tokens_since FROM grants')).rejects.toThrow(
      'refresh_tokens_since',
    );
    await first.destroy();

    const again = await open();
    const since = await again.query<{ id: string; refresh_tokens_since: number | string | null }[]>(
      'SELECT id, refresh_tokens_since FROM grants ORDER BY id',
    );
    expect(since.map((row) => row.refresh_tokens_since && Number(row.refresh_tokens_since))).toEqual([
      null,
      at(7).getTime(),
    ]);
    const next = aRefreshToken('next', 'kept');
    const store = new RefreshTokenStore(again);
    expect(await store.rotate({ digest: 'kept', next, now: at(8), leewayMs: 0 })).toEqual({
      rotated: 'first',
    });
  },
);
