/** What a transaction keeps of its Actions, as the debug view asks for it: how each ran, and which call set what. Pure. */
import type { Executed } from '../actions/executed.js';
import type { Source } from '../tenant/effects.js';
import type { Transaction } from '../tenant/transaction.js';
import { withActionLayer } from './actions/applied-effects.js';

/** One run of one Action's handler. */
export interface Execution extends Executed {
  /** ISO instant, of the transaction's clock. */
  readonly at: string;
}
/** Where an Action sent the browser, which has not come back. */
export interface Suspension {
  /** The Action's name. */
  readonly by: string;
  /** Without the `state` that it was given along. */
  readonly to: string | null;
  /** ISO instant, of the transaction's clock. */
  readonly since: string | null;
  /** ISO instant, of the server's clock. */
  readonly expires_at: string;
}
/** The call behind a key of `Effects.sources`, such as `idToken.role`; `undefined` where no Action set that. */
export type SourceOf = (key: string) => Source | undefined;

const executionIn = ({ name, at, detail }: Transaction['timeline'][number]): Execution[] =>
  name === 'action.executed' && detail ? [{ ...(detail as unknown as Executed), at }] : [];

/** In the order in which they ran. */
export const executionsOf = ({ timeline }: Pick<Transaction, 'timeline'>): Execution[] =>
  timeline.flatMap(executionIn);

export function suspensionOf({ status, actions, timeline }: Transaction): Suspension | null {
  if (status !== 'suspended' || !actions?.continuation) return null;
  const { actionName, expiresAt } = actions.continuation;
  const left = timeline.findLast(({ name }) => name === 'user.redirected');
  const to = left?.detail?.['to'];
  return {
    by: actionName,
    to: typeof to === 'string' ? to : null,
    since: left?.at ?? null,
    expires_at: expiresAt,
  };
}

/** With what Actions asked for so far, although it becomes part of a transaction only when the last of them has run. */
export const asItWouldBe = (transaction: Transaction): Transaction =>
  transaction.status === 'suspended' && transaction.actions?.effects
    ? withActionLayer(transaction, transaction.actions.effects)
    : transaction;

/** What was asked for in a login that was denied, or that failed before its Actions had ended, has set nothing. */
const hasEffect = ({ status, actions }: Transaction): boolean =>
  status === 'suspended' || (actions?.state === 'ended' && status !== 'denied');

export function sourcesIn(transaction: Transaction): SourceOf {
  const sources = (hasEffect(transaction) && transaction.actions?.sources) || {};
  return (key) => (Object.hasOwn(sources, key) ? sources[key] : undefined);
}

const SWITCH = 'authentication.setPrimaryUser';

/** The call that made the user of the login another one; `undefined` where none did. */
export function switchOf({ timeline }: Pick<Transaction, 'timeline'>): Source | undefined {
  const switched = timeline.findLastIndex(({ name }) => name === 'user.switched');
  const run = switched < 0 ? undefined : executionsOf({ timeline: timeline.slice(0, switched) }).at(-1);
  const call = run?.calls.findLast(
    ({ call: name, threw }) => name === `api.${SWITCH}` && threw === undefined,
  );
  return run && call && { action: run.action, file: run.file, line: call.line, column: call.column };
}
export const switchedBy = (source: Source): string => callIn(SWITCH, source);

/** `grant-roles.js:12` */
export const placeOf = ({ file, line }: Pick<Source, 'file' | 'line'>): string =>
  line === null ? file : `${file}:${line}`;

/** `api.idToken.setCustomClaim in grant-roles.js:12` */
export const callIn = (member: string, source: Source): string => `api.${member} in ${placeOf(source)}`;
