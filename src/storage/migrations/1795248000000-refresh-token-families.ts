import { TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';

/** Since when a grant has refresh tokens, so that those of a user and client can be counted; a token needs not know its predecessor. */
export class RefreshTokenFamilies1795248000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // TypeORM's addColumn would copy the table on SQLite
    await queryRunner.query('ALTER TABLE grants ADD COLUMN refresh_tokens_since bigint');
    await queryRunner.query(
      `UPDATE grants SET refresh_tokens_since =
        (SELECT MIN(created_at) FROM refresh_tokens WHERE refresh_tokens.grant_id = grants.id)`,
    );
    await queryRunner.createIndex(
      'grants',
      new TableIndex({
        name: 'grants_with_refresh_tokens',
        columnNames: ['user_id', 'client_id', 'refresh_tokens_since', 'id'],
        where: `"refresh_tokens_since" IS NOT NULL AND "revoked_at" IS NULL AND "refresh_tokens_revoked_at" IS NULL`,
      }),
    );
    await queryRunner.query('ALTER TABLE refresh_tokens DROP COLUMN previous');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const collation = queryRunner.dataSource.options.type === 'postgres' ? 'C' : 'BINARY';
    await queryRunner.query(`ALTER TABLE refresh_tokens ADD COLUMN previous text COLLATE "${collation}"`);
    await queryRunner.dropIndex('grants', 'grants_with_refresh_tokens');
    await queryRunner.query('ALTER TABLE grants DROP COLUMN refresh_tokens_since');
  }
}
