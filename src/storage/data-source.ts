import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Database as SqliteConnection } from 'better-sqlite3';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { whenNotBusy } from './busy.js';
import { isInMemory, readDatabaseUrl } from './database-url.js';
import { migrate } from './migrate.js';
import { FirstTables1795226400000 } from './migrations/1795226400000-first-tables.js';
import { BrowserLogins1795230000000 } from './migrations/1795230000000-browser-logins.js';
import { Actions1795233600000 } from './migrations/1795233600000-actions.js';
import { Authorization1795237200000 } from './migrations/1795237200000-authorization.js';
import { Tokens1795240800000 } from './migrations/1795240800000-tokens.js';
import { Tls1795244400000 } from './migrations/1795244400000-tls.js';
import { RefreshTokenFamilies1795248000000 } from './migrations/1795248000000-refresh-token-families.js';
import { Caps1795251600000 } from './migrations/1795251600000-caps.js';
import { TEXT_COLLATION, tablesWith } from './tables.js';

/** How long a statement waits, blocking, for another process that writes to the same SQLite file. */
const BUSY_TIMEOUT_MS = 5_000;

/** How long PostgreSQL, or a free connection to it, is waited for; without it a server that is silent is waited for for ever. */
const CONNECT_TIMEOUT_MS = 10_000;

async function prepareSqlite(connection: SqliteConnection): Promise<void> {
  await whenNotBusy(() => connection.pragma('journal_mode = WAL'));
  // In WAL mode a commit reaches the operating system before it is answered: a crash of the process loses nothing.
  // NORMAL leaves out the fsync of each commit, so a power failure may take the last ones, never half of one.
  connection.pragma('synchronous = NORMAL');
  connection.pragma('foreign_keys = ON');
}

/** Options of the data source at `databaseUrl`; see `readDatabaseUrl` for what it may be. */
export function dataSourceOptions(databaseUrl: string): DataSourceOptions {
  const address = readDatabaseUrl(databaseUrl);
  const migrations = [
    FirstTables1795226400000,
    BrowserLogins1795230000000,
    Actions1795233600000,
    Authorization1795237200000,
    Tokens1795240800000,
    Tls1795244400000,
    RefreshTokenFamilies1795248000000,
    Caps1795251600000,
  ];
  return address.kind === 'sqlite'
    ? {
        type: 'better-sqlite3',
        database: address.path,
        // Nobody waits inside SQLite until the start is over: see `whenNotBusy`.
        timeout: 0,
        prepareDatabase: prepareSqlite,
        entities: tablesWith(TEXT_COLLATION.sqlite),
        migrations,
      }
    : {
        type: 'postgres',
        url: address.url,
        applicationName: 'mintmark',
        connectTimeoutMS: CONNECT_TIMEOUT_MS,
        installExtensions: false,
        entities: tablesWith(TEXT_COLLATION.postgres),
        migrations,
      };
}

/** The file holds private keys: only its owner may read it. SQLite gives the files beside it the same mode. */
async function createPrivateFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a', 0o600);
  try {
    await file.chmod(0o600);
  } finally {
    await file.close();
  }
}

async function refuseOtherEncodings(dataSource: DataSource): Promise<void> {
  const [row] = await dataSource.query<{ server_encoding: string }[]>('SHOW server_encoding');
  if (row?.server_encoding !== 'UTF8')
    throw new Error(
      `the PostgreSQL database is encoded in ${row?.server_encoding}, which cannot hold every character: create it with ENCODING 'UTF8'`,
    );
}

/**
 * An open data source whose tables are the newest. SQLite is created with its folder where it is missing.
 * Never synchronises entities: tables change by migrations alone.
 */
export async function openDataSource(databaseUrl: string): Promise<DataSource> {
  const address = readDatabaseUrl(databaseUrl);
  if (address.kind === 'sqlite' && !isInMemory(address.path)) await createPrivateFile(address.path);
  const dataSource = await new DataSource(dataSourceOptions(databaseUrl)).initialize();
  try {
    if (address.kind === 'postgres') await refuseOtherEncodings(dataSource);
    await migrate(dataSource);
    if (address.kind === 'sqlite') await dataSource.query(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
