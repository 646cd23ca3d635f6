/** What happens once happens once, however many ask at the same time; on both databases. */
import { expect } from 'vitest';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { RefreshTokenStore } from '../../src/storage/refresh-token-store.js';
import { tokenDigest } from '../../src/tenant/grant.js';
import { onEachDatabase, type TestDatabase } from '../storage/each-database.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { makeClient, makeCode, makeParties, redeem, refresh, refreshTokenOf } from './token-parties.js';

const ROUNDS = 60;
const AT_ONCE = 4;
const SLOW = 120_000;

/** Two instances of the server behind a balancer. */
async function withServers(
  { url }: TestDatabase,
  run: (one: TestServer, other: TestServer) => Promise<void>,
): Promise<void> {
  const one = await startTestServer({ DATABASE_URL: url });
  const other = await startTestServer({ DATABASE_URL: url });
  try {
    await makeParties(one);
    await makeClient(one, 'rotating', { refresh_token: { rotation_type: 'rotating' } });
    await makeClient(one, 'lenient', { refresh_token: { rotation_type: 'rotating', leeway: 60 } });
    await run(one, other);
  } finally {
    await other.close();
    await one.close();
  }
}

const atOnce = <Answer>(call: (index: number) => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: AT_ONCE }, (_, index) => call(index)));

onEachDatabase(
  'of any number who redeem a code exactly one gets tokens, and those end since somebody came twice',
  (database) =>
    withServers(database, async (one, other) => {
      for (let round = 0; round < ROUNDS; round++) {
        const { code, grant } = await makeCode(one);
        const answers = await atOnce((index) => redeem(index % 2 === 0 ? one : other, code));
        const won = answers.filter(({ status }) => status === 200);
        const lost = answers.filter(({ status, body }) => status === 403 && body.error === 'invalid_grant');
        expect([won.length, lost.length]).toEqual([1, AT_ONCE - 1]);
        expect((await one.app.get(GrantStore).find(grant.id))?.revokedAt).not.toBeNull();
        const kept = await one.app.get(AccessTokenStore).find(tokenDigest(won[0]!.body.access_token!));
        expect(kept?.isRevoked).toBe(true);
      }
    }),
  SLOW,
);

onEachDatabase(
  'of any number who rotate a refresh token at most one gets another, and no member of the family is left',
  (database) =>
    withServers(database, async (one, other) => {
      const as = { client_id: 'rotating' };
      for (let round = 0; round < ROUNDS; round++) {
        const first = await refreshTokenOf(one, { clientId: 'rotating' });
        const answers = await atOnce((index) => refresh(index % 2 === 0 ? one : other, first, as));
        const won = answers.filter(({ status }) => status === 200);
        expect(won.length).toBeLessThanOrEqual(1);
        expect(answers.filter(({ status }) => status !== 200 && status !== 403)).toEqual([]);
        for (const { body } of won) expect((await refresh(one, body.refresh_token, as)).status).toBe(403);
        const kept = await one.app.get(RefreshTokenStore).find(tokenDigest(first));
        expect(kept?.isRevoked).toBe(true);
      }
    }),
  SLOW,
);

onEachDatabase(
  'within the leeway all get one that works, until one of those was rotated',
  (database) =>
    withServers(database, async (one, other) => {
      const as = { client_id: 'lenient' };
      for (let round = 0; round < ROUNDS / 2; round++) {
        const first = await refreshTokenOf(one, { clientId: 'lenient' });
        const answers = await atOnce((index) => refresh(index % 2 === 0 ? one : other, first, as));
        expect(answers.map(({ status }) => status)).toEqual(Array(AT_ONCE).fill(200));
        expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(AT_ONCE);
      }
    }),
  SLOW,
);

onEachDatabase(
  'what is refreshed while its grant is revoked is revoked too, or was never issued',
  (database) =>
    withServers(database, async (one, other) => {
      for (let round = 0; round < ROUNDS; round++) {
        const clientId = round % 2 === 0 ? 'app' : 'rotating';
        const token = await refreshTokenOf(one, { clientId });
        const found = await one.app.get(RefreshTokenStore).find(tokenDigest(token));
        const [answer] = await Promise.all([
          refresh(other, token, { client_id: clientId }),
          one.app.get(GrantStore).revoke({ grantId: found!.grant.id }, new Date()),
        ]);
        expect([200, 403]).toContain(answer.status);
        if (answer.status !== 200) continue;
        const kept = await one.app.get(AccessTokenStore).find(tokenDigest(answer.body.access_token!));
        expect(kept?.isRevoked).toBe(true);
        const next = answer.body.refresh_token ?? token;
        expect((await refresh(one, next, { client_id: clientId })).status).toBe(403);
      }
    }),
  SLOW,
);
