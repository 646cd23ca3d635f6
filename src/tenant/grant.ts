/**
 * What a login leaves behind for OAuth: a grant, and the code and the tokens that hang on it. Plain data. Codes and tokens are kept by
 * their digest, so that whoever reads the database can use none of them. Instants are ISO, of the server's clock.
 */
import { hash } from 'node:crypto';
import type { RefreshTokenEffects } from './effects.js';
import type { RefreshTokenDetails } from './refresh-token-details.js';
import type { AccessTokenConfiguration, TokenClientPart, TokenConfiguration } from './transaction.js';
import { isBeforePasswordReset, type UserProfile } from './user.js';

export type { RefreshTokenDetails } from './refresh-token-details.js';

/** What a code or a token is kept and looked up by. */
export const tokenDigest = (token: string): string => hash('sha256', token, 'base64url');

/** One authorization of a user (or of a client itself) for a client and an audience. Revoked, it ends every token that hangs on it. */
export interface Grant {
  /** Random: the code names it before there is any token. */
  readonly id: string;
  /** The login it came from; `null` where none was. */
  readonly transactionId: string | null;
  readonly clientId: string;
  /** `null` where a client acts for itself. */
  readonly userId: string | null;
  /** The session it was given in; `null` where there was none. */
  readonly sessionId: string | null;
  /** `null` where only /userinfo was asked for. */
  readonly audience: string | null;
  /** As granted, space-separated. */
  readonly scope: string;
  /** Standard claims that /userinfo tells besides those of the scope (OIDC Core 5.5). */
  readonly userinfoClaims?: readonly string[];
  /** Likewise of its ID tokens. */
  readonly idTokenClaims?: readonly string[];
  readonly createdAt: string;
  /** When the user proved who they are: `auth_time` of every ID token that comes of it. */
  readonly authenticatedAt?: string;
  /** When what the client itself sent (a password, a token) began to be looked at, by the server's clock. */
  readonly provedAt?: string;
  readonly acr?: string;
  readonly amr?: readonly string[];
  readonly organization?: { readonly id: string; readonly name?: string };
  /** Of an exchange: the most that may be granted of an API again, whose token it began with or came by (space-separated, by audience). */
  readonly bounds?: Readonly<Record<string, string>>;
}

/**
 * Whether the password of its user was changed since they proved who they are: then no refresh token of it is good. A password, and the
 * session of a browser, are looked at while they change; what REST began is nobody's proof.
 */
export function isOfOldPassword({ provedAt, sessionId, authenticatedAt }: Grant, user: UserProfile): boolean {
  const at = provedAt ?? (sessionId === null ? undefined : authenticatedAt);
  return at !== undefined && isBeforePasswordReset(user, at);
}

/** What a login settled for the tokens that follow it: the token endpoint issues by it, and asks nobody again. */
export interface Issuance {
  /** The profile at the moment of login; `null` where a client acts for itself. */
  readonly user: UserProfile | null;
  /** Of the access token, after Actions: space-separated. */
  readonly scope: string;
  /** The transaction's own clock; `null` follows the server's. */
  readonly now: string | null;
  readonly tokenClient: TokenClientPart;
  /** Claims as REST and the Actions set them. */
  readonly idToken: TokenConfiguration;
  readonly accessToken: AccessTokenConfiguration;
  /** What Actions asked of the refresh token that is about to be issued. */
  readonly refreshToken?: RefreshTokenEffects;
}

export interface AuthorizationCode {
  /** See `tokenDigest`. */
  readonly digest: string;
  readonly transactionId: string;
  readonly grantId: string;
  readonly clientId: string;
  readonly expiresAt: string;
  /** As sent; `null` where the request named none, so that the token request need not either (RFC 6749 4.1.3). */
  readonly redirectUri: string | null;
  readonly nonce?: string;
  readonly codeChallenge?: { readonly value: string; readonly method: 'S256' | 'plain' };
  /** Of the key that the code is bound to (RFC 9449 10). */
  readonly dpopJkt?: string;
  readonly issuance: Issuance;
}

