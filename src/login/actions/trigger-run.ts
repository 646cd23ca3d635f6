/**
 * One trigger over one transaction, from where it stopped: Actions one after another, each told what the earlier ones asked for,
 * until the last has run or one of them ends it or sends the browser away. What is done outside goes through `TriggerPorts`.
 */
import { executed, type RunOutcome } from '../../actions/executed.js';
import { maskOf } from '../../actions/masked.js';
import { replay, ReplayRefused, type Replay, type ReplayedCall } from '../../actions/replay.js';
import type { ActionEvent } from '../../actions/event.js';
import { ActionError } from '../../actions/action-error.js';
import { TRIGGERS, type Trigger } from '../../actions/triggers.js';
import type { RunError, RunReport } from '../../sandbox/messages.js';
import type { DeployedAction } from '../../tenant/action.js';
import { noEffects, type CacheRecord, type Denial, type Effects, type Wishes } from '../../tenant/effects.js';
import type { ActionsPart, TimelineEvent, Transaction } from '../../tenant/transaction.js';
import type { UserProfile } from '../../tenant/user.js';
import { actionFailure, failureByCall } from './action-failure.js';
import { afterAction, afterTrigger, type AfterAction } from './after-action.js';

/** What one handler is run with. */
export interface HandlerRun {
  readonly action: DeployedAction;
  readonly handler: string;
  readonly event: ActionEvent;
  readonly effects: Effects;
  readonly cache: Readonly<Record<string, CacheRecord>>;
  /** Milliseconds since 1970: the transaction's clock, and the server's. */
  readonly now: number;
  readonly serverNow: number;
  /** What is left of the budget that the trigger's Actions share. */
  readonly limitMs: number;
}

export interface TriggerPorts {
  readonly execute: (run: HandlerRun) => Promise<RunReport>;
  /** `event` of the next handler, from the transaction as it is and from what was asked for so far. */
  readonly eventOf: (transaction: Transaction, effects: Effects, action: DeployedAction) => ActionEvent;
  /** The user of that id, if the identity that logged in is one of theirs. Throws ActionError `primary_user_invalid`. */
  readonly primaryUser: (id: string, transaction: Transaction) => Promise<UserProfile>;
  /** What stood before any Action, by key of `Effects.sources`. */
  readonly base: (transaction: Transaction) => (what: string) => unknown;
  /** The clock of the transaction, and the server's. */
  readonly clock: () => { readonly now: Date; readonly server: Date };
}

export interface TriggerInput {
  readonly transaction: Transaction;
  readonly part: ActionsPart;
  /** As they are deployed now. */
  readonly actions: readonly DeployedAction[];
  readonly cache: Readonly<Record<string, CacheRecord>>;
  readonly isPassive: boolean;
  readonly limitMs: number;
}

export type TriggerEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'denied'; readonly denial: Denial }
  | {
      readonly kind: 'redirect';
      readonly url: string;
      readonly action: DeployedAction;
      readonly index: number;
    }
  | { readonly kind: 'failed'; readonly error: ActionError };

export interface TriggerOutcome {
  /** With its timeline, and with another user where the primary one was set. */
  readonly transaction: Transaction;
  /** What counts: of a trigger that failed, what the Actions before the failing one asked for. */
  readonly effects: Effects;
  readonly end: TriggerEnd;
}

export async function runTrigger(input: TriggerInput, ports: TriggerPorts): Promise<TriggerOutcome> {
  const { part, actions, limitMs } = input;
  const trigger = TRIGGERS[part.trigger];
  // what one Action says may hold what an earlier one set
  const secrets = Object.fromEntries(actions.map((action) => [action.id, action.secrets]));
  let { transaction } = input;
  // how long they ran: what they waited for their turn is no fault of theirs
  let spentMs = 0;
  let effects = part.effects ?? noEffects();
  let multifactor: Ran | null = null;
  for (let index = part.next; index < part.actionIds.length; index++) {
    const resumes = part.resumed && index === part.next;
    const action = actions.find(({ id }) => id === part.actionIds[index]);
    if (!action) {
      if (!resumes) continue;
      return { transaction, effects, end: { kind: 'failed', error: goneMeanwhile() } };
    }
    const ran = await runHandler(
      {
        action,
        handler: resumes ? trigger.resumeHandler! : trigger.handler,
        effects,
        cache: input.cache,
        limitMs: limitMs - spentMs,
        wholeLimitMs: limitMs,
        secrets,
      },
      transaction,
      input.isPassive,
      trigger,
      ports,
    );
    ({ transaction } = ran);
    spentMs += ran.durationMs;
    if (ran.calls.some(({ member }) => member === 'multifactor.enable')) multifactor = ran;
    const { after } = ran;
    if (after.kind === 'fail') {
      const error = after.member === undefined ? after.error : failureByCall(after.error, after.member, ran);
      return { transaction, effects, end: { kind: 'failed', error } };
    }
    const switched = await switchedUser(transaction, ran.effects, effects, ports);
    if ('error' in switched) {
      const error = failureByCall(switched.error, 'authentication.setPrimaryUser', ran);
      return { transaction, effects, end: { kind: 'failed', error } };
    }
    ({ transaction, effects } = switched);
    if (after.kind === 'deny') return { transaction, effects, end: { kind: 'denied', denial: after.denial } };
    if (after.kind === 'redirect')
      return { transaction, effects, end: { kind: 'redirect', url: after.url, action, index } };
  }
  const unmet = afterTrigger(effects);
  if (unmet === null) return { transaction, effects, end: { kind: 'ended' } };
  const error = multifactor ? failureByCall(unmet, 'multifactor.enable', multifactor) : unmet;
  return { transaction, effects, end: { kind: 'failed', error } };
}

