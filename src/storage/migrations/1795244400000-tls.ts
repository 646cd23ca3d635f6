import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

/** What https is served with: the authority and the certificate of the server. */
export class Tls1795244400000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    const collation = queryRunner.dataSource.options.type === 'postgres' ? 'C' : 'BINARY';
    const text = (name: string): TableColumnOptions => ({ name, type: 'text', collation });
    await queryRunner.createTable(
      new Table({
        name: 'tls_keys',
        columns: [{ ...text('purpose'), isPrimary: true }, text('private_key_pem'), text('certificate_pem')],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('tls_keys');
  }
}
