import { expect } from 'vitest';
import { UsedTokenIdStore, type TokenId } from '../../src/storage/used-token-id-store.js';
import { onEachDatabase } from './each-database.js';
import { HARD_TEXTS } from './samples.js';
import { at } from './token-samples.js';

const anId = (jti: string, over: Partial<TokenId> = {}): TokenId => ({
  kind: 'dpop',
  owner: 'jkt',
  jti,
  ...over,
});

onEachDatabase('an id is used once, until what it stood in has expired', async ({ open }) => {
  const store = new UsedTokenIdStore(await open());
  expect(await store.use(anId('one'), at(100), at(0))).toBe(true);
  expect(await store.use(anId('one'), at(500), at(99))).toBe(false);
  expect(await store.use(anId('one'), at(200), at(100))).toBe(true);
  expect(await store.use(anId('one'), at(300), at(199))).toBe(false);
});

onEachDatabase('ids of other kinds and owners are others, whatever they hold', async ({ open }) => {
  const store = new UsedTokenIdStore(await open());
  const ids = [
    anId('a'),
    anId('a', { kind: 'client_assertion' }),
    anId('a', { owner: 'other' }),
    anId('', { owner: 'jkt","a' }),
    anId('long'.repeat(50_000)),
    anId('lone \ud801'),
    ...HARD_TEXTS.map((text) => anId(text, { owner: text })),
  ];
  for (const id of ids) expect(await store.use(id, at(100), at(0))).toBe(true);
  for (const id of ids) expect(await store.use(id, at(100), at(0))).toBe(false);
});

onEachDatabase('of many that use an id at once, at any instance, one does', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const stores = instances.map((dataSource) => new UsedTokenIdStore(dataSource));
  for (let round = 0; round < 200; round += 1) {
    // every other id was used before, and may come again
    if (round & 1) await stores[0]!.use(anId(`${round}`), at(0), at(-1));
    const told = await Promise.all(stores.map((store) => store.use(anId(`${round}`), at(100), at(0))));
    expect(told.filter(Boolean)).toHaveLength(1);
  }
});

onEachDatabase('pruning deletes the ids that may come again', async ({ open }) => {
  const store = new UsedTokenIdStore(await open());
  for (let index = 0; index < 130; index += 1) await store.use(anId(`${index}`), at(index), at(-1));
  expect(await store.prune(at(119))).toBe(120);
  expect(await store.prune(at(119))).toBe(0);
  expect(await store.use(anId('120'), at(500), at(119))).toBe(false);
});
