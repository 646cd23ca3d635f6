import { TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';

/** What caps are counted by: transactions of a status, device codes that wait, requests that were pushed. */
export class Caps1795251600000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createIndex(
      'transactions',
      new TableIndex({ name: 'transactions_by_status', columnNames: ['status', 'created_at', 'id'] }),
    );
    await queryRunner.createIndex(
      'device_codes',
      new TableIndex({
        name: 'device_codes_pending',
        columnNames: ['expires_at', 'client_id'],
        where: `"status" = 'pending'`,
      }),
    );
    await queryRunner.dropIndex('pushed_requests', PUSHED_BY_END);
    await queryRunner.createIndex(
      'pushed_requests',
      new TableIndex({ name: PUSHED_BY_END, columnNames: ['expires_at', 'client_id'] }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropIndex('pushed_requests', PUSHED_BY_END);
    await queryRunner.createIndex(
      'pushed_requests',
      new TableIndex({ name: PUSHED_BY_END, columnNames: ['expires_at'] }),
    );
    await queryRunner.dropIndex('device_codes', 'device_codes_pending');
    await queryRunner.dropIndex('transactions', 'transactions_by_status');
  }
}

const PUSHED_BY_END = 'pushed_requests_by_end';
