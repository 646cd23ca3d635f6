/**
 * The tables as they are now. The TypeORM CLI compares them with a database to write the next migration, and the
 * conformance suite compares them with what the migrations made, so that neither can drift from the other.
 * Stores speak SQL (see docs/decisions/storage.md); nothing of TypeORM's entities leaves this floor.
 */
import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { authorizationTables } from './authorization-tables.js';
import { tokenTables } from './token-tables.js';

/**
 * Collation of text columns: by code point on either database, so that a list has one order everywhere, and so that
 * an upgrade of the server's locales cannot spoil an index.
 */
export const TEXT_COLLATION = { postgres: 'C', sqlite: 'BINARY' } as const;
export type TextCollation = (typeof TEXT_COLLATION)[keyof typeof TEXT_COLLATION];

export function tablesWith(collation: TextCollation): EntitySchema[] {
  const text: EntitySchemaColumnOptions = { type: 'text', collation };
  const nullableText: EntitySchemaColumnOptions = { ...text, nullable: true };
  const key: EntitySchemaColumnOptions = { ...text, primary: true };
  const integer: EntitySchemaColumnOptions = { type: 'integer' };
  /** Milliseconds since 1970. */
  const instant: EntitySchemaColumnOptions = { type: 'bigint' };
  return [
    new EntitySchema({
      name: 'tenant',
      columns: {
        id: { ...integer, primary: true },
        revision: integer,
        settings: nullableText,
        admin_token_hash: nullableText,
        secrets_key: nullableText,
      },
    }),
    new EntitySchema({
      name: 'signing_keys',
      columns: {
        kid: key,
        alg: text,
        status: text,
        private_key_pem: text,
        certificate_pem: nullableText,
        created_at: instant,
      },
      indices: [
        { name: 'signing_keys_one_current', columns: ['alg'], unique: true, where: `"status" = 'current'` },
      ],
    }),
    new EntitySchema({
      name: 'tls_keys',
      columns: { purpose: key, private_key_pem: text, certificate_pem: text },
    }),
    new EntitySchema({
      name: 'clients',
      columns: {
        client_id: key,
        revision: integer,
        created_at: instant,
        document: text,
        entity_id_digest: nullableText,
      },
      indices: [
        { name: 'clients_by_age', columns: ['created_at', 'client_id'] },
        { name: 'clients_by_entity_id', columns: ['entity_id_digest'] },
      ],
    }),
    new EntitySchema({
      name: 'users',
      columns: {
        user_id: key,
        revision: integer,
        created_at: instant,
        email_digest: nullableText,
        password_hash: nullableText,
        document: text,
        username_digest: nullableText,
        logins_count: { ...integer, nullable: true },
      },
      indices: [
        { name: 'users_by_age', columns: ['created_at', 'user_id'] },
        { name: 'users_by_email', columns: ['email_digest'] },
        { name: 'users_by_username', columns: ['username_digest'] },
      ],
    }),
    new EntitySchema({
      name: 'transactions',
      columns: {
        id: key,
        revision: integer,
        status: text,
        protocol: text,
        client_id: nullableText,
        user_id: nullableText,
        created_at: instant,
        document: text,
      },
      indices: [
        { name: 'transactions_by_age', columns: ['created_at', 'id'] },
        { name: 'transactions_by_client', columns: ['client_id', 'created_at', 'id'] },
        { name: 'transactions_by_user', columns: ['user_id', 'created_at', 'id'] },
        { name: 'transactions_by_status', columns: ['status', 'created_at', 'id'] },
      ],
    }),
    new EntitySchema({
      name: 'sessions',
      columns: {
        id: key,
        user_id: text,
        created_at: instant,
        authenticated_at: instant,
        last_seen_at: instant,
        expires_at: instant,
        details: nullableText,
      },
      indices: [
        { name: 'sessions_by_user', columns: ['user_id', 'created_at', 'id'] },
        { name: 'sessions_by_end', columns: ['expires_at'] },
        { name: 'sessions_by_last_seen', columns: ['last_seen_at'] },
      ],
    }),
    new EntitySchema({
      name: 'session_participants',
      columns: { session_id: key, client_id: key, name_id_digest: text, since: instant, document: text },
      indices: [{ name: 'session_participants_by_name', columns: ['client_id', 'name_id_digest'] }],
      foreignKeys: [
        {
          name: 'session_participants_in_session',
          target: 'sessions',
          columnNames: ['session_id'],
          referencedColumnNames: ['id'],
          onDelete: 'CASCADE',
        },
      ],
    }),
    new EntitySchema({
      name: 'logouts',
      columns: { id: key, revision: integer, status: text, created_at: instant, document: text },
      indices: [{ name: 'logouts_by_age', columns: ['created_at', 'id'] }],
    }),
    new EntitySchema({
      name: 'login_attempts',
      columns: { key, count: integer, until: instant },
    }),
    new EntitySchema({
      name: 'actions',
      columns: {
        id: key,
        revision: integer,
        created_at: instant,
        trigger: text,
        name_digest: text,
        deployed_version_id: nullableText,
        document: text,
      },
      indices: [
        { name: 'actions_by_age', columns: ['created_at', 'id'] },
        { name: 'actions_by_name', columns: ['name_digest'], unique: true },
      ],
    }),
    new EntitySchema({
      name: 'action_versions',
      columns: { id: key, action_id: text, number: integer, created_at: instant, content: text },
      indices: [{ name: 'action_versions_by_number', columns: ['action_id', 'number'], unique: true }],
      foreignKeys: [
        {
          name: 'action_versions_of_action',
          target: 'actions',
          columnNames: ['action_id'],
          referencedColumnNames: ['id'],
          onDelete: 'CASCADE',
        },
      ],
    }),
    new EntitySchema({
      name: 'action_bindings',
      columns: { id: key, trigger: text, position: integer, action_id: text, document: text },
      indices: [
        { name: 'action_bindings_in_order', columns: ['trigger', 'position'], unique: true },
        { name: 'action_bindings_by_action', columns: ['action_id'] },
      ],
      foreignKeys: [
        {
          name: 'action_bindings_of_action',
          target: 'actions',
          columnNames: ['action_id'],
          referencedColumnNames: ['id'],
        },
      ],
    }),
    new EntitySchema({
      name: 'action_cache',
      columns: { trigger: key, key, value: text, expires_at: instant },
    }),
    ...authorizationTables({ text, key, integer, instant }),
    ...tokenTables({ text, nullableText, key, integer, instant }),
  ];
}
