import { expect } from 'vitest';
import { ActionCacheStore } from '../../src/storage/action-cache-store.js';
import type { CacheRecord } from '../../src/tenant/effects.js';
import { onEachDatabase } from './each-database.js';
import { HARD_TEXTS } from './samples.js';

const NOW = 1_800_000_000_000;
const until = (milliseconds: number, value = 'x'): CacheRecord => ({ value, expires_at: NOW + milliseconds });
/** Each entry lives a millisecond longer than the one before it. */
const entries = (count: number, prefix = 'k'): Record<string, CacheRecord> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, until(index + 1)]));

onEachDatabase('any text can be a key and a value, and each is told from the others', async ({ open }) => {
  const store = new ActionCacheStore(await open());
  const texts = [...HARD_TEXTS, '__proto__', 'constructor', 'lone \ud800', 'lone \ud801', '\u0000'];
  const changes = Object.fromEntries(texts.map((text, index) => [text, until(index + 1, text)]));
  expect(Object.keys(changes)).toHaveLength(texts.length);
  await store.write('post-login', changes, NOW);
  const read = await store.read('post-login', NOW);
  expect(Object.keys(read).toSorted()).toEqual(texts.toSorted());
  for (const [index, text] of texts.entries())
    expect(Object.entries(read).find(([key]) => key === text)?.[1]).toEqual(until(index + 1, text));
});

onEachDatabase('a value of four kB in bytes of three is kept whole', async ({ open }) => {
  const store = new ActionCacheStore(await open());
  const value = '\u2028'.repeat(4096);
  await store.write('post-login', { large: until(1, value) }, NOW);
  expect((await store.read('post-login', NOW))['large']?.value).toBe(value);
});

onEachDatabase(
  'entries are written over, deleted, and left alone, and every instance sees it',
  async ({ open }) => {
    const [here, there] = [new ActionCacheStore(await open()), new ActionCacheStore(await open())];
    await here.write('post-login', { a: until(1), b: until(2), c: until(3) }, NOW);
    await there.write('post-login', { a: until(9, 'new'), b: null, none: null, d: until(4) }, NOW);
    expect(await here.read('post-login', NOW)).toEqual({ a: until(9, 'new'), c: until(3), d: until(4) });
    await here.write('post-login', {}, NOW);
    expect(Object.keys(await here.read('post-login', NOW))).toEqual(['a', 'c', 'd']);
  },
);

onEachDatabase('triggers have caches of their own', async ({ open }) => {
  const store = new ActionCacheStore(await open());
  await store.write('post-login', { a: until(1, 'login') }, NOW);
  await store.write('credentials-exchange', { a: until(1, 'exchange') }, NOW);
  await store.write('credentials-exchange', entries(25), NOW);
  expect(await store.read('post-login', NOW)).toEqual({ a: until(1, 'login') });
  await store.write('post-login', { a: null }, NOW);
  expect(Object.keys(await store.read('credentials-exchange', NOW))).toHaveLength(20);
});

onEachDatabase(
  'what has expired is not read, and goes with the next write of its trigger',
  async ({ open }) => {
    const dataSource = await open();
    const store = new ActionCacheStore(dataSource);
    await store.write('post-login', { a: until(1), b: until(2), c: until(3.7) }, NOW);
    await store.write('credentials-exchange', { a: until(1) }, NOW);
    expect(Object.keys(await store.read('post-login', NOW + 2))).toEqual(['c']);
    await store.write('post-login', { d: until(9), e: until(2) }, NOW + 2.5);
    const kept = await dataSource.query<{ key: string }[]>(
      'SELECT key FROM action_cache ORDER BY trigger, key',
    );
    expect(kept.map(({ key }) => key)).toEqual(['"a"', '"c"', '"d"']);
  },
);

onEachDatabase('of more than twenty entries those that would be the first to expire go', async ({ open }) => {
  const store = new ActionCacheStore(await open());
  await store.write('post-login', entries(20), NOW);
  await store.write('post-login', { long: until(99), longer: until(100) }, NOW);
  const read = await store.read('post-login', NOW);
  expect(Object.keys(read)).toHaveLength(20);
  expect(read).toHaveProperty('long');
  expect(read).toHaveProperty('longer');
  expect(read).toHaveProperty('k2');
  expect(read).not.toHaveProperty('k1');
  expect(read).not.toHaveProperty('k0');
});

onEachDatabase('writes at once of many instances wait for one another, and none fails', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const names = Object.keys(entries(20));
  await Promise.all(
    Array.from({ length: 30 }, (_, writer) => {
      const ordered = writer % 2 === 0 ? names : names.toReversed();
      const changes = Object.fromEntries(
        ordered.map((name): [string, CacheRecord | null] => [
          name,
          name === 'k7' ? null : until(1000, String(writer)),
        ]),
      );
      const further = { [`only ${writer}`]: until(writer + 1) };
      return new ActionCacheStore(instances[writer % 3]!).write(
        'post-login',
        { ...changes, ...further },
        NOW,
      );
    }),
  );
  const read = await new ActionCacheStore(instances[0]).read('post-login', NOW);
  expect(Object.keys(read)).toHaveLength(20);
  const writers = new Set(names.filter((name) => name in read).map((name) => read[name]!.value));
  expect(writers.size).toBe(1);
  expect(read).not.toHaveProperty('k7');
});