interface Ran {
  readonly action: DeployedAction;
  readonly calls: readonly ReplayedCall[];
  readonly transaction: Transaction;
  readonly durationMs: number;
  readonly effects: Effects;
  readonly after: AfterAction;
}

async function runHandler(
  run: Pick<HandlerRun, 'action' | 'handler' | 'effects' | 'cache' | 'limitMs'> & {
    readonly wholeLimitMs: number;
    readonly secrets: Readonly<Record<string, unknown>>;
  },
  transaction: Transaction,
  isPassive: boolean,
  trigger: Trigger,
  ports: TriggerPorts,
): Promise<Ran> {
  const { action, handler, effects, cache, limitMs, secrets } = run;
  const { now, server } = ports.clock();
  const event = ports.eventOf(transaction, effects, action);
  const given = { now: now.getTime(), serverNow: server.getTime(), event };
  const report =
    limitMs > 0
      ? await ports.execute({ action, handler, effects, cache, limitMs, ...given })
      : outOfTime(run.wholeLimitMs);
  let replayed: Replay;
  let error = report.error;
  try {
    replayed = replay(report.calls, {
      ...given,
      trigger: trigger.id,
      handler,
      effects,
      cache,
      action: action.name,
      file: action.file,
      base: ports.base(transaction),
    });
  } catch (refused) {
    if (!(refused instanceof ReplayRefused)) throw refused;
    error ??= {
      kind: 'crashed',
      name: 'Error',
      message: refused.message,
      line: null,
      column: null,
      stack: '',
    };
    replayed = { effects, wishes: { denial: null, redirect: null, interactions: [] }, calls: [] };
  }
  const after: AfterAction = error
    ? { kind: 'fail', error: actionFailure(action, error, secrets) }
    : afterAction(withoutSecrets(replayed.wishes, secrets), {
        isPassive,
        protocol: event.transaction?.protocol,
        action: action.name,
      });
  const noted: TimelineEvent = {
    name: 'action.executed',
    at: now.toISOString(),
    detail: {
      ...executed({
        trigger: trigger.id,
        action,
        handler,
        durationMs: report.durationMs,
        outcome: error ? 'failed' : OUTCOMES[after.kind],
        calls: replayed.calls,
        logs: report.logs,
        logsCut: report.logsCut,
        error: error && placeOf(error),
        secrets,
      }),
    },
  };
  return {
    action,
    calls: replayed.calls,
    transaction: { ...transaction, timeline: [...transaction.timeline, noted] },
    durationMs: report.durationMs,
    effects: replayed.effects,
    after,
  };
}

/** Why it was denied goes out to whoever asked for the login, and is kept. */
const withoutSecrets = (wishes: Wishes, secrets: Readonly<Record<string, unknown>>): Wishes =>
  wishes.denial
    ? { ...wishes, denial: { ...wishes.denial, reason: maskOf(secrets)(wishes.denial.reason) as string } }
    : wishes;

const OUTCOMES: Readonly<Record<AfterAction['kind'], RunOutcome>> = {
  next: 'completed',
  deny: 'denied',
  redirect: 'redirected',
  fail: 'interaction',
};

const placeOf = ({ name, message, line, column, stack }: RunError) => ({
  name,
  message,
  line,
  column,
  stack,
});

/** The tokens are for somebody else from here on, where the primary user was set (actions-api.md 5). */
async function switchedUser(
  transaction: Transaction,
  asked: Effects,
  before: Effects,
  ports: TriggerPorts,
): Promise<
  { readonly transaction: Transaction; readonly effects: Effects } | { readonly error: ActionError }
> {
  const id = asked.primaryUserId;
  if (id === null || id === before.primaryUserId) return { transaction, effects: asked };
  try {
    const user = await ports.primaryUser(id, transaction);
    const event: TimelineEvent = {
      name: 'user.switched',
      at: ports.clock().now.toISOString(),
      detail: { from: transaction.userId, to: user.user_id ?? null },
    };
    const { isOwnProfile: _, ...login } = transaction;
    return {
      transaction: {
        ...login,
        user,
        userId: user.user_id ?? null,
        timeline: [...transaction.timeline, event],
      },
      // what this Action and those before it set was the other user's, and is lost (actions-api.md 17.9)
      effects: { ...asked, user: { userMetadata: {}, appMetadata: {} } },
    };
  } catch (error) {
    if (error instanceof ActionError) return { error };
    throw error;
  }
}

const outOfTime = (limitMs: number): RunReport => ({
  calls: [],
  logs: [],
  logsCut: false,
  durationMs: 0,
  error: {
    kind: 'timed_out',
    name: 'Error',
    message: `The Actions of this trigger exceeded allowed execution time: ${limitMs / 1000} s for all of them together.`,
    line: null,
    column: null,
    stack: '',
  },
});

const goneMeanwhile = (): ActionError =>
  new ActionError(
    'continuation_missing',
    'The Action that sent the user away is not deployed any more, so that nothing can go on with the login.',
  );
