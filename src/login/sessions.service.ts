import { Injectable } from '@nestjs/common';
import { SessionStore } from '../storage/session-store.js';
import { sessionIdOf, type Session } from '../tenant/session.js';
import type { TenantSettings } from '../tenant/tenant-settings.js';
import { isBeforePasswordReset, type User } from '../tenant/user.js';
import { Clock, Randomness } from './ports.js';
import { SessionEndsService } from './session-ends.service.js';

export interface LiveSession {
  readonly session: Session;
  readonly user: User;
}
/** A session as its browser keeps it. */
export interface SessionCookie {
  readonly token: string;
  /** `null`: until the browser is closed. */
  readonly expiresAt: Date | null;
}

const HOUR_MS = 3_600_000;
/** A session that is seen often need not be written each time; but so often that its idle end is about right. */
const LONGEST_UNTOUCHED_MS = 60_000;
const UNTOUCHED_PART = 0.1;

/** Its time has passed, or its user is blocked. */
export function isSessionOver({ session, user }: LiveSession, settings: TenantSettings, at: Date): boolean {
  const now = at.getTime();
  return (
    user.blocked === true ||
    isBeforePasswordReset(user, session.authenticatedAt) ||
    now >= Date.parse(session.expiresAt) ||
    now - Date.parse(session.lastSeenAt) >= settings.idle_session_lifetime * HOUR_MS ||
    now >= (session.details?.idleExpiresAt ?? Infinity)
  );
}

/** Who is logged in in which browser. All of it is in the store: any instance can serve the next request. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly sessions: SessionStore,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
    private readonly ends: SessionEndsService,
  ) {}

  /** `null` where there is none, it is over, or its user is blocked or gone. */
  async live(token: string | undefined, settings: TenantSettings): Promise<LiveSession | null> {
    if (token === undefined || token === '') return null;
    return this.liveById(sessionIdOf(token), settings);
  }

  /** The same for a session that a login remembers. */
  async liveById(id: string, settings: TenantSettings): Promise<LiveSession | null> {
    const found = await this.sessions.find(id);
    const now = this.clock.now();
    if (!found || isSessionOver(found, settings, now)) return null;
    const idle = now.getTime() - Date.parse(found.session.lastSeenAt);
    const idleLifetime = settings.idle_session_lifetime * HOUR_MS;
    if (idle > Math.min(LONGEST_UNTOUCHED_MS, idleLifetime * UNTOUCHED_PART))
      await this.sessions.touch(found.session.id, now);
    return found;
  }

  /**
   * The session of a user who has just proved who they are. One of the same user goes on, with the SPs that know it; one of another user
   * ends. A new session has a token of its own: what a browser held before the login is worth nothing after it.
   */
  async begin(
    user: User,
    previous: LiveSession | null,
    settings: TenantSettings,
    now: Date = this.clock.now(),
  ): Promise<{ session: Session; cookie?: SessionCookie }> {
    const at = now.toISOString();
    if (previous?.session.userId === user.user_id) {
      const { session } = previous;
      // it may have been ended in this very moment
      if (await this.sessions.reauthenticate(session.id, now))
        return { session: { ...session, authenticatedAt: at, lastSeenAt: at } };
    } else if (previous) await this.ends.end(previous.session.id, 'idp-logout');
    const token = this.randomness.bytes(32).toString('base64url');
    const expiresAt = new Date(now.getTime() + settings.session_lifetime * HOUR_MS);
    const session: Session = {
      id: sessionIdOf(token),
      userId: user.user_id,
      createdAt: at,
      authenticatedAt: at,
      lastSeenAt: at,
      expiresAt: expiresAt.toISOString(),
    };
    await this.sessions.insert(session);
    return { session, cookie: { token, expiresAt } };
  }

  /** One that no browser has got a cookie of, and no client was told of. False where there is no such session. */
  discard(id: string): Promise<boolean> {
    return this.sessions.delete(id);
  }
}
