import { expect, test } from 'vitest';
import { apiRun, callMember, memberNamed } from '../../../test/support/api-run.js';
import { ACCESS_TOKEN, ACCESS_TOKEN_OF_EXCHANGE } from './access-token.js';
import type { ApiRun } from './member.js';

const add = (run: ApiRun, ...args: readonly unknown[]) =>
  callMember(ACCESS_TOKEN, 'accessToken.addScope', run, ...args);
const remove = (run: ApiRun, ...args: readonly unknown[]) =>
  callMember(ACCESS_TOKEN, 'accessToken.removeScope', run, ...args);

test('a login may change claims and scopes, an exchange only claims', () => {
  expect(ACCESS_TOKEN.map(({ name }) => name)).toEqual([
    'accessToken.setCustomClaim',
    'accessToken.addScope',
    'accessToken.removeScope',
  ]);
  expect(ACCESS_TOKEN_OF_EXCHANGE.map(({ name }) => name)).toEqual(['accessToken.setCustomClaim']);
});

test('scopes are added and taken away, trimmed, and the last call of a scope wins', () => {
  const run = apiRun();
  add(run, ' read:all\n');
  add(run, 'write:all');
  remove(run, 'write:all ');
  remove(run, 'openid');
  add(run, 'openid');
  expect(run.draft.accessToken.scopes).toEqual({ 'read:all': true, 'write:all': false, openid: true });
  expect(run.draft.accessToken.scopeCalls).toEqual({ adds: 3, all: 5 });
});

test.each([
  ['accessToken.addScope', true],
  ['accessToken.removeScope', false],
] as const)('%s takes 280 characters, counted as code points', (name, wanted) => {
  const run = apiRun();
  const longest = '\u{1F600}'.repeat(280);
  callMember(ACCESS_TOKEN, name, run, longest);
  expect(run.draft.accessToken.scopes).toEqual({ [longest]: wanted });
  expect(() => callMember(ACCESS_TOKEN, name, run, 'a'.repeat(281))).toThrow(
    new Error('scope must NOT have more than 280 characters'),
  );
});

test.each(['accessToken.addScope', 'accessToken.removeScope'])('%s refuses what is no scope', (name) => {
  const run = apiRun();
  for (const scope of [undefined, null, 1, ['read'], {}, Symbol('read')])
    expect(() => callMember(ACCESS_TOKEN, name, run, scope)).toThrow(new TypeError('scope must be string'));
  for (const scope of ['', '  '])
    expect(() => callMember(ACCESS_TOKEN, name, run, scope)).toThrow(new Error('scope must NOT be empty'));
  for (const scope of ['read write', 'read\twrite', 'read\u00A0write'])
    expect(() => callMember(ACCESS_TOKEN, name, run, scope)).toThrow(
      new Error('scope must NOT have whitespace in it; add several scopes by several calls'),
    );
  expect(run.draft).toEqual(apiRun().draft);
});

test('a transaction adds at most 1000 times, and adds and takes away at most 2000 times', () => {
  const run = apiRun();
  for (let call = 0; call < 1000; call++) add(run, 'same');
  expect(() => add(run, 'one-more')).toThrow('scopes must NOT be added more than 1000 times');
  for (let call = 0; call < 1000; call++) remove(run, `s${call}`);
  expect(() => remove(run, 'one-more')).toThrow('scopes must NOT be added or removed more than 2000 times');
  expect(run.draft.accessToken.scopeCalls).toEqual({ adds: 1000, all: 2000 });
  expect(run.draft.accessToken.scopes).not.toHaveProperty('one-more');
});

test('2000 removals leave no room for an add', () => {
  const run = apiRun();
  for (let call = 0; call < 2000; call++) remove(run, 'same');
  expect(() => add(run, 'one')).toThrow('more than 2000 times');
});

test('a scope named __proto__ is one like any other', () => {
  const run = apiRun();
  add(run, '__proto__');
  expect(Object.entries(run.draft.accessToken.scopes)).toEqual([['__proto__', true]]);
});

test.each(['accessToken.addScope', 'accessToken.removeScope'])(
  '%s hands api back, and who called is kept',
  (name) => {
    const member = memberNamed(ACCESS_TOKEN, name);
    expect(member).toMatchObject({ answers: 'api', hasEffect: true });
    expect(member.sets?.([' read:all '])).toBe('scopes.read:all');
    expect(member.sets?.([7])).toBeNull();
  },
);
