/** What introspection says of a token (RFC 7662 2.2). Of one that is not active it says that, and nothing else. */
import { secondsOf } from '../jwt/claims-set.js';
import type { Dialect } from './dialect.js';

/** A token as it is kept. */
export interface TokenRecord {
  readonly kind: 'access_token' | 'refresh_token';
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Nobody, where a client speaks for itself in Notion's dialect. */
  readonly subject?: string;
  readonly username?: string;
  readonly audience?: string | readonly string[];
  readonly issuedAt: Date;
  readonly notBefore?: Date;
  /** `undefined` for one that does not expire. */
  readonly expiresAt?: Date;
  readonly jti?: string;
  /** Revoked, spent, or its session or grant is gone. */
  readonly isRevoked: boolean;
  /** The thumbprint of the DPoP key that it is bound to. */
  readonly jkt?: string;
  /** Who acts for the subject (RFC 8693 4.1). */
  readonly act?: Readonly<Record<string, unknown>>;
}

export interface IntrospectionContext {
  /** With its slash. */
  readonly issuer: string;
  readonly now: Date;
  readonly dialect: Dialect;
  /** Whether who asks may know of the token: its client, and the API that it is for. */
  readonly mayKnow: boolean;
  /** Notion's. */
  readonly requestId?: string;
}

export type IntrospectionAnswer = Readonly<Record<string, unknown>> & { readonly active: boolean };

const isActive = ({ isRevoked, expiresAt, notBefore }: TokenRecord, now: Date): boolean =>
  !isRevoked && (expiresAt === undefined || now < expiresAt) && (notBefore === undefined || notBefore <= now);

/** The answer on the token of that record; `undefined` for a token that nobody knows. */
export function introspectionAnswer(
  token: TokenRecord | undefined,
  { issuer, now, dialect, mayKnow, requestId }: IntrospectionContext,
): IntrospectionAnswer {
  const request = dialect === 'notion' && requestId !== undefined ? { request_id: requestId } : {};
  if (!token || !mayKnow || !isActive(token, now)) return { active: false, ...request };
  const scope = token.scopes.join(' ');
  const iat = secondsOf(token.issuedAt);
  if (dialect === 'notion') return { active: true, scope, iat, ...request };
  return {
    active: true,
    scope,
    client_id: token.clientId,
    ...(token.username !== undefined && { username: token.username }),
    // the type is one of access tokens; a refresh token is shown to nobody but us
    ...(token.kind === 'access_token' && { token_type: token.jkt === undefined ? 'Bearer' : 'DPoP' }),
    ...(token.expiresAt && { exp: secondsOf(token.expiresAt) }),
    iat,
    ...(token.notBefore && { nbf: secondsOf(token.notBefore) }),
    ...(token.subject !== undefined && { sub: token.subject }),
    ...(token.audience !== undefined && { aud: token.audience }),
    iss: issuer,
    ...(token.jti !== undefined && { jti: token.jti }),
    ...(token.jkt !== undefined && { cnf: { jkt: token.jkt } }),
    ...(token.act && { act: token.act }),
  };
}
