import { expect } from 'vitest';
import { ClientStore } from '../../src/storage/client-store.js';
import type { Client } from '../../src/tenant/client.js';
import { onEachDatabase } from './each-database.js';
import { HARD_TEXTS, aClient, after } from './samples.js';

onEachDatabase('a client comes back as it was put in', async ({ open }) => {
  const store = new ClientStore(await open());
  const client = aClient('sp', {
    callbacks: ['https://sp.example.com/acs'],
    client_metadata: { tier: 'gold' },
  });
  await store.insert(client);
  expect(await store.get('sp')).toEqual(client);
  expect(await store.get('SP')).toBeNull();
});

onEachDatabase('every text of a document comes back unchanged', async ({ open }) => {
  const store = new ClientStore(await open());
  const metadata = Object.fromEntries(HARD_TEXTS.map((text, index) => [`${index} ${text}`, text]));
  await store.insert(aClient('sp', { client_metadata: metadata }));
  expect((await store.get('sp'))?.client_metadata).toEqual(metadata);
});

onEachDatabase('a member named __proto__ is kept as a member', async ({ open }) => {
  const store = new ClientStore(await open());
  const metadata = JSON.parse('{"__proto__":"mine"}') as Record<string, string>;
  await store.insert(aClient('sp', { client_metadata: metadata }));
  const kept = (await store.get('sp'))!.client_metadata;
  expect(Object.keys(kept)).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(kept)).toBe(Object.prototype);
});

onEachDatabase('a client_id that is taken is refused and the first client stays', async ({ open }) => {
  const store = new ClientStore(await open());
  await store.insert(aClient('sp', { name: 'first' }));
  await expect(store.insert(aClient('sp', { name: 'second' }))).rejects.toMatchObject({
    code: 'client_exists',
  });
  expect((await store.get('sp'))?.name).toBe('first');
});

onEachDatabase('of many instances that insert one client_id exactly one succeeds', async ({ open }) => {
  const instances = await Promise.all([open(), open()]);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) =>
      new ClientStore(instances[index % 2]!).insert(aClient('sp', { name: `${index}` })),
    ),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

onEachDatabase('replace writes over a client, and tells when there is none', async ({ open }) => {
  const store = new ClientStore(await open());
  expect(await store.replace(aClient('sp'))).toBe(false);
  expect(await store.get('sp')).toBeNull();
  await store.insert(aClient('sp'));
  expect(await store.replace(aClient('sp', { name: 'renamed' }))).toBe(true);
  expect((await store.get('sp'))?.name).toBe('renamed');
});

onEachDatabase('upsert inserts, then replaces', async ({ open }) => {
  const store = new ClientStore(await open());
  await store.upsert(aClient('sp', { name: 'first' }));
  await store.upsert(aClient('sp', { name: 'second' }));
  expect((await store.list({ page: 0, perPage: 10 })).items.map(({ name }) => name)).toEqual(['second']);
});

onEachDatabase('delete takes a client away once', async ({ open }) => {
  const store = new ClientStore(await open());
  await store.insert(aClient('sp'));
  await store.insert(aClient('other'));
  expect(await store.delete('sp')).toBe(true);
  expect(await store.delete('sp')).toBe(false);
  expect(await store.get('sp')).toBeNull();
  expect(await store.get('other')).not.toBeNull();
});

onEachDatabase('concurrent changes of one client lose nothing', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  await new ClientStore(instances[0]).insert(aClient('sp'));
  await Promise.all(
    Array.from({ length: 24 }, (_, index) =>
      new ClientStore(instances[index % 3]!).update('sp', (client) => ({
        ...client,
        client_metadata: { ...client.client_metadata, [`key${index}`]: 'set' },
      })),
    ),
  );
  const kept = await new ClientStore(instances[0]).get('sp');
  expect(Object.keys(kept!.client_metadata)).toHaveLength(24);
});

onEachDatabase('a change yields what was written, null where there is no client', async ({ open }) => {
  const store = new ClientStore(await open());
  await store.insert(aClient('sp'));
  expect((await store.update('sp', (client) => ({ ...client, name: 'new' })))?.name).toBe('new');
  expect(await store.update('nobody', (client) => client)).toBeNull();
});

onEachDatabase('a change that is refused by its maker writes nothing', async ({ open }) => {
  const store = new ClientStore(await open());
  await store.insert(aClient('sp'));
  const refuse = (): never => {
    throw new RangeError('no');
  };
  await expect(store.update('sp', refuse)).rejects.toThrow(RangeError);
  expect(await store.get('sp')).toEqual(aClient('sp'));
});

onEachDatabase('a change cannot move a client to another client_id', async ({ open }) => {
  const store = new ClientStore(await open());
  await store.insert(aClient('sp'));
  await store.insert(aClient('other'));
  await expect(store.update('sp', (client) => ({ ...client, client_id: 'other' }))).rejects.toThrow(
    TypeError,
  );
  expect(await store.get('other')).toEqual(aClient('other'));
});

