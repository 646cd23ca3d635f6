import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** What a run came to. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

/** Counts tests, and as failed whatever kept tests from running: a file that does not load, a hook, an error outside of tests. */
export function tally(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): Tally {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const inState = (state: string): TestCase[] => tests.filter((test) => test.result().state === state);
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const broken = suites.filter((suite) => suite.errors().length > 0).length;
  return {
    passed: inState('passed').length,
    failed: inState('failed').length + inState('pending').length + broken + unhandledErrors.length,
    skipped: inState('skipped').map(({ fullName }) => fullName),
  };
}

/** The lines that end the output: which judges were missing, then the one that scripts read. */
export function closingLines({ passed, failed, skipped }: Tally): string[] {
  return [
    ...skipped.map((name) => `skipped: ${name}`),
    `${passed} passed, ${failed} failed, ${skipped.length} skipped`,
  ];
}

/** Prints `N passed, N failed, N skipped` as the very last line; it stands last in the list of reporters. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    process.stdout.write(`${closingLines(tally(modules, unhandledErrors)).join('\n')}\n`);
  }
}
