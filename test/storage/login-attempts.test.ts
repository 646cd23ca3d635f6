import { expect } from 'vitest';
import { LoginAttemptStore } from '../../src/storage/login-attempt-store.js';
import { onEachDatabase } from './each-database.js';
import { AT, after } from './samples.js';

const at = (milliseconds: number): Date => new Date(after(milliseconds));

onEachDatabase('attempts are counted from 1 in a window that begins with the first', async ({ open }) => {
  const store = new LoginAttemptStore(await open());
  expect(await store.count('alice', at(0), 60)).toEqual({ count: 1, until: at(60_000) });
  expect(await store.count('alice', at(10_000), 60)).toEqual({ count: 2, until: at(60_000) });
  expect(await store.count('alice', at(59_999), 60)).toEqual({ count: 3, until: at(60_000) });
});

onEachDatabase('after a window the next attempt begins another', async ({ open }) => {
  const store = new LoginAttemptStore(await open());
  for (let index = 0; index < 5; index += 1) await store.count('alice', at(0), 60);
  expect(await store.count('alice', at(60_000), 60)).toEqual({ count: 1, until: at(120_000) });
  expect(await store.count('alice', at(60_001), 60)).toEqual({ count: 2, until: at(120_000) });
  expect(await store.count('alice', at(500_000), 5)).toEqual({ count: 1, until: at(505_000) });
});

onEachDatabase('each key is counted for itself', async ({ open }) => {
  const store = new LoginAttemptStore(await open());
  await store.count('alice', at(0), 60);
  expect((await store.count('Alice', at(0), 60)).count).toBe(1);
  expect((await store.count('alice', at(0), 60)).count).toBe(2);
});

onEachDatabase('of attempts at once, at any instance, each is told another number', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const told = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      new LoginAttemptStore(instances[index % 3]!).count('alice', at(index), 60),
    ),
  );
  expect(told.map(({ count }) => count).toSorted((one, other) => one - other)).toEqual(
    Array.from({ length: 30 }, (_, index) => index + 1),
  );
  expect(new Set(told.map(({ until }) => until.getTime())).size).toBe(1);
});

onEachDatabase('cleared attempts count from 1 again, and those of others go on', async ({ open }) => {
  const store = new LoginAttemptStore(await open());
  for (const key of ['alice', 'bob']) await store.count(key, at(0), 60);
  await store.clear('alice');
  await store.clear('nobody');
  expect((await store.count('alice', at(1), 60)).count).toBe(1);
  expect((await store.count('bob', at(1), 60)).count).toBe(2);
});

onEachDatabase('an attempt that is taken back does not count, and a window stays open', async ({ open }) => {
  const store = new LoginAttemptStore(await open());
  for (const key of ['alice', 'alice', 'bob']) await store.count(key, at(0), 60);
  for (const key of ['alice', 'bob', 'bob', 'nobody']) await store.takeBack(key);
  expect((await store.count('alice', at(1), 60)).count).toBe(2);
  expect((await store.count('bob', at(1), 60)).count).toBe(1);
});

onEachDatabase('a window is open from its first attempt to its end', async ({ open }) => {
  const store = new LoginAttemptStore(await open());
  await store.count('alice', at(0), 60);
  expect(await store.isOpen('alice', at(59_999))).toBe(true);
  expect(await store.isOpen('alice', at(60_000))).toBe(false);
  expect(await store.isOpen('bob', at(0))).toBe(false);
});

onEachDatabase('pruning deletes the windows that are over', async ({ open }) => {
  const dataSource = await open();
  const store = new LoginAttemptStore(dataSource);
  await store.count('over', at(0), 10);
  await store.count('over now', at(0), 20);
  await store.count('open', at(1), 20);
  expect(await store.prune(new Date(Date.parse(AT) + 20_000))).toBe(2);
  expect(await dataSource.query('SELECT key, count FROM login_attempts')).toEqual([
    { key: 'open', count: 1 },
  ]);
});
