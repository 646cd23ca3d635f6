import { expect, test } from 'vitest';
import { SessionStore } from '../../src/storage/session-store.js';
import { TransactionStore } from '../../src/storage/transaction-store.js';
import { TRANSACTION_STATUSES, type Transaction } from '../../src/tenant/transaction.js';
import { onEachDatabase, onSqlite } from './each-database.js';
import { AT, HARD_TEXTS, aParticipant, aSession, aTransaction, after } from './samples.js';

const idsOf = (transactions: readonly Transaction[]): string[] => transactions.map(({ id }) => id);

async function walk(
  store: TransactionStore,
  limit: number,
  filters: Parameters<TransactionStore['list']>[0]['filters'] = {},
): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await store.list({ filters, limit, cursor });
    pages.push(idsOf(items));
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

onEachDatabase('a transaction comes back as it was put in, byte for byte', async ({ open }) => {
  const store = new TransactionStore(await open());
  const transaction = aTransaction('txn_1', {
    assertionXml: HARD_TEXTS.join(''),
    result: { SAMLResponse: 'PHNhbWxw', acsUrl: 'https://sp.example.com/acs', RelayState: HARD_TEXTS.join() },
    event: JSON.parse('{"__proto__":{"a":1},"constructor":2}') as Record<string, unknown>,
    warnings: HARD_TEXTS.map((detail) => ({ code: 'hard', detail })),
  });
  await store.insert(transaction);
  const kept = await store.get('txn_1');
  expect(kept).toEqual(transaction);
  expect(JSON.stringify(kept)).toBe(JSON.stringify(transaction));
  expect(await store.get('txn_2')).toBeNull();
});

onEachDatabase('a megabyte comes back whole', async ({ open }) => {
  const store = new TransactionStore(await open());
  const assertionXml = '<é🪙>'.repeat(200_000);
  await store.insert(aTransaction('txn_1', { assertionXml }));
  expect((await store.get('txn_1'))?.assertionXml).toBe(assertionXml);
});

onEachDatabase('an update writes over the revision it was made from', async ({ open }) => {
  const store = new TransactionStore(await open());
  await store.insert(aTransaction('txn_1', { userId: null }));
  const next = aTransaction('txn_1', { revision: 2, status: 'suspended', userId: 'auth0|late' });
  expect(await store.update(next)).toBe(true);
  expect(await store.get('txn_1')).toEqual(next);
  expect(idsOf((await store.list({ filters: { userId: 'auth0|late' }, limit: 5 })).items)).toEqual(['txn_1']);
  expect(idsOf((await store.list({ filters: { status: 'suspended' }, limit: 5 })).items)).toEqual(['txn_1']);
  expect(idsOf((await store.list({ filters: { status: 'pending' }, limit: 5 })).items)).toEqual([]);
});

onEachDatabase('an update from another revision changes nothing', async ({ open }) => {
  const store = new TransactionStore(await open());
  await store.insert(aTransaction('txn_1', { revision: 3 }));
  for (const revision of [1, 2, 3, 5])
    expect(await store.update(aTransaction('txn_1', { revision, reason: 'late' }))).toBe(false);
  expect(await store.update(aTransaction('txn_2', { revision: 4 }))).toBe(false);
  expect(await store.get('txn_1')).toEqual(aTransaction('txn_1', { revision: 3 }));
});

for (const status of ['completed', 'denied', 'failed'] as const)
  onEachDatabase(`a ${status} transaction never changes again`, async ({ open }) => {
    const store = new TransactionStore(await open());
    await store.insert(aTransaction('txn_1'));
    const final = aTransaction('txn_1', { revision: 2, status, finishedAt: AT });
    expect(await store.update(final)).toBe(true);
    expect(await store.update(aTransaction('txn_1', { revision: 3, status: 'pending' }))).toBe(false);
    expect(await store.update(aTransaction('txn_1', { revision: 3, status: 'completed' }))).toBe(false);
    expect(await store.get('txn_1')).toEqual(final);
  });

