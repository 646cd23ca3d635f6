import { expect, test } from 'vitest';
import { survivesAnyArguments } from '../../../test/support/any-arguments.js';
import { apiRun, callMember, memberNamed } from '../../../test/support/api-run.js';
import type { ActionEvent } from '../event.js';
import type { ApiRun } from './member.js';
import { TRANSACTION, TRANSACTION_OF_EXCHANGE } from './transaction.js';

const runOf = (transaction?: ActionEvent['transaction']) =>
  apiRun({ event: { request: {}, ...(transaction && { transaction }) } });
const setMetadata = (run: ApiRun, ...args: readonly unknown[]) =>
  callMember(TRANSACTION, 'transaction.setMetadata', run, ...args);
const shownMetadata = ({ event }: ApiRun) => event.transaction?.metadata;

test('metadata is a matter of logins; target scopes are one of exchanges too', () => {
  const scopes = ['addTargetScope', 'removeTargetScope', 'setTargetScopes', 'clearTargetScopes'].map(
    (name) => `transaction.${name}`,
  );
  expect(TRANSACTION.map(({ name }) => name)).toEqual(['transaction.setMetadata', ...scopes]);
  expect(TRANSACTION_OF_EXCHANGE.map(({ name }) => name)).toEqual(scopes);
});

test.each(
  ['text', '', 'x'.repeat(8192), 0, -1.5, Number.MAX_SAFE_INTEGER, true, false].map((value) => [value]),
)('metadata is set and shows in event at once: %#', (value) => {
  const run = runOf({ metadata: {} });
  setMetadata(run, 'key', value);
  expect(run.draft.transaction.metadata).toEqual({ key: value });
  expect(shownMetadata(run)).toEqual({ key: value });
});

test('event.transaction is made where there is none', () => {
  const run = runOf();
  setMetadata(run, 'a', 1);
  expect(run.event.transaction).toEqual({ metadata: { a: 1 } });
});

test('null removes metadata, also what the login came with', () => {
  const run = runOf({ metadata: { given: 1, stays: 2 } });
  setMetadata(run, 'a', 1);
  setMetadata(run, 'a', null);
  setMetadata(run, 'given', null);
  setMetadata(run, 'never-there', null);
  // the next Action begins with what the login came with, so that what was taken away must be remembered
  expect(run.draft.transaction.metadata).toEqual({ a: null, given: null, 'never-there': null });
  expect(shownMetadata(run)).toEqual({ stays: 2 });
});

const WRONG_TYPE =
  'value must be string, number, boolean or null; write an object as text with JSON.stringify';
test.each([
  [[undefined, 1], 'key must be string'],
  [[1, 1], 'key must be string'],
  [['__proto__', 1], 'key must NOT be __proto__'],
  [['k'.repeat(65), 1], 'key must NOT have more than 64 characters'],
  [['k'.repeat(65), null], 'key must NOT have more than 64 characters'],
  [['k'], WRONG_TYPE],
  [['k', {}], WRONG_TYPE],
  [['k', []], WRONG_TYPE],
  [['k', 1n], WRONG_TYPE],
  [['k', Symbol('s')], WRONG_TYPE],
  [['k', () => 1], WRONG_TYPE],
  [['k', Number.NaN], 'value must be a finite number'],
  [['k', -Infinity], 'value must be a finite number'],
  [['k', 2 ** 53], 'value must be a safe integer'],
  [['k', 1e300], 'value must be a safe integer'],
  [['k', 'x'.repeat(8193)], 'value must NOT have more than 8192 bytes'],
  [['k', 'ä'.repeat(4097)], 'value must NOT have more than 8192 bytes'],
])('metadata that cannot be kept is refused and changes nothing: %#', (args, message) => {
  const run = runOf({ metadata: { stays: 1 } });
  expect(() => setMetadata(run, ...args)).toThrow(message);
  expect(run.draft.transaction.metadata).toEqual({});
  expect(shownMetadata(run)).toEqual({ stays: 1 });
});

test('a key takes 64 characters, counted as code points', () => {
  const run = runOf();
  setMetadata(run, '\u{1F600}'.repeat(64), 1);
  expect(run.draft.transaction.metadata).toEqual({ ['\u{1F600}'.repeat(64)]: 1 });
});

test('16 kB of metadata fit, with what the login came with; removing makes room', () => {
  const run = runOf({ metadata: { given: 'x'.repeat(100) } });
  // {"given":"…","a":"…","b":"…"} has 26 bytes around the texts.
  setMetadata(run, 'a', 'x'.repeat(8192));
  const left = 16_384 - 26 - 100 - 8192;
  setMetadata(run, 'b', 'x'.repeat(left));
  expect(Buffer.byteLength(JSON.stringify(shownMetadata(run)))).toBe(16_384);
  expect(() => setMetadata(run, 'b', 'x'.repeat(left + 1))).toThrow(
    'transaction metadata must NOT have more than 16384 bytes of JSON in all; with this value it would be 16385',
  );
  expect(run.draft.transaction.metadata['b']).toHaveLength(left);
  setMetadata(run, 'given', null);
  setMetadata(run, 'b', 'x'.repeat(left + 1));
  expect(shownMetadata(run)).toEqual({ a: 'x'.repeat(8192), b: 'x'.repeat(left + 1) });
});

