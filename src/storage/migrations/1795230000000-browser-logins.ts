import {
  Table,
  TableColumn,
  TableIndex,
  type MigrationInterface,
  type QueryRunner,
  type TableColumnOptions,
} from 'typeorm';
import type { Client } from '../../tenant/client.js';
import { entityIdDigest } from '../client-store.js';

/** What a browser's login needs: sessions and who was told of them, logouts under way, attempts; clients by entity ID; logins of no client. */
export class BrowserLogins1795230000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    const onPostgres = queryRunner.dataSource.options.type === 'postgres';
    const collation = onPostgres ? 'C' : 'BINARY';
    const text = (name: string): TableColumnOptions => ({ name, type: 'text', collation });
    const key = (name: string): TableColumnOptions => ({ ...text(name), isPrimary: true });
    const integer = (name: string): TableColumnOptions => ({ name, type: 'integer' });
    const instant = (name: string): TableColumnOptions => ({ name, type: 'bigint' });

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
        indices: [{ name: 'sessions_by_user', columnNames: ['user_id', 'created_at'] }],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'session_participants',
        columns: [
          key('session_id'),
          key('client_id'),
          text('name_id_digest'),
          text('name_id'),
          text('format'),
          text('session_index'),
          instant('since'),
        ],
        indices: [{ name: 'session_participants_by_name', columnNames: ['client_id', 'name_id_digest'] }],
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

    await queryRunner.addColumn(
      'clients',
      new TableColumn({ ...text('entity_id_digest'), isNullable: true }),
    );
    const clients = (await queryRunner.query('SELECT client_id, document FROM clients')) as {
      client_id: string;
      document: string;
    }[];
    const [digest, id] = onPostgres ? ['$1', '$2'] : ['?', '?'];
    for (const { client_id: clientId, document } of clients)
      await queryRunner.query(`UPDATE clients SET entity_id_digest = ${digest} WHERE client_id = ${id}`, [
        entityIdDigest(JSON.parse(document) as Client),
        clientId,
      ]);
    await queryRunner.createIndex(
      'clients',
      new TableIndex({ name: 'clients_by_entity_id', columnNames: ['entity_id_digest'] }),
    );

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
    await queryRunner.dropColumn('clients', 'entity_id_digest');
    await queryRunner.query('DELETE FROM transactions WHERE client_id IS NULL');
    const collation = queryRunner.dataSource.options.type === 'postgres' ? 'C' : 'BINARY';
    await queryRunner.changeColumn(
      'transactions',
      'client_id',
      new TableColumn({ name: 'client_id', type: 'text', collation }),
    );
  }
}
