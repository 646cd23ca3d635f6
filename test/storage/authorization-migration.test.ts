import { DataSource } from 'typeorm';
import { expect } from 'vitest';
import { ClientStore } from '../../src/storage/client-store.js';
import { ConnectionStore } from '../../src/storage/connection-store.js';
import { dataSourceOptions } from '../../src/storage/data-source.js';
import { FirstTables1795226400000 } from '../../src/storage/migrations/1795226400000-first-tables.js';
import { BrowserLogins1795230000000 } from '../../src/storage/migrations/1795230000000-browser-logins.js';
import { Actions1795233600000 } from '../../src/storage/migrations/1795233600000-actions.js';
import { RoleStore } from '../../src/storage/role-store.js';
import { UserStore } from '../../src/storage/user-store.js';
import { DEFAULT_CONNECTION } from '../../src/tenant/connection.js';
import { roleFrom } from '../../src/tenant/role.js';
import { onEachDatabase } from './each-database.js';
import { aClient, aUser } from './samples.js';

const OWN = [
  'organization_connections',
  'organization_member_roles',
  'organization_members',
  'organizations',
  'user_permissions',
  'role_permissions',
  'user_roles',
  'roles',
  'connections',
  'client_grants',
  'scopes',
  'resource_servers',
];

async function fillEarlierTables(url: string): Promise<void> {
  const dataSource = await new DataSource({
    ...dataSourceOptions(url),
    migrations: [FirstTables1795226400000, BrowserLogins1795230000000, Actions1795233600000],
  }).initialize();
  await dataSource.runMigrations();
  await new ClientStore(dataSource).insert(aClient('sp'));
  await new UserStore(dataSource).insert(aUser('auth0|ada'), 'hash');
  await dataSource.destroy();
}

async function expectAllKept(dataSource: DataSource): Promise<void> {
  expect(await new ClientStore(dataSource).get('sp')).toEqual(aClient('sp'));
  expect(await new UserStore(dataSource).get('auth0|ada')).toEqual(aUser('auth0|ada'));
  expect(await new UserStore(dataSource).passwordHash('auth0|ada')).toBe('hash');
}

async function isApplied(dataSource: DataSource, migration: string): Promise<boolean> {
  const applied = await dataSource.query<{ name: string }[]>('SELECT name FROM migrations');
  return applied.some(({ name }) => name === migration);
}

onEachDatabase(
  'a database from before authorization keeps all that it held, and gets the connection that a new one has',
  async ({ url, open }) => {
    await fillEarlierTables(url);
    const dataSource = await open();
    await expectAllKept(dataSource);
    const { items } = await new ConnectionStore(dataSource).list({ page: 0, perPage: 5 });
    expect(items.map(({ name }) => name)).toEqual([DEFAULT_CONNECTION]);
    const difference = await dataSource.driver.createSchemaBuilder().log();
    expect(difference.upQueries.map(({ query }) => query)).toEqual([]);
  },
);

onEachDatabase(
  'authorization is taken back with all that is its own, and nothing else',
  async ({ url, open }) => {
    await fillEarlierTables(url);
    const first = await open();
    const roles = new RoleStore(first);
    await roles.insert(roleFrom({ name: 'a' }, { now: new Date(), id: 'rol_a' }));
    await roles.assign(['auth0|ada'], ['rol_a'], new Date());
    while (await isApplied(first, 'Authorization1795237200000')) await first.undoLastMigration();
    for (const table of OWN) await expect(first.query(`SELECT * FROM ${table}`)).rejects.toThrow(table);
    await expectAllKept(first);
    await first.destroy();
    const again = await open();
    await expectAllKept(again);
    expect(await new RoleStore(again).ofUser('auth0|ada')).toEqual([]);
  },
);
