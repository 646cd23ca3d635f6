/**
 * The payload of a JWT access token in Auth0's dialect (`azp`, not the `client_id` and `jti` of RFC 9068).
 * Only a token with an audience is a JWT; one without is opaque and has no payload, see dropForOpaqueToken.
 */
import type { JwtAlgorithm } from './algorithms.js';
import { secondsOf, withCustomClaims } from './claims-set.js';
import type { Claims } from './restricted-claims.js';

export interface AccessTokenInput {
  /** With its trailing slash, see issuer.ts. */
  readonly issuer: string;
  readonly subject: string;
  /** The API's identifier. */
  readonly audience: string;
  readonly clientId: string;
  readonly now: Date;
  readonly lifetimeInSeconds: number;
  /** In the order they are to stand; what was asked, after Actions. */
  readonly grantedScopes: readonly string[];
  /** Admitted by restricted-claims.ts. */
  readonly customClaims: Claims;
  readonly alg: JwtAlgorithm;
  /** `gty`: only where no user logged in. */
  readonly grantType?: 'client-credentials';
}

/** /userinfo takes RS256 tokens only, so no other one is addressed to it. */
function audienceOf({ issuer, audience, grantedScopes, alg }: AccessTokenInput): string | string[] {
  const userinfo = `${issuer}userinfo`;
  const also = grantedScopes.includes('openid') && alg === 'RS256' && audience !== userinfo;
  return also ? [audience, userinfo] : audience;
}

/** Claims in the order protocol, custom. A custom claim never stands in for one of the protocol. */
export function accessTokenPayload(input: AccessTokenInput): Claims {
  const iat = secondsOf(input.now);
  const protocol = {
    iss: input.issuer,
    sub: input.subject,
    aud: audienceOf(input),
    iat,
    exp: iat + input.lifetimeInSeconds,
    scope: input.grantedScopes.join(' '),
    azp: input.clientId,
    ...(input.grantType !== undefined && { gty: input.grantType }),
  };
  return withCustomClaims(protocol, {}, input.customClaims);
}
