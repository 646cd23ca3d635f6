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
}

/** Held by one instance, until then. */
export interface ClaimedDelivery extends LogoutDelivery {
  readonly claimedUntil: string;
}
