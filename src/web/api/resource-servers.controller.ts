import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Clock, Randomness } from '../../login/ports.js';
import { ResourceServerStore } from '../../storage/resource-server-store.js';
import { patchedResourceServer, resourceServerFrom } from '../../tenant/resource-server-changes.js';
import {
  resourceServerBodySchema,
  resourceServerPatchSchema,
  type ResourceServer,
  type ResourceServerBody,
  type ResourceServerPatch,
} from '../../tenant/resource-server.js';
import { existing } from './existing.js';
import {
  atCheckpoint,
  checkpointQuery,
  chosenFields,
  getQuerySchema,
  listed,
  listedWhere,
  repeatable,
  type GetQuery,
} from './listing.js';

const apisQuerySchema = z
  .strictObject({
    ...checkpointQuery,
    /** To the letter. */
    identifiers: repeatable.optional(),
  })
  .overwrite(atCheckpoint);
type ApisQuery = z.infer<typeof apisQuerySchema>;

/** `/api/v2/resource-servers`, in the shapes of Auth0's Management API; each is found by its id, and by its identifier. */
@ApiTags('resource servers')
@Controller('api/v2/resource-servers')
export class ResourceServersController {
  constructor(
    private readonly apis: ResourceServerStore,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  @Get()
  async list(@Query({ schema: apisQuerySchema }) query: ApisQuery): Promise<unknown> {
    const { identifiers } = query;
    const fits = identifiers && (({ identifier }: ResourceServer) => identifiers.includes(identifier));
    return listed('resource_servers', await listedWhere((page) => this.apis.list(page), query, fits), query);
  }

  @Post()
  async create(
    @Body({ schema: resourceServerBodySchema }) body: ResourceServerBody,
  ): Promise<ResourceServer> {
    const api = resourceServerFrom(body, {
      ...this.#circumstances(),
      id: this.randomness.bytes(12).toString('hex'),
    });
    await this.apis.insert(api);
    return api;
  }

  @Get(':id')
  async get(@Param('id') id: string, @Query({ schema: getQuerySchema }) query: GetQuery): Promise<unknown> {
    return chosenFields(await this.#existing(id), query);
  }

  /** Its scopes are replaced whole; with one that is left out go the permissions for it. */
  @Patch(':id')
  async patch(
    @Param('id') text: string,
    @Body({ schema: resourceServerPatchSchema }) patch: ResourceServerPatch,
  ): Promise<ResourceServer> {
    const { id } = await this.#existing(text);
    const circumstances = this.#circumstances();
    const changed = await this.apis.update(id, (api) => patchedResourceServer(api, patch, circumstances));
    return existing('resource_server', text, changed);
  }

  /** With it go its client grants, and the permissions for it. */
  @Delete(':id')
  @HttpCode(204)
  async delete(@Param('id') text: string): Promise<void> {
    const { id } = await this.#existing(text);
    if (!(await this.apis.delete(id))) existing('resource_server', text, null);
  }

  async #existing(text: string): Promise<ResourceServer> {
    return existing('resource_server', text, await this.apis.findByIdOrIdentifier(text));
  }

  #circumstances(): { now: Date; signingSecret: string } {
    return { now: this.clock.now(), signingSecret: this.randomness.bytes(48).toString('base64url') };
  }
}
