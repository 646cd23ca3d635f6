import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ConnectionStore } from '../../storage/connection-store.js';
import { Clock } from '../../login/ports.js';
import { OrganizationStore, type EnabledConnection } from '../../storage/organization-store.js';
import { RoleStore } from '../../storage/role-store.js';
import { UserStore } from '../../storage/user-store.js';
import {
  organizationConnectionPatchSchema,
  organizationConnectionSchema,
  type OrganizationConnection,
  type OrganizationConnectionPatch,
} from '../../tenant/organization.js';
import { patched } from '../../tenant/patch.js';
import { TenantError } from '../../tenant/tenant-error.js';
import { existing, named, refuseMissing } from './existing.js';
import { membersBodySchema, rolesBodySchema, type MembersBody, type RolesBody } from './id-lists.js';
import { listQuerySchema, listed, paged, type ListQuery } from './listing.js';
import { memberView } from './member-view.js';

/** Who and what belongs to an organization: `/api/v2/organizations/:id/members`, `/members/:userId/roles`, `/enabled_connections`. */
@ApiTags('organizations')
@Controller('api/v2/organizations/:id')
export class OrganizationMembersController {
  constructor(
    private readonly organizations: OrganizationStore,
    private readonly users: UserStore,
    private readonly roles: RoleStore,
    private readonly connections: ConnectionStore,
    private readonly clock: Clock,
  ) {}

  @Get('members')
  async listMembers(
    @Param('id') id: string,
    @Query({ schema: listQuerySchema }) query: ListQuery,
  ): Promise<unknown> {
    await this.#requireOrganization(id);
    const page = { page: query.page, perPage: query.per_page };
    const { items, total } = await this.organizations.members(id, page);
    return listed('members', { items: items.map(memberView), total }, query);
  }

  @Post('members')
  @HttpCode(204)
  async addMembers(
    @Param('id') id: string,
    @Body({ schema: membersBodySchema }) { members }: MembersBody,
  ): Promise<void> {
    await this.#requireOrganization(id);
    if (await this.organizations.addMembers(id, members, this.clock.now())) return;
    await refuseMissing('user', members, { member: 'members', get: (user) => this.users.get(user) });
    existing('organization', id, null);
  }

  @Delete('members')
  @HttpCode(204)
  async removeMembers(
    @Param('id') id: string,
    @Body({ schema: membersBodySchema }) { members }: MembersBody,
  ): Promise<void> {
    await this.#requireOrganization(id);
    await this.organizations.removeMembers(id, members);
  }

  @Get('members/:userId/roles')
  async listRoles(
    @Param('id') id: string,
    @Param('userId') userId: string,
    @Query({ schema: listQuerySchema }) query: ListQuery,
  ): Promise<unknown> {
    await this.#requireMember(id, userId);
    const page = { page: query.page, perPage: query.per_page };
    return listed('roles', await this.organizations.memberRoles(id, userId, page), query);
  }

  @Post('members/:userId/roles')
  @HttpCode(204)
  async addRoles(
    @Param('id') id: string,
    @Param('userId') userId: string,
    @Body({ schema: rolesBodySchema }) { roles }: RolesBody,
  ): Promise<void> {
    await this.#requireMember(id, userId);
    if (await this.organizations.assignRoles(id, userId, roles)) return;
    await refuseMissing('role', roles, { member: 'roles', get: (role) => this.roles.get(role) });
    throw noMember(id, userId);
  }

  @Delete('members/:userId/roles')
  @HttpCode(204)
  async removeRoles(
    @Param('id') id: string,
    @Param('userId') userId: string,
    @Body({ schema: rolesBodySchema }) { roles }: RolesBody,
  ): Promise<void> {
    await this.#requireMember(id, userId);
    await this.organizations.unassignRoles(id, userId, roles);
  }

  @Get('enabled_connections')
  async listConnections(
    @Param('id') id: string,
    @Query({ schema: listQuerySchema }) query: ListQuery,
  ): Promise<unknown> {
    await this.#requireOrganization(id);
    const enabled = paged(await this.organizations.connections(id), query);
    return listed('enabled_connections', enabled, query);
  }

  @Post('enabled_connections')
  async enableConnection(
    @Param('id') id: string,
    @Body({ schema: organizationConnectionSchema }) settings: OrganizationConnection,
  ): Promise<unknown> {
    await this.#requireOrganization(id);
    const { connection_id: connectionId } = settings;
    named('connection', connectionId, await this.connections.get(connectionId), ['connection_id']);
    if (!(await this.organizations.putConnection(id, settings))) existing('organization', id, null);
    return this.#enabled(id, connectionId);
  }

  @Get('enabled_connections/:connectionId')
  getConnection(@Param('id') id: string, @Param('connectionId') connectionId: string): Promise<unknown> {
    return this.#enabled(id, connectionId);
  }

  @Patch('enabled_connections/:connectionId')
  async patchConnection(
    @Param('id') id: string,
    @Param('connectionId') connectionId: string,
    @Body({ schema: organizationConnectionPatchSchema }) patch: OrganizationConnectionPatch,
  ): Promise<unknown> {
    const { connection: _, ...kept } = await this.#enabled(id, connectionId);
    const settings = organizationConnectionSchema.parse(patched<OrganizationConnection>(kept, patch));
    await this.organizations.putConnection(id, settings);
    return this.#enabled(id, connectionId);
  }

  @Delete('enabled_connections/:connectionId')
  @HttpCode(204)
  async disableConnection(
    @Param('id') id: string,
    @Param('connectionId') connectionId: string,
  ): Promise<void> {
    await this.#requireOrganization(id);
    if (!(await this.organizations.removeConnection(id, connectionId))) throw notEnabled(id, connectionId);
  }

  async #requireOrganization(id: string): Promise<void> {
    existing('organization', id, await this.organizations.get(id));
  }

  async #requireMember(id: string, userId: string): Promise<void> {
    await this.#requireOrganization(id);
    if (!(await this.organizations.isMember(id, userId))) throw noMember(id, userId);
  }

  async #enabled(id: string, connectionId: string): Promise<EnabledConnection> {
    await this.#requireOrganization(id);
    const all = await this.organizations.connections(id);
    const found = all.find(({ connection_id: each }) => each === connectionId);
    if (!found) throw notEnabled(id, connectionId);
    return found;
  }
}

const noMember = (id: string, userId: string): TenantError =>
  new TenantError(
    'member_not_found',
    `the user ${userId} is no member of the organization ${id}; POST /api/v2/organizations/${id}/members makes one`,
  );

const notEnabled = (id: string, connectionId: string): TenantError =>
  new TenantError(
    'connection_not_found',
    `the organization ${id} has no connection ${connectionId}; GET /api/v2/organizations/${id}/enabled_connections lists them`,
  );
