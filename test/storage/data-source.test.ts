import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.js';
import { startFailure } from '../../src/start-failure.js';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { ActionCacheStore } from '../../src/storage/action-cache-store.js';
import { ActionStore } from '../../src/storage/action-store.js';
import { AuthorizationCodeStore } from '../../src/storage/authorization-code-store.js';
import { ClientGrantStore } from '../../src/storage/client-grant-store.js';
import { ClientStore } from '../../src/storage/client-store.js';
import { ConnectionStore } from '../../src/storage/connection-store.js';
import { openDataSource } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { readDatabaseUrl } from '../../src/storage/database-url.js';
import { DeviceCodeStore } from '../../src/storage/device-code-store.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { LoginAttemptStore } from '../../src/storage/login-attempt-store.js';
import { LogoutDeliveryStore } from '../../src/storage/logout-delivery-store.js';
import { LogoutStore } from '../../src/storage/logout-store.js';
import { OrganizationStore } from '../../src/storage/organization-store.js';
import { PermissionStore } from '../../src/storage/permission-store.js';
import { PushedRequestStore } from '../../src/storage/pushed-request-store.js';
import { RefreshTokenStore } from '../../src/storage/refresh-token-store.js';
import { ResourceServerStore } from '../../src/storage/resource-server-store.js';
import { RoleStore } from '../../src/storage/role-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import { SettingsStore } from '../../src/storage/settings-store.js';
import { SigningKeyStore } from '../../src/storage/signing-key-store.js';
import { StorageModule } from '../../src/storage/storage.module.js';
import { TransactionStore } from '../../src/storage/transaction-store.js';
import { UsedTokenIdStore } from '../../src/storage/used-token-id-store.js';
import { UserStore } from '../../src/storage/user-store.js';
import { onEachDatabase, onSqlite } from './each-database.js';
import { aClient, aTransaction } from './samples.js';

const TYPESCRIPT = fileURLToPath(new URL('../support/typescript.mjs', import.meta.url));
const OTHER_PROCESS = fileURLToPath(new URL('./other-process.ts', import.meta.url));
const otherProcess = (task: 'open' | 'write', url: string): string[] => [
  '--import',
  TYPESCRIPT,
  OTHER_PROCESS,
  task,
  url,
];
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-data-source-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a PostgreSQL server that takes the connection and says nothing is given up', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const url = `postgres://u:hush@127.0.0.1:${(silent.address() as AddressInfo).port}/tenant`;
  const failure = await openDataSource(url).then(
    () => expect.fail('nobody answers'),
    (error: unknown) => error,
  );
  silent.close();
  expect(startFailure(failure, readConfig({ DATABASE_URL: url }))).toMatch(
    /^No PostgreSQL server answers at postgres:\/\/u:\*\*\*@127/,
  );
}, 20_000);

onEachDatabase('the migrations make exactly the tables that the entities describe', async ({ open }) => {
  const dataSource = await open();
  const difference = await dataSource.driver.createSchemaBuilder().log();
  expect(difference.upQueries.map(({ query }) => query)).toEqual([]);
});

onEachDatabase('a later start finds what an earlier one stored', async ({ open }) => {
  const first = await open();
  await new ClientStore(first).insert(aClient('sp'));
  await first.destroy();
  expect(await new ClientStore(await open()).get('sp')).toEqual(aClient('sp'));
});

onEachDatabase('the migrations can be taken back and made again', async ({ open }) => {
  const dataSource = await open();
  for (const _ of dataSource.migrations) await dataSource.undoLastMigration();
  await expect(new ClientStore(dataSource).get('sp')).rejects.toMatchObject({ name: 'DatabaseError' });
  await dataSource.destroy();
  expect(await new ClientStore(await open()).get('sp')).toBeNull();
});

onEachDatabase('instances that start at once in one process share one database', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open(), open()]);
  await new ClientStore(instances[0]).insert(aClient('sp'));
  for (const dataSource of instances) {
    expect(await new ClientStore(dataSource).get('sp')).not.toBeNull();
    expect(await dataSource.query('SELECT * FROM migrations')).toHaveLength(dataSource.migrations.length);
  }
});

