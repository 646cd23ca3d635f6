import { expect, test } from 'vitest';
import { survivesAnyArguments } from '../../../test/support/any-arguments.js';
import { apiRun, callMember } from '../../../test/support/api-run.js';
import { ACCESS, ACCESS_OF_EXCHANGE } from './access.js';

const WITHOUT_REASON = 'Denied by an Action, which gave no reason.';

const denied = (...args: readonly unknown[]) => {
  const run = apiRun();
  callMember(ACCESS, 'access.deny', run, ...args);
  return run.wishes.denial;
};
const refused = (...args: readonly unknown[]) => {
  const run = apiRun({ trigger: 'credentials-exchange' });
  callMember(ACCESS_OF_EXCHANGE, 'access.deny', run, ...args);
  return run.wishes.denial;
};

test('a login is denied with a reason, always as access_denied', () => {
  expect(denied('Not on Sundays')).toEqual({
    by: 'access.deny',
    code: 'access_denied',
    reason: 'Not on Sundays',
  });
});

test('at a login a code before the reason is taken for the reason', () => {
  expect(denied('invalid_ja3', 'The fingerprint is not known')).toMatchObject({
    code: 'access_denied',
    reason: 'invalid_ja3',
  });
});

test.each([
  ['', ''],
  [42, '42'],
  [false, 'false'],
  [12n, '12n'],
  [Number.NaN, 'NaN'],
  [Symbol('why'), 'Symbol(why)'],
  [{ why: 'because' }, '{"why":"because"}'],
  [['a', null], '["a",null]'],
  [{ toString: null, toJSON: () => 'x' }, '{"toString":null,"toJSON":"[function toJSON]"}'],
])('a reason of any type is taken, as text: %#', (reason, text) => {
  expect(denied(reason)?.reason).toBe(text);
});

test.each([[[]], [[undefined]], [[null]]])(
  'without a reason there is a sentence that says so: %j',
  (args) => {
    expect(denied(...args)?.reason).toBe(WITHOUT_REASON);
  },
);

test('the last denial counts', () => {
  const run = apiRun();
  callMember(ACCESS, 'access.deny', run, 'first');
  callMember(ACCESS, 'access.deny', run, 'second');
  expect(run.wishes.denial?.reason).toBe('second');
});

test.each(['invalid_scope', 'invalid_request', 'server_error', 'no_such_code'])(
  'an exchange is denied with %s, which nobody checks here',
  (code) => {
    expect(refused(code, 'Not for you')).toEqual({ by: 'access.deny', code, reason: 'Not for you' });
  },
);

test('at an exchange code and reason may be missing or of any type', () => {
  expect(refused()).toEqual({ by: 'access.deny', code: 'server_error', reason: WITHOUT_REASON });
  expect(refused('invalid_scope')).toMatchObject({ code: 'invalid_scope', reason: WITHOUT_REASON });
  expect(refused(400, { no: 'scope' })).toMatchObject({ code: '400', reason: '{"no":"scope"}' });
});

test('at an exchange a text alone that is no code is the reason, as it is at a login', () => {
  expect(refused('Not on Sundays')).toMatchObject({ code: 'Not on Sundays', reason: 'Not on Sundays' });
});

test('denying survives any arguments', async () => {
  await survivesAnyArguments(ACCESS, () => apiRun());
  await survivesAnyArguments(ACCESS_OF_EXCHANGE, () => apiRun({ trigger: 'credentials-exchange' }));
});
