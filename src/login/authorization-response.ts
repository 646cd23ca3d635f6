/** The steps that answer an OIDC login: with tokens, or with an OAuth error. */
import { ActionError } from '../actions/action-error.js';
import { accessTokenPayload } from '../protocol/jwt/access-token.js';
import { idTokenPayload } from '../protocol/jwt/id-token.js';
import {
  admitCustomClaims,
  dropForOpaqueToken,
  dropWithoutIdToken,
} from '../protocol/jwt/restricted-claims.js';
import { signJwt } from '../protocol/jwt/sign.js';
import type { MintmarkError } from '../protocol/mintmark-error.js';
import type {
  AuthenticatedTransaction,
  DroppedClaim,
  TimelineEvent,
  Transaction,
} from '../tenant/transaction.js';
import type { Circumstances } from './circumstances.js';
import { clockOf, failureOf, finish } from './finish.js';
import { artefactIds } from './ids.js';

/** Issues an access token, and an ID token when `openid` was asked for. Throws JwtError and has signed nothing. */
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
  const granted = modified(requested, transaction.accessToken.scopes);
  const lifetime = tenant.settings.access_token_lifetime_in_seconds;
  const common = {
    issuer: tenant.issuer,
    subject: transaction.userId!,
    clientId: transaction.clientId,
    now,
    alg,
  };

  const forIdToken = admitCustomClaims({
    token: 'id_token',
    claims: transaction.idToken.customClaims,
    grantedScopes: requested,
    issuer: tenant.issuer,
  });
  const { audience } = oidc;
  const forAccessToken =
    audience === undefined
      ? { claims: {}, dropped: dropForOpaqueToken(transaction.accessToken.customClaims) }
      : admitCustomClaims({
          token: 'access_token',
          claims: transaction.accessToken.customClaims,
          grantedScopes: granted,
          audience,
          issuer: tenant.issuer,
        });

  const accessToken =
    audience === undefined
      ? ids.opaqueToken
      : await signJwt(
          accessTokenPayload({
            ...common,
            audience,
            lifetimeInSeconds: lifetime,
            grantedScopes: granted,
            customClaims: forAccessToken.claims,
          }),
          key,
        );
  const idToken = requested.includes('openid')
    ? await signJwt(
        idTokenPayload({
          ...common,
          lifetimeInSeconds: idTokenLifetimeInSeconds,
          authenticatedAt: new Date(transaction.authenticatedAt),
          sessionId: ids.session,
          ...(oidc.nonce !== undefined && { nonce: oidc.nonce }),
          grantedScopes: requested,
          profile: transaction.user,
          customClaims: forIdToken.claims,
          accessToken,
        }),
        key,
      )
    : undefined;

  const droppedClaims: DroppedClaim[] = [
    ...(idToken === undefined ? dropWithoutIdToken(transaction.idToken.customClaims) : forIdToken.dropped),
    ...forAccessToken.dropped,
  ];
  const events: Omit<TimelineEvent, 'at'>[] = [
    {
      name: 'token.issued',
      detail: {
        token: 'access_token',
        form: audience === undefined ? 'opaque' : 'jwt',
        scope: granted.join(' '),
      },
    },
    ...(idToken === undefined ? [] : [{ name: 'token.issued', detail: { token: 'id_token', form: 'jwt' } }]),
  ];
  return finish(
    transaction,
    'completed',
    {
      result: {
        ...(idToken !== undefined && { id_token: idToken }),
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: lifetime,
        scope: granted.join(' '),
      },
      signedWith: key.kid,
      droppedClaims,
    },
    events,
    { clock: now, at },
  );
}

const SCOPE_CLAIM: DroppedClaim = {
  token: 'access_token',
  claim: 'scope',
  reason: 'it tells the scopes that were granted: change them with api.transaction.setTargetScopes',
};

/** RFC 6749 4.4, in Auth0's dialect: `sub` names the client, `gty` the grant. Without an audience the token is opaque. */
export async function issueClientToken(
  transaction: Transaction,
  { tenant, at, random }: Circumstances,
): Promise<Transaction> {
  const { audience, scope } = transaction.oidc!;
  const { alg } = transaction.tokenClient;
  const clientId = transaction.clientId!;
  const now = clockOf(transaction, at);
  const requested = wordsOf(scope);
  // what Actions left of them never goes beyond the grant
  const grant = transaction.clientGrant?.scope ?? requested;
  const granted = requested.filter((word) => grant.includes(word));
  const lifetime = tenant.settings.access_token_lifetime_in_seconds;
  // in a login the setter refuses this one; in an exchange it does not (actions-api.md 13)
  const { scope: scopeClaim, ...customClaims } = transaction.accessToken.customClaims;
  const admitted =
    audience === undefined
      ? { claims: {}, dropped: dropForOpaqueToken(transaction.accessToken.customClaims) }
      : admitCustomClaims({
          token: 'access_token',
          claims: customClaims,
          grantedScopes: granted,
          audience,
          issuer: tenant.issuer,
        });
  const accessToken =
    audience === undefined
      ? artefactIds(transaction.seed, random).opaqueToken
      : await signJwt(
          accessTokenPayload({
            issuer: tenant.issuer,
            subject: `${clientId}@clients`,
            clientId,
            now,
            alg,
            audience,
            lifetimeInSeconds: lifetime,
            grantedScopes: granted,
            customClaims: admitted.claims,
            grantType: 'client-credentials',
          }),
          tenant.jwtKeys[alg],
        );
  return finish(
    transaction,
    'completed',
    {
      result: {
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: lifetime,
        scope: granted.join(' '),
      },
      signedWith: audience === undefined ? null : tenant.jwtKeys[alg].kid,
      droppedClaims: [
        ...(scopeClaim !== undefined && audience !== undefined ? [SCOPE_CLAIM] : []),
        ...admitted.dropped,
      ],
    },
    [
      {
        name: 'token.issued',
        detail: {
          token: 'access_token',
          form: audience === undefined ? 'opaque' : 'jwt',
          scope: granted.join(' '),
        },
      },
    ],
    { clock: now, at },
  );
}

/** Ends a login without tokens; the RP would get `access_denied` (RFC 6749 4.1.2.1). */
export const denyOidcLogin = (
  transaction: Transaction,
  reason: string,
  { at }: Circumstances,
  error = 'access_denied',
): Transaction =>
  finish(transaction, 'denied', { reason, oauthError: { error, error_description: reason } }, [], {
    clock: clockOf(transaction, at),
    at,
  });

/** What an Action threw is the business of the RP (actions-api.md 1.2); whatever else went wrong is not. */
export const failOidcLogin = (
  transaction: Transaction,
  error: MintmarkError,
  { at }: Circumstances,
): Transaction =>
  finish(
    transaction,
    'failed',
    { reason: error.description, failure: failureOf(error), oauthError: oauthErrorOf(transaction, error) },
    [],
    { clock: clockOf(transaction, at), at },
  );

function oauthErrorOf(
  { protocol }: Transaction,
  error: MintmarkError,
): NonNullable<Transaction['oauthError']> {
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
function modified(requested: readonly string[], changes: Readonly<Record<string, boolean>>): string[] {
  const added = Object.keys(changes).filter((scope) => changes[scope] && !requested.includes(scope));
  return [...requested.filter((scope) => changes[scope] !== false), ...added];
}
