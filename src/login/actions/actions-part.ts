/** How far the Actions of a transaction have come, as its document says; each function yields the next one. */
import { noEffects } from '../../tenant/effects.js';
import type { DeployedAction, TriggerId } from '../../tenant/action.js';
import type { ActionsPart, Transaction } from '../../tenant/transaction.js';

export const triggerOf = ({ protocol }: Transaction): TriggerId =>
  protocol === 'client_credentials' ? 'credentials-exchange' : 'post-login';

export const begunPart = (trigger: TriggerId, actions: readonly DeployedAction[]): ActionsPart => ({
  trigger,
  state: 'running',
  runningUntil: null,
  next: 0,
  resumed: false,
  actionIds: actions.map(({ id }) => id),
  effects: noEffects(),
  continuation: null,
  sources: {},
  loginsCount: null,
});

/** Whether somebody runs its Actions at this moment: then nobody else may, nor change what they run with. */
export const isRunning = ({ actions }: Transaction, at: Date): boolean =>
  actions?.state === 'running' &&
  actions.runningUntil !== null &&
  Date.parse(actions.runningUntil) > at.getTime();

/**
 * The transaction as somebody keeps it who is about to run its Actions: they have effects outside, so of several callers one must.
 * `until` is when it is free again, should that one not come back.
 */
export const claimed = (
  transaction: Transaction,
  actions: readonly DeployedAction[],
  until: Date,
): Transaction => ({
  ...transaction,
  actions: {
    ...(transaction.actions ?? begunPart(triggerOf(transaction), actions)),
    state: 'running',
    runningUntil: until.toISOString(),
  },
  revision: transaction.revision + 1,
});
