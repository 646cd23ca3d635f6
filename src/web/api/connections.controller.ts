import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Clock, Randomness } from '../../login/ports.js';
import { ConnectionStore } from '../../storage/connection-store.js';
import {
  connectionBodySchema,
  connectionFrom,
  connectionPatchSchema,
  patchedConnection,
  type Connection,
  type ConnectionBody,
  type ConnectionPatch,
} from '../../tenant/connection.js';
import { ID_BYTES, prefixedId } from '../../tenant/tenant-ids.js';
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

const connectionsQuerySchema = z
  .strictObject({
    ...checkpointQuery,
    /** To the letter. */
    name: z.string().max(128).optional(),
    strategy: repeatable.optional(),
  })
  .overwrite(atCheckpoint);
type ConnectionsQuery = z.infer<typeof connectionsQuerySchema>;

/** `/api/v2/connections`, in the shapes of Auth0's Management API. */
@ApiTags('connections')
@Controller('api/v2/connections')
export class ConnectionsController {
  constructor(
    private readonly connections: ConnectionStore,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  @Get()
  async list(@Query({ schema: connectionsQuerySchema }) query: ConnectionsQuery): Promise<unknown> {
    const { name, strategy: strategies = [] } = query;
    const strategy = strategies.length === 1 ? strategies[0] : undefined;
    const fits = strategies.length > 1 ? (each: Connection) => strategies.includes(each.strategy) : undefined;
    const filters = { name, strategy };
    const listing = await listedWhere((page) => this.connections.list({ ...filters, ...page }), query, fits);
    return listed('connections', listing, query);
  }

  @Post()
  async create(@Body({ schema: connectionBodySchema }) body: ConnectionBody): Promise<Connection> {
    const connection = connectionFrom(body, {
      now: this.clock.now(),
      id: prefixedId('con', this.randomness.bytes(ID_BYTES)),
    });
    await this.connections.insert(connection);
    return connection;
  }

  @Get(':id')
  async get(@Param('id') id: string, @Query({ schema: getQuerySchema }) query: GetQuery): Promise<unknown> {
    return chosenFields(existing('connection', id, await this.connections.get(id)), query);
  }

  @Patch(':id')
  async patch(
    @Param('id') id: string,
    @Body({ schema: connectionPatchSchema }) patch: ConnectionPatch,
  ): Promise<Connection> {
    const now = this.clock.now();
    const changed = await this.connections.update(id, (kept) => patchedConnection(kept, patch, now));
    return existing('connection', id, changed);
  }

  /** Its users stay. */
  @Delete(':id')
  @HttpCode(204)
  async delete(@Param('id') id: string): Promise<void> {
    if (!(await this.connections.delete(id))) existing('connection', id, null);
  }
}
