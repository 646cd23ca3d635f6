import { expect, test } from 'vitest';
import { survivesAnyArguments } from '../../../test/support/any-arguments.js';
import { apiRun, callMember, memberNamed } from '../../../test/support/api-run.js';
import type { ApiRun } from './member.js';
import { USER } from './user.js';

const MEMBERS = [
  ['user.setUserMetadata', 'user_metadata', ({ draft }: ApiRun) => draft.user.userMetadata],
  ['user.setAppMetadata', 'app_metadata', ({ draft }: ApiRun) => draft.user.appMetadata],
] as const;
type Field = (typeof MEMBERS)[number][1];

const runOf = (stored: { readonly [Name in Field]?: unknown } = { user_metadata: {}, app_metadata: {} }) =>
  apiRun({ event: { request: {}, user: { user_id: 'auth0|1', ...stored } } });

test.each(MEMBERS)(
  '%s is collected by top-level name, and event does not change',
  (name, field, pendingOf) => {
    const run = runOf({ [field]: { plan: 'free' } });
    const before = structuredClone(run.event);
    callMember(USER, name, run, 'plan', 'gold');
    callMember(USER, name, run, 'seen', { times: 1, gone: undefined });
    callMember(USER, name, run, 'seen', { times: 2 });
    expect(pendingOf(run)).toStrictEqual({ plan: 'gold', seen: { times: 2 } });
    expect(run.event).toEqual(before);
  },
);

test('the two kinds of metadata do not mix', () => {
  const run = runOf();
  callMember(USER, 'user.setUserMetadata', run, 'a', 1);
  callMember(USER, 'user.setAppMetadata', run, 'b', 2);
  expect(run.draft.user).toEqual({ userMetadata: { a: 1 }, appMetadata: { b: 2 } });
});

test.each(MEMBERS)('%s: null removes, undefined leaves the profile as it is', (name, field, pendingOf) => {
  const run = runOf({ [field]: { old: 1 } });
  callMember(USER, name, run, 'old', null);
  callMember(USER, name, run, 'taken-back', 1);
  callMember(USER, name, run, 'taken-back', undefined);
  callMember(USER, name, run, 'function', () => 1);
  expect(Object.entries(pendingOf(run))).toEqual([['old', null]]);
});

test.each(MEMBERS)('%s refuses a name or a value that cannot be kept', (name, _, pendingOf) => {
  const run = runOf();
  for (const key of [undefined, null, 1, {}])
    expect(() => callMember(USER, name, run, key, 1)).toThrow(new TypeError('name must be string'));
  expect(() => callMember(USER, name, run, '__proto__', { admin: true })).toThrow(
    'name must NOT be __proto__',
  );
  expect(() => callMember(USER, name, run, 'big', 1n)).toThrow(TypeError);
  expect(pendingOf(run)).toEqual({});
});

test.each(MEMBERS)('%s throws where what is stored is no object', (name, field, pendingOf) => {
  for (const stored of ['text', 1, null, ['list']]) {
    const run = runOf({ [field]: stored });
    expect(() => callMember(USER, name, run, 'a', 1)).toThrow(`${field} of this user is no object`);
    expect(pendingOf(run)).toEqual({});
  }
});

test.each(MEMBERS)('%s looks at its own kind only, and needs nothing stored', (name, field, pendingOf) => {
  const other: Field = field === 'user_metadata' ? 'app_metadata' : 'user_metadata';
  for (const run of [runOf({ [other]: 'text' }), apiRun()]) {
    callMember(USER, name, run, 'a', 1);
    expect(pendingOf(run)).toEqual({ a: 1 });
  }
});

test.each(MEMBERS)('%s: 32 kB may be written in all', (name, field, pendingOf) => {
  const run = runOf();
  const most = 32 * 1024;
  // {"a":"…","b":"…"} has 15 bytes around the two texts.
  callMember(USER, name, run, 'a', 'ä'.repeat(8 * 1024));
  callMember(USER, name, run, 'b', 'x'.repeat(most - 16 * 1024 - 15));
  expect(Buffer.byteLength(JSON.stringify(pendingOf(run)))).toBe(most);
  expect(() => callMember(USER, name, run, 'b', 'x'.repeat(most - 16 * 1024 - 14))).toThrow(
    `${field} must NOT have more than 32768 bytes of JSON written in one login; with "b" it would be 32769`,
  );
  expect(Buffer.byteLength(JSON.stringify(pendingOf(run)))).toBe(most);
});

test.each(MEMBERS)('%s hands api back and remembers who set the member', (name, field) => {
  const member = memberNamed(USER, name);
  expect(member).toMatchObject({ answers: 'api', hasEffect: true });
  expect(member.sets?.(['plan', 1])).toBe(`user.${field}.plan`);
  expect(member.sets?.([1, 1])).toBeNull();
});

test('metadata survives any arguments', async () => {
  await survivesAnyArguments(USER, () => runOf());
});
