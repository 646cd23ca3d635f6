/** Writes that come at once share a commit on SQLite: each is told the truth of itself, whatever becomes of the others. */
import { expect, test } from 'vitest';
import { Database } from '../../src/storage/database.js';
import type { Statement } from '../../src/storage/statement.js';
import { onEachDatabase, onSqlite } from './each-database.js';

const CREATE = 'CREATE TABLE things (id text PRIMARY KEY, content text NOT NULL)';
const insert = (id: string, content: string | null = 'x'): Statement => ({
  sql: 'INSERT INTO things (id, content) VALUES (?, ?)',
  values: [id, content],
});
const write = (database: Database, ...statements: Statement[]): Promise<unknown> =>
  statements.length === 1
    ? database.change(statements[0]!.sql, statements[0]!.values)
    : database.atomically(statements);
const ids = async (database: Database): Promise<string[]> =>
  (await database.rows<{ id: string }>('SELECT id FROM things ORDER BY id')).map(({ id }) => id);

onEachDatabase(
  'of writes at once each fails alone, and what goes together goes together',
  async ({ open }) => {
    const dataSource = await open();
    await dataSource.query(CREATE);
    const database = new Database(dataSource);
    const settled = await Promise.allSettled([
      write(database, insert('a')),
      write(database, insert('b', null)),
      write(database, insert('c'), insert('d')),
      write(database, insert('e'), insert('f', null)),
      write(database, insert('g', null), insert('h')),
      write(database, insert('i')),
    ]);
    expect(settled.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(await ids(database)).toEqual(['a', 'c', 'd', 'i']);
  },
);

onEachDatabase(
  'a write that came first is seen by one that came after it in the same moment',
  async ({ open }) => {
    const dataSource = await open();
    await dataSource.query(CREATE);
    const database = new Database(dataSource);
    await write(database, insert('a', '0'));
    const count = (): Promise<number> =>
      database.change(`UPDATE things SET content = '1' WHERE id = 'a' AND content = '0'`);
    const counted = await Promise.all([count(), count(), count()]);
    expect(counted.toSorted()).toEqual([0, 0, 1]);
  },
);

test('where the disk is full, what was told to be stored is stored, and nothing else [SQLite]', () =>
  onSqlite(async ({ open }) => {
    const dataSource = await open();
    await dataSource.query(CREATE);
    const database = new Database(dataSource);
    await write(database, insert('before'));
    const [{ page_count: pages }] = await dataSource.query<[{ page_count: number }]>('PRAGMA page_count');
    await dataSource.query(`PRAGMA max_page_count = ${pages + 20}`);
    const names = Array.from({ length: 12 }, (_, index) => `large ${String(index).padStart(2, '0')}`);
    const settled = await Promise.allSettled(
      names.map((name) => write(database, insert(name, 'x'.repeat(20_000)), insert(`${name} too`))),
    );
    const stored = names.filter((_, index) => settled[index]!.status === 'fulfilled');
    expect(settled.some(({ status }) => status === 'rejected')).toBe(true);
    for (const { reason } of settled.filter((one) => one.status === 'rejected'))
      expect(reason).toMatchObject({ name: 'DatabaseError', code: 'SQLITE_FULL' });
    expect(await ids(database)).toEqual(['before', ...stored.flatMap((name) => [name, `${name} too`])]);
    // and it goes on when there is room
    await dataSource.query('PRAGMA max_page_count = 100000');
    await write(database, insert('z after'));
    expect(await ids(database)).toContain('z after');
  }));

test('a write after the database was closed is refused and harms nobody [SQLite]', () =>
  onSqlite(async ({ open }) => {
    const dataSource = await open();
    await dataSource.query(CREATE);
    const database = new Database(dataSource);
    const late = write(database, insert('late'));
    await dataSource.destroy();
    await late.then(
      () => undefined,
      (error: unknown) => expect(error).toMatchObject({ name: 'DatabaseError' }),
    );
    await expect(write(database, insert('later'))).rejects.toMatchObject({ name: 'DatabaseError' });
  }));