/**
 * `rotated` is replaced, by its own successor or a sibling's, and works on within the leeway; `spent` is replaced by what has been replaced
 * in its turn, and works no more.
 */
export type RefreshTokenStatus = 'active' | 'rotated' | 'spent';

/** One token of a family: all that hang on one grant. */
export interface RefreshToken {
  /** See `tokenDigest`. */
  readonly digest: string;
  /** `rt_…`: public, and the same for a whole family, which is what the API lists as one refresh token. */
  readonly id: string;
  readonly grantId: string;
  readonly status: RefreshTokenStatus;
  readonly createdAt: string;
  /** When it was replaced first, it or a sibling; `null` unless it was. */
  readonly rotatedAt: string | null;
  readonly lastExchangedAt: string | null;
  /** Rotation does not move it; `null` lives until it is revoked. */
  readonly expiresAt: string | null;
  /** Each exchange moves it; `null` where idling does not end it. */
  readonly idleExpiresAt: string | null;
  readonly details: RefreshTokenDetails;
}

/** As one statement reads it. */
export interface FoundRefreshToken {
  readonly token: RefreshToken;
  readonly grant: Grant;
  /** Whether the grant was revoked, or its refresh tokens. */
  readonly isRevoked: boolean;
}

/** `again`: replaced a moment ago, and still good for a sibling of what replaced it. `reused`: whoever comes with it ends the family. */
export type RefreshTokenState = 'active' | 'again' | 'reused' | 'expired' | 'revoked';

const hasPassed = (instant: string | null, now: Date): boolean =>
  instant !== null && Date.parse(instant) <= now.getTime();

/** What an exchange would meet. The store decides again when it writes. */
export function refreshTokenState(
  { token, isRevoked }: FoundRefreshToken,
  now: Date,
  leewayMs: number,
): RefreshTokenState {
  if (isRevoked) return 'revoked';
  const isWithinLeeway =
    token.status === 'rotated' && leewayMs > 0 && Date.parse(token.rotatedAt!) > now.getTime() - leewayMs;
  if (token.status !== 'active' && !isWithinLeeway) return 'reused';
  if (hasPassed(token.expiresAt, now) || hasPassed(token.idleExpiresAt, now)) return 'expired';
  return isWithinLeeway ? 'again' : 'active';
}

/** That an access token was issued, so that it can be looked into and revoked. */
export interface AccessToken {
  /** Of a JWT a random id or the token's digest; of an opaque token its digest. */
  readonly key: string;
  /** `null` where a client got it for itself and no grant was kept. */
  readonly grantId: string | null;
  readonly clientId: string;
  readonly userId: string | null;
  /** As it stands in the token; `null` where it has none. */
  readonly audience: string | readonly string[] | null;
  /** Space-separated. */
  readonly scope: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** What Actions added, for /userinfo. */
  readonly customClaims: Readonly<Record<string, unknown>>;
  readonly subject?: string;
  readonly dpopJkt?: string;
  /** Who acts for the subject (RFC 8693 4.1). */
  readonly act?: Readonly<Record<string, unknown>>;
}

/** As one statement reads it. */
export interface FoundAccessToken {
  readonly token: AccessToken;
  /** `null` where it has none, or it is gone. */
  readonly grant: Grant | null;
  /** Whether it or its grant was revoked. */
  readonly isRevoked: boolean;
}

export type AccessTokenState = 'active' | 'expired' | 'revoked';

export function accessTokenState({ token, isRevoked }: FoundAccessToken, now: Date): AccessTokenState {
  if (isRevoked) return 'revoked';
  return hasPassed(token.expiresAt, now) ? 'expired' : 'active';
}

/** What is written where tokens are issued. */
export interface IssuedTokens {
  readonly accessToken?: AccessToken;
  readonly refreshToken?: RefreshToken;
}

/** What a redemption gives. */
export interface RedeemedTokens extends IssuedTokens {
  /** ISO instant: until then the grant is kept. */
  readonly endsAt?: string;
}

/** Of something that works once, where it did not: `null` where it is unknown, expired or revoked. */
export interface Reused {
  readonly reused: true;
  /** To be revoked: it holds what the first use was given. */
  readonly grantId: string;
}
