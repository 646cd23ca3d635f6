/** The step that answers an authorization request: with a code, with tokens, or with both (OIDC Core 3.1, 3.2, 3.3). */
import { dropWithoutIdToken } from '../protocol/jwt/restricted-claims.js';
import { scopeWords } from '../protocol/oauth/scopes.js';
import type { AuthenticatedTransaction, Transaction } from '../tenant/transaction.js';
import { accessTokenEvent, changedScopes, ID_TOKEN_EVENT } from './authorization-response.js';
import { authorizationResult } from './authorization-result.js';
import type { Circumstances } from './circumstances.js';
import { clockOf, finish } from './finish.js';
import { mintAccessToken, mintIdToken, plainForm, type AccessTokenForm } from './minted-tokens.js';

const CODE_BYTES = 32;
/** oauth-oidc.md 5.2.1: an opaque token that a browser carries lives no longer. */
const LONGEST_OPAQUE_IN_SECONDS = 7200;

/** Throws JwtError, and has issued nothing. */
export async function issueAuthorizationResponse(
  transaction: AuthenticatedTransaction,
  circumstances: Circumstances,
): Promise<Transaction> {
  const { tenant, at, random, wasRevoked } = circumstances;
  const oidc = transaction.oidc!;
  const request = oidc.request!;
  const now = clockOf(transaction, at);
  const asks = (word: string): boolean => request.responseTypes.includes(word);
  const requested = scopeWords(request.authorized?.scope);
  const granted = changedScopes(requested, transaction.accessToken.scopes);
  const key = tenant.jwtKeys[transaction.tokenClient.alg];
  const organization = organizationClaim(transaction);
  const common = {
    issuer: tenant.issuer,
    subject: transaction.userId!,
    clientId: transaction.clientId,
    now,
    organization,
  };
  const code = asks('code') ? random(CODE_BYTES).toString('base64url') : undefined;
  const access = asks('token')
    ? await mintAccessToken({
        ...common,
        audience: oidc.audience,
        form: await formOf(transaction, circumstances),
        grantedScopes: granted,
        permissions:
          oidc.audience === undefined
            ? undefined
            : ((await circumstances.authorizations.permissionsAt(oidc.audience, common.subject)) ??
              undefined),
        customClaims: transaction.accessToken.customClaims,
        login: { authenticatedAt: new Date(transaction.authenticatedAt) },
        random: () => random(CODE_BYTES).toString('base64url'),
        wasRevoked,
      })
    : null;
  const id = asks('id_token')
    ? await mintIdToken({
        ...common,
        key,
        lifetimeInSeconds: transaction.tokenClient.idTokenLifetimeInSeconds,
        authenticatedAt: new Date(transaction.authenticatedAt),
        ...sessionPart(transaction),
        ...(oidc.nonce !== undefined && { nonce: oidc.nonce }),
        grantedScopes: requested,
        requestedClaims: request.idTokenClaims,
        profile: transaction.user,
        customClaims: transaction.idToken.customClaims,
        accessToken: access?.token,
        code,
        ...(request.hashesState && { state: request.state }),
        numericUpdatedAt: request.dialect === 'strict',
      })
    : null;
  const parameters = {
    code,
    access_token: access?.token,
    token_type: access ? 'Bearer' : undefined,
    expires_in: access?.lifetimeInSeconds,
    // RFC 6749 3.3 has no empty one
    scope: access && granted.length > 0 ? granted.join(' ') : undefined,
    id_token: id?.token,
  };
  return finish(
    {
      ...transaction,
      oidc: { ...oidc, request: { ...request, grantId: `grant_${random(16).toString('hex')}` } },
    },
    'completed',
    {
      result: authorizationResult(transaction, parameters, tenant.issuer),
      signedWith: id ? key.kid : (access?.signedWith ?? null),
      droppedClaims: [
        // the others are the token endpoint's to tell
        ...(id?.dropped ?? (code === undefined ? dropWithoutIdToken(transaction.idToken.customClaims) : [])),
        ...(access?.dropped ?? []),
      ],
    },
    [
      ...(code === undefined ? [] : [{ name: 'code.issued', detail: { scope: granted.join(' ') } }]),
      ...(access ? [accessTokenEvent(access, granted)] : []),
      ...(id ? [ID_TOKEN_EVENT] : []),
    ],
    { clock: now, at },
  );
}

/** Its name where the request called it so (oauth-oidc.md 2.1). */
export const organizationClaim = ({
  oidc,
  organization,
}: Transaction): { readonly id: string; readonly name?: string } | undefined =>
  organization && {
    id: organization.id,
    ...(oidc?.request?.organization === organization.name && { name: organization.name }),
  };

function sessionPart({ browser }: Transaction): { readonly sessionId?: string } {
  const sessionId = browser?.sessionId ?? null;
  return sessionId === null ? {} : { sessionId };
}

/** As the API has it for browsers; where nobody manages one, as the tenant has it. */
async function formOf(
  { oidc, tokenClient }: Transaction,
  { tenant, authorizations }: Circumstances,
): Promise<AccessTokenForm> {
  const audience = oidc?.audience;
  const api = audience === undefined ? null : await authorizations.apiAt(audience);
  const lifetime = tenant.settings.access_token_lifetime_in_seconds;
  if (!api)
    return plainForm(
      tenant.jwtKeys[tokenClient.alg],
      audience === undefined ? Math.min(lifetime, LONGEST_OPAQUE_IN_SECONDS) : lifetime,
    );
  return {
    key:
      api.signing_alg === 'HS256'
        ? { alg: 'HS256', secret: api.signing_secret! }
        : tenant.jwtKeys[api.signing_alg],
    lifetimeInSeconds: api.token_lifetime_for_web,
    dialect: api.token_dialect,
  };
}
