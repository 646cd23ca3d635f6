import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock } from '../../login/ports.js';
import { OrganizationStore } from '../../storage/organization-store.js';
import { PermissionStore, type UserPermission } from '../../storage/permission-store.js';
import { ResourceServerStore } from '../../storage/resource-server-store.js';
import { RoleStore } from '../../storage/role-store.js';
import { UserStore } from '../../storage/user-store.js';
import { existing, refuseMissing } from './existing.js';
import { permissionsBodySchema, rolesBodySchema, type PermissionsBody, type RolesBody } from './id-lists.js';
import { listQuerySchema, listed, paged, type ListQuery } from './listing.js';
import { grantPermissions } from './permission-grants.js';

/** What a user has and may do, in the shapes of Auth0's Management API: `/api/v2/users/:id/roles`, `/permissions`, `/organizations`. */
@ApiTags('users')
@Controller('api/v2/users')
export class UserAuthorizationController {
  constructor(
    private readonly users: UserStore,
    private readonly roles: RoleStore,
    private readonly permissions: PermissionStore,
    private readonly organizations: OrganizationStore,
    private readonly apis: ResourceServerStore,
    private readonly clock: Clock,
  ) {}

  @Get(':id/roles')
  async listRoles(
    @Param('id') id: string,
    @Query({ schema: listQuerySchema }) query: ListQuery,
  ): Promise<unknown> {
    await this.#requireUser(id);
    const page = { page: query.page, perPage: query.per_page };
    return listed('roles', await this.roles.listOfUser(id, page), query);
  }

  @Post(':id/roles')
  @HttpCode(204)
  async addRoles(
    @Param('id') id: string,
    @Body({ schema: rolesBodySchema }) { roles }: RolesBody,
  ): Promise<void> {
    await this.#requireUser(id);
    if (await this.roles.assign([id], roles, this.clock.now())) return;
    await refuseMissing('role', roles, { member: 'roles', get: (role) => this.roles.get(role) });
    existing('user', id, null);
  }

  @Delete(':id/roles')
  @HttpCode(204)
  async removeRoles(
    @Param('id') id: string,
    @Body({ schema: rolesBodySchema }) { roles }: RolesBody,
  ): Promise<void> {
    await this.#requireUser(id);
    await this.roles.unassign(id, roles);
  }

  /** Also those of roles; `sources` tells where each is from. */
  @Get(':id/permissions')
  async listPermissions(
    @Param('id') id: string,
    @Query({ schema: listQuerySchema }) query: ListQuery,
  ): Promise<unknown> {
    await this.#requireUser(id);
    const { items, total } = paged(await this.permissions.ofUser(id), query);
    return listed('permissions', { items: items.map(permissionView), total }, query);
  }

  @Post(':id/permissions')
  async addPermissions(
    @Param('id') id: string,
    @Body({ schema: permissionsBodySchema }) { permissions }: PermissionsBody,
  ): Promise<void> {
    await this.#requireUser(id);
    await grantPermissions('user', id, permissions, { store: this.permissions, apis: this.apis });
  }

  /** Those that are not by a role. */
  @Delete(':id/permissions')
  @HttpCode(204)
  async removePermissions(
    @Param('id') id: string,
    @Body({ schema: permissionsBodySchema }) { permissions }: PermissionsBody,
  ): Promise<void> {
    await this.#requireUser(id);
    await this.permissions.revoke('user', id, permissions);
  }

  @Get(':id/organizations')
  async listOrganizations(
    @Param('id') id: string,
    @Query({ schema: listQuerySchema }) query: ListQuery,
  ): Promise<unknown> {
    await this.#requireUser(id);
    const page = { page: query.page, perPage: query.per_page };
    return listed('organizations', await this.organizations.ofUser(id, page), query);
  }

  async #requireUser(id: string): Promise<void> {
    existing('user', id, await this.users.get(id));
  }
}

const permissionView = ({ roles, ...permission }: UserPermission) => ({
  ...permission,
  sources: roles.map((role) =>
    role === null
      ? { source_id: '', source_name: '', source_type: 'DIRECT' }
      : { source_id: role.id, source_name: role.name, source_type: 'ROLE' },
  ),
});
