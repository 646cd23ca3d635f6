import { DataSource } from 'typeorm';
import { expect } from 'vitest';
import { ClientStore } from '../../src/storage/client-store.js';
import { dataSourceOptions } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { lookupDigest } from '../../src/storage/lookup-digest.js';
import { FirstTables1795226400000 } from '../../src/storage/migrations/1795226400000-first-tables.js';
import { SettingsStore } from '../../src/storage/settings-store.js';
import { SigningKeyStore } from '../../src/storage/signing-key-store.js';
import { TransactionStore } from '../../src/storage/transaction-store.js';
import { UserStore } from '../../src/storage/user-store.js';
import type { Client } from '../../src/tenant/client.js';
import type { Transaction } from '../../src/tenant/transaction.js';
import { onEachDatabase } from './each-database.js';
import { AT, HARD_TEXTS, aClient, aKey, aTransaction, aUser, after } from './samples.js';

const CLIENTS: readonly Client[] = [
  aClient('audience', { addons: { samlp: { audience: 'urn:sp' } }, name: HARD_TEXTS.join() }),
  aClient('entity id', {
    addons: { samlp: { entityId: 'urn:sp', audience: 'urn:else' } },
    created_at: after(1),
  }),
  aClient('neither', { addons: { samlp: { lifetimeInSeconds: 60 } }, created_at: after(2) }),
  aClient('no saml', { created_at: after(3) }),
  aClient('hard', { addons: { samlp: { audience: HARD_TEXTS[1]! } }, created_at: after(4) }),
];
const TRANSACTIONS: readonly Transaction[] = Array.from({ length: 120 }, (_, index) =>
  aTransaction(`txn_${index}`, {
    clientId: index % 2 === 0 ? 'even' : 'odd',
    userId: index % 3 === 0 ? null : 'auth0|user',
    status: index % 5 === 0 ? 'pending' : 'completed',
    createdAt: after(index),
    assertionXml: HARD_TEXTS.join('').repeat(20),
  }),
);

