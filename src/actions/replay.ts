/**
 * Does an Action's calls again, on the server: what came out of a sandbox is a list of calls and nothing more, and each is judged by the
 * same rows that judged it beside the author's code. Pure.
 */
import { noWishes, type Effects, type Source, type Wishes } from '../tenant/effects.js';
import type { ApiRun, Member } from './api/member.js';
import { changedEvent } from './changed-event.js';
import { decodePlain } from './plain-value.js';
import { TRIGGERS } from './triggers.js';

/** A call as the sandbox tells it. */
export interface CallToReplay {
  readonly member: string;
  /** Encoded by plain-value.ts. */
  readonly args: readonly unknown[];
  readonly returned?: unknown;
  readonly threw?: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** One call, for people; nothing in it is masked yet. */
export interface ReplayedCall {
  readonly member: string;
  readonly args: readonly unknown[];
  readonly line: number | null;
  readonly column: number | null;
  /** What it set: the key of `Effects.sources`, with the value before and after. */
  readonly changed?: { readonly what: string; readonly from: unknown; readonly to: unknown };
  readonly returned?: unknown;
  readonly threw?: string;
}

export interface Replay {
  readonly effects: Effects;
  readonly wishes: Wishes;
  readonly calls: readonly ReplayedCall[];
}

export interface Replayable extends Omit<ApiRun, 'draft' | 'wishes' | 'changeEvent' | 'event'> {
  readonly event: ApiRun['event'];
  readonly effects: Effects;
  readonly action: string;
  readonly file: string;
  /** What stood before any Action, by key of `Effects.sources`. */
  readonly base: (what: string) => unknown;
}

/** A call that claims to have been accepted and is not, or whose member there is not: the sandbox lied. */
export class ReplayRefused extends Error {}

/** Throws ReplayRefused. Calls that threw at the author have done nothing, and are only shown. */
export function replay(calls: readonly CallToReplay[], replayable: Replayable): Replay {
  const { action, file, base, effects, ...given } = replayable;
  const draft = structuredClone(effects);
  const run: ApiRun & { event: ApiRun['event'] } = {
    ...given,
    draft,
    wishes: noWishes(),
    changeEvent: (path, value) => {
      run.event = changedEvent(run.event, path, value);
    },
  };
  const replayed = calls.map((call) => {
    const args = call.args.map(decodePlain);
    const { line, column } = call;
    const member = memberNamed(run.trigger, call.member);
    const shown = {
      member: call.member,
      args,
      line,
      column,
      ...('returned' in call && { returned: decodePlain(call.returned) }),
    };
    if (call.threw !== undefined) return { ...shown, threw: call.threw };
    if (!member.hasEffect) return shown;
    const what = member.sets?.(args) ?? null;
    const from = what === null ? undefined : (valueOf(draft, what) ?? base(what));
    try {
      member.call(run, args);
    } catch (error) {
      throw new ReplayRefused(`api.${call.member} was told as accepted: ${String(error)}`);
    }
    if (what === null) return shown;
    const to = valueOf(draft, what);
    // taken back by the Actions: what stands there now is somebody else's
    if (to === undefined) delete draft.sources[what];
    else draft.sources[what] = { action, file, line, column } satisfies Source;
    return { ...shown, changed: { what, from, to } };
  });
  return { effects: draft, wishes: run.wishes, calls: replayed };
}

const MEMBERS = new Map(
  Object.values(TRIGGERS).map(({ id, members }) => [
    id,
    new Map(members.map((member) => [member.name, member] as const)),
  ]),
);
function memberNamed(trigger: ApiRun['trigger'], name: string): Member {
  const member = MEMBERS.get(trigger)?.get(name);
  if (member) return member;
  throw new ReplayRefused(`there is no api.${name}`);
}

/** Where the keys of `Effects.sources` point to. */
const PLACES: readonly (readonly [prefix: string, read: (draft: Effects, name: string) => unknown])[] = [
  [
    'samlResponse.attributes.',
    ({ saml }, wanted) => saml.attributes.find(({ name }) => name === wanted)?.value,
  ],
  ['samlResponse.', ({ saml }, name) => own(saml.settings, name)],
  ['idToken.', ({ idToken }, name) => own(idToken.customClaims, name)],
  ['accessToken.', ({ accessToken }, name) => own(accessToken.customClaims, name)],
  ['scopes.', ({ accessToken }, name) => own(accessToken.scopes, name)],
  ['user.user_metadata.', ({ user }, name) => own(user.userMetadata, name)],
  ['user.app_metadata.', ({ user }, name) => own(user.appMetadata, name)],
  ['transaction.metadata.', ({ transaction }, name) => own(transaction.metadata, name)],
  ['transaction.target_scopes', ({ transaction }) => transaction.targetScopes ?? undefined],
  ['cache.', ({ cache }, name) => own(cache, name)],
];
function valueOf(draft: Effects, what: string): unknown {
  const place = PLACES.find(([prefix]) => what.startsWith(prefix));
  return place && structuredClone(place[1](draft, what.slice(place[0].length)));
}
const own = (values: object, name: string): unknown =>
  Object.hasOwn(values, name) ? (values as Record<string, unknown>)[name] : undefined;