test('setMetadata hands api back and remembers who set it', () => {
  const member = memberNamed(TRANSACTION, 'transaction.setMetadata');
  expect(member).toMatchObject({ answers: 'api', hasEffect: true });
  expect(member.sets?.(['a', 1])).toBe('transaction.metadata.a');
  expect(member.sets?.([1, 1])).toBeNull();
});

const TRIGGERS = [
  ['post-login', TRANSACTION],
  ['credentials-exchange', TRANSACTION_OF_EXCHANGE],
] as const;

function targetScopes(trigger: ApiRun['trigger'], transaction: ActionEvent['transaction']) {
  const members = trigger === 'post-login' ? TRANSACTION : TRANSACTION_OF_EXCHANGE;
  const run = apiRun({ trigger, event: { request: {}, ...(transaction && { transaction }) } });
  const call =
    (name: string) =>
    (...args: readonly unknown[]) =>
      callMember(members, `transaction.${name}`, run, ...args);
  return {
    run,
    add: call('addTargetScope'),
    remove: call('removeTargetScope'),
    set: call('setTargetScopes'),
    clear: call('clearTargetScopes'),
    shown: () => run.event.transaction?.target_scopes,
    asked: () => run.draft.transaction.targetScopes,
  };
}

test.each(TRIGGERS)('%s: target scopes start from those of event, and mirror there', (trigger) => {
  const { add, remove, set, clear, shown, asked } = targetScopes(trigger, {
    target_scopes: ['read', 'write'],
    requested_scopes: ['ignored'],
  });
  expect(asked()).toBeNull();
  const steps: readonly (readonly [() => unknown, readonly string[]])[] = [
    [() => add(' delete '), ['read', 'write', 'delete']],
    [() => add('read'), ['read', 'write', 'delete']],
    [() => remove('write\n'), ['read', 'delete']],
    [() => remove('never-there'), ['read', 'delete']],
    [() => set([' a', 'b', 'a']), ['a', 'b']],
    [() => set([]), []],
    [() => add('c'), ['c']],
    [() => clear(), []],
  ];
  for (const [step, expected] of steps) {
    step();
    expect(asked()).toEqual(expected);
    expect(shown()).toEqual(expected);
  }
});

test.each(TRIGGERS)('%s: without target scopes those that were requested are the start', (trigger) => {
  const requested = targetScopes(trigger, { requested_scopes: ['openid', 'read', 7] });
  requested.add('write');
  expect(requested.asked()).toEqual(['openid', 'read', 'write']);
  const nothing = targetScopes(trigger, undefined);
  nothing.remove('read');
  expect(nothing.asked()).toEqual([]);
  expect(nothing.run.event.transaction).toEqual({ target_scopes: [] });
});

test.each(TRIGGERS)('%s: what an earlier Action made of them is the start of the next', (trigger) => {
  const { run, add, asked } = targetScopes(trigger, { target_scopes: ['read'] });
  run.draft.transaction.targetScopes = ['kept'];
  add('more');
  expect(asked()).toEqual(['kept', 'more']);
});

test.each(TRIGGERS)('%s: what is no scope, or no list, is refused and changes nothing', (trigger) => {
  const { add, remove, set, shown, asked } = targetScopes(trigger, { target_scopes: ['read'] });
  for (const call of [add, remove, (scope: unknown) => set(['good', scope])]) {
    for (const scope of [undefined, null, 1, ['read'], Symbol('s')])
      expect(() => call(scope)).toThrow(new TypeError('scope must be string'));
    for (const [scope, rule] of [
      ['', 'must NOT be empty'],
      ['a b', 'must NOT have whitespace in it'],
      ['a'.repeat(281), 'must NOT have more than 280 characters'],
    ])
      expect(() => call(scope)).toThrow(`scope ${rule}`);
  }
  for (const list of [undefined, null, 'read', {}])
    expect(() => set(list)).toThrow(new TypeError('scopes must be array'));
  expect(asked()).toBeNull();
  expect(shown()).toEqual(['read']);
});

test.each(TRIGGERS)('%s: a set has at most 1000 scopes', (trigger) => {
  const { add, set, asked } = targetScopes(trigger, undefined);
  const thousand = Array.from({ length: 1000 }, (_, index) => `s${index}`);
  set([...thousand, 's0']);
  expect(asked()).toEqual(thousand);
  add('s999');
  expect(() => add('one-more')).toThrow('scopes must NOT have more than 1000 items');
  expect(() => set([...thousand, 'one-more'])).toThrow('scopes must NOT have more than 1000 items');
  expect(asked()).toEqual(thousand);
});

test('the list in event is another than the one that is asked for', () => {
  const { add, asked, shown } = targetScopes('post-login', undefined);
  add('read');
  expect(shown()).not.toBe(asked());
});

test.each(TRIGGERS)('%s: target scopes hand api back and remember who set them', (_, members) => {
  for (const name of ['addTargetScope', 'removeTargetScope', 'setTargetScopes', 'clearTargetScopes']) {
    const member = memberNamed(members, `transaction.${name}`);
    expect(member).toMatchObject({ answers: 'api', hasEffect: true });
    expect(member.sets?.(['read'])).toBe('transaction.target_scopes');
  }
});

test.each(TRIGGERS)('%s: the transaction survives any arguments', async (trigger, members) => {
  await survivesAnyArguments(members, () => apiRun({ trigger }));
});
