/** The step after somebody has logged in at /authorize, and again where Actions set another user: may this one go on, and with what? */
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { permittedScopes, refuseEmptyScope, scopeWords } from '../protocol/oauth/scopes.js';
import type { AuthenticatedTransaction, Transaction } from '../tenant/transaction.js';
import type { Circumstances } from './circumstances.js';

/** Throws OAuthError. */
export async function authorizeUser(
  transaction: AuthenticatedTransaction,
  { authorizations }: Circumstances,
): Promise<Transaction> {
  const oidc = transaction.oidc!;
  const request = oidc.request!;
  const userId = transaction.userId!;
  const { hintedUserId, authorized } = request;
  // whom Actions set instead is their affair
  if (!authorized && hintedUserId !== undefined && hintedUserId !== userId)
    throw new OAuthError(
      'login_needed',
      'Another user logged in than the one whom the request names, by id_token_hint or by sub in claims (OIDC Core 3.1.2.1, 5.5.1).',
    );
  const { organization } = transaction;
  if (organization && !(await authorizations.isMember(organization.id, userId)))
    throw new OAuthError(
      'organization_invalid',
      `user ${userId} is not part of the ${organization.id} organization`,
      { code: 'access_denied' },
    );
  const permissions =
    oidc.audience === undefined ? null : await authorizations.permissionsAt(oidc.audience, userId);
  const asked = scopeWords(oidc.scope);
  const scope = permittedScopes(asked, permissions);
  refuseEmptyScope(asked, scope, request.dialect);
  return {
    ...transaction,
    oidc: { ...oidc, request: { ...request, authorized: { userId, scope: scope.join(' ') } } },
  };
}