onEachDatabase('of many instances that complete one transaction exactly one does', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  await new TransactionStore(instances[0]).insert(aTransaction('txn_1'));
  const told = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      new TransactionStore(instances[index % 3]!).update(
        aTransaction('txn_1', { revision: 2, status: 'completed', signedWith: `${index}` }),
      ),
    ),
  );
  expect(told.filter(Boolean)).toHaveLength(1);
  expect((await new TransactionStore(instances[1]).get('txn_1'))?.signedWith).toBe(`${told.indexOf(true)}`);
});

onEachDatabase(
  'a transaction of no client is kept and listed, and belongs to no client',
  async ({ open }) => {
    const store = new TransactionStore(await open());
    const refused = aTransaction('txn_1', { clientId: null, userId: null, user: null, status: 'failed' });
    await store.insert(refused);
    await store.insert(aTransaction('txn_2'));
    expect(await store.get('txn_1')).toEqual(refused);
    expect(idsOf((await store.list({ limit: 5 })).items)).toEqual(['txn_2', 'txn_1']);
    expect(idsOf((await store.list({ filters: { clientId: 'client' }, limit: 5 })).items)).toEqual(['txn_2']);
  },
);

onEachDatabase('a transaction and who took part in its session are written together', async ({ open }) => {
  const dataSource = await open();
  const [store, sessions] = [new TransactionStore(dataSource), new SessionStore(dataSource)];
  await sessions.insert(aSession('one'));
  const first = aParticipant('one', 'client', { sessionIndex: '_first' });
  await store.insert(aTransaction('txn_1'), first);
  expect(await store.get('txn_1')).toEqual(aTransaction('txn_1'));
  expect(await sessions.participants('one')).toEqual([first]);
  const ended = aTransaction('txn_1', { revision: 2, status: 'completed' });
  const later = aParticipant('one', 'client', { sessionIndex: '_later', since: after(5) });
  expect(await store.update(ended, later)).toBe(true);
  expect(await store.get('txn_1')).toEqual(ended);
  expect(await sessions.participants('one')).toEqual([later]);
});

onEachDatabase('a transaction that cannot be inserted leaves no participant', async ({ open }) => {
  const dataSource = await open();
  const [store, sessions] = [new TransactionStore(dataSource), new SessionStore(dataSource)];
  await sessions.insert(aSession('one'));
  await store.insert(aTransaction('txn_1'));
  await expect(store.insert(aTransaction('txn_1'), aParticipant('one', 'client'))).rejects.toMatchObject({
    name: 'DatabaseError',
  });
  expect(await sessions.participants('one')).toEqual([]);
});

onEachDatabase('a participant that cannot be written leaves no transaction', async ({ open }) => {
  const dataSource = await open();
  const store = new TransactionStore(dataSource);
  await new SessionStore(dataSource).insert(aSession('one'));
  // no database takes it for an instant
  const broken = aParticipant('one', 'client', { since: 'never' });
  await expect(store.insert(aTransaction('txn_1'), broken)).rejects.toMatchObject({ name: 'DatabaseError' });
  expect(await store.get('txn_1')).toBeNull();
  await store.insert(aTransaction('txn_1'));
  const next = aTransaction('txn_1', { revision: 2, status: 'completed' });
  await expect(store.update(next, broken)).rejects.toMatchObject({ name: 'DatabaseError' });
  expect(await store.get('txn_1')).toEqual(aTransaction('txn_1'));
});

onEachDatabase(
  'a login whose session ended in this very moment is kept, without a participant',
  async ({ open }) => {
    const dataSource = await open();
    const [store, sessions] = [new TransactionStore(dataSource), new SessionStore(dataSource)];
    await store.insert(aTransaction('txn_1'), aParticipant('ended', 'client'));
    const next = aTransaction('txn_1', { revision: 2, status: 'completed' });
    expect(await store.update(next, aParticipant('ended', 'client'))).toBe(true);
    expect(await store.update(next, aParticipant('ended', 'client'))).toBe(false);
    expect(await store.get('txn_1')).toEqual(next);
    expect(await sessions.participants('ended')).toEqual([]);
  },
);

