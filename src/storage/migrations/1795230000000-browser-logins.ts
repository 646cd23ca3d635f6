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
    await this.#findClientsByEntityId(queryRunner);
    await queryRunner.changeColumn(
      'transactions',
      'client_id',
      new TableColumn({ ...text('client_id'), isNullable: true }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['login_attempts', 'logouts', 'session_participants', 'sessions'])
      await queryRunner.dropTable(table);
    await queryRunner.dropIndex('clients', 'clients_by_entity_id');
    await queryRunner.query('ALTER TABLE clients DROP COLUMN entity_id_digest');
    await queryRunner.query('DELETE FROM transactions WHERE client_id IS NULL');
    await queryRunner.changeColumn(
      'transactions',
      'client_id',
      new TableColumn(columnsOf(queryRunner).text('client_id')),
    );
  }

  async #findClientsByEntityId(queryRunner: QueryRunner): Promise<void> {
    const { collation, placeholders } = columnsOf(queryRunner);
    // TypeORM's addColumn would copy the table on SQLite
    await queryRunner.query(`ALTER TABLE clients ADD COLUMN entity_id_digest text COLLATE "${collation}"`);
    const clients = (await queryRunner.query('SELECT client_id, document FROM clients')) as {
      client_id: string;
      document: string;
    }[];
    for (const { client_id: clientId, document } of clients) {
      const digest = entityIdDigest(document);
      if (digest === null) continue;
      await queryRunner.query(
        `UPDATE clients SET entity_id_digest = ${placeholders[0]} WHERE client_id = ${placeholders[1]}`,
        [digest, clientId],
      );
    }
    await queryRunner.createIndex(
      'clients',
      new TableIndex({ name: 'clients_by_entity_id', columnNames: ['entity_id_digest'] }),
    );
  }
}

/** As stores computed it when this migration was written: a later change of theirs must not change it. */
function entityIdDigest(document: string): string | null {
  const { addons } = JSON.parse(document) as {
    addons?: { samlp?: { entityId?: string; audience?: string } };
  };
  const entityId = addons?.samlp?.entityId ?? addons?.samlp?.audience;
  return entityId === undefined
    ? null
    : createHash('sha256').update(JSON.stringify(entityId)).digest('base64url');
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
