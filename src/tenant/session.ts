/**
 * A session: that a browser is logged in as a user, kept on the server so that any instance can go by it. The browser holds a random
 * token as a cookie; only its digest is kept, so that whoever reads the database cannot take a session over.
 */
import { hash } from 'node:crypto';

/** The id of the session whose cookie is `token`. It is no secret: the API names a session by it, and it is the `sid` of tokens. */
export const sessionIdOf = (token: string): string => hash('sha256', token, 'base64url');

export interface Session {
  /** See `sessionIdOf`. */
  readonly id: string;
  readonly userId: string;
  /** ISO instants of the server's clock. */
  readonly createdAt: string;
  /** When the user last proved who they are. */
  readonly authenticatedAt: string;
  readonly lastSeenAt: string;
  /** The absolute end; the idle one follows from `lastSeenAt` and the tenant's settings. */
  readonly expiresAt: string;
  /** Absent as long as no Action has asked for any of it. */
  readonly details?: SessionDetails;
}

/** What Actions make of a session (`api.session`, `api.authentication.recordMethod`). */
export interface SessionDetails {
  /** How the user proved who they are, besides the login itself; oldest first. */
  readonly methods: readonly { readonly name: string; readonly url: string; readonly timestamp: string }[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly cookieMode?: 'persistent' | 'non-persistent';
  /** Milliseconds since 1970: over by then, however often it is seen. */
  readonly idleExpiresAt?: number;
}

/** A service provider that was told of the user in a session: whom a single logout asks. One a client and session. */
export interface SessionParticipant {
  readonly sessionId: string;
  readonly clientId: string;
  /** As they stood in the last assertion. */
  readonly nameId: string;
  readonly format: string;
  readonly sessionIndex: string;
  /** ISO instant of the first assertion that said so. */
  readonly since: string;
}

/** SessionIndex of a client's assertions in a session: the same at each login in it, and telling nothing of the session. */
export const sessionIndexOf = (sessionId: string, clientId: string): string =>
  `_${hash('sha256', JSON.stringify([sessionId, clientId]), 'hex').slice(0, 40)}`;
