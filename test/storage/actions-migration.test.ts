import { DataSource } from 'typeorm';
import { expect } from 'vitest';
import { ActionStore } from '../../src/storage/action-store.js';
import { dataSourceOptions } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { FirstTables1795226400000 } from '../../src/storage/migrations/1795226400000-first-tables.js';
import { BrowserLogins1795230000000 } from '../../src/storage/migrations/1795230000000-browser-logins.js';
import { SessionStore } from '../../src/storage/session-store.js';
import { SettingsStore } from '../../src/storage/settings-store.js';
import { TransactionStore } from '../../src/storage/transaction-store.js';
import { UserStore } from '../../src/storage/user-store.js';
import { onEachDatabase } from './each-database.js';
import { aBinding, aParticipant, aSession, aTransaction, aUser, anAction } from './samples.js';

const AFTER_IT = ['actions', 'action_versions', 'action_bindings', 'action_cache'];

/** A user who has logged in twice, and is logged in. */
async function fillEarlierTables(url: string): Promise<void> {
  const dataSource = await new DataSource({
    ...dataSourceOptions(url),
    migrations: [FirstTables1795226400000, BrowserLogins1795230000000],
  }).initialize();
  await dataSource.runMigrations();
  await new UserStore(dataSource).insert(aUser('auth0|user', { email: 'ada@example.com' }), 'hash');
  for (const id of ['txn_1', 'txn_2'])
    await new TransactionStore(dataSource).insert(aTransaction(id, { status: 'completed' }));
  await new SettingsStore(dataSource).setAdminTokenHash('token');
  const { id, userId, createdAt, authenticatedAt, lastSeenAt, expiresAt } = aSession('one');
  const instants = [createdAt, authenticatedAt, lastSeenAt, expiresAt].map((at) => Date.parse(at));
  // the store of today writes a column that is not there yet
  await new Database(dataSource).change(
    `INSERT INTO sessions (id, user_id, created_at, authenticated_at, last_seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
    [id, userId, ...instants],
  );
  await new SessionStore(dataSource).putParticipant(aParticipant('one', 'sp'));
  await dataSource.destroy();
}

async function expectAllKept(dataSource: DataSource): Promise<void> {
  const sessions = new SessionStore(dataSource);
  const user = aUser('auth0|user', { email: 'ada@example.com' });
  expect(await sessions.find('one')).toEqual({ session: aSession('one'), user });
  expect(await sessions.participants('one')).toEqual([aParticipant('one', 'sp')]);
  expect(await new UserStore(dataSource).passwordHash('auth0|user')).toBe('hash');
  expect(await new SettingsStore(dataSource).adminTokenHash()).toBe('token');
  expect((await new TransactionStore(dataSource).list({ limit: 5 })).items).toHaveLength(2);
}

async function isApplied(dataSource: DataSource, migration: string): Promise<boolean> {
  const applied = await dataSource.query<{ name: string }[]>('SELECT name FROM migrations');
  return applied.some(({ name }) => name === migration);
}

onEachDatabase('a database from before Actions keeps all that it held', async ({ url, open }) => {
  await fillEarlierTables(url);
  const dataSource = await open();
  await expectAllKept(dataSource);
  expect(await new UserStore(dataSource).countLogin('auth0|user')).toBe(3);
  expect(await new SettingsStore(dataSource).secretsKey()).toHaveLength(32);
  const difference = await dataSource.driver.createSchemaBuilder().log();
  expect(difference.upQueries.map(({ query }) => query)).toEqual([]);
});

onEachDatabase('Actions are taken back with all that is theirs, and nothing else', async ({ url, open }) => {
  await fillEarlierTables(url);
  const first = await open();
  const actions = new ActionStore(first);
  await actions.insert(anAction('a'));
  await actions.deploy('a', { versionId: 'v1', now: new Date() });
  await actions.bindLast('post-login', aBinding('1', 'a'));
  await new SessionStore(first).update('one', () => ({ details: { methods: [], metadata: { a: 'b' } } }));
  await new UserStore(first).countLogin('auth0|user');
  while (await isApplied(first, 'Actions1795233600000')) await first.undoLastMigration();
  for (const table of AFTER_IT) await expect(first.query(`SELECT * FROM ${table}`)).rejects.toThrow(table);
  await first.destroy();
  const again = await open();
  await expectAllKept(again);
  expect((await new ActionStore(again).list({ page: 0, perPage: 5 })).total).toBe(0);
  expect(await new UserStore(again).countLogin('auth0|user')).toBe(3);
});