async function fillFirstTables(url: string): Promise<void> {
  const dataSource = new DataSource({ ...dataSourceOptions(url), migrations: [FirstTables1795226400000] });
  await dataSource.initialize();
  await dataSource.runMigrations();
  // the stores of today write columns that are not there yet
  const database = new Database(dataSource);
  for (const client of CLIENTS)
    await database.change(
      'INSERT INTO clients (client_id, revision, created_at, document) VALUES (?, ?, ?, ?)',
      [client.client_id, 7, Date.parse(client.created_at), JSON.stringify(client)],
    );
  for (const { id, revision, status, protocol, clientId, userId, createdAt, ...more } of TRANSACTIONS)
    await database.change(
      `INSERT INTO transactions (id, revision, status, protocol, client_id, user_id, created_at, document)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        id,
        revision,
        status,
        protocol,
        clientId,
        userId,
        Date.parse(createdAt),
        JSON.stringify({ id, revision, status, protocol, clientId, userId, createdAt, ...more }),
      ],
    );
  const user = aUser('auth0|user', { email: 'alice@example.com', username: 'Alice' });
  await database.change(
    'INSERT INTO users (user_id, revision, created_at, email_digest, password_hash, document) VALUES (?, ?, ?, ?, ?, ?)',
    [user.user_id, 7, Date.parse(user.created_at), lookupDigest(user.email!), 'hash', JSON.stringify(user)],
  );
  await new SigningKeyStore(dataSource).insertFirst(aKey('k1'));
  await new SettingsStore(dataSource).setAdminTokenHash('token');
  await dataSource.destroy();
}

async function isApplied(dataSource: DataSource, migration: string): Promise<boolean> {
  const applied = await dataSource.query<{ name: string }[]>('SELECT name FROM migrations');
  return applied.some(({ name }) => name === migration);
}

const idsOf = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id);
const newestFirst = (transactions: readonly Transaction[]): string[] => idsOf(transactions.toReversed());

onEachDatabase('a database of the first version keeps all that it held', async ({ url, open }) => {
  await fillFirstTables(url);
  const dataSource = await open();
  const [clients, transactions] = [new ClientStore(dataSource), new TransactionStore(dataSource)];
  expect((await clients.list({ page: 0, perPage: 50 })).items).toEqual(CLIENTS);
  expect((await transactions.list({ limit: 200 })).items).toEqual(TRANSACTIONS.toReversed());
  const filtered = await transactions.list({
    filters: { clientId: 'odd', userId: 'auth0|user' },
    limit: 200,
  });
  expect(idsOf(filtered.items)).toEqual(
    newestFirst(TRANSACTIONS.filter(({ clientId, userId }) => clientId === 'odd' && userId !== null)),
  );
  expect(await new UserStore(dataSource).findByEmail('alice@example.com')).toHaveLength(1);
  expect(await new UserStore(dataSource).findByUsername('aLICE')).toHaveLength(1);
  expect(await new UserStore(dataSource).passwordHash('auth0|user')).toBe('hash');
  expect(await new SigningKeyStore(dataSource).current('RS256')).toEqual(aKey('k1'));
  expect(await new SettingsStore(dataSource).adminTokenHash()).toBe('token');
  const difference = await dataSource.driver.createSchemaBuilder().log();
  expect(difference.upQueries.map(({ query }) => query)).toEqual([]);
});

onEachDatabase('clients of the first version are found by their entity ID', async ({ url, open }) => {
  await fillFirstTables(url);
  const dataSource = await open();
  const clients = new ClientStore(dataSource);
  const found = async (entityId: string): Promise<string[]> =>
    (await clients.findByEntityId(entityId)).map(({ client_id }) => client_id);
  expect(await found('urn:sp')).toEqual(['audience', 'entity id']);
  expect(await found('urn:else')).toEqual([]);
  expect(await found(HARD_TEXTS[1]!)).toEqual(['hard']);
  const unnamed = await dataSource.query<object[]>(
    'SELECT client_id FROM clients WHERE entity_id_digest IS NULL ORDER BY created_at',
  );
  expect(unnamed).toEqual([{ client_id: 'neither' }, { client_id: 'no saml' }]);
});

onEachDatabase(
  'transactions of the first version go on, and are told from those of no client',
  async ({ url, open }) => {
    await fillFirstTables(url);
    const store = new TransactionStore(await open());
    expect(await store.update({ ...TRANSACTIONS[0]!, revision: 2, status: 'completed' })).toBe(true);
    expect(await store.update({ ...TRANSACTIONS[1]!, revision: 2, status: 'failed' })).toBe(false);
    await expect(store.insert(TRANSACTIONS[2]!)).rejects.toMatchObject({ name: 'DatabaseError' });
    await store.insert(aTransaction('txn_none', { clientId: null, createdAt: after(5_000) }));
    expect((await store.list({ limit: 1 })).items[0]?.clientId).toBeNull();
  },
);

onEachDatabase('taken back, it leaves what the first version can hold', async ({ url, open }) => {
  await fillFirstTables(url);
  const first = await open();
  await new TransactionStore(first).insert(aTransaction('txn_none', { clientId: null, createdAt: AT }));
  while (await isApplied(first, 'BrowserLogins1795230000000')) await first.undoLastMigration();
  for (const table of ['sessions', 'session_participants', 'logouts', 'login_attempts'])
    await expect(first.query(`SELECT * FROM ${table}`)).rejects.toThrow(table);
  const kept = await first.query<{ id: string }[]>(
    'SELECT id FROM transactions WHERE client_id IS NOT NULL ORDER BY created_at DESC',
  );
  expect(idsOf(kept)).toEqual(newestFirst(TRANSACTIONS));
  const [count] = await first.query<{ total: number | string }[]>(
    'SELECT count(*) AS total FROM transactions',
  );
  expect(Number(count!.total)).toBe(TRANSACTIONS.length);
  const database = new Database(first);
  await expect(
    database.change(
      `INSERT INTO transactions (id, revision, status, protocol, created_at, document) VALUES ('x', 1, '', '', 0, '')`,
    ),
  ).rejects.toMatchObject({ name: 'DatabaseError' });
  await first.destroy();
  const again = new ClientStore(await open());
  expect((await again.list({ page: 0, perPage: 50 })).items).toEqual(CLIENTS);
  expect(await again.findByEntityId('urn:sp')).toHaveLength(2);
});
