/** Actions in a call of the token endpoint. */
import { OAuthError, type OAuthErrorCode } from '../../protocol/oauth/oauth-error.js';
import type { Transaction } from '../../tenant/transaction.js';
import type { GrantCall } from '../token-call.js';

/** The transaction as they left it. Throws OAuthError where one denied or failed; the draft tells how it ended. */
export async function runActions({ circumstances, draft }: GrantCall): Promise<Transaction> {
  const after = await circumstances.runActions(draft.transaction);
  draft.become(after);
  if (after.status === 'pending') return after;
  if (after.status === 'suspended')
    throw new OAuthError(
      'interaction_needed',
      'an Action sends the user to another page, and there is no browser at the token endpoint: it can ask api.redirect.canRedirect() first',
    );
  const { error = 'access_denied', error_description: description = 'Access denied.' } =
    after.oauthError ?? {};
  throw new OAuthError('action_denied', description, { code: error as OAuthErrorCode });
}
