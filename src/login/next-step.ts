/** The only dispatcher: from the state of a transaction alone it says what follows. Steps do not call one another. */
import { isAuthenticated, type Transaction } from '../tenant/transaction.js';

export type Step = 'authenticate' | 'issue_saml_response' | 'issue_tokens' | 'nothing';

export function nextStep(transaction: Transaction): Step {
  if (transaction.status !== 'pending') return 'nothing';
  if (!isAuthenticated(transaction)) return 'authenticate';
  return transaction.protocol === 'samlp' ? 'issue_saml_response' : 'issue_tokens';
}

export const isFinished = ({ status }: Transaction): boolean =>
  status === 'completed' || status === 'denied' || status === 'failed';
