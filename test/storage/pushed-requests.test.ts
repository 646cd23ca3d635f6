import { expect } from 'vitest';
import { PushedRequestStore } from '../../src/storage/pushed-request-store.js';
import type { PushedRequest } from '../../src/tenant/pushed-request.js';
import { onEachDatabase } from './each-database.js';
import { HARD_TEXTS, after } from './samples.js';
import { at } from './token-samples.js';

const aRequest = (digest: string, over: Partial<PushedRequest> = {}): PushedRequest => ({
  digest,
  clientId: 'client',
  expiresAt: after(30_000),
  parameters: { scope: 'openid' },
  ...over,
});

onEachDatabase(
  'a pushed request is taken once, by the client that left it, until it expires',
  async ({ open }) => {
    const store = new PushedRequestStore(await open());
    const hard = HARD_TEXTS.join();
    const request = aRequest('one', { parameters: { state: hard, [hard]: '' }, dpopJkt: 'jkt' });
    await store.insert(request);
    await store.insert(aRequest('two'));
    expect(await store.take('one', 'other', at(0))).toBeNull();
    expect(await store.take('one', 'client', at(30_000))).toBeNull();
    expect(await store.take('one', 'client', at(29_999))).toEqual(request);
    expect(await store.take('one', 'client', at(0))).toBeNull();
    for (const text of ['a\u0000', '\ud800']) {
      expect(await store.take(text, 'client', at(0))).toBeNull();
      expect(await store.take('two', text, at(0))).toBeNull();
    }
    expect(await store.take('two', 'client', at(0))).toEqual(aRequest('two'));
  },
);

onEachDatabase('of many that take a pushed request at once one gets it', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const stores = instances.map((dataSource) => new PushedRequestStore(dataSource));
  for (let round = 0; round < 100; round += 1) {
    await stores[0]!.insert(aRequest(`${round}`));
    const told = await Promise.all(stores.map((store) => store.take(`${round}`, 'client', at(0))));
    expect(told.filter((request) => request !== null)).toEqual([aRequest(`${round}`)]);
  }
});

onEachDatabase('pruning deletes the pushed requests that have expired', async ({ open }) => {
  const store = new PushedRequestStore(await open());
  for (let index = 0; index < 130; index += 1)
    await store.insert(aRequest(`${index}`, { expiresAt: after(index) }));
  expect(await store.prune(at(119))).toBe(120);
  expect(await store.take('120', 'client', at(0))).not.toBeNull();
});

onEachDatabase(
  'it is known how many wait, of a client and in all, until they are taken or over',
  async ({ open }) => {
    const store = new PushedRequestStore(await open());
    expect(await store.waiting('client', at(0))).toEqual({ ofClient: 0, inAll: 0 });
    for (const digest of ['one', 'two', 'soon over'])
      await store.insert(aRequest(digest, { expiresAt: after(digest === 'soon over' ? 1 : 30_000) }));
    await store.insert(aRequest('other', { clientId: 'other' }));
    expect(await store.waiting('client', at(0))).toEqual({ ofClient: 3, inAll: 4 });
    await store.take('one', 'client', at(0));
    expect(await store.waiting('client', at(1))).toEqual({ ofClient: 1, inAll: 2 });
  },
);
