/**
 * What the server and a worker process say to each other: frames of a 4-byte big-endian length and JSON (see frames.ts).
 * Server to worker: `run`. Worker to server: `ready` once, then per run `start`, any number of `log` and `call`, `done`, and `idle`
 * once nothing of the run is left. The worker knows no tenant; what a run may see is in its message, and in no other place.
 */
import type { CacheRecord, Effects } from '../tenant/effects.js';
import type { ActionEvent } from '../actions/event.js';
import type { TriggerId } from '../tenant/action.js';

/** A package, bundled to one CommonJS file. */
export interface ModuleBundle {
  /** As it is required: `axios`, `@scope/name`, and `jose/jwt/sign` for a path below one. */
  readonly name: string;
  readonly code: string;
  readonly hash: string;
}

/** Code and what it may require; a worker keeps it by `key`, so that it is sent once. */
export interface Program {
  /** Digest of everything below. */
  readonly key: string;
  readonly code: string;
  /** How errors and calls name it. */
  readonly file: string;
  readonly modules: readonly ModuleBundle[];
}

/** How user code is called. */
export type Entry =
  /** An Action: `exports[handler](event, api)`, an async function; its result is discarded. */
  {
    readonly kind: 'action';
    readonly trigger: TriggerId;
    readonly handler: string;
    readonly event: ActionEvent;
    readonly secrets: Readonly<Record<string, string>>;
    /** What earlier Actions asked for, without the values that this one need not know. */
    readonly effects: Effects;
    readonly cache: Readonly<Record<string, CacheRecord>>;
    readonly now: number;
    readonly serverNow: number;
  };

export interface RunMessage {
  readonly type: 'run';
  readonly id: number;
  readonly key: string;
  /** Left out where this worker has it. */
  readonly program?: Program;
  readonly entry: Entry;
}

export type LogLevel = 'log' | 'info' | 'warn' | 'error' | 'trace' | 'debug';
export interface LogLine {
  readonly level: LogLevel;
  /** Formatted as `console` does; secrets masked. */
  readonly text: string;
}

/** One call of a member of `api`, in order. */
export interface ApiCall {
  readonly member: string;
  /** As they came, encoded by actions/plain-value.ts: the server needs them to do the call again, and masks secrets where it shows them. */
  readonly args: readonly unknown[];
  /** What the author got back, where it is a value; the message, where it threw. */
  readonly returned?: unknown;
  readonly threw?: string;
  /** Of the author's file, from 1; `null` where the stack did not tell. */
  readonly line: number | null;
  readonly column: number | null;
}

/** What the author's code threw, or why it could not run. */
export interface RunError {
  readonly kind: 'threw' | 'unusable' | 'timed_out' | 'crashed' | 'output_too_large' | 'no_handler';
  /** `TypeError`, …; of whatever was thrown. */
  readonly name: string;
  readonly message: string;
  /** The author's frames alone, as `file:line:column`. */
  readonly line: number | null;
  readonly column: number | null;
  /** With nothing of the worker's own files. */
  readonly stack: string;
}

export type WorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'start'; readonly id: number }
  | { readonly type: 'log'; readonly id: number; readonly line: LogLine }
  | { readonly type: 'call'; readonly id: number; readonly call: ApiCall }
  | { readonly type: 'done'; readonly id: number; readonly error: RunError | null }
  /** `tainted`: something of the run is left (a timer, a server, a changed intrinsic), so this worker must not serve another. */
  | { readonly type: 'idle'; readonly id: number; readonly tainted: string | null };

/** What became of a run; the calls are as the worker tells them, and not yet believed. */
export interface RunReport {
  readonly calls: readonly ApiCall[];
  readonly logs: readonly LogLine[];
  /** Whether logs were cut at their bound. */
  readonly logsCut: boolean;
  readonly error: RunError | null;
  /** Wall time from `start` to `done`. */
  readonly durationMs: number;
}

/** Bounds of one run (sandbox.md 2). */
export const BOUNDS = {
  logBytes: 64 * 1024,
  /** Of a frame that a worker writes. */
  frameBytes: 2 * 1024 * 1024,
  /** Of a frame that a worker reads: a `run` brings along the program's packages, bundled. */
  runFrameBytes: 32 * 1024 * 1024,
  calls: 2000,
  callBytes: 1024 * 1024,
  residentBytes: 256 * 1024 * 1024,
} as const;
