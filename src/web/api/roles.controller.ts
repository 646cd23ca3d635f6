import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Clock, Randomness } from '../../login/ports.js';
import { PermissionStore } from '../../storage/permission-store.js';
import { ResourceServerStore } from '../../storage/resource-server-store.js';
import { RoleStore } from '../../storage/role-store.js';
import { UserStore } from '../../storage/user-store.js';
import {
  patchedRole,
  roleBodySchema,
  roleFrom,
  rolePatchSchema,
  type Role,
  type RoleBody,
  type RolePatch,
} from '../../tenant/role.js';
import { ID_BYTES, prefixedId } from '../../tenant/tenant-ids.js';
import { existing, refuseMissing } from './existing.js';
import { permissionsBodySchema, usersBodySchema, type PermissionsBody, type UsersBody } from './id-lists.js';
import {
  atCheckpoint,
  checkpointQuery,
  chosenFields,
  getQuerySchema,
  listQuerySchema,
  listed,
  listedWhere,
  paged,
  type GetQuery,
  type ListQuery,
} from './listing.js';
import { grantPermissions } from './permission-grants.js';
import { memberView } from './member-view.js';

const rolesQuerySchema = z
  .strictObject({
    ...checkpointQuery,
    /** A part of the name, in whatever case. */
    name_filter: z.string().max(50).optional(),
  })
  .overwrite(atCheckpoint);
type RolesQuery = z.infer<typeof rolesQuerySchema>;

/** `/api/v2/roles`, in the shapes of Auth0's Management API. */
@ApiTags('roles')
@Controller('api/v2/roles')
export class RolesController {
  constructor(
    private readonly roles: RoleStore,
    private readonly permissions: PermissionStore,
    private readonly apis: ResourceServerStore,
    private readonly users: UserStore,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  @Get()
  async list(@Query({ schema: rolesQuerySchema }) query: RolesQuery): Promise<unknown> {
    const part = query.name_filter?.toLowerCase();
    const fits = part === undefined ? undefined : ({ name }: Role) => name.toLowerCase().includes(part);
    return listed('roles', await listedWhere((page) => this.roles.list(page), query, fits), query);
  }

  @Post()
  async create(@Body({ schema: roleBodySchema }) body: RoleBody): Promise<Role> {
    const role = roleFrom(body, {
      now: this.clock.now(),
      id: prefixedId('rol', this.randomness.bytes(ID_BYTES)),
    });
    await this.roles.insert(role);
    return role;
  }

  @Get(':id')
  async get(@Param('id') id: string, @Query({ schema: getQuerySchema }) query: GetQuery): Promise<unknown> {
    return chosenFields(await this.#existing(id), query);
  }

  @Patch(':id')
  async patch(@Param('id') id: string, @Body({ schema: rolePatchSchema }) patch: RolePatch): Promise<Role> {
    const now = this.clock.now();
    return existing('role', id, await this.roles.update(id, (role) => patchedRole(role, patch, now)));
  }

  /** It is taken from whoever has it. */
  @Delete(':id')
  @HttpCode(204)
  async delete(@Param('id') id: string): Promise<void> {
    if (!(await this.roles.delete(id))) existing('role', id, null);
  }

  @Get(':id/users')
  async listUsers(
    @Param('id') id: string,
    @Query({ schema: listQuerySchema }) query: ListQuery,
  ): Promise<unknown> {
    await this.#existing(id);
    const { items, total } = await this.roles.users(id, { page: query.page, perPage: query.per_page });
    return listed('users', { items: items.map(memberView), total }, query);
  }

  @Post(':id/users')
  @HttpCode(200)
  async addUsers(
    @Param('id') id: string,
    @Body({ schema: usersBodySchema }) { users }: UsersBody,
  ): Promise<void> {
    await this.#existing(id);
    if (await this.roles.assign(users, [id], this.clock.now())) return;
    await refuseMissing('user', users, { member: 'users', get: (user) => this.users.get(user) });
    existing('role', id, null);
  }

  @Get(':id/permissions')
  async listPermissions(
    @Param('id') id: string,
    @Query({ schema: listQuerySchema }) query: ListQuery,
  ): Promise<unknown> {
    await this.#existing(id);
    return listed('permissions', paged(await this.permissions.ofRole(id), query), query);
  }

  @Post(':id/permissions')
  async addPermissions(
    @Param('id') id: string,
    @Body({ schema: permissionsBodySchema }) { permissions }: PermissionsBody,
  ): Promise<void> {
    await this.#existing(id);
    await grantPermissions('role', id, permissions, { store: this.permissions, apis: this.apis });
  }

  @Delete(':id/permissions')
  @HttpCode(204)
  async removePermissions(
    @Param('id') id: string,
    @Body({ schema: permissionsBodySchema }) { permissions }: PermissionsBody,
  ): Promise<void> {
    await this.#existing(id);
    await this.permissions.revoke('role', id, permissions);
  }

  async #existing(id: string): Promise<Role> {
    return existing('role', id, await this.roles.get(id));
  }
}
