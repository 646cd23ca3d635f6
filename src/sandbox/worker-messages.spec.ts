import { expect, test } from 'vitest';
import { workerMessage } from './worker-messages.js';

const nested = (levels: number): unknown =>
  JSON.parse(`${'{"a":['.repeat(levels / 2)}${']}'.repeat(levels / 2)}`);
const callWith = (argument: unknown): unknown => ({
  type: 'call',
  id: 1,
  call: { member: 'cache.set', args: [argument], line: 1, column: 1 },
});

test('a call whose arguments nest as deeply as the worker lets them is one', () => {
  // 32 levels, each wrapped as a real object that looks like an encoded value is
  expect(workerMessage(callWith(nested(64)))).not.toBeNull();
});

test('what nests deeper is no message, whoever walks over it', () => {
  expect(workerMessage(callWith(nested(100)))).toBeNull();
  expect(workerMessage(callWith(nested(400_000)))).toBeNull();
  expect(workerMessage(nested(400_000))).toBeNull();
});
