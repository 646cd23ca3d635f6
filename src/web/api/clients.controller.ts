import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Clock, Randomness } from '../../login/ports.js';
import { AccessTokenStore } from '../../storage/access-token-store.js';
import { ClientStore } from '../../storage/client-store.js';
import { GrantStore } from '../../storage/grant-store.js';
import { SettingsStore } from '../../storage/settings-store.js';
import { clientFrom, clientView, patchedClient } from '../../tenant/client-changes.js';
import {
  clientBodySchema,
  clientPatchSchema,
  type Client,
  type ClientBody,
  type ClientPatch,
} from '../../tenant/client.js';
import { oauthSettingsOf } from '../../tenant/oauth-settings.js';
import { TenantError } from '../../tenant/tenant-error.js';
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

const clientsQuerySchema = z
  .strictObject({
    ...checkpointQuery,
    /** The one client that every tenant of Auth0 has; there is none. */
    is_global: flag.optional(),
    is_first_party: flag.optional(),
    /** Separated by commas. */
    app_type: z.string().max(1024).optional(),
  })
  .overwrite(atCheckpoint);
type ClientsQuery = z.infer<typeof clientsQuerySchema>;

/** `undefined` where the query names no filter. */
function fitting({
  is_global,
  is_first_party,
  app_type,
}: ClientsQuery): ((client: Client) => boolean) | undefined {
  if (is_global !== true && is_first_party === undefined && app_type === undefined) return undefined;
  const types = app_type?.split(',').map((name) => name.trim());
  return (client) =>
    is_global !== true &&
    (is_first_party === undefined || oauthSettingsOf(client).isFirstParty === is_first_party) &&
    (types === undefined || types.includes(client.app_type ?? ''));
}

/** `/api/v2/clients`, in the shapes of Auth0's Management API. */
@ApiTags('clients')
@Controller('api/v2/clients')
export class ClientsController {
  constructor(
    private readonly clients: ClientStore,
    private readonly grants: GrantStore,
    private readonly accessTokens: AccessTokenStore,
    private readonly settings: SettingsStore,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  @Get()
  async list(@Query({ schema: clientsQuerySchema }) query: ClientsQuery): Promise<unknown> {
    const { items, total } = await listedWhere((page) => this.clients.list(page), query, fitting(query));
    return listed('clients', { items: items.map(clientView), total }, query);
  }

  @Post()
  async create(@Body({ schema: clientBodySchema }) body: ClientBody): Promise<Client> {
    const client = clientFrom(body, {
      ...(await this.#circumstances()),
      clientId: this.randomness.bytes(16).toString('hex'),
      clientSecret: this.#secret(),
    });
    await this.clients.insert(client);
    // what an earlier client of that id was in the middle of when it was deleted
    if (body.client_id !== undefined) await this.#revokeAll(client.client_id);
    return clientView(client);
  }

  @Get(':id')
  async get(@Param('id') id: string, @Query({ schema: getQuerySchema }) query: GetQuery): Promise<unknown> {
    return chosenFields(clientView(existing(id, await this.clients.get(id))), query);
  }

  @Patch(':id')
  async patch(
    @Param('id') id: string,
    @Body({ schema: clientPatchSchema }) patch: ClientPatch,
  ): Promise<Client> {
    const circumstances = await this.#circumstances();
    const changed = await this.clients.update(id, (client) => patchedClient(client, patch, circumstances));
    return clientView(existing(id, changed));
  }

  /** The old one counts no more; what was granted with it stays. */
  @Post(':id/rotate-secret')
  @HttpCode(200)
  async rotateSecret(@Param('id') id: string): Promise<Client> {
    const rotated = { client_secret: this.#secret(), updated_at: this.clock.now().toISOString() };
    const changed = await this.clients.update(id, (client) => ({ ...client, ...rotated }));
    return clientView(existing(id, changed));
  }

  /** With what it was granted, and its own tokens: a client that is made anew by that id gets none of it back. */
  @Delete(':id')
  @HttpCode(204)
  async delete(@Param('id') id: string): Promise<void> {
    if (!(await this.clients.delete(id))) existing(id, null);
    await this.#revokeAll(id);
  }

  #secret(): string {
    return this.randomness.bytes(48).toString('base64url');
  }

  async #revokeAll(clientId: string): Promise<void> {
    const now = this.clock.now();
    await this.grants.revoke({ clientId }, now);
    await this.accessTokens.revokeOwnOf(clientId, now);
  }

  async #circumstances(): Promise<{ now: Date; minimumRsaBits: number }> {
    const { minimum_rsa_bits: minimumRsaBits } = await this.settings.get();
    return { now: this.clock.now(), minimumRsaBits };
  }
}

/** Throws `client_not_found` where there is none. */
function existing(id: string, client: Client | null): Client {
  if (client) return client;
  throw new TenantError('client_not_found', `there is no client ${id}; GET /api/v2/clients lists them`);
}
