/** What the timeline tells of one Action's run: bounded, and without its secrets. Pure. */
import { shortened } from '../protocol/saml/shortened.js';
import { SECRET } from '../tenant/secret.js';
import type { TriggerId } from '../tenant/action.js';
import { maskOf, withoutSecretArguments } from './masked.js';
import { shownPlain } from './plain-value.js';
import type { ReplayedCall } from './replay.js';
import { TRIGGERS } from './triggers.js';

/** How a run ended, as the timeline names it. */
export type RunOutcome = 'completed' | 'denied' | 'redirected' | 'interaction' | 'failed';

export interface ExecutedCall {
  /** `api.idToken.setCustomClaim` */
  readonly call: string;
  readonly args: readonly unknown[];
  readonly line: number | null;
  readonly column: number | null;
  /** `null`: there was, or is, nothing. */
  readonly changed?: { readonly what: string; readonly from: unknown; readonly to: unknown };
  readonly returned?: unknown;
  readonly threw?: string;
}
export interface Executed {
  readonly action: string;
  /** `null` for a draft under test. */
  readonly version: number | null;
  readonly file: string;
  readonly handler: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly outcome: RunOutcome;
  readonly calls: readonly ExecutedCall[];
  /** Calls beyond the bound, that are not shown. */
  readonly callsLeftOut?: number;
  readonly console: readonly { readonly level: string; readonly text: string }[];
  /** Whether the console said more than is kept. */
  readonly consoleCut?: true;
  readonly error?: {
    readonly name: string;
    readonly message: string;
    readonly line: number | null;
    readonly column: number | null;
    readonly stack: string;
  };
}

const MOST_CALLS = 200;
const LONGEST_TEXT = 2048;
/** Of one argument, as JSON. */
const LARGEST_VALUE = 8192;

export interface Run {
  readonly trigger: TriggerId;
  readonly action: { readonly name: string; readonly version: number | null; readonly file: string };
  readonly handler: string;
  readonly durationMs: number;
  readonly outcome: RunOutcome;
  readonly calls: readonly ReplayedCall[];
  readonly logs: readonly { readonly level: string; readonly text: string }[];
  readonly logsCut: boolean;
  readonly error: Executed['error'] | null;
  /** Of the Action, and of whatever else may have come into what it says. */
  readonly secrets: Readonly<Record<string, unknown>>;
}

export function executed({ action, calls, error, secrets, logs, ...run }: Run): Executed {
  const mask = maskOf(secrets);
  const shown = (value: unknown): unknown => bounded(mask(shownPlain(value)));
  return {
    action: action.name,
    version: action.version,
    file: action.file,
    handler: run.handler,
    duration: Math.round(run.durationMs * 1000) / 1000,
    outcome: run.outcome,
    calls: calls.slice(0, MOST_CALLS).map((call) => shownCall(call, run.trigger, shown)),
    ...(calls.length > MOST_CALLS && { callsLeftOut: calls.length - MOST_CALLS }),
    console: mask(logs.map(({ level, text }) => ({ level, text }))) as Executed['console'],
    ...(run.logsCut && { consoleCut: true as const }),
    ...(error && {
      error: {
        ...error,
        name: shortened(mask(error.name) as string, 256),
        message: shortened(mask(error.message) as string, LONGEST_TEXT),
        stack: shortened(mask(error.stack) as string, LARGEST_VALUE),
      },
    }),
  };
}

/** What a setter with secret arguments changed is as secret as they are. */
function shownCall(
  { member, args, changed, threw, line, column, ...call }: ReplayedCall,
  trigger: TriggerId,
  shown: (value: unknown) => unknown,
): ExecutedCall {
  const row = TRIGGERS[trigger].members.find(({ name }) => name === member);
  const secret = row?.secretArguments ?? [];
  const isWholeSecret = secret.some((place) => !place.includes('.'));
  const value = (of: unknown): unknown => (isWholeSecret && of !== undefined ? SECRET : shown(of));
  return {
    call: `api.${member}`,
    args: withoutSecretArguments(args, secret).map(shown),
    line,
    column,
    ...(changed && {
      changed: {
        what: shown(changed.what) as string,
        from: changed.from === undefined ? null : value(changed.from),
        to: changed.to === undefined ? null : value(changed.to),
      },
    }),
    ...('returned' in call && { returned: shown(call.returned) }),
    ...(threw !== undefined && { threw: shown(threw) as string }),
  };
}

function bounded(value: unknown): unknown {
  if (typeof value === 'string')
    return value.length > LONGEST_TEXT ? `${shortened(value, LONGEST_TEXT)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  const text = JSON.stringify(value);
  return text.length > LARGEST_VALUE ? `${shortened(text, LONGEST_TEXT)}…` : value;
}
