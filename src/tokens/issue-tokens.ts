/** The answer of a grant to a user: an access token in the form of its API, and an ID token where `openid` was granted. Nothing is written. */
import type { Dialect } from '../protocol/oauth/dialect.js';
import { accessTokenEvent, ID_TOKEN_EVENT } from '../login/authorization-response.js';
import type { Tenant } from '../login/circumstances.js';
import {
  mintAccessToken,
  mintIdToken,
  type AccessTokenForm,
  type AccessTokenOrder,
  type MintedAccessToken,
} from '../login/minted-tokens.js';
import { dropWithoutIdToken } from '../protocol/jwt/restricted-claims.js';
import { tokenDigest, type AccessToken, type Grant } from '../tenant/grant.js';
import type {
  AccessTokenConfiguration,
  DroppedClaim,
  TimelineEvent,
  TokenClientPart,
  TokenConfiguration,
} from '../tenant/transaction.js';
import type { UserProfile } from '../tenant/user.js';
import type { TokenResponse } from './token-call.js';

export interface IssueOrder {
  readonly tenant: Tenant;
  readonly dialect: Dialect;
  readonly grant: Grant;
  readonly user: UserProfile;
  readonly tokenClient: TokenClientPart;
  readonly form: AccessTokenForm;
  /** Of the access token, after Actions. */
  readonly scope: readonly string[];
  /** They let claims into the ID token. */
  readonly granted: readonly string[];
  readonly idToken: TokenConfiguration;
  readonly accessToken: Pick<AccessTokenConfiguration, 'customClaims'>;
  readonly permissions: readonly string[] | undefined;
  readonly grantType?: AccessTokenOrder['grantType'];
  readonly nonce?: string | undefined;
  /** The key that the access token is bound to. */
  readonly dpopJkt?: string | undefined;
  /** Who acts for the user. */
  readonly act?: AccessTokenOrder['act'];
  /** Of the tokens. */
  readonly now: Date;
  readonly random: (bytes: number) => Buffer;
  readonly wasRevoked: AccessTokenOrder['wasRevoked'];
}

export interface Issued {
  readonly body: TokenResponse;
  /** What is kept of the access token. */
  readonly accessToken: AccessToken;
  readonly events: readonly Omit<TimelineEvent, 'at'>[];
  readonly droppedClaims: readonly DroppedClaim[];
  readonly signedWith: string | null;
}

/** Opaque tokens, `jti`, refresh tokens: 256 random bits. */
export const randomText = (random: (bytes: number) => Buffer): string => random(32).toString('base64url');

/** What is kept of an access token, by which it is looked into and revoked. */
export const keptAccessToken = (
  { token, audience, issuedAt, expiresAt }: MintedAccessToken,
  of: Pick<AccessToken, 'grantId' | 'clientId' | 'userId' | 'scope' | 'subject' | 'customClaims'> & {
    readonly dpopJkt?: string | undefined;
    readonly act?: AccessToken['act'] | undefined;
  },
): AccessToken => ({
  key: tokenDigest(token),
  grantId: of.grantId,
  clientId: of.clientId,
  userId: of.userId,
  audience,
  scope: of.scope,
  issuedAt: issuedAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
  customClaims: of.customClaims,
  subject: of.subject,
  ...(of.dpopJkt !== undefined && { dpopJkt: of.dpopJkt }),
  ...(of.act && { act: of.act }),
});

/** Throws JwtError. */
export async function issueTokens(order: IssueOrder): Promise<Issued> {
  const { tenant, grant, scope, granted, now } = order;
  const subject = grant.userId!;
  const login = {
    ...(grant.authenticatedAt !== undefined && { authenticatedAt: new Date(grant.authenticatedAt) }),
    ...(grant.acr !== undefined && { acr: grant.acr }),
    ...(grant.amr !== undefined && { amr: grant.amr }),
  };
  const common = {
    issuer: tenant.issuer,
    subject,
    clientId: grant.clientId,
    now,
    organization: grant.organization,
  };
  const access = await mintAccessToken({
    audience: grant.audience ?? undefined,
    form: order.form,
    grantedScopes: scope,
    customClaims: order.accessToken.customClaims,
    permissions: order.permissions,
    grantType: order.grantType,
    login,
    dpopJkt: order.dpopJkt,
    act: order.act,
    random: () => randomText(order.random),
    wasRevoked: order.wasRevoked,
    ...common,
  });
  const id = granted.includes('openid')
    ? await mintIdToken({
        key: tenant.jwtKeys[order.tokenClient.alg],
        lifetimeInSeconds: order.tokenClient.idTokenLifetimeInSeconds,
        authenticatedAt: login.authenticatedAt ?? now,
        grantedScopes: granted,
        requestedClaims: grant.idTokenClaims,
        profile: order.user,
        customClaims: order.idToken.customClaims,
        accessToken: access.token,
        acr: grant.acr,
        amr: grant.amr,
        numericUpdatedAt: order.dialect === 'strict',
        ...common,
        ...(grant.sessionId !== null && { sessionId: grant.sessionId }),
        ...(order.nonce !== undefined && { nonce: order.nonce }),
      })
    : null;
  return {
    body: {
      access_token: access.token,
      ...(id && { id_token: id.token }),
      scope: scope.join(' '),
      expires_in: access.lifetimeInSeconds,
      token_type: access.tokenType,
    },
    accessToken: keptAccessToken(access, {
      grantId: grant.id,
      clientId: grant.clientId,
      userId: subject,
      subject,
      scope: scope.join(' '),
      customClaims: id?.customClaims ?? {},
      dpopJkt: order.dpopJkt,
      act: order.act,
    }),
    events: [accessTokenEvent(access, scope), ...(id ? [ID_TOKEN_EVENT] : [])],
    droppedClaims: [...(id ? id.dropped : dropWithoutIdToken(order.idToken.customClaims)), ...access.dropped],
    signedWith: access.signedWith ?? (id ? tenant.jwtKeys[order.tokenClient.alg].kid : null),
  };
}