onEachDatabase('a client made anew does not begin at the revision of the deleted one', async ({ open }) => {
  const dataSource = await open();
  const store = new ClientStore(dataSource);
  const revisions = new Set<number>();
  for (let round = 0; round < 3; round += 1) {
    await store.insert(aClient('sp'));
    const [row] = await dataSource.query<{ revision: number }[]>('SELECT revision FROM clients');
    revisions.add(row!.revision);
    await store.delete('sp');
  }
  expect(revisions.size).toBe(3);
});

onEachDatabase(
  'clients are listed by age and then by code point, page by page, with the total',
  async ({ open }) => {
    const store = new ClientStore(await open());
    for (const id of ['b', 'Z', 'a', '_']) await store.insert(aClient(id));
    await store.insert(aClient('0-young', { created_at: after(1) }));
    await store.insert(aClient('z-old', { created_at: after(-1) }));
    const ids = async (page: number, perPage: number): Promise<unknown> => {
      const { items, total } = await store.list({ page, perPage });
      return [items.map(({ client_id }) => client_id).join(' '), total];
    };
    expect(await ids(0, 50)).toEqual(['z-old Z _ a b 0-young', 6]);
    expect(await ids(0, 4)).toEqual(['z-old Z _ a', 6]);
    expect(await ids(1, 4)).toEqual(['b 0-young', 6]);
    expect(await ids(2, 4)).toEqual(['', 6]);
    expect(await ids(Number.MAX_SAFE_INTEGER, 100)).toEqual(['', 6]);
  },
);

onEachDatabase(
  'a client_id that no database can look up is never found and never stored',
  async ({ open }) => {
    const store = new ClientStore(await open());
    for (const id of ['a\u0000', 'a\ud800']) {
      await expect(store.insert(aClient(id))).rejects.toMatchObject({
        code: 'invalid_body',
        errors: [{ pointer: '/client_id' }],
      });
      expect(await store.get(id)).toBeNull();
      expect(await store.replace(aClient(id))).toBe(false);
      expect(await store.delete(id)).toBe(false);
      expect(await store.update(id, (client) => client)).toBeNull();
    }
  },
);

onEachDatabase(
  'clients are found by the entity ID of their service provider, oldest first',
  async ({ open }) => {
    const store = new ClientStore(await open());
    const samlp = (addon: { entityId?: string; audience?: string }): Partial<Client> => ({
      addons: { samlp: addon },
    });
    await store.insert(aClient('young', { ...samlp({ entityId: 'urn:sp' }), created_at: after(1) }));
    await store.insert(aClient('old', samlp({ audience: 'urn:sp' })));
    await store.insert(aClient('own name', samlp({ entityId: 'urn:other', audience: 'urn:sp' })));
    await store.insert(aClient('without'));
    await store.insert(aClient('without settings', { addons: { samlp: {} } }));
    const found = async (entityId: string): Promise<string[]> =>
      (await store.findByEntityId(entityId)).map(({ client_id }) => client_id);
    expect(await found('urn:sp')).toEqual(['old', 'young']);
    expect(await found('urn:other')).toEqual(['own name']);
    for (const entityId of ['URN:SP', 'urn:sp ', '', 'undefined', 'null'])
      expect(await found(entityId)).toEqual([]);
  },
);

onEachDatabase('a client is found by the entity ID it has now, however it was written', async ({ open }) => {
  const store = new ClientStore(await open());
  const found = async (entityId: string): Promise<number> => (await store.findByEntityId(entityId)).length;
  const named = (entityId: string): Client => aClient('sp', { addons: { samlp: { entityId } } });
  await store.upsert(named('urn:1'));
  await store.upsert(named('urn:2'));
  expect([await found('urn:1'), await found('urn:2')]).toEqual([0, 1]);
  await store.replace(named('urn:3'));
  expect([await found('urn:2'), await found('urn:3')]).toEqual([0, 1]);
  await store.update('sp', (client) => ({ ...client, addons: { samlp: { audience: 'urn:4' } } }));
  expect([await found('urn:3'), await found('urn:4')]).toEqual([0, 1]);
  await store.update('sp', (client) => ({ ...client, addons: {} }));
  expect(await found('urn:4')).toBe(0);
  await store.replace(named('urn:1'));
  await store.delete('sp');
  expect(await found('urn:1')).toBe(0);
});

onEachDatabase('every text can be an entity ID, and each is told from the others', async ({ open }) => {
  const store = new ClientStore(await open());
  const texts = [
    ...HARD_TEXTS.filter((text) => text !== ''),
    'lone \ud800',
    'lone \ud801',
    'long'.repeat(10_000),
  ];
  for (const [index, entityId] of texts.entries())
    await store.insert(aClient(`sp${index}`, { addons: { samlp: { entityId } } }));
  for (const [index, entityId] of texts.entries())
    expect((await store.findByEntityId(entityId)).map(({ client_id }) => client_id)).toEqual([`sp${index}`]);
});
