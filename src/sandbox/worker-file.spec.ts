import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { nodeFlags, workerFile } from './worker-file.js';

test('the worker is built once, into a folder that is nobody else’s; what a dead process left is removed', async () => {
  const { pid } = JSON.parse(
    execFileSync(process.execPath, ['-p', 'JSON.stringify({ pid: process.pid })']).toString(),
  ) as { pid: number };
  const first = await workerFile();
  expect(await workerFile()).toBe(first);
  expect(statSync(dirname(first)).mode & 0o777).toBe(0o700);

  const abandoned = dirname(first).replace(`-${process.pid}-`, `-${pid}-`);
  const ofSomebody = dirname(first).replace(/worker-\w+-/, 'worker-0-');
  expect(abandoned).not.toBe(dirname(first));
  mkdirSync(abandoned);
  mkdirSync(ofSomebody);
  // Another process, which builds its own.
  execFileSync(process.execPath, [
    '--import',
    './test/support/typescript.mjs',
    '--input-type=module',
    '-e',
    "await (await import('./src/sandbox/worker-file.ts')).workerFile()",
  ]);
  expect([abandoned, ofSomebody, dirname(first)].map((path) => existsSync(path))).toEqual([
    false,
    true,
    true,
  ]);
  rmdirSync(ofSomebody);
});

test('a worker may read its own file and nothing else', () => {
  const flags = nodeFlags('/tmp/worker.cjs');
  expect(flags.filter((flag) => flag.startsWith('--allow-fs'))).toEqual(['--allow-fs-read=/tmp/worker.cjs']);
  expect(flags).toContain('--disallow-code-generation-from-strings');
  expect(flags.some((flag) => flag.endsWith('permission'))).toBe(true);
});
