import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

/** The tenant's one row, its keys, clients, users and transactions. */
export class FirstTables1795226400000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    const collation = queryRunner.dataSource.options.type === 'postgres' ? 'C' : 'BINARY';
    const text = (name: string): TableColumnOptions => ({ name, type: 'text', collation });
    const nullableText = (name: string): TableColumnOptions => ({ ...text(name), isNullable: true });
    const key = (name: string): TableColumnOptions => ({ ...text(name), isPrimary: true });
    const integer = (name: string): TableColumnOptions => ({ name, type: 'integer' });
    const instant = (name: string): TableColumnOptions => ({ name, type: 'bigint' });

    await queryRunner.createTable(
      new Table({
        name: 'tenant',
        columns: [
          { ...integer('id'), isPrimary: true },
          integer('revision'),
          nullableText('settings'),
          nullableText('admin_token_hash'),
        ],
      }),
    );
    await queryRunner.query('INSERT INTO tenant (id, revision) VALUES (1, 0)');

    await queryRunner.createTable(
      new Table({
        name: 'signing_keys',
        columns: [
          key('kid'),
          text('alg'),
          text('status'),
          text('private_key_pem'),
          nullableText('certificate_pem'),
          instant('created_at'),
        ],
        indices: [
          {
            name: 'signing_keys_one_current',
            columnNames: ['alg'],
            isUnique: true,
            where: `"status" = 'current'`,
          },
        ],
      }),
    );

    await queryRunner.createTable(
      new Table({
        name: 'clients',
        columns: [key('client_id'), integer('revision'), instant('created_at'), text('document')],
        indices: [{ name: 'clients_by_age', columnNames: ['created_at', 'client_id'] }],
      }),
    );

    await queryRunner.createTable(
      new Table({
        name: 'users',
        columns: [
          key('user_id'),
          integer('revision'),
          instant('created_at'),
          nullableText('email_digest'),
          nullableText('password_hash'),
          text('document'),
        ],
        indices: [
          { name: 'users_by_age', columnNames: ['created_at', 'user_id'] },
          { name: 'users_by_email', columnNames: ['email_digest'] },
        ],
      }),
    );

    await queryRunner.createTable(
      new Table({
        name: 'transactions',
        columns: [
          key('id'),
          integer('revision'),
          text('status'),
          text('protocol'),
          text('client_id'),
          nullableText('user_id'),
          instant('created_at'),
          text('document'),
        ],
        indices: [
          { name: 'transactions_by_age', columnNames: ['created_at', 'id'] },
          { name: 'transactions_by_client', columnNames: ['client_id', 'created_at', 'id'] },
          { name: 'transactions_by_user', columnNames: ['user_id', 'created_at', 'id'] },
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['transactions', 'users', 'clients', 'signing_keys', 'tenant'])
      await queryRunner.dropTable(table);
  }
}
