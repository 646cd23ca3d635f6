import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Clock, Randomness } from '../../login/ports.js';
import { ClientGrantStore } from '../../storage/client-grant-store.js';
import { ClientStore } from '../../storage/client-store.js';
import { ResourceServerStore } from '../../storage/resource-server-store.js';
import {
  clientGrantBodySchema,
  clientGrantFrom,
  clientGrantPatchSchema,
  patchedClientGrant,
  subjectType,
  type ClientGrant,
  type ClientGrantBody,
  type ClientGrantPatch,
} from '../../tenant/client-grant.js';
import { ID_BYTES, prefixedId } from '../../tenant/tenant-ids.js';
import { existing, named } from './existing.js';
import {
  atCheckpoint,
  checkpointQuery,
  chosenFields,
  flag,
  getQuerySchema,
  listed,
  listedWhere,
  type GetQuery,
} from './listing.js';

const grantsQuerySchema = z
  .strictObject({
    ...checkpointQuery,
    audience: z.string().max(600).optional(),
    client_id: z.string().max(64).optional(),
    subject_type: subjectType.optional(),
    allow_any_organization: flag.optional(),
  })
  .overwrite(atCheckpoint);
type GrantsQuery = z.infer<typeof grantsQuerySchema>;

/** `/api/v2/client-grants`, in the shapes of Auth0's Management API. */
@ApiTags('client grants')
@Controller('api/v2/client-grants')
export class ClientGrantsController {
  constructor(
    private readonly grants: ClientGrantStore,
    private readonly clients: ClientStore,
    private readonly apis: ResourceServerStore,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  @Get()
  async list(@Query({ schema: grantsQuerySchema }) query: GrantsQuery): Promise<unknown> {
    const { audience, client_id, subject_type, allow_any_organization: any } = query;
    const fits = any === undefined ? undefined : (grant: ClientGrant) => grant.allow_any_organization === any;
    const filters = { audience, client_id, subject_type };
    const listing = await listedWhere((page) => this.grants.list({ ...filters, ...page }), query, fits);
    return listed('client_grants', listing, query);
  }

  @Post()
  async create(@Body({ schema: clientGrantBodySchema }) body: ClientGrantBody): Promise<ClientGrant> {
    const { client_id: clientId, audience } = body;
    named('client', clientId, await this.clients.get(clientId), ['client_id']);
    const api = await this.apis.findByIdentifier(audience);
    const grant = clientGrantFrom(body, {
      api: named('resource_server', audience, api, ['audience']),
      now: this.clock.now(),
      id: prefixedId('cgr', this.randomness.bytes(ID_BYTES)),
    });
    await this.grants.insert(grant);
    return grant;
  }

  @Get(':id')
  async get(@Param('id') id: string, @Query({ schema: getQuerySchema }) query: GetQuery): Promise<unknown> {
    return chosenFields(existing('client_grant', id, await this.grants.get(id)), query);
  }

  @Patch(':id')
  async patch(
    @Param('id') id: string,
    @Body({ schema: clientGrantPatchSchema }) patch: ClientGrantPatch,
  ): Promise<ClientGrant> {
    const { audience } = existing('client_grant', id, await this.grants.get(id));
    // it goes with its API, so that without the API there is no grant either
    const api = existing('client_grant', id, await this.apis.findByIdentifier(audience));
    const now = this.clock.now();
    const changed = await this.grants.update(id, (grant) => patchedClientGrant(grant, patch, { now, api }));
    return existing('client_grant', id, changed);
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(@Param('id') id: string): Promise<void> {
    if (!(await this.grants.delete(id))) existing('client_grant', id, null);
  }
}
