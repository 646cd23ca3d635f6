import { expect, test } from 'vitest';
import { apiRun, callMember } from '../../../test/support/api-run.js';
import { refusal } from '../../../test/support/refusal.js';
import type { ApiRun } from './member.js';
import { PROMPT } from './prompt.js';

const render = (run: ApiRun, ...args: readonly unknown[]): unknown =>
  callMember(PROMPT, 'prompt.render', run, ...args);
const named = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, 'v']));

test('a form is wished for with its fields and variables', () => {
  const run = apiRun();
  const options = {
    fields: { first_name: 'Jane', _x: [1, null] },
    vars: { 'any key at all': { deep: true } },
  };
  render(run, 'ap_1', options);
  expect(run.wishes.interactions).toEqual([
    { kind: 'prompt', member: 'prompt.render', detail: { id: 'ap_1', ...options } },
  ]);
});

test.each([undefined, null, {}, { fields: undefined }])('a form needs no options: %j', (options) => {
  const run = apiRun();
  render(run, 'ap_1', options);
  expect(run.wishes.interactions[0]?.detail).toEqual({ id: 'ap_1' });
});

test('an id of 48 characters, 24 fields of 50 characters and 24 variables are allowed', () => {
  const run = apiRun();
  const fields = Object.fromEntries(
    Array.from({ length: 24 }, (_, index) => [`f${String(index).padStart(49, '0')}`, 1]),
  );
  render(run, '🜨'.repeat(48), { fields, vars: named(24) });
  expect(Object.keys(run.wishes.interactions[0]?.detail['fields'] as object)).toHaveLength(24);
});

test('what the form gets is a copy', () => {
  const run = apiRun();
  const vars = { list: ['a'] };
  render(run, 'ap_1', { vars });
  vars.list.push('b');
  expect(run.wishes.interactions[0]?.detail['vars']).toEqual({ list: ['a'] });
});

test('what JSON does not say is left out, as on the way to Auth0', () => {
  const run = apiRun();
  render(run, 'ap_1', { vars: { a: () => 1, b: Number.NaN, c: undefined } });
  expect(run.wishes.interactions[0]?.detail).toEqual({ id: 'ap_1', vars: { b: null } });
});

test('24 kB of options are allowed, one byte more is not', () => {
  const filled = (length: number) => ({ vars: { a: 'x'.repeat(length) } });
  const overhead = JSON.stringify(filled(0)).length;
  render(apiRun(), 'ap_1', filled(24 * 1024 - overhead));
  for (const options of [filled(24 * 1024 - overhead + 1), { vars: { a: 'ä'.repeat(12_400) } }])
    expect(() => render(apiRun(), 'ap_1', options)).toThrow(
      new Error('The total size of the prompt options exceeds the limit of 24576 bytes.'),
    );
});

test.each<[readonly unknown[], string | RegExp]>([
  [[], 'promptId must be string'],
  [[1], 'promptId must be string'],
  [[''], 'promptId must NOT have fewer than 1 characters'],
  [['x'.repeat(49)], 'promptId must NOT have more than 48 characters'],
  [['ap_1', 'fields'], 'promptOptions must be object'],
  [['ap_1', []], 'promptOptions must be object'],
  [
    ['ap_1', { field: {} }],
    'promptOptions must NOT have additional properties: "field" is not one of fields, vars; did you mean "fields"?',
  ],
  [['ap_1', { fields: [] }], 'fields must be object'],
  [['ap_1', { vars: null }], 'vars must be object'],
  [['ap_1', { fields: named(25) }], 'fields must NOT have more than 24 properties'],
  [['ap_1', { vars: named(25) }], 'vars must NOT have more than 24 properties'],
  [
    ['ap_1', { fields: { '1st': 1 } }],
    /^fields must NOT have additional properties: "1st" is no name of a field/,
  ],
  [['ap_1', { fields: { 'first-name': 1 } }], /"first-name" is no name/],
  [['ap_1', { fields: { '': 1 } }], /"" is no name/],
  [['ap_1', { fields: { [`f${'x'.repeat(50)}`]: 1 } }], /is no name of a field/],
  [['ap_1', { vars: { a: 1n } }], /^JSON cannot say a BigInt/],
])('bad arguments of render are refused (%#)', (args, message) => {
  const run = apiRun();
  expect(() => render(run, ...args)).toThrow(typeof message === 'string' ? refusal(message) : message);
  expect(run.wishes.interactions).toEqual([]);
});

test('one Action renders one form', () => {
  const run = apiRun();
  render(run, 'ap_1');
  expect(() => render(run, 'ap_2')).toThrow(new Error('Only 1 render command per action is allowed.'));
  expect(run.wishes.interactions).toHaveLength(1);
});

test('an Action that redirects renders no form', () => {
  const run = apiRun();
  run.wishes.redirect = 'https://example.test/';
  expect(() => render(run, 'ap_1')).toThrow(
    new Error('Redirect and render commands cannot be used in the same action.'),
  );
  expect(run.wishes.interactions).toEqual([]);
});

test('a challenge beside a form is not the form’s business', () => {
  const run = apiRun();
  run.wishes.interactions.push({ kind: 'challenge', member: 'authentication.challengeWith', detail: {} });
  render(run, 'ap_1');
  expect(run.wishes.interactions).toHaveLength(2);
});
