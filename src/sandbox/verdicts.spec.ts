import { expect, test } from 'vitest';
import { endedByItself, timedOut, tooMuchMemory, tooMuchOutput } from './verdicts.js';

test('a time limit is named in the unit that it was set in', () => {
  expect(timedOut(20_000).message).toContain('exceeded the allowed execution time of 20 s:');
  expect(timedOut(1_500).message).toContain('of 1500 ms:');
  expect(timedOut(0).message).toContain('the Actions before this one');
});

test('how a process ended says why', () => {
  expect(endedByItself(3, null, '')).toMatchObject({ kind: 'crashed', name: 'ProcessError' });
  expect(endedByItself(3, null, '').message).toContain('code 3: process.exit()');
  expect(endedByItself(null, 'SIGSEGV', '').message).toContain('by SIGSEGV');
  expect(endedByItself(null, 'SIGKILL', '').message).toContain('by SIGKILL, which came from outside');
  expect(endedByItself(133, null, '# Fatal error in , line 0').message).toContain('too large for V8');
  for (const words of [
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    'FATAL ERROR: invalid table size Allocation failed - JavaScript heap out of memory',
    'Fatal process out of memory: Zone',
    "terminate called after throwing an instance of 'std::bad_alloc'",
  ]) {
    expect(endedByItself(null, 'SIGABRT', words)).toMatchObject({
      kind: 'crashed',
      name: 'OutOfMemoryError',
    });
  }
});

test('no verdict has a line, and each says itself as a stack', () => {
  for (const error of [timedOut(1), tooMuchMemory(2 ** 28), tooMuchOutput('x'), endedByItself(1, null, '')]) {
    expect(error).toMatchObject({ line: null, column: null, stack: `${error.name}: ${error.message}` });
  }
  expect(tooMuchMemory(2 ** 28).message).toContain('256 MB');
});