onEachDatabase('whoever is told false writes no participant', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const sessions = new SessionStore(instances[0]);
  await sessions.insert(aSession('one'));
  await new TransactionStore(instances[0]).insert(aTransaction('txn_1'));
  const told = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      new TransactionStore(instances[index % 3]!).update(
        aTransaction('txn_1', { revision: 2, status: 'completed', signedWith: `${index}` }),
        aParticipant('one', 'client', { sessionIndex: `_${index}` }),
      ),
    ),
  );
  const winner = told.indexOf(true);
  expect(told.filter(Boolean)).toHaveLength(1);
  expect((await new TransactionStore(instances[1]).get('txn_1'))?.signedWith).toBe(`${winner}`);
  const [kept] = await sessions.participants('one');
  expect(kept?.sessionIndex).toBe(`_${winner}`);
});

onEachDatabase(
  'logins that end while their sessions do are all kept, and nobody is left behind',
  async ({ open }) => {
    const instances = await Promise.all([open(), open()]);
    const [sessions, others] = instances.map((dataSource) => new SessionStore(dataSource));
    const store = new TransactionStore(instances[0]);
    for (let index = 0; index < 20; index += 1) await sessions!.insert(aSession(`s${index}`));
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        await Promise.all([
          store.insert(aTransaction(`txn_${index}`), aParticipant(`s${index}`, 'client')),
          others!.delete(`s${index}`),
        ]);
      }),
    );
    expect((await store.list({ limit: 50 })).items).toHaveLength(20);
    expect(await sessions!.participantsNamed('client', 'auth0|user')).toEqual([]);
  },
);

onEachDatabase('every NameID can be written with its transaction', async ({ open }) => {
  const dataSource = await open();
  const store = new TransactionStore(dataSource);
  await new SessionStore(dataSource).insert(aSession('one'));
  for (const [index, nameId] of [...HARD_TEXTS, 'long'.repeat(50_000)].entries())
    await store.insert(
      aTransaction(`txn_${index}`),
      aParticipant('one', `c${index}`, { nameId, format: nameId }),
    );
  expect((await store.list({ limit: 50 })).items).toHaveLength(HARD_TEXTS.length + 1);
});

onEachDatabase('pages walk from the newest to the oldest, each transaction once', async ({ open }) => {
  const store = new TransactionStore(await open());
  for (let index = 0; index < 7; index += 1)
    await store.insert(aTransaction(`txn_${index}`, { createdAt: after(index) }));
  expect(await walk(store, 3)).toEqual([['txn_6', 'txn_5', 'txn_4'], ['txn_3', 'txn_2', 'txn_1'], ['txn_0']]);
  expect(await walk(store, 7)).toHaveLength(1);
});

onEachDatabase('transactions of the same instant are paged without loss or repetition', async ({ open }) => {
  const store = new TransactionStore(await open());
  const ids = ['txn_a', 'txn_B', 'txn_-', 'txn__', 'txn_0', 'txn_Z', 'txn_z'];
  for (const id of ids) await store.insert(aTransaction(id));
  await store.insert(aTransaction('txn_older', { createdAt: after(-1) }));
  const byCodePoint = ids.toSorted((one, other) => (one < other ? 1 : -1));
  for (const limit of [1, 2, 3, 7, 8])
    expect((await walk(store, limit)).flat()).toEqual([...byCodePoint, 'txn_older']);
});

onEachDatabase('a page is not disturbed by what arrives after the first one', async ({ open }) => {
  const store = new TransactionStore(await open());
  for (let index = 0; index < 4; index += 1)
    await store.insert(aTransaction(`txn_${index}`, { createdAt: after(index) }));
  const { next } = await store.list({ limit: 2 });
  await store.insert(aTransaction('txn_new', { createdAt: after(50) }));
  expect(idsOf((await store.list({ limit: 2, cursor: next! })).items)).toEqual(['txn_1', 'txn_0']);
});

