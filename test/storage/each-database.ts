/** Runs one suite on SQLite always, and on PostgreSQL where the judge is there: a fresh database for each test. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { test } from 'vitest';
import { openDataSource } from '../../src/storage/data-source.js';
import { POSTGRES_URL, judgedBy, postgres } from '../support/judges.js';

export interface TestDatabase {
  readonly url: string;
  /** Each call is another instance of the server on the same database; closed when the test ends. */
  readonly open: () => Promise<DataSource>;
}

async function withInstances(url: string, run: (database: TestDatabase) => Promise<void>): Promise<void> {
  const opened: DataSource[] = [];
  const open = async (): Promise<DataSource> => {
    const dataSource = await openDataSource(url);
    opened.push(dataSource);
    return dataSource;
  };
  try {
    await run({ url, open });
  } finally {
    for (const dataSource of opened) if (dataSource.isInitialized) await dataSource.destroy();
  }
}

export async function onSqlite(run: (database: TestDatabase) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-storage-'));
  try {
    await withInstances(`file:${join(folder, 'tenant.db')}`, run);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A schema of its own keeps tests that run at the same time apart. */
async function onPostgres(run: (database: TestDatabase) => Promise<void>): Promise<void> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(POSTGRES_URL!);
  url.searchParams.set('options', `-c search_path=${schema}`);
  const admin = new Client({ connectionString: POSTGRES_URL });
  await admin.connect();
  try {
    await admin.query(`CREATE SCHEMA ${schema}`);
    await withInstances(url.href, run);
  } finally {
    await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await admin.end();
  }
}

export function onEachDatabase(
  title: string,
  run: (database: TestDatabase) => Promise<void>,
  timeoutMs?: number,
): void {
  test(`${title} [SQLite]`, () => onSqlite(run), timeoutMs);
  judgedBy(postgres)(title, () => onPostgres(run), timeoutMs);
}
