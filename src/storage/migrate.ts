import { MigrationExecutor, type DataSource } from 'typeorm';
import { whenNotBusy } from './busy.js';

/** Any number, the same in every instance: names the lock under which one of them migrates and the others wait. */
const MIGRATION_LOCK = 0x4d696e74;

/**
 * Brings the database to the newest tables, all or nothing. Of several instances that start at once on one database
 * one migrates; the others wait for it and find nothing left to do.
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  const queryRunner = dataSource.createQueryRunner();
  const onPostgres = dataSource.options.type === 'postgres';
  try {
    if (onPostgres) {
      // What the lock's last holder made is seen only if each statement looks afresh.
      await queryRunner.query('BEGIN ISOLATION LEVEL READ COMMITTED');
      await queryRunner.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    } else await whenNotBusy(() => queryRunner.query('BEGIN IMMEDIATE'));
    try {
      const executor = new MigrationExecutor(dataSource, queryRunner);
      // The transaction is ours: TypeORM's would begin after it has looked for, and made, its own table.
      executor.transaction = 'none';
      await executor.executePendingMigrations();
      await queryRunner.query('COMMIT');
    } catch (error) {
      await queryRunner.query('ROLLBACK');
      throw error;
    }
  } finally {
    await queryRunner.release();
  }
}
