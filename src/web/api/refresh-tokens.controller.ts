import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { eventRefreshToken } from '../../actions/event-token-call.js';
import { withEntry, type Metadata } from '../../actions/api/metadata.js';
import { Clock } from '../../login/ports.js';
import { GrantStore } from '../../storage/grant-store.js';
import { RefreshTokenStore } from '../../storage/refresh-token-store.js';
import { decodeCursor, encodeCursor } from '../../storage/transaction-cursor.js';
import { refreshTokenState, type FoundRefreshToken } from '../../tenant/grant.js';
import { TenantError } from '../../tenant/tenant-error.js';
import { shownRefreshToken } from '../../tokens/refresh-tokens.js';
import { flag } from './listing.js';

const MOST = 100;
/** An id or a name; what no database can look up finds nothing. */
const key = z.string('must be string').min(1, 'must not be empty').max(1024);

const pageSchema = z.strictObject({
  /** Asked for by Auth0's SDK, which is not told them by a list that is read by checkpoint. */
  include_totals: flag.optional(),
  /** The `next` of the page before. */
  from: z.string().max(512).optional(),
  take: z.coerce.number('must be number').int('must be integer').min(1).max(MOST).default(50),
});
type Page = z.infer<typeof pageSchema>;

/** By the rules that Actions are held to. */
const metadata = z
  .record(z.string(), z.string('must be string'), 'must be object')
  .superRefine((entries, context) => {
    try {
      Object.entries(entries).reduce<Metadata>((kept, [name, value]) => withEntry(kept, name, value), {});
    } catch (error) {
      context.addIssue((error as Error).message);
    }
  });
const patchSchema = z.strictObject({ refresh_token_metadata: metadata.nullable().optional() });

const named = (body: object, ...names: string[]): boolean =>
  names.every((name) => (body as Record<string, unknown>)[name] !== undefined);
const revocationSchema = z
  .strictObject({
    ids: z.array(key).min(1, 'must not be empty').max(MOST).optional(),
    user_id: key.optional(),
    client_id: key.optional(),
    audience: key.optional(),
  })
  .refine((body) => named(body, 'ids') !== (named(body, 'user_id') || named(body, 'client_id')), {
    path: ['ids'],
    message: 'must be there, or user_id, client_id or both: say which refresh tokens, and in one way',
  })
  .refine((body) => !named(body, 'audience') || named(body, 'user_id', 'client_id'), {
    path: ['audience'],
    message: 'goes with user_id and client_id',
  });
type Revocation = z.infer<typeof revocationSchema>;

/**
 * Refresh tokens in the shapes of Auth0's Management API: `/api/v2/refresh-tokens/:id`, `/api/v2/users/:id/refresh-tokens`. A family is one.
 * Access tokens that are out live to their end.
 */
@ApiTags('refresh tokens')
@Controller('api/v2')
export class RefreshTokensController {
  constructor(
    private readonly refreshTokens: RefreshTokenStore,
    private readonly grants: GrantStore,
    private readonly clock: Clock,
  ) {}

  /** Those that are alive, the newest first. */
  @Get('users/:id/refresh-tokens')
  async list(
    @Param('id') userId: string,
    @Query({ schema: pageSchema }) { from, take }: Page,
  ): Promise<unknown> {
    const after = from === undefined ? undefined : decodeCursor(from);
    const found = await this.refreshTokens.list({ userId }, this.clock.now(), { take: take + 1, after });
    const page = found.slice(0, take);
    const last = page.at(-1);
    return {
      tokens: page.map(view),
      ...(last &&
        found.length > take && {
          next: encodeCursor({ createdAt: Date.parse(last.grant.createdAt), id: last.token.id }),
        }),
    };
  }

  @Delete('users/:id/refresh-tokens')
  @HttpCode(202)
  async revokeAll(@Param('id') userId: string): Promise<void> {
    await this.grants.revoke({ userId }, this.clock.now(), 'refresh_tokens');
  }

  @Get('refresh-tokens/:id')
  async get(@Param('id') id: string): Promise<unknown> {
    return view(await this.#existing(id));
  }

  /** The metadata given replaces what is kept; `null` takes it away. */
  @Patch('refresh-tokens/:id')
  async patch(
    @Param('id') id: string,
    @Body({ schema: patchSchema }) { refresh_token_metadata: given }: z.infer<typeof patchSchema>,
  ): Promise<unknown> {
    if (given !== undefined) await this.refreshTokens.setMetadata(id, given ?? {}, this.clock.now());
    return view(await this.#existing(id));
  }

  @Delete('refresh-tokens/:id')
  @HttpCode(202)
  async revoke(@Param('id') id: string): Promise<void> {
    await this.#existing(id);
    await this.refreshTokens.revokeId(id, this.clock.now());
  }

  /** By their ids, or all of a user, of a client, or of both and an API. What is not there, or over, is as good as revoked. */
  @Post('refresh-tokens/revoke')
  @HttpCode(202)
  async revokeMany(@Body({ schema: revocationSchema }) body: Revocation): Promise<void> {
    const { ids, user_id: userId, client_id: clientId, audience } = body;
    const now = this.clock.now();
    if (ids) for (const id of ids) await this.refreshTokens.revokeId(id, now);
    else if (audience === undefined) await this.grants.revoke({ userId, clientId }, now, 'refresh_tokens');
    else
      for (const { grant } of await this.refreshTokens.list({ userId, clientId }, now))
        if (grant.audience === audience)
          await this.grants.revoke({ grantId: grant.id }, now, 'refresh_tokens');
  }

  async #existing(id: string): Promise<FoundRefreshToken> {
    const found = await this.refreshTokens.get(id);
    if (found && refreshTokenState(found, this.clock.now(), 0) === 'active') return found;
    throw new TenantError(
      'refresh_token_not_found',
      `there is no refresh token ${id}: it may be over; GET /api/v2/users/<user_id>/refresh-tokens lists those of a user, by ids that begin with rt_`,
    );
  }
}

/** As Actions see it, but for the name of its metadata. */
const view = ({ token, grant }: FoundRefreshToken): Record<string, unknown> => {
  const { metadata: kept, access: _, ...shown } = eventRefreshToken(shownRefreshToken(token, grant));
  return { ...shown, refresh_token_metadata: kept };
};
