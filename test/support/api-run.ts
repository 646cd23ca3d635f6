/** A run of an Action as members of `api` see it, for their specs. */
import type { ApiRun, Member } from '../../src/actions/api/member.js';
import { noEffects, noWishes } from '../../src/tenant/effects.js';

/** 2026-01-01T00:00:00Z; the server's clock stands a minute later, so that a spec sees which one was read. */
export const RUN_NOW = 1_767_225_600_000;
export const RUN_SERVER_NOW = RUN_NOW + 60_000;

type Branch = Record<string, unknown>;
const isBranch = (value: unknown): value is Branch =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const put = (branch: Branch, name: string, value: unknown): void => {
  Object.defineProperty(branch, name, { value, configurable: true, enumerable: true, writable: true });
};

/** Writes as `ApiRun.changeEvent` promises to: objects on the way are made, `undefined` deletes. */
function change(event: Branch, path: readonly string[], value: unknown): void {
  const name = path.at(-1);
  if (name === undefined) throw new Error('changeEvent needs a path');
  let branch = event;
  for (const step of path.slice(0, -1)) {
    const next = Object.hasOwn(branch, step) ? branch[step] : undefined;
    if (isBranch(next)) branch = next;
    else {
      const made: Branch = {};
      put(branch, step, made);
      branch = made;
    }
  }
  if (value === undefined) delete branch[name];
  else put(branch, name, value);
}

/** A run of post-login with an empty draft; `changeEvent` really changes its event, which is a copy of the one that is given. */
export function apiRun(overrides: Partial<ApiRun> = {}): ApiRun {
  const trigger = overrides.trigger ?? 'post-login';
  const event = structuredClone(overrides.event ?? { request: {} });
  return {
    handler: trigger === 'post-login' ? 'onExecutePostLogin' : 'onExecuteCredentialsExchange',
    draft: noEffects(),
    wishes: noWishes(),
    cache: {},
    now: RUN_NOW,
    serverNow: RUN_SERVER_NOW,
    changeEvent: (path, value) => change(event, path, value),
    ...overrides,
    trigger,
    event,
  };
}

/** The row of that name, which must be there once. */
export function memberNamed(members: readonly Member[], name: string): Member {
  const [found, another] = members.filter((member) => member.name === name);
  if (found === undefined || another !== undefined) throw new Error(`not one member is named ${name}`);
  return found;
}

/** Calls `members.<name>(...args)` on that run. */
export const callMember = (
  members: readonly Member[],
  name: string,
  run: ApiRun,
  ...args: readonly unknown[]
): unknown => memberNamed(members, name).call(run, args);
