import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Clock, Randomness } from '../../login/ports.js';
import { SessionEndsService } from '../../login/session-ends.service.js';
import { UserStore } from '../../storage/user-store.js';
import { hashPassword } from '../../tenant/password.js';
import { TenantError } from '../../tenant/tenant-error.js';
import { patchedUser, userFrom } from '../../tenant/user-changes.js';
import { userBodySchema, userPatchSchema, type User, type UserBody } from '../../tenant/user.js';
import {
  chosenFields,
  fieldsQuery,
  getQuerySchema,
  listed,
  pageQuery,
  type GetQuery,
  type ListQuery,
} from './listing.js';

const notSearched = z
  .undefined('searches are not understood: list all users, or GET /api/v2/users-by-email?email=…')
  .optional()
  .meta({ description: 'Refused, since searches are not understood.', deprecated: true });
const usersQuerySchema = z.strictObject({
  ...pageQuery,
  q: notSearched,
  search_engine: notSearched,
  sort: notSearched,
});
const byEmailQuerySchema = z.strictObject({
  ...fieldsQuery,
  email: z.string().min(1, 'must NOT be empty').max(2048),
});

/** `/api/v2/users`, in the shapes of Auth0's Management API. A password goes in, is kept as a hash, and never comes out. */
@ApiTags('users')
@Controller('api/v2')
export class UsersController {
  constructor(
    private readonly users: UserStore,
    private readonly ends: SessionEndsService,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  @Get('users')
  async list(@Query({ schema: usersQuerySchema }) query: ListQuery): Promise<unknown> {
    return listed('users', await this.users.list({ page: query.page, perPage: query.per_page }), query);
  }

  /** Whatever the case of the email. */
  @Get('users-by-email')
  async listByEmail(
    @Query({ schema: byEmailQuerySchema }) query: GetQuery & { email: string },
  ): Promise<unknown> {
    return (await this.users.findByEmail(query.email)).map((user) => chosenFields(user, query));
  }

  @Post('users')
  async create(@Body({ schema: userBodySchema }) body: UserBody): Promise<User> {
    const user = userFrom(body, {
      now: this.clock.now(),
      id: this.randomness.bytes(12).toString('hex'),
    });
    await this.users.insert(user, body.password === undefined ? null : await hashPassword(body.password));
    // what an earlier user of that id was in the middle of when they were deleted
    if (body.user_id !== undefined) await this.ends.endAllOfUser(user.user_id, 'account-deleted');
    return user;
  }

  @Get('users/:id')
  async get(@Param('id') id: string, @Query({ schema: getQuerySchema }) query: GetQuery): Promise<unknown> {
    return chosenFields(existing(id, await this.users.get(id)), query);
  }

  /**
   * Whoever is blocked loses every session and grant for good: unblocked, they log in anew. A new password ends sessions and refresh tokens,
   * as on Auth0; access tokens that are out live to their end.
   */
  @Patch('users/:id')
  async patch(
    @Param('id') id: string,
    @Body({ schema: userPatchSchema }) patch: Record<string, unknown> & { password?: string },
  ): Promise<User> {
    const hash = patch.password === undefined ? null : await hashPassword(patch.password);
    const now = this.clock.now();
    let wasBlocked = false;
    let user = existing(
      id,
      await this.users.update(id, (kept) => {
        wasBlocked = kept.blocked === true;
        return patchedUser(kept, patch, now);
      }),
    );
    if (hash !== null) {
      user = existing(id, await this.users.changePassword(id, hash, () => this.clock.now()));
      // whoever knew the old one is not to stay logged in
      await this.ends.endAllOfUser(id, 'password-changed', 'refresh_tokens');
    }
    // once more when the block is over, for what was in the middle of being issued when it began
    if (user.blocked === true || wasBlocked) await this.ends.endAllOfUser(id, 'session-revoked');
    return user;
  }

  /** With every session and grant. */
  @Delete('users/:id')
  @HttpCode(204)
  async delete(@Param('id') id: string): Promise<void> {
    if (!(await this.users.delete(id))) existing(id, null);
    await this.ends.endAllOfUser(id, 'account-deleted');
  }
}

/** Throws `user_not_found` where there is none. */
function existing(id: string, user: User | null): User {
  if (user) return user;
  throw new TenantError('user_not_found', `there is no user ${id}; GET /api/v2/users lists them`);
}
