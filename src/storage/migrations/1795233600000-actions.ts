import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

/** Actions, their versions, bindings and cache; and what they do to sessions, users and the tenant. */
export class Actions1795233600000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    const collation = queryRunner.dataSource.options.type === 'postgres' ? 'C' : 'BINARY';
    const text = (name: string): TableColumnOptions => ({ name, type: 'text', collation });
    const key = (name: string): TableColumnOptions => ({ ...text(name), isPrimary: true });
    const integer = (name: string): TableColumnOptions => ({ name, type: 'integer' });
    const instant = (name: string): TableColumnOptions => ({ name, type: 'bigint' });
    await queryRunner.createTable(
      new Table({
        name: 'actions',
        columns: [
          key('id'),
          integer('revision'),
          instant('created_at'),
          text('trigger'),
          text('name_digest'),
          { ...text('deployed_version_id'), isNullable: true },
          text('document'),
        ],
        indices: [
          { name: 'actions_by_age', columnNames: ['created_at', 'id'] },
          { name: 'actions_by_name', columnNames: ['name_digest'], isUnique: true },
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'action_versions',
        columns: [key('id'), text('action_id'), integer('number'), instant('created_at'), text('content')],
        indices: [
          { name: 'action_versions_by_number', columnNames: ['action_id', 'number'], isUnique: true },
        ],
        foreignKeys: [
          {
            name: 'action_versions_of_action',
            columnNames: ['action_id'],
            referencedTableName: 'actions',
            referencedColumnNames: ['id'],
            onDelete: 'CASCADE',
          },
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'action_bindings',
        columns: [key('id'), text('trigger'), integer('position'), text('action_id'), text('document')],
        indices: [
          { name: 'action_bindings_in_order', columnNames: ['trigger', 'position'], isUnique: true },
          { name: 'action_bindings_by_action', columnNames: ['action_id'] },
        ],
        foreignKeys: [
          {
            name: 'action_bindings_of_action',
            columnNames: ['action_id'],
            referencedTableName: 'actions',
            referencedColumnNames: ['id'],
          },
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'action_cache',
        columns: [key('trigger'), key('key'), text('value'), instant('expires_at')],
      }),
    );
    // TypeORM's addColumn would copy the table on SQLite
    for (const [table, column, type] of COLUMNS)
      await queryRunner.query(
        `ALTER TABLE ${table} ADD COLUMN ${column} ${type}${type === 'text' ? ` COLLATE "${collation}"` : ''}`,
      );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const [table, column] of COLUMNS)
      await queryRunner.query(`ALTER TABLE ${table} DROP COLUMN ${column}`);
    for (const table of ['action_cache', 'action_bindings', 'action_versions', 'actions'])
      await queryRunner.dropTable(table);
  }
}

const COLUMNS = [
  ['tenant', 'secrets_key', 'text'],
  ['users', 'logins_count', 'integer'],
  ['sessions', 'details', 'text'],
] as const;
