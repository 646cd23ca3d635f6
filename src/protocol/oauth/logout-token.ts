/** The payload of a logout token (OIDC Back-Channel Logout 2.4): it tells a relying party that a session has ended. */
import { secondsOf } from '../jwt/claims-set.js';
import type { Claims } from '../jwt/restricted-claims.js';

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** The `typ` of its header: Auth0 sends the first, the final specification asks for the second. */
export const LOGOUT_TOKEN_TYPES = ['JWT', 'logout+jwt'] as const;
export type LogoutTokenType = (typeof LOGOUT_TOKEN_TYPES)[number];

/** What Auth0 gives it. */
const LIFETIME_IN_SECONDS = 120;

/** Whom it is about: a session, a user, or both; there is no logout of neither. */
export type LoggedOut =
  | { readonly sessionId: string; readonly subject?: string }
  | { readonly subject: string; readonly sessionId?: string };

export interface LogoutTokenInput {
  /** With its slash. */
  readonly issuer: string;
  readonly clientId: string;
  readonly loggedOut: LoggedOut;
  readonly now: Date;
  readonly jti: string;
  readonly lifetimeInSeconds?: number;
  /** Auth0's own claim. */
  readonly traceId?: string;
}

/** A nonce is forbidden, so that nobody can take it for an ID token. */
export function logoutTokenPayload(input: LogoutTokenInput): Claims {
  const { subject, sessionId } = input.loggedOut;
  const iat = secondsOf(input.now);
  return {
    iss: input.issuer,
    ...(subject !== undefined && { sub: subject }),
    aud: input.clientId,
    iat,
    exp: iat + (input.lifetimeInSeconds ?? LIFETIME_IN_SECONDS),
    jti: input.jti,
    events: { [LOGOUT_EVENT]: {} },
    ...(input.traceId !== undefined && { trace_id: input.traceId }),
    ...(sessionId !== undefined && { sid: sessionId }),
  };
}
