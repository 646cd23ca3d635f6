import { expect, test } from 'vitest';
import { survivesAnyArguments } from '../../../test/support/any-arguments.js';
import { apiRun, callMember, memberNamed } from '../../../test/support/api-run.js';
import type { ApiRun } from './member.js';
import { VALIDATION } from './validation.js';

const error = (run: ApiRun, ...args: readonly unknown[]) =>
  callMember(VALIDATION, 'validation.error', run, ...args);

test('a login is rejected with a code and a text of the author’s', () => {
  const run = apiRun();
  error(run, 'too_young', 'Come back in a year');
  expect(run.wishes.denial).toEqual({
    by: 'validation.error',
    code: 'too_young',
    reason: 'Come back in a year',
  });
  expect(memberNamed(VALIDATION, 'validation.error')).toMatchObject({ answers: 'api', hasEffect: true });
});

test('code and text take 100 characters, counted as code points', () => {
  const run = apiRun();
  const longest = '\u{1F600}'.repeat(100);
  error(run, longest, longest);
  expect(run.wishes.denial).toMatchObject({ code: longest, reason: longest });
});

test.each([
  [[], 'errorCode must be string'],
  [[1, 'text'], 'errorCode must be string'],
  [['code'], 'errorMessage must be string'],
  [['code', null], 'errorMessage must be string'],
])('both must be there and strings: %j', (args, message) => {
  const run = apiRun();
  expect(() => error(run, ...args)).toThrow(new TypeError(message));
  expect(run.wishes.denial).toBeNull();
});

test('a longer code or text is refused', () => {
  const run = apiRun();
  const long = 'a'.repeat(101);
  expect(() => error(run, long, 'text')).toThrow('errorCode must NOT have more than 100 characters');
  expect(() => error(run, 'code', long)).toThrow('errorMessage must NOT have more than 100 characters');
  expect(run.wishes.denial).toBeNull();
});

test('error survives any arguments', async () => {
  await survivesAnyArguments(VALIDATION, () => apiRun());
});
