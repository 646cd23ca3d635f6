import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

/** APIs and their scopes, client grants, connections, roles, permissions, organizations; and the connection that every tenant begins with. */
export class Authorization1795237200000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    const onPostgres = queryRunner.dataSource.options.type === 'postgres';
    for (const table of tablesWith(onPostgres ? 'C' : 'BINARY')) await queryRunner.createTable(table);
    const now = new Date();
    const at = now.toISOString();
    // as stores wrote it when this migration was written: a later change of theirs must not change it
    const connection = {
      id: 'con_UserPasswordAuth',
      name: 'Username-Password-Authentication',
      strategy: 'auth0',
      options: {},
      metadata: {},
      is_domain_connection: false,
      realms: ['Username-Password-Authentication'],
      created_at: at,
      updated_at: at,
    };
    const values = [
      connection.id,
      1,
      now.getTime(),
      connection.name,
      connection.strategy,
      JSON.stringify(connection),
    ];
    const placeholders = values.map((_, index) => (onPostgres ? `$${index + 1}` : '?')).join(', ');
    await queryRunner.query(
      `INSERT INTO connections (id, revision, created_at, name, strategy, document) VALUES (${placeholders})`,
      values,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const { name } of tablesWith('').toReversed()) await queryRunner.dropTable(name);
  }
}

function tablesWith(collation: string): Table[] {
  const text = (name: string): TableColumnOptions => ({ name, type: 'text', collation });
  const key = (name: string): TableColumnOptions => ({ ...text(name), isPrimary: true });
  const instant = (name: string): TableColumnOptions => ({ name, type: 'bigint' });
  const documents = (name: string, ...columns: TableColumnOptions[]) => ({
    name,
    columns: [
      key('id'),
      { name: 'revision', type: 'integer' },
      instant('created_at'),
      ...columns,
      text('document'),
    ],
  });
  const byAge = (table: string) => ({ name: `${table}_by_age`, columnNames: ['created_at', 'id'] });
  const unique = (name: string, ...columnNames: string[]) => ({ name, columnNames, isUnique: true });
  const to = (name: string, columns: Readonly<Record<string, string>>, referencedTableName: string) => ({
    name,
    columnNames: Object.keys(columns),
    referencedTableName,
    referencedColumnNames: Object.values(columns),
    onDelete: 'CASCADE',
  });
  const PERMISSION = { audience_digest: 'audience_digest', permission_name: 'value' };
  return [
    new Table({
      ...documents('resource_servers', text('identifier_digest')),
      indices: [byAge('resource_servers'), unique('resource_servers_by_identifier', 'identifier_digest')],
    }),
    new Table({
      name: 'scopes',
      columns: [key('audience_digest'), key('value')],
      foreignKeys: [to('scopes_of_api', { audience_digest: 'identifier_digest' }, 'resource_servers')],
    }),
    new Table({
      ...documents('client_grants', text('client_id'), text('audience_digest'), text('subject_type')),
      indices: [
        byAge('client_grants'),
        unique('client_grants_once', 'client_id', 'audience_digest', 'subject_type'),
        { name: 'client_grants_by_audience', columnNames: ['audience_digest'] },
      ],
      foreignKeys: [
        to('client_grants_of_client', { client_id: 'client_id' }, 'clients'),
        to('client_grants_of_api', { audience_digest: 'identifier_digest' }, 'resource_servers'),
      ],
    }),
    new Table({
      ...documents('connections', text('name'), text('strategy')),
      indices: [byAge('connections'), unique('connections_by_name', 'name')],
    }),
    new Table({
      ...documents('roles', text('name_digest')),
      indices: [byAge('roles'), unique('roles_by_name', 'name_digest')],
    }),
    new Table({
      name: 'user_roles',
      columns: [key('user_id'), key('role_id'), instant('since')],
      indices: [{ name: 'user_roles_by_role', columnNames: ['role_id', 'since', 'user_id'] }],
      foreignKeys: [
        to('user_roles_of_user', { user_id: 'user_id' }, 'users'),
        to('user_roles_of_role', { role_id: 'id' }, 'roles'),
      ],
    }),
    new Table({
      name: 'role_permissions',
      columns: [key('role_id'), key('audience_digest'), key('permission_name')],
      indices: [{ name: 'role_permissions_by_scope', columnNames: ['audience_digest', 'permission_name'] }],
      foreignKeys: [
        to('role_permissions_of_role', { role_id: 'id' }, 'roles'),
        to('role_permissions_of_scope', PERMISSION, 'scopes'),
      ],
    }),
    new Table({
      name: 'user_permissions',
      columns: [key('user_id'), key('audience_digest'), key('permission_name')],
      indices: [{ name: 'user_permissions_by_scope', columnNames: ['audience_digest', 'permission_name'] }],
      foreignKeys: [
        to('user_permissions_of_user', { user_id: 'user_id' }, 'users'),
        to('user_permissions_of_scope', PERMISSION, 'scopes'),
      ],
    }),
    new Table({
      ...documents('organizations', text('name')),
      indices: [byAge('organizations'), unique('organizations_by_name', 'name')],
    }),
    new Table({
      name: 'organization_members',
      columns: [key('organization_id'), key('user_id'), instant('since')],
      indices: [{ name: 'organization_members_by_user', columnNames: ['user_id'] }],
      foreignKeys: [
        to('organization_members_of_organization', { organization_id: 'id' }, 'organizations'),
        to('organization_members_of_user', { user_id: 'user_id' }, 'users'),
      ],
    }),
    new Table({
      name: 'organization_member_roles',
      columns: [key('organization_id'), key('user_id'), key('role_id')],
      indices: [{ name: 'organization_member_roles_by_role', columnNames: ['role_id'] }],
      foreignKeys: [
        to(
          'organization_member_roles_of_member',
          { organization_id: 'organization_id', user_id: 'user_id' },
          'organization_members',
        ),
        to('organization_member_roles_of_role', { role_id: 'id' }, 'roles'),
      ],
    }),
    new Table({
      name: 'organization_connections',
      columns: [key('organization_id'), key('connection_id'), text('settings')],
      indices: [{ name: 'organization_connections_by_connection', columnNames: ['connection_id'] }],
      foreignKeys: [
        to('organization_connections_of_organization', { organization_id: 'id' }, 'organizations'),
        to('organization_connections_of_connection', { connection_id: 'id' }, 'connections'),
      ],
    }),
  ];
}
