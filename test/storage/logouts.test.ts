import { expect } from 'vitest';
import { LogoutStore } from '../../src/storage/logout-store.js';
import { onEachDatabase } from './each-database.js';
import { AT, HARD_TEXTS, aLogout, aParticipant, after } from './samples.js';

const idsOf = async (store: LogoutStore, limit = 100): Promise<string> =>
  (await store.list(limit)).map(({ id }) => id).join(' ');

onEachDatabase('a logout comes back as it was put in, byte for byte', async ({ open }) => {
  const store = new LogoutStore(await open());
  const logout = aLogout('lgt_1', {
    requester: { clientId: 'sp', requestId: '_1', RelayState: HARD_TEXTS.join() },
    sessionIds: ['one', 'two'],
    steps: HARD_TEXTS.map((nameId, index) => ({
      participant: aParticipant('one', `sp${index}`, { nameId }),
      state: 'waiting',
      requestId: null,
      reason: nameId,
    })),
    timeline: [
      { name: 'logout.requested', at: AT, detail: JSON.parse('{"__proto__":1}') as Record<string, unknown> },
    ],
  });
  await store.insert(logout);
  const kept = await store.get('lgt_1');
  expect(JSON.stringify(kept)).toBe(JSON.stringify(logout));
  expect(await store.get('lgt_2')).toBeNull();
  for (const id of ['lgt_1\u0000', '\ud800']) expect(await store.get(id)).toBeNull();
});

onEachDatabase(
  'a logout is written over the revision it was made from, and over no other',
  async ({ open }) => {
    const store = new LogoutStore(await open());
    await store.insert(aLogout('lgt_1', { revision: 3 }));
    for (const revision of [1, 2, 3, 5])
      expect(await store.update(aLogout('lgt_1', { revision, userId: 'late' }))).toBe(false);
    expect(await store.update(aLogout('lgt_2', { revision: 4 }))).toBe(false);
    expect(await store.get('lgt_1')).toEqual(aLogout('lgt_1', { revision: 3 }));
    const next = aLogout('lgt_1', { revision: 4, sessionIds: ['one'] });
    expect(await store.update(next)).toBe(true);
    expect(await store.get('lgt_1')).toEqual(next);
  },
);

onEachDatabase('a logout that is finished never changes again', async ({ open }) => {
  const store = new LogoutStore(await open());
  await store.insert(aLogout('lgt_1'));
  const finished = aLogout('lgt_1', { revision: 2, status: 'finished', finishedAt: AT });
  expect(await store.update(finished)).toBe(true);
  expect(await store.update(aLogout('lgt_1', { revision: 3 }))).toBe(false);
  expect(await store.get('lgt_1')).toEqual(finished);
});

onEachDatabase('of many instances that write one logout exactly one does', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  await new LogoutStore(instances[0]).insert(aLogout('lgt_1'));
  const told = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      new LogoutStore(instances[index % 3]!).update(aLogout('lgt_1', { revision: 2, userId: `${index}` })),
    ),
  );
  expect(told.filter(Boolean)).toHaveLength(1);
  expect((await new LogoutStore(instances[1]).get('lgt_1'))?.userId).toBe(`${told.indexOf(true)}`);
});

onEachDatabase('logouts are listed, newest first, at most so many', async ({ open }) => {
  const store = new LogoutStore(await open());
  for (const id of ['lgt_b', 'lgt_Z', 'lgt_a']) await store.insert(aLogout(id));
  await store.insert(aLogout('lgt_new', { createdAt: after(1) }));
  await store.insert(aLogout('lgt_old', { createdAt: after(-1) }));
  expect(await idsOf(store)).toBe('lgt_new lgt_b lgt_a lgt_Z lgt_old');
  expect(await idsOf(store, 2)).toBe('lgt_new lgt_b');
});

onEachDatabase(
  'pruning keeps what was begun at the instant or later, and goes through all lots',
  async ({ open }) => {
    const store = new LogoutStore(await open());
    await store.insert(aLogout('lgt_at'));
    await store.insert(aLogout('lgt_later', { createdAt: after(1), status: 'finished' }));
    for (let index = 1; index <= 230; index += 1)
      await store.insert(
        aLogout(`lgt_${index}`, { createdAt: after(-index), status: index & 1 ? 'running' : 'finished' }),
      );
    const keep = 1000;
    expect(await store.prune({ olderThan: new Date(AT), keep })).toBe(230);
    expect(await store.prune({ olderThan: new Date(AT), keep })).toBe(0);
    expect(await idsOf(store)).toBe('lgt_later lgt_at');
  },
);

onEachDatabase('pruning keeps no more than the newest so many, whatever their age', async ({ open }) => {
  const store = new LogoutStore(await open());
  for (let index = 0; index < 130; index += 1)
    await store.insert(aLogout(`lgt_${1000 + index}`, { createdAt: after(Math.floor(index / 2)) }));
  const olderThan = new Date(AT);
  expect(await store.prune({ olderThan, keep: 130 })).toBe(0);
  expect(await store.prune({ olderThan, keep: 3 })).toBe(127);
  expect(await idsOf(store)).toBe('lgt_1129 lgt_1128 lgt_1127');
});
