/** Runs the steps of a transaction until nothing follows; the outcome of a login is a transaction too, a failed one included. */
import { MintmarkError } from '../protocol/mintmark-error.js';
import { STATUS } from '../protocol/saml/names.js';
import { isAuthenticated, type AuthenticatedTransaction, type Transaction } from '../tenant/transaction.js';
import { denyOidcLogin, failOidcLogin, issueTokens } from './authorization-response.js';
import type { Circumstances } from './circumstances.js';
import { nextStep, type Step } from './next-step.js';
import { denySamlLogin, failSamlLogin, issueSamlResponse } from './saml-response.js';

/** Those that a person must take, and the end, are not run. */
type Steps = {
  readonly [Name in Exclude<Step, 'authenticate' | 'nothing'>]: (
    transaction: AuthenticatedTransaction,
    circumstances: Circumstances,
  ) => Transaction | Promise<Transaction>;
};
const STEPS: Steps = { issue_saml_response: issueSamlResponse, issue_tokens: issueTokens };

/**
 * The transaction at its end, or as it is where a person must log in first. `refused` may claim a known error for the caller, as one of its own input: then it is thrown
 * and nothing has happened.
 */
export async function advance(
  transaction: Transaction,
  circumstances: Circumstances,
  refused: (error: MintmarkError) => boolean = () => false,
): Promise<Transaction> {
  const step = nextStep(transaction);
  if (step === 'nothing' || step === 'authenticate' || !isAuthenticated(transaction)) return transaction;
  try {
    return await STEPS[step](transaction, circumstances);
  } catch (error) {
    if (!(error instanceof MintmarkError) || refused(error)) throw error;
    return fail(transaction, error, circumstances);
  }
}

export const deny = (transaction: Transaction, reason: string, circumstances: Circumstances): Transaction =>
  transaction.protocol === 'samlp'
    ? denySamlLogin(transaction, reason, circumstances)
    : denyOidcLogin(transaction, reason, circumstances);

/** The user does not want to. */
export const cancel = (
  transaction: Transaction,
  reason: string,
  circumstances: Circumstances,
): Transaction =>
  transaction.protocol === 'samlp'
    ? denySamlLogin(transaction, reason, circumstances, STATUS.authnFailed)
    : denyOidcLogin(transaction, reason, circumstances);

export const fail = (
  transaction: Transaction,
  error: MintmarkError,
  circumstances: Circumstances,
): Transaction =>
  transaction.protocol === 'samlp'
    ? failSamlLogin(transaction, error, circumstances)
    : failOidcLogin(transaction, error, circumstances);
