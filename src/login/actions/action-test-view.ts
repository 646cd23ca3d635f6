/** What a test of an Action answers: how the login would have ended, what the Action did on the way, and what would have been issued. Pure. */
import type { Executed, ExecutedCall } from '../../actions/executed.js';
import type { Transaction, TransactionStatus } from '../../tenant/transaction.js';
import type { Inspection } from '../inspection.js';
import { transactionView } from '../transaction-view.js';
import type { EffectsView } from './effects-view.js';

/** Of the login as a whole: an Action may end well, and what it asked for be impossible to issue. */
export type ActionTestOutcome = 'completed' | 'denied' | 'redirected' | 'failed';

export interface ActionTestView {
  readonly outcome: ActionTestOutcome;
  readonly status: TransactionStatus;
  readonly reason: string | null;
  /** Where it failed; file and line are there where the Action did. */
  readonly failure?: Readonly<Record<string, unknown>>;
  /** What an OIDC client would be told. */
  readonly error?: string;
  readonly error_description?: string;
  /** Nobody waits for the browser there: the state in it goes on with nothing. */
  readonly redirect?: { readonly url: string };
  /** Of the Action, in milliseconds. */
  readonly duration: number;
  readonly calls: readonly ExecutedCall[];
  readonly console: Executed['console'];
  readonly executions: readonly Executed[];
  readonly effects: EffectsView;
  readonly transaction: Readonly<Record<string, unknown>>;
  readonly result: Transaction['result'];
  /** As `/debug/transactions/:id` shows one that is stored. */
  readonly debug: Inspection;
}

export function actionTestView(
  transaction: Transaction,
  { effects, debug }: { readonly effects: EffectsView; readonly debug: Inspection },
): ActionTestView {
  const executions = transaction.timeline
    .filter(({ name }) => name === 'action.executed')
    .map(({ detail }) => detail as unknown as Executed);
  const [first] = executions;
  const continuation = transaction.actions?.continuation;
  return {
    outcome: OUTCOMES[transaction.status],
    status: transaction.status,
    reason: transaction.reason,
    ...failureOf(transaction, executions),
    ...transaction.oauthError,
    ...(continuation && { redirect: { url: continuation.url } }),
    duration: first?.duration ?? 0,
    calls: first?.calls ?? [],
    console: first?.console ?? [],
    executions,
    effects,
    transaction: transactionView(transaction),
    result: transaction.result,
    debug,
  };
}

/** Nothing else leaves one pending: the user has logged in before the Action runs. */
const OUTCOMES: Readonly<Record<TransactionStatus, ActionTestOutcome>> = {
  pending: 'failed',
  suspended: 'redirected',
  completed: 'completed',
  denied: 'denied',
  failed: 'failed',
};

function failureOf(
  { failure }: Transaction,
  executions: readonly Executed[],
): Pick<ActionTestView, 'failure'> {
  if (!failure) return {};
  const { code, detail, errors, cause } = failure;
  const failed = executions.find(({ outcome }) => outcome === 'failed');
  const { name, line, column, stack } = failed?.error ?? {};
  return {
    failure: {
      code,
      detail,
      ...(errors && { errors }),
      ...(cause !== undefined && { cause }),
      ...(failed && { name, file: failed.file, line, column, stack }),
    },
  };
}