onEachDatabase('processes that start at once on a new database all open it', async ({ open, url }) => {
  const processes = Array.from({ length: 3 }, () =>
    spawn(process.execPath, otherProcess('open', url), { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const told = processes.map(({ stdout }) => createInterface({ input: stdout })[Symbol.asyncIterator]());
  const next = async (): Promise<unknown[]> =>
    (await Promise.all(told.map((lines) => lines.next()))).map(({ value }) => value as unknown);
  expect(await next()).toEqual(['ready', 'ready', 'ready']);
  for (const { stdin } of processes) stdin.write('go');
  expect(await next()).toEqual(['open', 'open', 'open']);
  expect(await (await open()).query('SELECT * FROM tenant')).toHaveLength(1);
});

onEachDatabase('a process that is killed loses nothing that it was told is stored', async ({ open, url }) => {
  const writer = spawn(process.execPath, otherProcess('write', url), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stored = -1;
  for await (const line of createInterface({ input: writer.stdout })) {
    stored = Number(line);
    if (stored === 200) writer.kill('SIGKILL');
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
  expect(stored).toBeGreaterThanOrEqual(200);
  const store = new TransactionStore(await open());
  for (let index = 0; index <= stored; index += 1)
    expect((await store.get(`txn_${index}`))?.assertionXml).toHaveLength(8_000);
});

onEachDatabase('of statements handed over together all or none take effect', async ({ open }) => {
  const dataSource = await open();
  const database = new Database(dataSource);
  const rename = { sql: 'UPDATE tenant SET settings = ? WHERE id = 1', values: ['half'] };
  const fail = { sql: 'INSERT INTO tenant (id, revision) VALUES (1, 0)', values: [] };
  await expect(database.atomically([rename, fail])).rejects.toMatchObject({ name: 'DatabaseError' });
  expect(await database.rows('SELECT settings FROM tenant')).toEqual([{ settings: null }]);
  expect(await database.atomically([rename, rename])).toEqual([1, 1]);
});

onEachDatabase(
  'a statement that decides, and changes nothing, leaves out those after it',
  async ({ open }) => {
    const database = new Database(await open());
    const rename = (to: string, where: string) => ({
      sql: `UPDATE tenant SET settings = ? WHERE ${where}`,
      values: [to],
    });
    const [first, nobody] = [rename('first', 'id = 1'), rename('nobody', 'id = 2')];
    const last = rename('last', 'id = 1');
    expect(await database.atomically([first, { ...nobody, isDecisive: true }, last])).toEqual([1, 0]);
    expect(await database.rows('SELECT settings FROM tenant')).toEqual([{ settings: 'first' }]);
    expect(await database.atomically([{ ...first, isDecisive: true }, nobody, last])).toEqual([1, 0, 1]);
    expect(await database.rows('SELECT settings FROM tenant')).toEqual([{ settings: 'last' }]);
  },
);

test('statements kept ready on SQLite see a table as a migration left it', () =>
  onSqlite(async ({ open }) => {
    const dataSource = await open();
    const database = new Database(dataSource);
    const copy = { sql: 'INSERT INTO users SELECT * FROM users WHERE user_id = ?', values: ['nobody'] };
    expect(await database.atomically([copy])).toEqual([0]);
    await dataSource.query('ALTER TABLE users ADD COLUMN further text');
    await dataSource.query('ALTER TABLE users DROP COLUMN password_hash');
    expect(await database.atomically([copy])).toEqual([0]);
    await dataSource.query('ALTER TABLE users RENAME TO people');
    await expect(database.atomically([copy])).rejects.toMatchObject({ name: 'DatabaseError' });
  }));

onEachDatabase('statements that fail together take nothing of others with them', async ({ open }) => {
  const dataSource = await open();
  const database = new Database(dataSource);
  const clients = new ClientStore(dataSource);
  const count = { sql: 'UPDATE tenant SET revision = revision + 1 WHERE id = 1', values: [] };
  const fail = { sql: 'INSERT INTO tenant (id, revision) VALUES (1, 0)', values: [] };
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const failing = expect(database.atomically([count, fail])).rejects.toMatchObject({
        name: 'DatabaseError',
      });
      await clients.insert(aClient(`sp${index}`));
      await failing;
    }),
  );
  expect((await clients.list({ page: 0, perPage: 1 })).total).toBe(20);
  expect(await new SettingsStore(dataSource).revision()).toBe(0);
});

test('an SQLite file is made with its folder, and only its owner may read it or the files beside it', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'new', 'folder', 'tenant.db');
    const dataSource = await openDataSource(`file:${path}`);
    await new ClientStore(dataSource).insert(aClient('sp'));
    const files = await readdir(join(folder, 'new', 'folder'));
    expect(files.toSorted()).toEqual(['tenant.db', 'tenant.db-shm', 'tenant.db-wal']);
    for (const file of files) expect(await modeOf(join(folder, 'new', 'folder', file))).toBe('600');
    await dataSource.destroy();
  }));

