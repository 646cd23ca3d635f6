/**
 * What one member of `api` is: a row with a name and a function. The same function runs twice: beside the author's code, so that a wrong
 * argument throws at the author's line, and again on the server, which believes nothing that came out of a sandbox.
 * It is handed plain values only (`undefined`, bigint, symbols and functions included, so that it can refuse them), never objects with getters.
 */
import type { ActionEvent } from '../event.js';
import type { CacheRecord, Effects, Wishes } from '../../tenant/effects.js';
import type { TriggerId } from '../../tenant/action.js';

/** One Action's run, as its members see it. */
export interface ApiRun {
  readonly trigger: TriggerId;
  /** The handler that runs: `onExecutePostLogin`, … */
  readonly handler: string;
  /** A private copy: an author who writes on their `event` changes nothing here. Members that must change it use `changeEvent`. */
  readonly event: ActionEvent;
  /** What earlier Actions asked for, and this one until now. */
  readonly draft: Effects;
  readonly wishes: Wishes;
  /** The trigger's cache as it was when the trigger began; `draft.cache` lies over it. */
  readonly cache: Readonly<Record<string, CacheRecord>>;
  /** Milliseconds since 1970: the transaction's clock, for tokens and timestamps. It stands still during a run. */
  readonly now: number;
  /** Milliseconds since 1970: the server's clock, for what is kept longer than the transaction (cache, sessions). */
  readonly serverNow: number;
  /**
   * Sets (or with `undefined` deletes) a value in `event`, also in the one that the author holds; objects on the way are made.
   * Only for what actions-api.md 1.9 lists.
   */
  readonly changeEvent: (path: readonly string[], value: unknown) => void;
}

export interface Member {
  /** Below `api`: `samlResponse.setAudience`. */
  readonly name: string;
  /**
   * `api`: the author gets `api` back, whatever `call` yields (design.md: returning it everywhere accepts all real code).
   * `value`: what `call` yields. `promise`: the same as a promise; what `call` throws rejects it.
   */
  readonly answers: 'api' | 'value' | 'promise';
  /** Whether it asks for something. One that only looks (`cache.get`, `encodeToken`) is not run again on the server. */
  readonly hasEffect: boolean;
  /** Does what the author asked for, on `run.draft` or `run.wishes`. Throws Error or TypeError with Auth0's message. */
  readonly call: (run: ApiRun, args: readonly unknown[]) => unknown;
  /** Under which key of `Effects.sources` the call is to be remembered; `null` for none. */
  readonly sets?: (args: readonly unknown[]) => string | null;
  /** Positions of arguments (or `0.secret`, a member of one) that are never shown: `['0.secret']`. */
  readonly secretArguments?: readonly string[];
}

/** A member that asks for something and hands `api` back. */
export const setter = (
  name: string,
  call: (run: ApiRun, args: readonly unknown[]) => void,
  more: Pick<Member, 'sets' | 'secretArguments'> = {},
): Member => ({ name, answers: 'api', hasEffect: true, call, ...more });

/** A member that only looks. */
export const getter = (
  name: string,
  call: (run: ApiRun, args: readonly unknown[]) => unknown,
  more: Partial<Pick<Member, 'answers' | 'secretArguments'>> = {},
): Member => ({ name, answers: 'value', hasEffect: false, call, ...more });
