import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock, Randomness } from '../../login/ports.js';
import { OrganizationStore } from '../../storage/organization-store.js';
import {
  organizationBodySchema,
  organizationFrom,
  organizationPatchSchema,
  patchedOrganization,
  type Organization,
  type OrganizationBody,
  type OrganizationPatch,
} from '../../tenant/organization.js';
import { ID_BYTES, prefixedId } from '../../tenant/tenant-ids.js';
import { existing } from './existing.js';
import {
  chosenFields,
  getQuerySchema,
  listQuerySchema,
  listed,
  type GetQuery,
  type ListQuery,
} from './listing.js';

/** `/api/v2/organizations`, in the shapes of Auth0's Management API. */
@ApiTags('organizations')
@Controller('api/v2/organizations')
export class OrganizationsController {
  constructor(
    private readonly organizations: OrganizationStore,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  @Get()
  async list(@Query({ schema: listQuerySchema }) query: ListQuery): Promise<unknown> {
    const page = { page: query.page, perPage: query.per_page };
    return listed('organizations', await this.organizations.list(page), query);
  }

  @Post()
  async create(@Body({ schema: organizationBodySchema }) body: OrganizationBody): Promise<Organization> {
    const organization = organizationFrom(body, {
      now: this.clock.now(),
      id: prefixedId('org', this.randomness.bytes(ID_BYTES)),
    });
    await this.organizations.insert(organization);
    return organization;
  }

  @Get('name/:name')
  async getByName(
    @Param('name') name: string,
    @Query({ schema: getQuerySchema }) query: GetQuery,
  ): Promise<unknown> {
    return chosenFields(existing('organization', name, await this.organizations.findByName(name)), query);
  }

  @Get(':id')
  async get(@Param('id') id: string, @Query({ schema: getQuerySchema }) query: GetQuery): Promise<unknown> {
    return chosenFields(existing('organization', id, await this.organizations.get(id)), query);
  }

  @Patch(':id')
  async patch(
    @Param('id') id: string,
    @Body({ schema: organizationPatchSchema }) patch: OrganizationPatch,
  ): Promise<Organization> {
    const now = this.clock.now();
    const changed = await this.organizations.update(id, (kept) => patchedOrganization(kept, patch, now));
    return existing('organization', id, changed);
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(@Param('id') id: string): Promise<void> {
    if (!(await this.organizations.delete(id))) existing('organization', id, null);
  }
}
