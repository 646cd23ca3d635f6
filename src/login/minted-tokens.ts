/** Makes the tokens that a login or a grant settled, whoever hands them out. Pure but for the signature; what is kept of them is the caller's. */
import { accessTokenPayload, accessTokenType, type AccessTokenInput } from '../protocol/jwt/access-token.js';
import { signHs256 } from '../protocol/jwt/hs256.js';
import { idTokenPayload, type IdTokenInput } from '../protocol/jwt/id-token.js';
import { admitCustomClaims, dropForOpaqueToken, type Claims } from '../protocol/jwt/restricted-claims.js';
import { signJwt, type JwtSigningKey } from '../protocol/jwt/sign.js';
import type { TokenDialect } from '../tenant/resource-server.js';
import type { DroppedClaim } from '../tenant/transaction.js';

/** How the access tokens of an audience look. */
export interface AccessTokenForm {
  /** A key of the tenant, or the secret of an API that signs HS256. */
  readonly key: JwtSigningKey | { readonly alg: 'HS256'; readonly secret: string };
  readonly lifetimeInSeconds: number;
  readonly dialect: TokenDialect;
}

/** As Auth0 issues where nothing else was said. */
export const plainForm = (key: JwtSigningKey, lifetimeInSeconds: number): AccessTokenForm => ({
  key,
  lifetimeInSeconds,
  dialect: 'access_token',
});

export type AccessTokenOrder = Pick<
  AccessTokenInput,
  | 'issuer'
  | 'subject'
  | 'clientId'
  | 'now'
  | 'grantedScopes'
  | 'customClaims'
  | 'grantType'
  | 'permissions'
  | 'organization'
  | 'dpopJkt'
  | 'act'
> & {
  /** Without one the token is opaque. */
  readonly audience: string | undefined;
  readonly form: AccessTokenForm;
  /** Of the login, where there was one. */
  readonly login?: Omit<NonNullable<AccessTokenInput['rfc9068']>, 'jti'>;
  /** The whole of an opaque token, and `jti` of one of RFC 9068. */
  readonly random: () => string;
  /** See `Circumstances`; left out where nothing is kept of the token. */
  readonly wasRevoked?: ((accessToken: string) => Promise<boolean>) | undefined;
};

export interface MintedAccessToken {
  readonly token: string;
  readonly kind: 'opaque' | 'jwt';
  /** `DPoP`, where it is bound to a key (RFC 9449 5). */
  readonly tokenType: 'Bearer' | 'DPoP';
  /** As it stands in a JWT. */
  readonly audience: string | readonly string[] | null;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly lifetimeInSeconds: number;
  readonly dropped: readonly DroppedClaim[];
  /** kid of the tenant's key, where one signed. */
  readonly signedWith: string | null;
}

const isRfc9068 = (dialect: TokenDialect): boolean => dialect.startsWith('rfc9068_profile');
const tellsPermissions = (dialect: TokenDialect): boolean => dialect.endsWith('_authz');

const SCOPE_CLAIM: DroppedClaim = {
  token: 'access_token',
  claim: 'scope',
  reason: 'it tells the scopes that were granted: change them with api.transaction.setTargetScopes',
};

/**
 * A JWT that says the same in the same second is the same text, and what was revoked stays revoked: then a `jti` makes the new one another.
 * Throws JwtError and has signed nothing.
 */
export async function mintAccessToken(order: AccessTokenOrder): Promise<MintedAccessToken> {
  const minted = await mintedWith({}, order);
  const isDead = minted.kind === 'jwt' && (await order.wasRevoked?.(minted.token)) === true;
  return isDead ? mintedWith({ jti: order.random() }, order) : minted;
}

async function mintedWith(
  unique: { readonly jti?: string },
  order: AccessTokenOrder,
): Promise<MintedAccessToken> {
  const { now } = order;
  const { audience, form, random } = order;
  const lifetimeInSeconds = form.lifetimeInSeconds;
  const expiresAt = new Date(now.getTime() + lifetimeInSeconds * 1000);
  const tokenType = order.dpopJkt === undefined ? 'Bearer' : 'DPoP';
  if (audience === undefined)
    return {
      token: random(),
      kind: 'opaque',
      tokenType,
      audience: null,
      issuedAt: now,
      expiresAt,
      lifetimeInSeconds,
      dropped: dropForOpaqueToken(order.customClaims),
      signedWith: null,
    };
  // in a login the setter refuses this one; in an exchange it does not (actions-api.md 13)
  const { scope: scopeClaim, ...asked } = order.customClaims;
  const { claims, dropped } = admitCustomClaims({
    token: 'access_token',
    claims: asked,
    grantedScopes: order.grantedScopes,
    audience,
    issuer: order.issuer,
  });
  const { key, dialect } = form;
  const input: AccessTokenInput = {
    issuer: order.issuer,
    subject: order.subject,
    audience,
    clientId: order.clientId,
    now,
    lifetimeInSeconds,
    grantedScopes: order.grantedScopes,
    customClaims: claims,
    alg: key.alg,
    grantType: order.grantType,
    permissions: tellsPermissions(dialect) ? order.permissions : undefined,
    organization: order.organization,
    dpopJkt: order.dpopJkt,
    act: order.act,
    ...(isRfc9068(dialect) && { rfc9068: { jti: random(), ...order.login } }),
  };
  const payload: Claims = { ...accessTokenPayload(input), ...unique };
  const typ = accessTokenType(input);
  return {
    token: 'secret' in key ? signHs256(payload, key.secret, typ) : await signJwt(payload, key, typ),
    kind: 'jwt',
    tokenType,
    audience: payload['aud'] as string | readonly string[],
    issuedAt: now,
    expiresAt,
    lifetimeInSeconds,
    dropped: [...(scopeClaim === undefined ? [] : [SCOPE_CLAIM]), ...dropped],
    signedWith: 'kid' in key ? key.kid : null,
  };
}

export interface MintedIdToken {
  readonly token: string;
  /** Those that reached it; /userinfo tells them too. */
  readonly customClaims: Claims;
  readonly dropped: readonly DroppedClaim[];
}

export type IdTokenOrder = Omit<IdTokenInput, 'alg'> & { readonly key: JwtSigningKey };

/** Whether there is to be one is the caller's to know. Throws JwtError and has signed nothing. */
export async function mintIdToken({ key, ...order }: IdTokenOrder): Promise<MintedIdToken> {
  const { claims, dropped } = admitCustomClaims({
    token: 'id_token',
    claims: order.customClaims,
    grantedScopes: order.grantedScopes,
    issuer: order.issuer,
  });
  const payload = idTokenPayload({ alg: key.alg, ...order, customClaims: claims });
  return { token: await signJwt(payload, key), customClaims: claims, dropped };
}
