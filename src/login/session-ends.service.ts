import { Injectable } from '@nestjs/common';
import { ClientStore } from '../storage/client-store.js';
import type { Revocation } from '../storage/grant-revocation.js';
import { GrantStore } from '../storage/grant-store.js';
import { SessionStore, type SessionLifetimes } from '../storage/session-store.js';
import type { Client } from '../tenant/client.js';
import type { LogoutDelivery } from '../tenant/logout-delivery.js';
import type { BackchannelLogoutInitiator } from '../tenant/oauth-client.js';
import { deliveriesOf } from './backchannel-logout.js';
import { Clock, DueLogouts, Randomness } from './ports.js';

const ENDED_AT_ONCE = 100;

/** Ends sessions, for whatever reason, and lets the relying parties know that were told of them. Whoever ends one does it here. */
@Injectable()
export class SessionEndsService {
  constructor(
    private readonly sessions: SessionStore,
    private readonly grants: GrantStore,
    private readonly clients: ClientStore,
    private readonly dueLogouts: DueLogouts,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  /** Whom the end of a session is to be told. A client that is granted something between this and the end is not among them. */
  async prepare(
    sessionId: string,
    initiator: BackchannelLogoutInitiator,
    logoutId?: string,
  ): Promise<readonly LogoutDelivery[]> {
    const grants = await this.grants.inSession(sessionId);
    const ids = [...new Set(grants.map(({ clientId }) => clientId))];
    const clients = await Promise.all(ids.map((id) => this.clients.get(id)));
    return deliveriesOf(
      { sessionId, grants, initiator, logoutId },
      clients.filter((client): client is Client => client !== null),
      { now: this.clock.now(), random: (bytes) => this.randomness.bytes(bytes) },
    );
  }

  /** With those who take part in it, and the prepared deliveries in the same step. False where there is no such session. */
  async carryOut(sessionId: string, deliveries: readonly LogoutDelivery[]): Promise<boolean> {
    const hasEnded = await this.sessions.end(sessionId, deliveries);
    if (hasEnded && deliveries.length > 0) this.dueLogouts.wake();
    return hasEnded;
  }

  /** False where there is no such session. */
  async end(sessionId: string, initiator: BackchannelLogoutInitiator): Promise<boolean> {
    return this.carryOut(sessionId, await this.prepare(sessionId, initiator));
  }

  /** All there are, and those that begin meanwhile. */
  async endOfUser(userId: string, initiator: BackchannelLogoutInitiator): Promise<void> {
    for (;;) {
      const sessions = await this.sessions.listOfUser(userId);
      if (sessions.length === 0) return;
      for (const { id } of sessions) await this.end(id, initiator);
    }
  }

  /**
   * With all that the user granted, or the refresh tokens of it; after the sessions, whose end is told to those who were granted something
   * in them. What is being issued at this moment on a grant that is there is not issued, or revoked too. A grant that comes after this is
   * of a user who was blocked or is gone, and worth nothing as such: whoever lets that user back in calls this again.
   */
  async endAllOfUser(
    userId: string,
    initiator: BackchannelLogoutInitiator,
    revocation: Revocation = 'everything',
  ): Promise<void> {
    await this.endOfUser(userId, initiator);
    await this.grants.revoke({ userId }, this.clock.now(), revocation);
  }

  /** Those that are over by their lifetimes, as far as anybody was told of them. */
  async endOver(lifetimes: SessionLifetimes): Promise<void> {
    for (;;) {
      const ids = await this.sessions.overWithGrants(lifetimes, ENDED_AT_ONCE);
      for (const id of ids) await this.end(id, 'session-expired');
      if (ids.length < ENDED_AT_ONCE) return;
    }
  }
}
