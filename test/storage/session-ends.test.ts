/** The end of a session and who is to be told of it are written together. */
import { expect } from 'vitest';
import { GrantStore } from '../../src/storage/grant-store.js';
import { LogoutDeliveryStore } from '../../src/storage/logout-delivery-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import type { LogoutDelivery } from '../../src/tenant/logout-delivery.js';
import { onEachDatabase } from './each-database.js';
import { AT, aSession, after } from './samples.js';
import { aGrant, at } from './token-samples.js';

const aDelivery = (id: string): LogoutDelivery => ({
  id,
  clientId: 'client',
  url: 'https://rp.example.test/logout',
  createdAt: AT,
  expiresAt: after(1_000_000),
  attempts: 0,
  nextAttemptAt: AT,
  token: { sub: 'auth0|user', jti: id },
  initiator: 'session-revoked',
});

onEachDatabase(
  'of those who end a session at once one is told so, and the relying parties once',
  async ({ open }) => {
    const stores = await Promise.all([open(), open()]);
    const sessions = stores.map((dataSource) => new SessionStore(dataSource));
    const deliveries = new LogoutDeliveryStore(stores[0]);
    for (let round = 0; round < 20; round += 1) {
      await sessions[0]!.insert(aSession(`s${round}`));
      const ended = await Promise.all(
        sessions.map((store, index) => store.end(`s${round}`, [aDelivery(`${round}.${index}`)])),
      );
      expect(ended.filter(Boolean)).toEqual([true]);
      expect(await deliveries.list(100)).toHaveLength(round + 1);
      expect(await sessions[0]!.get(`s${round}`)).toBeNull();
    }
  },
);

onEachDatabase('a session whose logouts cannot be kept does not end', async ({ open }) => {
  const dataSource = await open();
  const sessions = new SessionStore(dataSource);
  await sessions.insert(aSession('s'));
  await expect(sessions.end('s', [aDelivery('a'), aDelivery('a')])).rejects.toMatchObject({
    name: 'DatabaseError',
  });
  expect(await sessions.get('s')).toEqual(aSession('s'));
  expect(await new LogoutDeliveryStore(dataSource).list(10)).toEqual([]);
  expect(await sessions.end('s\u0000', [])).toBe(false);
});

onEachDatabase(
  'of the sessions that are over those are named in which a client was granted something',
  async ({ open }) => {
    const dataSource = await open();
    const [sessions, grants] = [new SessionStore(dataSource), new GrantStore(dataSource)];
    const lifetimes = { now: at(10), idleSince: at(0) };
    const late = { expiresAt: after(11) };
    await sessions.insert(aSession('expired', { expiresAt: after(10) }));
    await sessions.insert(aSession('idle', { ...late, lastSeenAt: after(-1) }));
    await sessions.insert(aSession('alive', { ...late, lastSeenAt: AT }));
    await sessions.insert(aSession('alone', { expiresAt: after(10) }));
    for (const sessionId of ['expired', 'idle', 'alive'])
      await grants.insert(aGrant(sessionId, { sessionId }), { endsAt: after(1000) });
    expect((await sessions.overWithGrants(lifetimes, 10)).toSorted()).toEqual(['expired', 'idle']);
    expect(await sessions.overWithGrants(lifetimes, 1)).toHaveLength(1);
  },
);
