/** Two browsers that let one device in: the store takes one of them, and the login of the other fails, so that its page says so. */
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { Transaction } from '../tenant/transaction.js';
import { fail } from './advance.js';
import type { Circumstances } from './circumstances.js';

/** What is to be stored in place of a login that `error` kept from being stored. Throws every other error again. */
export function outrun(approved: Transaction, error: unknown, circumstances: Circumstances): Transaction {
  if (!(error instanceof OAuthError) || error.case !== 'device_answered') throw error;
  const { grantId: _, grantedScope: __, ...device } = approved.oidc!.device!;
  const before: Transaction = {
    ...approved,
    status: 'pending',
    revision: approved.revision - 1,
    oidc: { ...approved.oidc!, device },
    timeline: approved.timeline.filter(
      ({ name }) => name !== 'device.approved' && name !== 'transaction.completed',
    ),
  };
  return fail(before, error, circumstances);
}
