import type { DataSource } from 'typeorm';
import type { Role } from '../tenant/role.js';
import { TenantError } from '../tenant/tenant-error.js';
import type { User } from '../tenant/user.js';
import { assign, areStorable, joined } from './assignments.js';
import { DocumentStore } from './document-store.js';
import type { Listing, Page } from './documents.js';
import { lookupDigest } from './lookup-digest.js';
import type { Statement } from './statement.js';

const GIVE = 'INSERT INTO user_roles (user_id, role_id, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
const TAKE = 'DELETE FROM user_roles WHERE user_id = ? AND role_id = ?';
const OF_USER = `FROM roles JOIN user_roles ON user_roles.role_id = roles.id WHERE user_roles.user_id = ?`;

/** Roles, and which users have them. A role that is deleted is taken from everybody. */
export class RoleStore extends DocumentStore<Role> {
  constructor(dataSource: DataSource) {
    super(dataSource, {
      table: { name: 'roles', key: 'id', derived: { name_digest: ({ name }) => lookupDigest(name) } },
      taken: ({ name, id }) =>
        new TenantError(
          'role_exists',
          `there is a role with the name ${name} or the id ${id} already: PATCH it, or choose another`,
        ),
    });
  }

  /** Oldest first. */
  list(page: Page): Promise<Listing<Role>> {
    return this.listWhere(page, {});
  }

  /** To the letter. */
  async findByName(name: string): Promise<Role | null> {
    const [found] = await this.documents.listBy('name_digest', lookupDigest(name));
    return found ?? null;
  }

  /** All roles of the user, the oldest role first. */
  async ofUser(userId: string): Promise<readonly Role[]> {
    if (!areStorable(userId)) return [];
    const rows = await this.database.rows<{ document: string }>(
      `SELECT roles.document ${OF_USER} ORDER BY roles.created_at, roles.id`,
      [userId],
    );
    return rows.map(({ document }) => JSON.parse(document) as Role);
  }

  /** Likewise, page by page. */
  listOfUser(userId: string, page: Page): Promise<Listing<Role>> {
    return joined(
      this.database,
      { from: OF_USER, order: 'roles.created_at, roles.id', values: [userId] },
      page,
    );
  }

  /** Whoever got it first comes first. */
  users(roleId: string, page: Page): Promise<Listing<User>> {
    return joined(
      this.database,
      {
        from: 'FROM users JOIN user_roles ON user_roles.user_id = users.user_id WHERE user_roles.role_id = ?',
        order: 'user_roles.since, users.user_id',
        values: [roleId],
      },
      page,
    );
  }

  /** Gives the roles to the users; one that has it already keeps it. False, and nothing changes, where a user or a role is not there. */
  assign(userIds: readonly string[], roleIds: readonly string[], now: Date): Promise<boolean> {
    return assign(
      this.database,
      userIds.flatMap((userId) =>
        roleIds.map((roleId) => ({ sql: GIVE, values: [userId, roleId, now.getTime()] })),
      ),
    );
  }

  /** A role that the user does not have is none to take. */
  async unassign(userId: string, roleIds: readonly string[]): Promise<void> {
    await assign(
      this.database,
      roleIds.filter((id) => areStorable(id)).map((roleId) => ({ sql: TAKE, values: [userId, roleId] })),
    );
  }

  /** These roles and no others. False, and nothing changes, where the user or a role is not there. */
  setOfUser(userId: string, roleIds: readonly string[], now: Date): Promise<boolean> {
    const kept = roleIds.map((): string => '?').join(', ');
    const take: Statement = {
      sql: `DELETE FROM user_roles WHERE user_id = ?${roleIds.length > 0 ? ` AND role_id NOT IN (${kept})` : ''}`,
      values: [userId, ...roleIds],
    };
    const give = roleIds.map((roleId) => ({ sql: GIVE, values: [userId, roleId, now.getTime()] }));
    return assign(this.database, [take, ...give]);
  }
}
