/**
 * A single logout under way (SAML Profiles 4.4): who asked for it, whom it still has to ask, and what they answered.
 * Plain data, kept in the store, so that any instance goes on where another stopped.
 */
import type { SessionParticipant } from './session.js';
import type { TimelineEvent } from './transaction.js';

export interface LogoutStep {
  readonly participant: SessionParticipant;
  /** `waiting` has not been asked; `asked` has not answered; `left_out` has no logout URL, or wants none. */
  readonly state: 'waiting' | 'asked' | 'logged_out' | 'failed' | 'left_out';
  /** ID of the LogoutRequest it was asked with: an answer names it as InResponseTo. */
  readonly requestId: string | null;
  /** Why it failed or was left out, for people. */
  readonly reason: string | null;
}

export interface Logout {
  /** `lgt_…`: unguessable, the RelayState towards the participants. */
  readonly id: string;
  /** Grows with every write; a write names the one it read. */
  readonly revision: number;
  readonly status: 'running' | 'finished';
  /** ISO instants of the server's clock. */
  readonly createdAt: string;
  readonly finishedAt: string | null;
  /** Who is answered in the end; `null` where the IdP initiates. */
  readonly requester: {
    readonly clientId: string;
    /** ID of its LogoutRequest. */
    readonly requestId: string;
    readonly RelayState?: string;
  } | null;
  /** Where a relying party of OpenID Connect, or whoever called its logout URL, had the browser log out; there `requester` is `null`. */
  readonly relyingParty?: {
    /** `null` where it did not say who it is. */
    readonly clientId: string | null;
    /** Where the browser goes in the end, validated; `null` leaves it here. */
    readonly redirectTo: string | null;
  };
  /** SHA-256 of the token that the browser it runs in keeps as a cookie; absent until that browser was shown a page. */
  readonly browser?: string;
  readonly userId: string | null;
  /** The sessions it ended. */
  readonly sessionIds: readonly string[];
  /** In the order in which they are asked. */
  readonly steps: readonly LogoutStep[];
  readonly timeline: readonly TimelineEvent[];
}
