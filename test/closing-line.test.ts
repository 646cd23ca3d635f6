import { expect, test } from 'vitest';
import type { TestModule } from 'vitest/node';
import { closingLines, tally } from './support/closing-line-reporter.js';

const module = (states: readonly string[], errors: readonly unknown[] = []): TestModule =>
  ({
    errors: () => errors,
    children: {
      allTests: () =>
        states.map((state, index) => ({ fullName: `${state} ${index}`, result: () => ({ state }) })),
      allSuites: () => [],
    },
  }) as unknown as TestModule;

test('the last line counts, the lines before it name what was skipped', () => {
  expect(closingLines(tally([module(['passed', 'skipped']), module(['failed', 'passed'])], []))).toEqual([
    'skipped: skipped 1',
    '2 passed, 1 failed, 1 skipped',
  ]);
});

test('a file that does not load, a test that never ended and an error outside of tests are failures', () => {
  expect(
    closingLines(tally([module([], [new Error('load')]), module(['pending'])], [new Error('late')])),
  ).toEqual(['0 passed, 3 failed, 0 skipped']);
});