test('an SQLite file that others could read is closed to them', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'tenant.db');
    await writeFile(path, '');
    await chmod(path, 0o644);
    await (await openDataSource(`file:${path}`)).destroy();
    expect(await modeOf(path)).toBe('600');
  }));

test('SQLite runs in WAL mode, waits for other writers, and leaves fsync to checkpoints', () =>
  onSqlite(async ({ open }) => {
    const dataSource = await open();
    const pragma = async (name: string): Promise<unknown> =>
      Object.values((await dataSource.query<object[]>(`PRAGMA ${name}`))[0]!)[0];
    expect(await pragma('journal_mode')).toBe('wal');
    expect(await pragma('synchronous')).toBe(1);
    expect(await pragma('foreign_keys')).toBe(1);
    expect(await pragma('busy_timeout')).toBe(5_000);
  }));

test('a database in memory is there for as long as it is open', async () => {
  const dataSource = await openDataSource('file::memory:');
  await new TransactionStore(dataSource).insert(aTransaction('txn_1'));
  expect(await new TransactionStore(dataSource).get('txn_1')).not.toBeNull();
  const another = await openDataSource('file::memory:');
  expect(await new TransactionStore(another).get('txn_1')).toBeNull();
  await dataSource.destroy();
  await another.destroy();
});

test('a file URL may be relative, absolute or with three slashes', () =>
  inFolder(async (folder) => {
    const path = join(folder, 'a file.db');
    expect(readDatabaseUrl(`file:${path}`)).toEqual({ kind: 'sqlite', path });
    expect(readDatabaseUrl(pathToFileURL(path).href)).toEqual({ kind: 'sqlite', path });
    expect(readDatabaseUrl(`file:${relative(process.cwd(), path)}`)).toEqual({
      kind: 'sqlite',
      path: relative(process.cwd(), path),
    });
  }));

for (const url of [
  '',
  'file:',
  'file://host/tenant.db',
  'tenant.db',
  'mysql://root:secret@localhost/x',
  'postgres:secret',
])
  test(`a database URL ${JSON.stringify(url)} is refused with what is allowed, and not repeated`, async () => {
    const message = await openDataSource(url).then(
      () => expect.fail('it opened'),
      (error: Error) => error.message,
    );
    expect(message).toMatch(/file:<path>.*postgres:\/\//);
    expect(message).not.toContain('secret');
  });

test('the module hands every store to whoever asks, over one database, and closes it at shutdown', () =>
  inFolder(async (folder) => {
    const module = await Test.createTestingModule({
      imports: [StorageModule.forUrl(`file:${join(folder, 'tenant.db')}`)],
    }).compile();
    await module.init();
    for (const Store of [
      ClientStore,
      UserStore,
      SigningKeyStore,
      SettingsStore,
      TransactionStore,
      SessionStore,
      LogoutStore,
      LoginAttemptStore,
      ActionStore,
      ActionCacheStore,
      ResourceServerStore,
      ClientGrantStore,
      ConnectionStore,
      RoleStore,
      PermissionStore,
      OrganizationStore,
      GrantStore,
      AuthorizationCodeStore,
      RefreshTokenStore,
      AccessTokenStore,
      DeviceCodeStore,
      PushedRequestStore,
      UsedTokenIdStore,
      LogoutDeliveryStore,
    ])
      expect(module.get(Store)).toBeInstanceOf(Store);
    expect(await module.get(SettingsStore).revision()).toBe(0);
    const dataSource = module.get(DataSource);
    await module.close();
    expect(dataSource.isInitialized).toBe(false);
    expect(await readdir(folder)).toEqual(['tenant.db']);
  }));
