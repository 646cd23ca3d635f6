/** The tables of what clients and users may do, as they are now: see tables.ts. */
import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';

interface Columns {
  readonly text: EntitySchemaColumnOptions;
  readonly key: EntitySchemaColumnOptions;
  readonly integer: EntitySchemaColumnOptions;
  readonly instant: EntitySchemaColumnOptions;
}

/** What a row goes with: the table, and by which of its columns. */
const to = (name: string, columns: Readonly<Record<string, string>>, target: string) => ({
  name,
  target,
  columnNames: Object.keys(columns),
  referencedColumnNames: Object.values(columns),
  onDelete: 'CASCADE' as const,
});
const byAge = (table: string) => ({ name: `${table}_by_age`, columns: ['created_at', 'id'] });
const unique = (name: string, ...columns: string[]) => ({ name, columns, unique: true });
const PERMISSION = { audience_digest: 'audience_digest', permission_name: 'value' };

export function authorizationTables({ text, key, integer, instant }: Columns): EntitySchema[] {
  const document = { id: key, revision: integer, created_at: instant, document: text };
  return [
    new EntitySchema({
      name: 'resource_servers',
      columns: { ...document, identifier_digest: text },
      indices: [byAge('resource_servers'), unique('resource_servers_by_identifier', 'identifier_digest')],
    }),
    new EntitySchema({
      name: 'scopes',
      columns: { audience_digest: key, value: key },
      foreignKeys: [to('scopes_of_api', { audience_digest: 'identifier_digest' }, 'resource_servers')],
    }),
    new EntitySchema({
      name: 'client_grants',
      columns: { ...document, client_id: text, audience_digest: text, subject_type: text },
      indices: [
        byAge('client_grants'),
        unique('client_grants_once', 'client_id', 'audience_digest', 'subject_type'),
        { name: 'client_grants_by_audience', columns: ['audience_digest'] },
      ],
      foreignKeys: [
        to('client_grants_of_client', { client_id: 'client_id' }, 'clients'),
        to('client_grants_of_api', { audience_digest: 'identifier_digest' }, 'resource_servers'),
      ],
    }),
    new EntitySchema({
      name: 'connections',
      columns: { ...document, name: text, strategy: text },
      indices: [byAge('connections'), unique('connections_by_name', 'name')],
    }),
    new EntitySchema({
      name: 'roles',
      columns: { ...document, name_digest: text },
      indices: [byAge('roles'), unique('roles_by_name', 'name_digest')],
    }),
    new EntitySchema({
      name: 'user_roles',
      columns: { user_id: key, role_id: key, since: instant },
      indices: [{ name: 'user_roles_by_role', columns: ['role_id', 'since', 'user_id'] }],
      foreignKeys: [
        to('user_roles_of_user', { user_id: 'user_id' }, 'users'),
        to('user_roles_of_role', { role_id: 'id' }, 'roles'),
      ],
    }),
    new EntitySchema({
      name: 'role_permissions',
      columns: { role_id: key, audience_digest: key, permission_name: key },
      indices: [{ name: 'role_permissions_by_scope', columns: ['audience_digest', 'permission_name'] }],
      foreignKeys: [
        to('role_permissions_of_role', { role_id: 'id' }, 'roles'),
        to('role_permissions_of_scope', PERMISSION, 'scopes'),
      ],
    }),
    new EntitySchema({
      name: 'user_permissions',
      columns: { user_id: key, audience_digest: key, permission_name: key },
      indices: [{ name: 'user_permissions_by_scope', columns: ['audience_digest', 'permission_name'] }],
      foreignKeys: [
        to('user_permissions_of_user', { user_id: 'user_id' }, 'users'),
        to('user_permissions_of_scope', PERMISSION, 'scopes'),
      ],
    }),
    new EntitySchema({
      name: 'organizations',
      columns: { ...document, name: text },
      indices: [byAge('organizations'), unique('organizations_by_name', 'name')],
    }),
    new EntitySchema({
      name: 'organization_members',
      columns: { organization_id: key, user_id: key, since: instant },
      indices: [{ name: 'organization_members_by_user', columns: ['user_id'] }],
      foreignKeys: [
        to('organization_members_of_organization', { organization_id: 'id' }, 'organizations'),
        to('organization_members_of_user', { user_id: 'user_id' }, 'users'),
      ],
    }),
    new EntitySchema({
      name: 'organization_member_roles',
      columns: { organization_id: key, user_id: key, role_id: key },
      indices: [{ name: 'organization_member_roles_by_role', columns: ['role_id'] }],
      foreignKeys: [
        to(
          'organization_member_roles_of_member',
          { organization_id: 'organization_id', user_id: 'user_id' },
          'organization_members',
        ),
        to('organization_member_roles_of_role', { role_id: 'id' }, 'roles'),
      ],
    }),
    new EntitySchema({
      name: 'organization_connections',
      columns: { organization_id: key, connection_id: key, settings: text },
      indices: [{ name: 'organization_connections_by_connection', columns: ['connection_id'] }],
      foreignKeys: [
        to('organization_connections_of_organization', { organization_id: 'id' }, 'organizations'),
        to('organization_connections_of_connection', { connection_id: 'id' }, 'connections'),
      ],
    }),
  ];
}
