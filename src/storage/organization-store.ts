import type { DataSource } from 'typeorm';
import type { Organization, OrganizationConnection } from '../tenant/organization.js';
import type { Connection } from '../tenant/connection.js';
import type { Role } from '../tenant/role.js';
import { TenantError } from '../tenant/tenant-error.js';
import type { User } from '../tenant/user.js';
import { assign, areStorable, joined } from './assignments.js';
import { DocumentStore } from './document-store.js';
import type { Listing, Page } from './documents.js';
import type { Statement } from './statement.js';

const JOIN =
  'INSERT INTO organization_members (organization_id, user_id, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
const LEAVE = 'DELETE FROM organization_members WHERE organization_id = ? AND user_id = ?';
const GIVE =
  'INSERT INTO organization_member_roles (organization_id, user_id, role_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
const TAKE =
  'DELETE FROM organization_member_roles WHERE organization_id = ? AND user_id = ? AND role_id = ?';
const PUT_CONNECTION = `INSERT INTO organization_connections (organization_id, connection_id, settings) VALUES (?, ?, ?)
  ON CONFLICT (organization_id, connection_id) DO UPDATE SET settings = excluded.settings`;
const CONNECTIONS = `SELECT organization_connections.settings, connections.document FROM organization_connections
  JOIN connections ON connections.id = organization_connections.connection_id
  WHERE organization_connections.organization_id = ? ORDER BY connections.created_at, connections.id`;

export interface EnabledConnection extends OrganizationConnection {
  readonly connection: Pick<Connection, 'name' | 'strategy'>;
}
export interface MemberWithRoles {
  readonly userId: string;
  readonly roleIds: readonly string[];
}

/** Organizations, their members, the roles that these have there, and their connections. What belongs to one goes with it. */
export class OrganizationStore extends DocumentStore<Organization> {
  constructor(dataSource: DataSource) {
    super(dataSource, {
      table: { name: 'organizations', key: 'id', derived: { name: ({ name }) => name } },
      taken: ({ name, id }) =>
        new TenantError(
          'organization_exists',
          `there is an organization with the name ${name} or the id ${id} already: PATCH it, or choose another`,
        ),
    });
  }

  /** Oldest first. */
  list(page: Page): Promise<Listing<Organization>> {
    return this.listWhere(page, {});
  }

  async findByName(name: string): Promise<Organization | null> {
    if (!areStorable(name)) return null;
    return (await this.documents.listBy('name', name))[0] ?? null;
  }

  /** No name begins as ids do. */
  findByIdOrName(text: string): Promise<Organization | null> {
    return text.startsWith('org_') ? this.get(text) : this.findByName(text);
  }

  async isMember(organizationId: string, userId: string): Promise<boolean> {
    if (!areStorable(organizationId, userId)) return false;
    const rows = await this.database.rows(
      'SELECT 1 AS found FROM organization_members WHERE organization_id = ? AND user_id = ?',
      [organizationId, userId],
    );
    return rows.length > 0;
  }

  /** Whoever joined first comes first. */
  members(organizationId: string, page: Page): Promise<Listing<User>> {
    return joined(
      this.database,
      {
        from: 'FROM users JOIN organization_members ON organization_members.user_id = users.user_id WHERE organization_members.organization_id = ?',
        order: 'organization_members.since, users.user_id',
        values: [organizationId],
      },
      page,
    );
  }

  /** Of which the user is a member; the oldest first. */
  ofUser(userId: string, page: Page): Promise<Listing<Organization>> {
    return joined(
      this.database,
      {
        from: 'FROM organizations JOIN organization_members ON organization_members.organization_id = organizations.id WHERE organization_members.user_id = ?',
        order: 'organizations.created_at, organizations.id',
        values: [userId],
      },
      page,
    );
  }

  /** False, and nothing changes, where the organization or a user is not there. */
  addMembers(organizationId: string, userIds: readonly string[], now: Date): Promise<boolean> {
    return assign(
      this.database,
      userIds.map((userId) => ({ sql: JOIN, values: [organizationId, userId, now.getTime()] })),
    );
  }

  /** With their roles there. Who is none is nobody to remove. */
  async removeMembers(organizationId: string, userIds: readonly string[]): Promise<void> {
    await assign(
      this.database,
      userIds
        .filter((id) => areStorable(id))
        .map((userId) => ({ sql: LEAVE, values: [organizationId, userId] })),
    );
  }

  /** These and no others, with these roles and no others; who stays has been there as long as before. False as `addMembers`. */
  setMembers(organizationId: string, members: readonly MemberWithRoles[], now: Date): Promise<boolean> {
    const kept = members.map((): string => '?').join(', ');
    const leave: Statement = {
      sql: `DELETE FROM organization_members WHERE organization_id = ?${members.length > 0 ? ` AND user_id NOT IN (${kept})` : ''}`,
      values: [organizationId, ...members.map(({ userId }) => userId)],
    };
    return assign(this.database, [
      leave,
      { sql: 'DELETE FROM organization_member_roles WHERE organization_id = ?', values: [organizationId] },
      ...members.flatMap(({ userId, roleIds }) => [
        { sql: JOIN, values: [organizationId, userId, now.getTime()] },
        ...roleIds.map((roleId) => ({ sql: GIVE, values: [organizationId, userId, roleId] })),
      ]),
    ]);
  }

  /** What the member has there, the oldest role first; what they have everywhere is of `RoleStore.ofUser`. */
  memberRoles(organizationId: string, userId: string, page: Page): Promise<Listing<Role>> {
    return joined(
      this.database,
      {
        from: `FROM roles JOIN organization_member_roles ON organization_member_roles.role_id = roles.id
          WHERE organization_member_roles.organization_id = ? AND organization_member_roles.user_id = ?`,
        order: 'roles.created_at, roles.id',
        values: [organizationId, userId],
      },
      page,
    );
  }

  /** False, and nothing changes, where the user is no member, or a role is not there. */
  assignRoles(organizationId: string, userId: string, roleIds: readonly string[]): Promise<boolean> {
    return assign(
      this.database,
      roleIds.map((roleId) => ({ sql: GIVE, values: [organizationId, userId, roleId] })),
    );
  }

  async unassignRoles(organizationId: string, userId: string, roleIds: readonly string[]): Promise<void> {
    await assign(
      this.database,
      roleIds
        .filter((id) => areStorable(id))
        .map((roleId) => ({ sql: TAKE, values: [organizationId, userId, roleId] })),
    );
  }

  /** The oldest connection first. */
  async connections(organizationId: string): Promise<readonly EnabledConnection[]> {
    if (!areStorable(organizationId)) return [];
    const rows = await this.database.rows<{ settings: string; document: string }>(CONNECTIONS, [
      organizationId,
    ]);
    return rows.map(({ settings, document }) => {
      const { name, strategy } = JSON.parse(document) as Connection;
      return { ...(JSON.parse(settings) as OrganizationConnection), connection: { name, strategy } };
    });
  }

  /** In place of the earlier settings. False where the organization or the connection is not there. */
  putConnection(organizationId: string, settings: OrganizationConnection): Promise<boolean> {
    return assign(this.database, [
      { sql: PUT_CONNECTION, values: [organizationId, settings.connection_id, JSON.stringify(settings)] },
    ]);
  }

  /** False where it had none such. */
  async removeConnection(organizationId: string, connectionId: string): Promise<boolean> {
    if (!areStorable(organizationId, connectionId)) return false;
    const removed = await this.database.change(
      'DELETE FROM organization_connections WHERE organization_id = ? AND connection_id = ?',
      [organizationId, connectionId],
    );
    return removed === 1;
  }
}
