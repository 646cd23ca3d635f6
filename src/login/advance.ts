/** Runs the steps of a transaction until nothing follows; the outcome of a login is a transaction too, a failed one included. */
import { MintmarkError } from '../protocol/mintmark-error.js';
import { STATUS } from '../protocol/saml/names.js';
import { isAuthenticated, type Transaction } from '../tenant/transaction.js';
import { authorizeUser } from './authorize-user.js';
import { denyOidcLogin, failOidcLogin, issueClientToken, issueTokens } from './authorization-response.js';
import { issueAuthorizationResponse } from './authorization-answer.js';
import type { Circumstances } from './circumstances.js';
import { approveDevice } from './device-approval.js';
import { nextStep, type Step } from './next-step.js';
import { denySamlLogin, failSamlLogin, issueSamlResponse } from './saml-response.js';

type RunStep = (transaction: Transaction, circumstances: Circumstances) => Transaction | Promise<Transaction>;
/** Those that a person must take, and the end, are not run. */
const STEPS: { readonly [Name in Exclude<Step, 'authenticate' | 'nothing'>]: RunStep } = {
  authorize_user: (transaction, circumstances) => authorizeUser(authenticated(transaction), circumstances),
  run_actions: (transaction, { runActions }) => runActions(transaction),
  issue_saml_response: (transaction, circumstances) =>
    issueSamlResponse(authenticated(transaction), circumstances),
  issue_tokens: (transaction, circumstances) => issueTokens(authenticated(transaction), circumstances),
  issue_authorization_response: (transaction, circumstances) =>
    issueAuthorizationResponse(authenticated(transaction), circumstances),
  issue_client_token: issueClientToken,
  approve_device: (transaction, circumstances) => approveDevice(authenticated(transaction), circumstances),
};

function authenticated(transaction: Transaction) {
  if (isAuthenticated(transaction)) return transaction;
  throw new TypeError(`${transaction.id} is to be answered, and nobody has logged in`);
}

/**
 * The transaction at its end, or as it is where a person must do something first. `refused` may claim a known error for the caller, as one of its own input: then it is thrown
 * and nothing has happened.
 */
export async function advance(
  transaction: Transaction,
  circumstances: Circumstances,
  refused: (error: MintmarkError, transaction: Transaction) => boolean = () => false,
): Promise<Transaction> {
  let current = transaction;
  let { at } = circumstances;
  for (;;) {
    const step = nextStep(current);
    if (step === 'nothing' || step === 'authenticate') return current;
    try {
      current = await STEPS[step](current, { ...circumstances, at });
      // Actions may take their time
      if (step === 'run_actions') at = circumstances.clock();
    } catch (error) {
      if (!(error instanceof MintmarkError) || refused(error, current)) throw error;
      return fail(current, error, { ...circumstances, at });
    }
  }
}

export const deny = (
  transaction: Transaction,
  reason: string,
  circumstances: Circumstances,
  oauthError = 'access_denied',
): Transaction =>
  transaction.protocol === 'samlp'
    ? denySamlLogin(transaction, reason, circumstances)
    : denyOidcLogin(transaction, reason, circumstances, oauthError);

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
