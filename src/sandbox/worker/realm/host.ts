/**
 * What the code in a context may ask of the worker, and the other way round. The files of this folder but this one run inside the context
 * of each run, beside the author's code and in its realm: what crosses is text and numbers, callbacks, and Node's own modules.
 */
import type { LogLevel } from '../../messages.js';

export type TimerKind = 'timeout' | 'interval' | 'immediate' | 'tick' | 'microtask';

/** None of these throws, save for a stack that is at its end. */
export interface Host {
  /** JSON of an InvokeReply. */
  readonly invoke: (member: number, args: string, line: number | null, column: number | null) => string;
  /** `values`: JSON of snapshots (see snapshot.ts). */
  readonly log: (level: LogLevel, values: string) => void;
  /** As `util.format` says it. */
  readonly inspect: (values: string) => string;
  /** JSON of a RunError, or `null`. */
  readonly finish: (error: string | null) => void;
  readonly startTimer: (kind: TimerKind, milliseconds: number, callback: () => void) => number;
  readonly stopTimer: (timer: number) => void;
  readonly holdTimer: (timer: number, held: boolean) => void;
  /** What a global of Node's is: `URL`, `fetch`, … */
  readonly nodeGlobal: (name: string) => unknown;
  /** Of a name as it is required: why an Action may not have it, `''` where it may, `null` where Node has no such module. */
  readonly refusal: (name: string) => string | null;
  readonly nodeModule: (name: string) => object;
  /** Something was changed that outlives the run. */
  readonly taint: (what: string) => void;
  /** The wrapper of the author's file (-1) or of a package, as a function of this context. */
  readonly load: (module: number) => (...args: unknown[]) => unknown;
  readonly isOfMainRealm: (constructor: string, value: unknown) => boolean;
}

export interface InvokeReply {
  readonly ok: boolean;
  /** Encoded by plain-value.ts; of a member that answers with a value. */
  readonly value: unknown;
  /** Of what was thrown. */
  readonly name: string;
  readonly message: string;
  /** What the member changed in `event`. */
  readonly changes: readonly (readonly [path: readonly string[], value: unknown])[];
}

export interface RealmMember {
  readonly name: string;
  readonly answers: 'api' | 'value' | 'promise';
}
export interface RealmProgram {
  readonly file: string;
  /** Names of the packages. */
  readonly modules: readonly string[];
}
export interface RealmEntry {
  readonly handler: string;
  /** JSON. */
  readonly event: string;
  readonly secrets: string;
  readonly members: readonly RealmMember[];
}

/** What a prepared context can do. */
export interface Realm {
  /** Says which program runs here; once. Packages at these places are loaded right away. */
  readonly prepare: (program: RealmProgram, ahead: readonly number[]) => void;
  readonly start: (entry: RealmEntry) => void;
  /** JSON of a RunError. */
  readonly describe: (thrown: unknown) => string;
  /** Nothing of the run is to be heard any more. */
  readonly end: () => void;
  /** JSON of the places of the packages that have been loaded; text, since methods of an array are the author's. */
  readonly loaded: () => string;
}

/** Facts for the `process` stub; plain JSON. */
export interface ProcessFacts {
  readonly version: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly arch: string;
}
/** What the script of the context evaluates to. */
export type Boot = (host: Host, facts: string) => Realm;