onEachDatabase('filters narrow the list alone, together and across pages', async ({ open }) => {
  const store = new TransactionStore(await open());
  for (let index = 0; index < 16; index += 1)
    await store.insert(
      aTransaction(`txn_${String(index).padStart(2, '0')}`, {
        createdAt: after(index),
        clientId: index & 1 ? 'odd' : 'even',
        userId: index & 2 ? 'two' : null,
        status: index & 4 ? 'completed' : 'pending',
        protocol: index & 8 ? 'oidc' : 'samlp',
      }),
    );
  const numbers = async (filters: Parameters<typeof walk>[2]): Promise<number[]> =>
    (await walk(store, 3, filters)).flat().map((id) => Number(id.slice(4)));
  const where = (keep: (index: number) => boolean): number[] =>
    Array.from({ length: 16 }, (_, index) => 15 - index).filter(keep);
  expect(await numbers({ clientId: 'odd' })).toEqual(where((index) => (index & 1) === 1));
  expect(await numbers({ userId: 'two' })).toEqual(where((index) => (index & 2) === 2));
  expect(await numbers({ status: 'completed' })).toEqual(where((index) => (index & 4) === 4));
  expect(await numbers({ protocol: 'oidc' })).toEqual(where((index) => (index & 8) === 8));
  expect(await numbers({ clientId: 'even', userId: 'two', status: 'pending', protocol: 'samlp' })).toEqual([
    2,
  ]);
  expect(await numbers({ clientId: undefined, protocol: 'oidc', status: undefined })).toHaveLength(8);
  expect(await numbers({ clientId: 'Odd' })).toEqual([]);
});

for (const [what, cursor] of Object.entries({
  'that is empty': '',
  'that is no base64': '***',
  'that is no JSON': 'bm9wZQ',
  'that is no list': Buffer.from('null').toString('base64url'),
  'of the wrong types': Buffer.from('["1","txn"]').toString('base64url'),
  'beyond the safe integers': Buffer.from('[1e300,"txn"]').toString('base64url'),
  'that lacks the id': Buffer.from('[1]').toString('base64url'),
  'with more than it needs': Buffer.from('[1,"txn",2]').toString('base64url'),
  'with U+0000': Buffer.from('[1,"\\u0000"]').toString('base64url'),
}))
  onEachDatabase(`a cursor ${what} is refused`, async ({ open }) => {
    const store = new TransactionStore(await open());
    await expect(store.list({ limit: 1, cursor })).rejects.toMatchObject({ code: 'cursor_invalid' });
  });

onEachDatabase('pruning by age keeps what was created at the instant or later', async ({ open }) => {
  const store = new TransactionStore(await open());
  for (const offset of [-2, -1, 0, 1])
    await store.insert(aTransaction(`txn_${offset}`, { createdAt: after(offset) }));
  expect(await store.prune({ olderThan: new Date(AT), keep: 100 })).toBe(2);
  expect((await walk(store, 10)).flat()).toEqual(['txn_1', 'txn_0']);
});

onEachDatabase('pruning by number keeps the newest', async ({ open }) => {
  const store = new TransactionStore(await open());
  const ids = ['txn_a', 'txn_b', 'txn_c', 'txn_d'];
  for (const id of ids) await store.insert(aTransaction(id));
  await store.insert(aTransaction('txn_0', { createdAt: after(1) }));
  const long = new Date(0);
  expect(await store.prune({ olderThan: long, keep: 5 })).toBe(0);
  expect(await store.prune({ olderThan: long, keep: 3 })).toBe(2);
  expect((await walk(store, 10)).flat()).toEqual(['txn_0', 'txn_d', 'txn_c']);
  expect(await store.prune({ olderThan: long, keep: 0 })).toBe(3);
  expect(await store.prune({ olderThan: long, keep: 0 })).toBe(0);
});

