import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';

/** The kinds of columns there are; see `tablesWith`. */
export type ColumnKind = 'text' | 'nullableText' | 'key' | 'integer' | 'instant';

/** What codes and tokens need. No foreign keys: a token whose grant is gone counts as revoked, and what is over goes by its own age. */
export function tokenTables({
  text,
  nullableText,
  key,
  integer,
  instant,
}: Readonly<Record<ColumnKind, EntitySchemaColumnOptions>>): EntitySchema[] {
  const nullableInstant: EntitySchemaColumnOptions = { ...instant, nullable: true };
  return [
    new EntitySchema({
      name: 'grants',
      columns: {
        id: key,
        client_id: text,
        user_id: nullableText,
        session_id: nullableText,
        created_at: instant,
        revoked_at: nullableInstant,
        refresh_tokens_revoked_at: nullableInstant,
        refresh_tokens_since: nullableInstant,
        kept_until: instant,
        document: text,
      },
      indices: [
        { name: 'grants_by_user', columns: ['user_id', 'client_id'] },
        { name: 'grants_by_session', columns: ['session_id'] },
        { name: 'grants_by_end', columns: ['kept_until'] },
        {
          name: 'grants_with_refresh_tokens',
          columns: ['user_id', 'client_id', 'refresh_tokens_since', 'id'],
          where: `"refresh_tokens_since" IS NOT NULL AND "revoked_at" IS NULL AND "refresh_tokens_revoked_at" IS NULL`,
        },
      ],
    }),
    new EntitySchema({
      name: 'authorization_codes',
      columns: {
        digest: key,
        transaction_id: text,
        client_id: text,
        grant_id: text,
        status: text,
        expires_at: instant,
        document: text,
      },
      indices: [{ name: 'authorization_codes_by_end', columns: ['expires_at'] }],
    }),
    new EntitySchema({
      name: 'refresh_tokens',
      columns: {
        digest: key,
        id: text,
        grant_id: text,
        status: text,
        created_at: instant,
        rotated_at: nullableInstant,
        last_exchanged_at: nullableInstant,
        expires_at: nullableInstant,
        idle_expires_at: nullableInstant,
        kept_until: instant,
        document: text,
      },
      indices: [
        { name: 'refresh_tokens_by_id', columns: ['id'] },
        { name: 'refresh_tokens_by_grant', columns: ['grant_id'] },
        { name: 'refresh_tokens_by_end', columns: ['kept_until'] },
      ],
    }),
    new EntitySchema({
      name: 'access_tokens',
      columns: {
        key,
        grant_id: nullableText,
        client_id: text,
        expires_at: instant,
        revoked_at: nullableInstant,
        document: text,
      },
      indices: [{ name: 'access_tokens_by_end', columns: ['expires_at'] }],
    }),
    new EntitySchema({
      name: 'device_codes',
      columns: {
        digest: key,
        user_code: text,
        client_id: text,
        status: text,
        grant_id: nullableText,
        expires_at: instant,
        poll_interval: integer,
        last_polled_at: nullableInstant,
        polled_early: integer,
        document: text,
      },
      indices: [
        {
          name: 'device_codes_one_pending',
          columns: ['user_code'],
          unique: true,
          where: `"status" = 'pending'`,
        },
        { name: 'device_codes_by_end', columns: ['expires_at'] },
        {
          name: 'device_codes_pending',
          columns: ['expires_at', 'client_id'],
          where: `"status" = 'pending'`,
        },
      ],
    }),
    new EntitySchema({
      name: 'pushed_requests',
      columns: { digest: key, client_id: text, expires_at: instant, document: text },
      indices: [{ name: 'pushed_requests_by_end', columns: ['expires_at', 'client_id'] }],
    }),
    new EntitySchema({
      name: 'used_token_ids',
      columns: { key, expires_at: instant },
      indices: [{ name: 'used_token_ids_by_end', columns: ['expires_at'] }],
    }),
    new EntitySchema({
      name: 'logout_deliveries',
      columns: {
        id: key,
        client_id: text,
        attempts: integer,
        next_attempt_at: instant,
        claimed_until: nullableInstant,
        expires_at: instant,
        document: text,
      },
      indices: [
        { name: 'logout_deliveries_by_turn', columns: ['next_attempt_at', 'id'] },
        { name: 'logout_deliveries_by_end', columns: ['expires_at'] },
      ],
    }),
  ];
}
