import { Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { SessionEndsService } from '../../login/session-ends.service.js';
import { SessionStore } from '../../storage/session-store.js';
import type { Session, SessionDetails, SessionParticipant } from '../../tenant/session.js';
import { TenantError } from '../../tenant/tenant-error.js';

/** Sessions of users, in the shapes of Auth0's Management API: `/api/v2/sessions/:id`, `/api/v2/users/:id/sessions`. */
@ApiTags('sessions')
@Controller('api/v2')
export class SessionsController {
  constructor(
    private readonly sessions: SessionStore,
    private readonly ends: SessionEndsService,
  ) {}

  /** The newest first. */
  @Get('users/:id/sessions')
  async list(@Param('id') userId: string): Promise<unknown> {
    const sessions = await this.sessions.listOfUser(userId);
    return {
      sessions: await Promise.all(
        sessions.map(async (session) => sessionView(session, await this.sessions.participants(session.id))),
      ),
    };
  }

  /** Ends them all, here: relying parties are told in the back channel, service providers by a single logout only. */
  @Delete('users/:id/sessions')
  @HttpCode(202)
  async endAll(@Param('id') userId: string): Promise<void> {
    await this.ends.endOfUser(userId, 'session-revoked');
  }

  @Get('sessions/:id')
  async get(@Param('id') id: string): Promise<unknown> {
    const session = await this.sessions.get(id);
    if (!session) throw notFound(id);
    return sessionView(session, await this.sessions.participants(id));
  }

  @Delete('sessions/:id')
  @HttpCode(202)
  end(@Param('id') id: string): Promise<void> {
    return this.#end(id);
  }

  @Post('sessions/:id/revoke')
  @HttpCode(202)
  revoke(@Param('id') id: string): Promise<void> {
    return this.#end(id);
  }

  async #end(id: string): Promise<void> {
    if (!(await this.ends.end(id, 'session-revoked'))) throw notFound(id);
  }
}

const sessionView = (session: Session, participants: readonly SessionParticipant[]): unknown => ({
  id: session.id,
  user_id: session.userId,
  created_at: session.createdAt,
  authenticated_at: session.authenticatedAt,
  updated_at: session.lastSeenAt,
  expires_at: session.expiresAt,
  ...(session.details && detailsView(session.details)),
  clients: participants.map(({ clientId, nameId, sessionIndex, since }) => ({
    client_id: clientId,
    name_id: nameId,
    session_index: sessionIndex,
    since,
  })),
});

/** What Actions made of it. */
const detailsView = ({
  methods,
  metadata,
  cookieMode,
  idleExpiresAt,
}: SessionDetails): Record<string, unknown> => ({
  ...(idleExpiresAt !== undefined && { idle_expires_at: new Date(idleExpiresAt).toISOString() }),
  ...(cookieMode && { cookie: { mode: cookieMode } }),
  ...(methods.length > 0 && { authentication: { methods } }),
  session_metadata: metadata,
});

const notFound = (id: string): TenantError =>
  new TenantError(
    'session_not_found',
    `there is no session ${id}: it may be over; GET /api/v2/users/<user_id>/sessions lists those of a user`,
  );
