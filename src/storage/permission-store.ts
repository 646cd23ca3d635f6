import type { DataSource } from 'typeorm';
import type { Permission, Role } from '../tenant/role.js';
import type { ResourceServer } from '../tenant/resource-server.js';
import { assign, areStorable } from './assignments.js';
import { Database } from './database.js';
import { lookupDigest } from './lookup-digest.js';
import type { SqlValue, Statement } from './statement.js';

/** A permission with what people call it. */
export interface GivenPermission extends Permission {
  readonly resource_server_name: string;
  readonly description: string | undefined;
}
/** And where a user has it from; `null`: from nobody else. */
export interface UserPermission extends GivenPermission {
  readonly roles: readonly (Pick<Role, 'id' | 'name'> | null)[];
}

/** Who holds permissions of their own: the table, and its column. */
const HOLDERS = {
  role: { table: 'role_permissions', column: 'role_id' },
  user: { table: 'user_permissions', column: 'user_id' },
} as const;
type Holder = keyof typeof HOLDERS;

const OF_USER_AT = `SELECT permission_name FROM user_permissions WHERE user_id = ? AND audience_digest = ?
  UNION SELECT role_permissions.permission_name FROM role_permissions
  JOIN user_roles ON user_roles.role_id = role_permissions.role_id
  WHERE user_roles.user_id = ? AND role_permissions.audience_digest = ?`;
const OF_USER = `SELECT given.permission_name, given.role, resource_servers.document FROM (
    SELECT permission_name, audience_digest, NULL AS role FROM user_permissions WHERE user_id = ?
    UNION ALL SELECT role_permissions.permission_name, role_permissions.audience_digest, roles.document AS role FROM role_permissions
    JOIN user_roles ON user_roles.role_id = role_permissions.role_id
    JOIN roles ON roles.id = role_permissions.role_id WHERE user_roles.user_id = ?
  ) AS given JOIN resource_servers ON resource_servers.identifier_digest = given.audience_digest
  ORDER BY resource_servers.created_at, resource_servers.id, given.permission_name`;

interface Row {
  readonly permission_name: string;
  readonly document: string;
}

/** What roles and users may do: scopes of APIs. A permission goes with its scope, its role and its user. */
export class PermissionStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** The scopes of the API that the user has, by roles or directly; in the order of their names. */
  async permissionsOf(userId: string, audience: string): Promise<readonly string[]> {
    if (!areStorable(userId)) return [];
    const at = lookupDigest(audience);
    const rows = await this.#database.rows<Pick<Row, 'permission_name'>>(OF_USER_AT, [
      userId,
      at,
      userId,
      at,
    ]);
    return rows.map(({ permission_name: name }) => name).toSorted(byCodePoint);
  }

  /** By API, then by name. */
  async ofRole(roleId: string): Promise<readonly GivenPermission[]> {
    if (!areStorable(roleId)) return [];
    const rows = await this.#database.rows<Row>(
      `SELECT permission_name, document FROM role_permissions
        JOIN resource_servers ON resource_servers.identifier_digest = role_permissions.audience_digest WHERE role_id = ?
        ORDER BY resource_servers.created_at, resource_servers.id, permission_name`,
      [roleId],
    );
    return rows.map(given);
  }

  /** Likewise; one that the user has several times over stands once. */
  async ofUser(userId: string): Promise<readonly UserPermission[]> {
    if (!areStorable(userId)) return [];
    const rows = await this.#database.rows<Row & { role: string | null }>(OF_USER, [userId, userId]);
    const found = new Map<string, GivenPermission & { roles: (Pick<Role, 'id' | 'name'> | null)[] }>();
    for (const row of rows) {
      const permission = given(row);
      const key = JSON.stringify([permission.resource_server_identifier, permission.permission_name]);
      const entry = found.get(key) ?? { ...permission, roles: [] };
      entry.roles.push(row.role === null ? null : (JSON.parse(row.role) as Role));
      found.set(key, entry);
    }
    return [...found.values()];
  }

  /** False, and nothing changes, where the holder or a permission is not there. What is held already stays. */
  grant(holder: Holder, id: string, permissions: readonly Permission[]): Promise<boolean> {
    return assign(
      this.#database,
      permissions.map((permission) => granting(holder, id, permission)),
    );
  }

  /** Those that are not held are none to take. */
  async revoke(holder: Holder, id: string, permissions: readonly Permission[]): Promise<void> {
    const { table, column } = HOLDERS[holder];
    await assign(
      this.#database,
      permissions.map((permission) => ({
        sql: `DELETE FROM ${table} WHERE ${column} = ? AND audience_digest = ? AND permission_name = ?`,
        values: [id, ...keyOf(permission)],
      })),
    );
  }

  /** These and no others. False, and nothing changes, where the holder or a permission is not there. */
  set(holder: Holder, id: string, permissions: readonly Permission[]): Promise<boolean> {
    const { table, column } = HOLDERS[holder];
    return assign(this.#database, [
      { sql: `DELETE FROM ${table} WHERE ${column} = ?`, values: [id] },
      ...permissions.map((permission) => granting(holder, id, permission)),
    ]);
  }
}

const byCodePoint = (one: string, other: string): number => (one < other ? -1 : 1);

const keyOf = ({ resource_server_identifier: audience, permission_name: name }: Permission): SqlValue[] => [
  lookupDigest(audience),
  name,
];

const granting = (holder: Holder, id: string, permission: Permission): Statement => {
  const { table, column } = HOLDERS[holder];
  return {
    sql: `INSERT INTO ${table} (${column}, audience_digest, permission_name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
    values: [id, ...keyOf(permission)],
  };
};

function given({ permission_name, document }: Row): GivenPermission {
  const { identifier, name, scopes } = JSON.parse(document) as ResourceServer;
  return {
    permission_name,
    resource_server_identifier: identifier,
    resource_server_name: name,
    description: scopes.find(({ value }) => value === permission_name)?.description,
  };
}
