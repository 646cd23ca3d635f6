/** The only dispatcher: from the state of a transaction alone it says what follows. Steps do not call one another. */
import { isAuthenticated, type Protocol, type Transaction } from '../tenant/transaction.js';

export type Step =
  | 'authenticate'
  | 'authorize_user'
  | 'run_actions'
  | 'issue_saml_response'
  | 'issue_tokens'
  | 'issue_authorization_response'
  | 'issue_client_token'
  | 'approve_device'
  | 'nothing';

export function nextStep(transaction: Transaction): Step {
  const { status, protocol, actions, userId, oidc } = transaction;
  if (status !== 'pending') return 'nothing';
  if (protocol !== 'client_credentials' && !isAuthenticated(transaction)) return 'authenticate';
  // anew where Actions set another user
  if (oidc?.request && oidc.request.authorized?.userId !== userId) return 'authorize_user';
  if (actions === undefined || (actions !== null && actions.state !== 'ended')) return 'run_actions';
  if (oidc?.device) return 'approve_device';
  return oidc?.request ? 'issue_authorization_response' : ISSUES[protocol];
}
const ISSUES = {
  samlp: 'issue_saml_response',
  oidc: 'issue_tokens',
  client_credentials: 'issue_client_token',
  // the token endpoint stores each call at its end
  authorization_code: 'nothing',
  refresh_token: 'nothing',
  password: 'nothing',
  device_code: 'nothing',
  token_exchange: 'nothing',
} as const satisfies Record<Protocol, Step>;

export const isFinished = ({ status }: Transaction): boolean =>
  status === 'completed' || status === 'denied' || status === 'failed';
