import { expect, test } from 'vitest';
import { survivesAnyArguments } from '../../../test/support/any-arguments.js';
import { apiRun, callMember, memberNamed } from '../../../test/support/api-run.js';
import { RULES } from './rules.js';

test('no Rule was ever executed', () => {
  expect(callMember(RULES, 'rules.wasExecuted', apiRun(), 'rul_1')).toBe(false);
  expect(memberNamed(RULES, 'rules.wasExecuted')).toMatchObject({ answers: 'value', hasEffect: false });
});

test('the id of a Rule is a string', () => {
  for (const id of [undefined, null, 1, {}])
    expect(() => callMember(RULES, 'rules.wasExecuted', apiRun(), id)).toThrow(
      new TypeError('ruleId must be string'),
    );
});

test('wasExecuted survives any arguments', async () => {
  await survivesAnyArguments(RULES, () => apiRun());
});