onEachDatabase('each status has the cap to itself: none pushes out another', async ({ open }) => {
  const dataSource = await open();
  const store = new TransactionStore(dataSource);
  for (const [index, status] of TRANSACTION_STATUSES.entries())
    await store.insert(aTransaction(`txn_${status}`, { status, createdAt: after(index) }));
  const burst = Array.from({ length: 250 }, (_, index) => `txn_burst_${String(index).padStart(3, '0')}`);
  for (const id of burst) await store.insert(aTransaction(id, { status: 'failed', createdAt: after(100) }));
  const caps = { olderThan: new Date(0), keep: 4 };
  expect(await store.prune(caps)).toBe(247);
  expect((await walk(store, 20)).flat()).toEqual([
    ...burst.slice(-4).toReversed(),
    ...['denied', 'completed', 'suspended', 'pending'].map((status) => `txn_${status}`),
  ]);
  expect(await store.prune(caps)).toBe(0);
  // logins that somebody opens by the hundred are bounded as well, and cost no other its place
  for (const id of burst.slice(0, 9))
    await store.insert(aTransaction(`${id}_open`, { createdAt: after(200) }));
  expect(await store.prune(caps)).toBe(6);
  expect((await store.list({ limit: 20, filters: { status: 'completed' } })).items).toHaveLength(1);
});

test('to find that nothing is to be pruned, and the lot that is, costs the entries of an index', () =>
  onSqlite(async ({ open }) => {
    const dataSource = await open();
    const surplus = `SELECT created_at, id FROM transactions WHERE status = 'failed' ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET 9`;
    const lot = `SELECT id FROM transactions WHERE status = 'failed' AND (created_at, id) <= (1, 'a') ORDER BY created_at, id LIMIT 100`;
    const old = 'SELECT id FROM transactions WHERE created_at < 1 ORDER BY created_at, id LIMIT 100';
    for (const [sql, index] of [
      [surplus, 'transactions_by_status'],
      [lot, 'transactions_by_status'],
      [old, 'transactions_by_age'],
    ] as const) {
      const plan = await dataSource.query<readonly { detail: string }[]>(`EXPLAIN QUERY PLAN ${sql}`);
      expect(plan).toEqual([
        expect.objectContaining({
          detail: expect.stringContaining(`SEARCH transactions USING COVERING INDEX ${index}`),
        }),
      ]);
    }
  }));

onEachDatabase('pruning goes through as many lots as there are, while others write', async ({ open }) => {
  const store = new TransactionStore(await open());
  for (let index = 0; index < 350; index += 1)
    await store.insert(aTransaction(`txn_${index}`, { createdAt: after(index) }));
  const [pruned] = await Promise.all([
    store.prune({ olderThan: new Date(after(250)), keep: 60 }),
    store.insert(aTransaction('txn_new', { createdAt: after(1000) })),
  ]);
  const kept = (await walk(store, 100)).flat();
  expect(kept).toContain('txn_new');
  expect(pruned).toBe(351 - kept.length);
  expect([60, 61]).toContain(kept.length);
});

onEachDatabase('two instances prune at once without harm', async ({ open }) => {
  const instances = await Promise.all([open(), open()]);
  const stores = instances.map((dataSource) => new TransactionStore(dataSource));
  for (let index = 0; index < 250; index += 1) await stores[0]!.insert(aTransaction(`txn_${index}`));
  const pruned = await Promise.all(stores.map((store) => store.prune({ olderThan: new Date(0), keep: 10 })));
  expect(pruned[0]! + pruned[1]!).toBe(240);
});

onEachDatabase('a key that no database can look up is refused or never found', async ({ open }) => {
  const store = new TransactionStore(await open());
  for (const text of ['a\u0000', '\udc00a']) {
    await expect(store.insert(aTransaction('txn_1', { userId: text }))).rejects.toMatchObject({
      code: 'invalid_body',
      errors: [{ pointer: '/user/user_id' }],
    });
    await expect(store.insert(aTransaction('txn_1', { clientId: text }))).rejects.toMatchObject({
      code: 'invalid_body',
      errors: [{ pointer: '/client_id' }],
    });
    expect(await store.get(text)).toBeNull();
    expect(await store.list({ filters: { userId: text }, limit: 1 })).toEqual({ items: [], next: null });
  }
  expect(await store.get('txn_1')).toBeNull();
});
