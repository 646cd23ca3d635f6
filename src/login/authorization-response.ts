/** The steps that answer an OIDC login: with tokens, or with an OAuth error. */
import { ActionError } from '../actions/action-error.js';
import { dropWithoutIdToken } from '../protocol/jwt/restricted-claims.js';
import type { MintmarkError } from '../protocol/mintmark-error.js';
import { errorWords } from '../protocol/oauth/error-answer.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { AuthenticatedTransaction, TimelineEvent, Transaction } from '../tenant/transaction.js';
import { errorResult } from './authorization-result.js';
import type { Circumstances } from './circumstances.js';
import { clockOf, failureOf, finish } from './finish.js';
import { artefactIds } from './ids.js';
import {
  mintAccessToken,
  mintIdToken,
  plainForm,
  type AccessTokenOrder,
  type MintedAccessToken,
} from './minted-tokens.js';

/** Issues an access token, and an ID token when `openid` was asked for. Throws JwtError. */
export async function issueTokens(
  transaction: AuthenticatedTransaction,
  { tenant, at, random }: Circumstances,
): Promise<Transaction> {
  const oidc = transaction.oidc!;
  const { alg, idTokenLifetimeInSeconds } = transaction.tokenClient;
  const key = tenant.jwtKeys[alg];
  const now = clockOf(transaction, at);
  const ids = artefactIds(transaction.seed, random);
  const requested = wordsOf(oidc.scope);
  const granted = changedScopes(requested, transaction.accessToken.scopes);
  const common = { issuer: tenant.issuer, subject: transaction.userId!, clientId: transaction.clientId, now };
  const access = await mintAccessToken({
    ...common,
    audience: oidc.audience,
    form: plainForm(key, tenant.settings.access_token_lifetime_in_seconds),
    grantedScopes: granted,
    customClaims: transaction.accessToken.customClaims,
    random: () => ids.opaqueToken,
  });
  const id = requested.includes('openid')
    ? await mintIdToken({
        ...common,
        key,
        lifetimeInSeconds: idTokenLifetimeInSeconds,
        authenticatedAt: new Date(transaction.authenticatedAt),
        sessionId: ids.session,
        ...(oidc.nonce !== undefined && { nonce: oidc.nonce }),
        grantedScopes: requested,
        profile: transaction.user,
        customClaims: transaction.idToken.customClaims,
        accessToken: access.token,
      })
    : null;
  return finish(
    transaction,
    'completed',
    {
      result: {
        ...(id && { id_token: id.token }),
        access_token: access.token,
        token_type: 'Bearer',
        expires_in: access.lifetimeInSeconds,
        scope: granted.join(' '),
      },
      signedWith: key.kid,
      droppedClaims: [
        ...(id ? id.dropped : dropWithoutIdToken(transaction.idToken.customClaims)),
        ...access.dropped,
      ],
    },
    [accessTokenEvent(access, granted), ...(id ? [ID_TOKEN_EVENT] : [])],
    { clock: now, at },
  );
}

/** What the timeline tells of an access token. */
export const accessTokenEvent = (
  { kind }: MintedAccessToken,
  granted: readonly string[],
): Omit<TimelineEvent, 'at'> => ({
  name: 'token.issued',
  detail: { token: 'access_token', form: kind, scope: granted.join(' ') },
});
export const ID_TOKEN_EVENT: Omit<TimelineEvent, 'at'> = {
  name: 'token.issued',
  detail: { token: 'id_token', form: 'jwt' },
};

/** RFC 6749 4.4, in Auth0's dialect: `sub` names the client, `gty` the grant. Without an audience the token is opaque. */
export async function issueClientToken(
  transaction: Transaction,
  { tenant, at, random }: Circumstances,
): Promise<Transaction> {
  const { alg } = transaction.tokenClient;
  const access = await mintClientToken(transaction, {
    issuer: tenant.issuer,
    at,
    form: plainForm(tenant.jwtKeys[alg], tenant.settings.access_token_lifetime_in_seconds),
    random: () => artefactIds(transaction.seed, random).opaqueToken,
  });
  return withClientToken(transaction, access, at);
}

