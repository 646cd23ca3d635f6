/** What a login at /authorize leaves behind, read off the transaction at its end: a grant, and the code and the token that hang on it. */
import { decodeJwt } from '../protocol/jwt/compact.js';
import { admitCustomClaims } from '../protocol/jwt/restricted-claims.js';
import { scopeWords } from '../protocol/oauth/scopes.js';
import type { IssuedGrant, RefusedDevice } from '../storage/transaction-store.js';
import { tokenDigest, type AccessToken, type AuthorizationCode, type Grant } from '../tenant/grant.js';
import type { AuthorizationPart, Transaction } from '../tenant/transaction.js';
import { deviceOutcome } from './device-approval.js';
import { organizationClaim } from './authorization-answer.js';
import { changedScopes } from './authorization-response.js';

/** RFC 6749 4.1.2 has ten minutes at most; the strict rules of today a minute (FAPI 2.0 5.3.2.1). */
const CODE_LIFETIME_MS = { strict: 60_000, auth0: 600_000, notion: 600_000 } as const;

/** `undefined` where nothing was granted. */
export function issuedBy(transaction: Transaction): IssuedGrant | RefusedDevice | undefined {
  if (transaction.oidc?.device) return deviceOutcome(transaction, transaction.oidc.device);
  const { status, result, oidc, clientId, userId } = transaction;
  const request = oidc?.request;
  if (status !== 'completed' || request?.grantId === undefined || clientId === null) return undefined;
  if (!result || !('redirectUri' in result)) return undefined;
  const { code, access_token: accessToken, id_token: idToken } = result.parameters;
  const finishedAt = Date.parse(transaction.finishedAt!);
  const organization = organizationClaim(transaction);
  const scope = request.authorized?.scope ?? '';
  const grant: Grant = {
    id: request.grantId,
    transactionId: transaction.id,
    clientId,
    userId,
    sessionId: transaction.browser?.sessionId ?? null,
    audience: oidc?.audience ?? null,
    scope,
    ...(request.userinfoClaims && { userinfoClaims: request.userinfoClaims }),
    ...(request.idTokenClaims && { idTokenClaims: request.idTokenClaims }),
    createdAt: transaction.finishedAt!,
    ...(transaction.authenticatedAt !== null && { authenticatedAt: transaction.authenticatedAt }),
    ...(organization && { organization }),
  };
  const { idTokenLifetimeInSeconds } = transaction.tokenClient;
  const after = (seconds: number): string => new Date(finishedAt + seconds * 1000).toISOString();
  return {
    grant,
    // with a code alone nothing is granted before it is redeemed, and of those whom prompt=none leaves few may be
    ...((accessToken ?? idToken) !== undefined && { endsAt: after(idTokenLifetimeInSeconds) }),
    ...(typeof code === 'string' && { code: codeOf(transaction, request, grant, code) }),
    ...(typeof accessToken === 'string' && {
      accessToken: accessTokenOf(
        transaction,
        grant,
        accessToken,
        after(Number(result.parameters['expires_in'])),
      ),
    }),
  };
}

const grantedIn = (transaction: Transaction, scope: string): string =>
  changedScopes(scopeWords(scope), transaction.accessToken.scopes).join(' ');

function codeOf(
  transaction: Transaction,
  request: AuthorizationPart,
  { id: grantId, clientId, scope, createdAt }: Grant,
  code: string,
): AuthorizationCode {
  const { nonce } = transaction.oidc!;
  const { codeChallenge, dpopJkt } = request;
  const refreshToken = transaction.actions?.refreshToken;
  return {
    digest: tokenDigest(code),
    transactionId: transaction.id,
    grantId,
    clientId,
    expiresAt: new Date(Date.parse(createdAt) + CODE_LIFETIME_MS[request.dialect]).toISOString(),
    redirectUri: request.sentRedirectUri,
    ...(nonce !== undefined && { nonce }),
    ...(codeChallenge && {
      codeChallenge: { value: codeChallenge.challenge, method: codeChallenge.method },
    }),
    ...(dpopJkt !== undefined && { dpopJkt }),
    issuance: {
      user: transaction.user,
      scope: grantedIn(transaction, scope),
      now: transaction.now,
      tokenClient: transaction.tokenClient,
      idToken: transaction.idToken,
      accessToken: transaction.accessToken,
      ...(refreshToken && { refreshToken }),
    },
  };
}

function accessTokenOf(
  transaction: Transaction,
  { id: grantId, clientId, userId, scope, createdAt }: Grant,
  token: string,
  expiresAt: string,
): AccessToken {
  const audience = decodeJwt(token).payload?.['aud'] as string | readonly string[] | undefined;
  const { claims } = admitCustomClaims({
    token: 'id_token',
    claims: transaction.idToken.customClaims,
    grantedScopes: scopeWords(scope),
  });
  return {
    key: tokenDigest(token),
    grantId,
    clientId,
    userId,
    audience: audience ?? null,
    scope: grantedIn(transaction, scope),
    issuedAt: createdAt,
    expiresAt,
    customClaims: claims,
    ...(userId !== null && { subject: userId }),
  };
}
