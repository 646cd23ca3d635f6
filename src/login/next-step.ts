/** The only dispatcher: from the state of a transaction alone it says what follows. Steps do not call one another. */
import type { Transaction } from '../tenant/transaction.js';

export type Step = 'issue_saml_response' | 'issue_tokens' | 'nothing';

export function nextStep({ status, protocol }: Transaction): Step {
  if (status !== 'pending') return 'nothing';
  return protocol === 'samlp' ? 'issue_saml_response' : 'issue_tokens';
}

export const isFinished = ({ status }: Transaction): boolean =>
  status === 'completed' || status === 'denied' || status === 'failed';
