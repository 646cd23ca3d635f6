import { expect } from 'vitest';
import { LogoutDeliveryStore } from '../../src/storage/logout-delivery-store.js';
import type { ClaimedDelivery, LogoutDelivery } from '../../src/tenant/logout-delivery.js';
import { onEachDatabase } from './each-database.js';
import { AT, HARD_TEXTS, after } from './samples.js';
import { at } from './token-samples.js';

const aDelivery = (id: string, over: Partial<LogoutDelivery> = {}): LogoutDelivery => ({
  id,
  clientId: 'client',
  url: 'https://rp.example.test/logout',
  createdAt: AT,
  expiresAt: after(1_000_000),
  attempts: 0,
  nextAttemptAt: AT,
  token: { sub: 'auth0|user', sid: 'session', jti: id },
  initiator: 'rp-logout',
  ...over,
});
const idsOf = (deliveries: readonly LogoutDelivery[]): string => deliveries.map(({ id }) => id).join(' ');

onEachDatabase(
  'deliveries are claimed whole, the longest waiting first, at most so many',
  async ({ open }) => {
    const store = new LogoutDeliveryStore(await open());
    const hard = HARD_TEXTS.join();
    const first = aDelivery('first', {
      url: hard,
      token: { sub: hard, jti: hard },
      nextAttemptAt: after(-1),
    });
    await store.insert([]);
    await store.insert([
      aDelivery('b'),
      aDelivery('a'),
      first,
      aDelivery('later', { nextAttemptAt: after(1) }),
      aDelivery('over', { expiresAt: AT, nextAttemptAt: after(-2) }),
    ]);
    expect(await store.claimDue(at(0), 1, 500)).toEqual([{ ...first, claimedUntil: after(500) }]);
    expect(idsOf(await store.claimDue(at(0), 10, 500))).toBe('a b');
    expect(idsOf(await store.claimDue(at(0), 10, 500))).toBe('');
    expect(idsOf(await store.claimDue(at(1), 10, 500))).toBe('later');
  },
);

onEachDatabase('deliveries come all or none', async ({ open }) => {
  const store = new LogoutDeliveryStore(await open());
  await expect(store.insert([aDelivery('a'), aDelivery('a')])).rejects.toMatchObject({
    name: 'DatabaseError',
  });
  await expect(store.insert([aDelivery('b', { clientId: 'a\u0000' })])).rejects.toMatchObject({
    code: 'invalid_body',
  });
  expect(await store.claimDue(at(0), 10, 500)).toEqual([]);
});

onEachDatabase('what an instance held that is no more is claimed again', async ({ open }) => {
  const first = new LogoutDeliveryStore(await open());
  await first.insert([aDelivery('a')]);
  const [held] = await first.claimDue(at(0), 10, 500);
  const second = new LogoutDeliveryStore(await open());
  expect(await second.claimDue(at(499), 10, 500)).toEqual([]);
  const [again] = await second.claimDue(at(500), 10, 500);
  expect(again).toEqual({ ...held, claimedUntil: after(1000) });
  // whoever was too slow changes nothing any more
  expect(await first.retry(held!, at(0))).toBe(false);
  expect(await second.claimDue(at(999), 10, 500)).toEqual([]);
});

onEachDatabase(
  'a delivery that failed waits for its next attempt, and one that is settled is not tried again',
  async ({ open }) => {
    const store = new LogoutDeliveryStore(await open());
    await store.insert([aDelivery('a'), aDelivery('b')]);
    const [a, b] = await store.claimDue(at(0), 10, 500);
    expect(await store.retry(a!, at(2000))).toBe(true);
    const log = [{ at: AT, status: 204, reason: null }];
    expect(await store.settle({ ...b!, log, outcome: 'delivered' })).toBe(true);
    expect(await store.settle({ ...b!, outcome: 'refused' })).toBe(false);
    expect(await store.claimDue(at(1999), 10, 500)).toEqual([]);
    expect(await store.claimDue(at(2000), 10, 500)).toEqual(
      [aDelivery('a', { attempts: 1, nextAttemptAt: after(2000) })].map((delivery) => ({
        ...delivery,
        claimedUntil: after(2500),
      })),
    );
    expect(await store.claimDue(at(999_999), 10, 500)).toMatchObject([{ id: 'a' }]);
    const settled = aDelivery('b', { log, outcome: 'delivered' });
    expect(await store.getAll(['b', 'c'])).toEqual([settled]);
    expect(await store.getAll([])).toEqual([]);
    expect(await store.list(1)).toEqual([settled]);
    expect(idsOf(await store.list(10))).toBe('b a');
  },
);

onEachDatabase('a delivery that is released may be claimed at once, by whoever asks', async ({ open }) => {
  const store = new LogoutDeliveryStore(await open());
  await store.insert([aDelivery('a')]);
  const [held] = await store.claimDue(at(0), 10, 500);
  expect(await store.release(held!)).toBe(true);
  expect(await store.release(held!)).toBe(false);
  expect(await store.claimDue(at(1), 10, 500)).toEqual([{ ...held, claimedUntil: after(501) }]);
});

onEachDatabase('it is known when the next delivery is due', async ({ open }) => {
  const store = new LogoutDeliveryStore(await open());
  expect(await store.nextDue()).toBeNull();
  await store.insert([aDelivery('a'), aDelivery('b', { nextAttemptAt: after(300) })]);
  expect(await store.nextDue()).toEqual(at(0));
  await store.claimDue(at(0), 1, 500);
  expect(await store.nextDue()).toEqual(at(300));
  const [b] = await store.claimDue(at(300), 1, 100);
  expect(await store.nextDue()).toEqual(at(400));
  await store.settle({ ...b!, outcome: 'given_up' });
  expect(await store.nextDue()).toEqual(at(500));
});

onEachDatabase('of several instances each delivery is claimed by one', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const stores = instances.map((dataSource) => new LogoutDeliveryStore(dataSource));
  for (let round = 0; round < 50; round += 1) {
    const ids = Array.from({ length: 10 }, (_, index) => `${round}.${index}`);
    await stores[0]!.insert(ids.map((id) => aDelivery(id)));
    const claimed: ClaimedDelivery[] = [];
    while (claimed.length < ids.length) {
      const told = await Promise.all(stores.map((store) => store.claimDue(at(0), 4, 500)));
      expect(told.flat()).not.toEqual([]);
      claimed.push(...told.flat());
    }
    expect(claimed.map(({ id }) => id).toSorted()).toEqual(ids);
    for (const delivery of claimed) await stores[0]!.settle({ ...delivery, outcome: 'delivered' });
  }
});

onEachDatabase('pruning deletes what nobody tries any more', async ({ open }) => {
  const store = new LogoutDeliveryStore(await open());
  await store.insert(
    Array.from({ length: 130 }, (_, index) => aDelivery(`${index}`, { expiresAt: after(index) })),
  );
  expect(await store.prune(at(119))).toBe(120);
  expect(await store.claimDue(at(119), 100, 500)).toHaveLength(10);
});

onEachDatabase('of too many deliveries the newest are kept', async ({ open }) => {
  const store = new LogoutDeliveryStore(await open());
  const many = Array.from({ length: 5 }, (_, index) =>
    aDelivery(`${index}`, { expiresAt: after(10 + index) }),
  );
  await store.insert(many);
  expect(await store.prune(at(10), 5)).toBe(1);
  expect(await store.prune(at(10), 2)).toBe(2);
  expect(idsOf(await store.list(10))).toBe('4 3');
});
