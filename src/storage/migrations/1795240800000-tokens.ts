import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

/** Grants, codes and tokens; devices, pushed requests, ids that were used, and logouts to be delivered. */
export class Tokens1795240800000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    for (const table of tablesOf(queryRunner)) await queryRunner.createTable(table);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of tablesOf(queryRunner).toReversed()) await queryRunner.dropTable(table);
  }
}

function tablesOf(queryRunner: QueryRunner): Table[] {
  const collation = queryRunner.dataSource.options.type === 'postgres' ? 'C' : 'BINARY';
  const text = (name: string): TableColumnOptions => ({ name, type: 'text', collation });
  const nullableText = (name: string): TableColumnOptions => ({ ...text(name), isNullable: true });
  const key = (name: string): TableColumnOptions => ({ ...text(name), isPrimary: true });
  const integer = (name: string): TableColumnOptions => ({ name, type: 'integer' });
  const instant = (name: string): TableColumnOptions => ({ name, type: 'bigint' });
  const nullableInstant = (name: string): TableColumnOptions => ({ ...instant(name), isNullable: true });
  return [
    new Table({
      name: 'grants',
      columns: [
        key('id'),
        text('client_id'),
        nullableText('user_id'),
        nullableText('session_id'),
        instant('created_at'),
        nullableInstant('revoked_at'),
        nullableInstant('refresh_tokens_revoked_at'),
        instant('kept_until'),
        text('document'),
      ],
      indices: [
        { name: 'grants_by_user', columnNames: ['user_id', 'client_id'] },
        { name: 'grants_by_session', columnNames: ['session_id'] },
        { name: 'grants_by_end', columnNames: ['kept_until'] },
      ],
    }),
    new Table({
      name: 'authorization_codes',
      columns: [
        key('digest'),
        text('transaction_id'),
        text('client_id'),
        text('grant_id'),
        text('status'),
        instant('expires_at'),
        text('document'),
      ],
      indices: [{ name: 'authorization_codes_by_end', columnNames: ['expires_at'] }],
    }),
    new Table({
      name: 'refresh_tokens',
      columns: [
        key('digest'),
        text('id'),
        text('grant_id'),
        text('status'),
        instant('created_at'),
        nullableInstant('rotated_at'),
        nullableInstant('last_exchanged_at'),
        nullableInstant('expires_at'),
        nullableInstant('idle_expires_at'),
        instant('kept_until'),
        nullableText('previous'),
        text('document'),
      ],
      indices: [
        { name: 'refresh_tokens_by_id', columnNames: ['id'] },
        { name: 'refresh_tokens_by_grant', columnNames: ['grant_id'] },
        { name: 'refresh_tokens_by_end', columnNames: ['kept_until'] },
      ],
    }),
    new Table({
      name: 'access_tokens',
      columns: [
        key('key'),
        nullableText('grant_id'),
        text('client_id'),
        instant('expires_at'),
        nullableInstant('revoked_at'),
        text('document'),
      ],
      indices: [{ name: 'access_tokens_by_end', columnNames: ['expires_at'] }],
    }),
    new Table({
      name: 'device_codes',
      columns: [
        key('digest'),
        text('user_code'),
        text('client_id'),
        text('status'),
        nullableText('grant_id'),
        instant('expires_at'),
        integer('poll_interval'),
        nullableInstant('last_polled_at'),
        integer('polled_early'),
        text('document'),
      ],
      indices: [
        {
          name: 'device_codes_one_pending',
          columnNames: ['user_code'],
          isUnique: true,
          where: `"status" = 'pending'`,
        },
        { name: 'device_codes_by_end', columnNames: ['expires_at'] },
      ],
    }),
    new Table({
      name: 'pushed_requests',
      columns: [key('digest'), text('client_id'), instant('expires_at'), text('document')],
      indices: [{ name: 'pushed_requests_by_end', columnNames: ['expires_at'] }],
    }),
    new Table({
      name: 'used_token_ids',
      columns: [key('key'), instant('expires_at')],
      indices: [{ name: 'used_token_ids_by_end', columnNames: ['expires_at'] }],
    }),
    new Table({
      name: 'logout_deliveries',
      columns: [
        key('id'),
        text('client_id'),
        integer('attempts'),
        instant('next_attempt_at'),
        nullableInstant('claimed_until'),
        instant('expires_at'),
        text('document'),
      ],
      indices: [
        { name: 'logout_deliveries_by_turn', columnNames: ['next_attempt_at', 'id'] },
        { name: 'logout_deliveries_by_end', columnNames: ['expires_at'] },
      ],
    }),
  ];
}