/** What Actions left of the scopes, which never goes beyond the grant. */
export function clientScopes({ oidc, clientGrant }: Transaction): readonly string[] {
  const requested = wordsOf(oidc!.scope);
  const grant = clientGrant?.scope ?? requested;
  return requested.filter((word) => grant.includes(word));
}

/** The token of a client's own exchange, over REST or at the token endpoint. */
export function mintClientToken(
  transaction: Transaction,
  how: Pick<AccessTokenOrder, 'issuer' | 'form' | 'random' | 'wasRevoked' | 'organization' | 'dpopJkt'> & {
    readonly at: Date;
    /** Whether the API tells what its callers may do: nobody assigns a client permissions, its grant is what it may. */
    readonly tellsPermissions?: boolean;
  },
): Promise<MintedAccessToken> {
  const { at, tellsPermissions = false, ...order } = how;
  const clientId = transaction.clientId!;
  const granted = clientScopes(transaction);
  return mintAccessToken({
    audience: transaction.oidc!.audience,
    subject: `${clientId}@clients`,
    clientId,
    now: clockOf(transaction, at),
    grantedScopes: granted,
    permissions: tellsPermissions ? granted : undefined,
    customClaims: transaction.accessToken.customClaims,
    grantType: 'client-credentials',
    ...order,
  });
}

/** The exchange at its end, with the token that was made. */
export function withClientToken(transaction: Transaction, access: MintedAccessToken, at: Date): Transaction {
  const granted = clientScopes(transaction);
  return finish(
    transaction,
    'completed',
    {
      result: {
        access_token: access.token,
        token_type: access.tokenType,
        expires_in: access.lifetimeInSeconds,
        scope: granted.join(' '),
      },
      signedWith: access.signedWith,
      droppedClaims: access.dropped,
    },
    [accessTokenEvent(access, granted)],
    { clock: clockOf(transaction, at), at },
  );
}

/** Ends a login without tokens; the RP gets `access_denied` (RFC 6749 4.1.2.1). */
export function denyOidcLogin(
  transaction: Transaction,
  reason: string,
  { tenant, at }: Circumstances,
  error = 'access_denied',
): Transaction {
  const oauthError = { error, error_description: reason };
  return finish(
    transaction,
    'denied',
    { reason, oauthError, ...errorResult(transaction, oauthError, tenant.issuer) },
    [],
    { clock: clockOf(transaction, at), at },
  );
}

/** What an Action threw is the business of the RP (actions-api.md 1.2), as is what it asked for itself; whatever else went wrong is not. */
export function failOidcLogin(
  transaction: Transaction,
  error: MintmarkError,
  { tenant, at }: Circumstances,
): Transaction {
  const oauthError = oauthErrorOf(transaction, error);
  return finish(
    transaction,
    'failed',
    {
      reason: error.description,
      failure: failureOf(error),
      oauthError,
      ...errorResult(transaction, oauthError, tenant.issuer),
    },
    [],
    { clock: clockOf(transaction, at), at },
  );
}

function oauthErrorOf(
  { protocol, oidc }: Transaction,
  error: MintmarkError,
): NonNullable<Transaction['oauthError']> {
  if (error instanceof OAuthError) return errorWords(error, oidc?.request?.dialect ?? 'auth0');
  if (!(error instanceof ActionError))
    return { error: 'server_error', error_description: 'The login could not be completed.' };
  const code =
    error.code === 'interaction_required'
      ? 'interaction_required'
      : protocol === 'client_credentials'
        ? 'server_error'
        : 'access_denied';
  return { error: code, error_description: error.description };
}

const wordsOf = (scope: string): string[] => [...new Set(scope.split(/\s+/).filter((word) => word !== ''))];

/** What was asked, less what was taken away, and what was added, in that order. */
export function changedScopes(
  requested: readonly string[],
  changes: Readonly<Record<string, boolean>>,
): string[] {
  const added = Object.keys(changes).filter((scope) => changes[scope] && !requested.includes(scope));
  return [...requested.filter((scope) => changes[scope] !== false), ...added];
}
