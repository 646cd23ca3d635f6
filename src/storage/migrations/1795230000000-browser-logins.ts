import { createHash } from 'node:crypto';
import {
  Table,
  TableColumn,
  TableIndex,
  type MigrationInterface,
  type QueryRunner,
  type TableColumnOptions,
} from 'typeorm';

/** What a browser's login needs: sessions and who was told of them, logouts under way, attempts; clients by entity ID; logins of no client. */
export class BrowserLogins1795230000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    const { text, key, integer, instant } = columnsOf(queryRunner);
    await queryRunner.createTable(
      new Table({
        name: 'sessions',
        columns: [
          key('id'),
          text('user_id'),
          instant('created_at'),
          instant('authenticated_at'),
          instant('last_seen_at'),
          instant('expires_at'),
        ],
        indices: [
          { name: 'sessions_by_user', columnNames: ['user_id', 'created_at', 'id'] },
          { name: 'sessions_by_end', columnNames: ['expires_at'] },
          { name: 'sessions_by_last_seen', columnNames: ['last_seen_at'] },
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'session_participants',
        columns: [
          key('session_id'),
          key('client_id'),
          text('name_id_digest'),
          instant('since'),
          text('document'),
        ],
        indices: [{ name: 'session_participants_by_name', columnNames: ['client_id', 'name_id_digest'] }],
        foreignKeys: [
          {
            name: 'session_participants_in_session',
            columnNames: ['session_id'],
            referencedTableName: 'sessions',
            referencedColumnNames: ['id'],
            onDelete: 'CASCADE',
          },
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'logouts',
        columns: [key('id'), integer('revision'), text('status'), instant('created_at'), text('document')],
        indices: [{ name: 'logouts_by_age', columnNames: ['created_at', 'id'] }],
      }),
    );
    await queryRunner.createTable(
      new Table({ name: 'login_attempts', columns: [key('key'), integer('count'), instant('until')] }),
    );
    for (const lookup of LOOKUPS) await addLookup(queryRunner, lookup);
    await queryRunner.changeColumn(
      'transactions',
      'client_id',
      new TableColumn({ ...text('client_id'), isNullable: true }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['login_attempts', 'logouts', 'session_participants', 'sessions'])
      await queryRunner.dropTable(table);
    for (const { table, column, index } of LOOKUPS) {
      await queryRunner.dropIndex(table, index);
      await queryRunner.query(`ALTER TABLE ${table} DROP COLUMN ${column}`);
    }
    await queryRunner.query('DELETE FROM transactions WHERE client_id IS NULL');
    await queryRunner.changeColumn(
      'transactions',
      'client_id',
      new TableColumn(columnsOf(queryRunner).text('client_id')),
    );
  }
}

/** A column by which documents are found that are there already. */
interface Lookup {
  readonly table: string;
  readonly key: string;
  readonly column: string;
  readonly index: string;
  /** `null` where the document has nothing to be found by. */
  readonly textOf: (document: string) => string | null;
}

/** As stores computed them when this migration was written: a later change of theirs must not change it. */
const LOOKUPS: readonly Lookup[] = [
  {
    table: 'clients',
    key: 'client_id',
    column: 'entity_id_digest',
    index: 'clients_by_entity_id',
    textOf: (document) => {
      const { addons } = JSON.parse(document) as {
        addons?: { samlp?: { entityId?: string; audience?: string } };
      };
      return addons?.samlp?.entityId ?? addons?.samlp?.audience ?? null;
    },
  },
  {
    table: 'users',
    key: 'user_id',
    column: 'username_digest',
    index: 'users_by_username',
    textOf: (document) => {
      const { username } = JSON.parse(document) as { username?: unknown };
      return typeof username === 'string' ? username.toLowerCase() : null;
    },
  },
];

async function addLookup(
  queryRunner: QueryRunner,
  { table, key, column, index, textOf }: Lookup,
): Promise<void> {
  const { collation, placeholders } = columnsOf(queryRunner);
  // TypeORM's addColumn would copy the table on SQLite
  await queryRunner.query(`ALTER TABLE ${table} ADD COLUMN ${column} text COLLATE "${collation}"`);
  const rows = (await queryRunner.query(`SELECT ${key} AS id, document FROM ${table}`)) as {
    id: string;
    document: string;
  }[];
  for (const { id, document } of rows) {
    const found = textOf(document);
    if (found === null) continue;
    const digest = createHash('sha256').update(JSON.stringify(found)).digest('base64url');
    await queryRunner.query(
      `UPDATE ${table} SET ${column} = ${placeholders[0]} WHERE ${key} = ${placeholders[1]}`,
      [digest, id],
    );
  }
  await queryRunner.createIndex(table, new TableIndex({ name: index, columnNames: [column] }));
}

function columnsOf(queryRunner: QueryRunner) {
  const onPostgres = queryRunner.dataSource.options.type === 'postgres';
  const collation = onPostgres ? 'C' : 'BINARY';
  const text = (name: string): TableColumnOptions => ({ name, type: 'text', collation });
  return {
    collation,
    placeholders: onPostgres ? ['$1', '$2'] : ['?', '?'],
    text,
    key: (name: string): TableColumnOptions => ({ ...text(name), isPrimary: true }),
    integer: (name: string): TableColumnOptions => ({ name, type: 'integer' }),
    instant: (name: string): TableColumnOptions => ({ name, type: 'bigint' }),
  };
}
