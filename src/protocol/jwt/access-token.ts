/**
 * The payload of a JWT access token: in Auth0's dialect (`azp`, `gty`), or as RFC 9068 has it (`client_id`, `jti`, and `at+jwt` in the header).
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
  /** HS256 is signed with a secret of the API's own. */
  readonly alg: JwtAlgorithm | 'HS256';
  /** `gty`: only where no browser logged in. RFC 9068 has none. */
  readonly grantType?: 'client-credentials' | 'password' | 'refresh_token' | undefined;
  /** Present: the token is one of RFC 9068, which gives each an id and may tell of the login. */
  readonly rfc9068?: {
    readonly jti: string;
    readonly authenticatedAt?: Date;
    readonly acr?: string;
    readonly amr?: readonly string[];
  };
  /** What the API enforces; `undefined` where it enforces nothing. */
  readonly permissions?: readonly string[] | undefined;
  readonly organization?: { readonly id: string; readonly name?: string } | undefined;
  /** Of the key that the token is bound to (RFC 9449 6). */
  readonly dpopJkt?: string | undefined;
  /** Who acts for the subject (RFC 8693 4.1). */
  readonly act?: Claims | undefined;
}

/** /userinfo takes RS256 tokens only, so no other one is addressed to it. */
function audienceOf({ issuer, audience, grantedScopes, alg }: AccessTokenInput): string | string[] {
  const userinfo = `${issuer}userinfo`;
  const also = grantedScopes.includes('openid') && alg === 'RS256' && audience !== userinfo;
  return also ? [audience, userinfo] : audience;
}

/** `org_id`, and `org_name` where it is told. */
export const organizationClaims = (
  organization: { readonly id: string; readonly name?: string } | undefined,
): Claims =>
  organization
    ? { org_id: organization.id, ...(organization.name !== undefined && { org_name: organization.name }) }
    : {};

function dialectClaims({ clientId, grantType, rfc9068 }: AccessTokenInput): Claims {
  if (!rfc9068) return { azp: clientId, ...(grantType !== undefined && { gty: grantType }) };
  const { jti, authenticatedAt, acr, amr } = rfc9068;
  return {
    client_id: clientId,
    jti,
    ...(authenticatedAt && { auth_time: secondsOf(authenticatedAt) }),
    ...(acr !== undefined && { acr }),
    ...(amr !== undefined && { amr }),
  };
}

/** `typ` of the header (RFC 9068 2.1). */
export const accessTokenType = ({ rfc9068 }: Pick<AccessTokenInput, 'rfc9068'>): 'JWT' | 'at+jwt' =>
  rfc9068 ? 'at+jwt' : 'JWT';

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
    ...dialectClaims(input),
    ...organizationClaims(input.organization),
    ...(input.permissions && { permissions: input.permissions }),
    ...(input.dpopJkt !== undefined && { cnf: { jkt: input.dpopJkt } }),
    ...(input.act && { act: input.act }),
  };
  return withCustomClaims(protocol, {}, input.customClaims);
}
