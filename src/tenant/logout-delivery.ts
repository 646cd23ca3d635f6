/** A back-channel logout that a relying party is still to be told of (OpenID Connect Back-Channel Logout 1.0). Instants are ISO, of the server's clock. */
export interface LogoutDelivery {
  readonly id: string;
  readonly clientId: string;
  /** Where its logout token is posted to. */
  readonly url: string;
  readonly createdAt: string;
  /** By then nobody tries any more. */
  readonly expiresAt: string;
  /** How often it was tried in vain. */
  readonly attempts: number;
  readonly nextAttemptAt: string;
  /** What the logout token says; it is signed anew for each attempt, since it is short-lived. */
  readonly token: {
    readonly sub?: string;
    readonly sid?: string;
    readonly jti: string;
  };
  /** As Auth0 names what ended the session: `rp-logout`, `session-revoked`, … */
  readonly initiator: string;
  /** The login or logout it comes of, for its timeline. */
  readonly transactionId?: string;
  /** What became of each attempt, the oldest first. */
  readonly log?: readonly DeliveryAttempt[];
  /** Absent as long as it is tried. `refused`: the relying party, or we, will have none of it; `given_up`: tried too often. */
  readonly outcome?: 'delivered' | 'refused' | 'given_up';
}

export interface DeliveryAttempt {
  readonly at: string;
  /** HTTP status; absent where there was no answer. */
  readonly status?: number;
  /** Why it does not count as delivered, for people; `null` where it does. */
  readonly reason: string | null;
}

/** Held by one instance, until then. */
export interface ClaimedDelivery extends LogoutDelivery {
  readonly claimedUntil: string;
}
