/** Redemptions, rotations and revocations that meet, a thousand times each, at one instance and at several: exactly one wins. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { expect, test } from 'vitest';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { AuthorizationCodeStore } from '../../src/storage/authorization-code-store.js';
import { openDataSource } from '../../src/storage/data-source.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { RefreshTokenStore } from '../../src/storage/refresh-token-store.js';
import { accessTokenState, refreshTokenState } from '../../src/tenant/grant.js';
import { onEachDatabase } from './each-database.js';
import { aCode, aGrant, aRefreshToken, anAccessToken, at } from './token-samples.js';

const ROUNDS = 1000;
/** So many rounds are under way at once, each on tokens of its own. */
const LANES = 4;
const SLOW = 120_000;

async function rounds(run: (round: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let round = next++; round < ROUNDS; round = next++) await run(round);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** In a file with three instances on it, in memory with the one that there can be, and on PostgreSQL. */
function onEach(
  title: string,
  run: (instances: readonly [DataSource, DataSource, DataSource]) => Promise<void>,
) {
  onEachDatabase(title, async ({ open }) => run([await open(), await open(), await open()]), SLOW);
  test(
    `${title} [SQLite in memory]`,
    async () => {
      const only = await openDataSource('file::memory:');
      try {
        await run([only, only, only]);
      } finally {
        await only.destroy();
      }
    },
    SLOW,
  );
}

/** Begun a few turns later, so that the one and the other comes first. */
async function late<Result>(turns: number, run: () => Promise<Result>): Promise<Result> {
  for (let turn = 0; turn < turns; turn += 1) await nextTurn();
  return run();
}

onEach('of two who redeem a code one gets tokens, and the other learns what to revoke', async (instances) => {
  const codes = instances.map((dataSource) => new AuthorizationCodeStore(dataSource));
  const access = new AccessTokenStore(instances[0]);
  const refresh = new RefreshTokenStore(instances[0]);
  const winners = new Set<number>();
  await rounds(async (round) => {
    const code = aCode(`c${round}`, `g${round}`);
    await codes[2]!.insert(code, aGrant(code.grantId));
    const told = await Promise.all(
      [0, 1].map((index) =>
        late((round >> index) & 1, () =>
          codes[index]!.exchange(
            code,
            {
              accessToken: anAccessToken(`${round}.${index}`, code.grantId),
              refreshToken: aRefreshToken(`${round}.${index}`, code.grantId),
            },
            at(0),
          ),
        ),
      ),
    );
    const winner = told.indexOf(true);
    expect(told[1 - winner]).toEqual({ reused: true, grantId: code.grantId });
    winners.add(winner);
    for (const index of [0, 1]) {
      expect((await access.find(`${round}.${index}`)) !== null).toBe(index === winner);
      expect((await refresh.find(`${round}.${index}`)) !== null).toBe(index === winner);
    }
  });
  expect(winners).toEqual(new Set([0, 1]));
});

onEach(
  'of two who rotate a refresh token one gets the next, and the other ends the family',
  async (instances) => {
    const grants = instances.map((dataSource) => new GrantStore(dataSource));
    const stores = instances.map((dataSource) => new RefreshTokenStore(dataSource));
    const access = new AccessTokenStore(instances[0]);
    const winners = new Set<number>();
    await rounds(async (round) => {
      const grantId = `g${round}`;
      await grants[2]!.insert(aGrant(grantId), { refreshToken: aRefreshToken(`${round}`, grantId) });
      const told = await Promise.all(
        [0, 1].map((index) =>
          late((round >> index) & 1, async () => {
            const outcome = await stores[index]!.rotate({
              digest: `${round}`,
              next: aRefreshToken(`${round}.${index}`, grantId),
              accessToken: anAccessToken(`${round}.${index}`, grantId),
              now: at(0),
              leewayMs: 0,
            });
            if (outcome && 'reused' in outcome)
              await grants[index]!.revoke({ grantId: outcome.grantId }, at(0));
            return outcome;
          }),
        ),
      );
      const winner = told.findIndex((outcome) => outcome && 'rotated' in outcome);
      expect(told[winner]).toEqual({ rotated: 'first' });
      expect(told[1 - winner]).toEqual({ reused: true, grantId });
      winners.add(winner);
      for (const index of [0, 1]) {
        const next = await stores[2]!.find(`${round}.${index}`);
        const issued = await access.find(`${round}.${index}`);
        expect(next && refreshTokenState(next, at(1), 0)).toBe(index === winner ? 'revoked' : null);
        expect(issued && accessTokenState(issued, at(1))).toBe(index === winner ? 'revoked' : null);
      }
    });
    expect(winners).toEqual(new Set([0, 1]));
  },
);

onEach(
  'a revocation that meets a refresh leaves nothing that works, whichever is first',
  async (instances) => {
    const grants = instances.map((dataSource) => new GrantStore(dataSource));
    const stores = instances.map((dataSource) => new RefreshTokenStore(dataSource));
    const access = new AccessTokenStore(instances[2]);
    const seen = new Set<boolean>();
    await rounds(async (round) => {
      const [grantId, userId] = [`g${round}`, `u${round}`];
      await grants[2]!.insert(aGrant(grantId, { userId }), {
        refreshToken: aRefreshToken(`${round}`, grantId),
      });
      const issued = anAccessToken(`${round}.next`, grantId);
      const rotates = round % 2 === 0;
      const [outcome, revoked] = await Promise.all([
        late((round >> 1) & 3, (): Promise<unknown> =>
          rotates
            ? stores[0]!.rotate({
                digest: `${round}`,
                next: aRefreshToken(`${round}.next`, grantId),
                accessToken: issued,
                now: at(0),
                leewayMs: 0,
              })
            : stores[0]!.touch(`${round}`, at(0), () => ({}), issued),
        ),
        late((round >> 3) & 3, async () =>
          (round >> 5) % 2 === 0
            ? (await grants[1]!.revoke({ userId }, at(0))) === 1
            : stores[1]!.revoke(`${round}`, at(0)),
        ),
      ]);
      // one ended the grant, whatever the refresh came to
      expect(revoked).toBe(true);
      seen.add(outcome !== null);
      for (const digest of [`${round}`, `${round}.next`]) {
        const found = await stores[2]!.find(digest);
        if (found) expect(refreshTokenState(found, at(1), 1000)).toBe('revoked');
      }
      const kept = await access.find(issued.key);
      expect(kept && accessTokenState(kept, at(1))).toBe(outcome === null ? null : 'revoked');
    });
    // both orders were seen, or the rounds proved nothing
    expect(seen).toEqual(new Set([true, false]));
  },
);
