/** Worker processes live no longer than the server, and the server no longer than it wants to. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

const root = new URL('../..', import.meta.url);
const start = (...args: readonly string[]): ChildProcess =>
  spawn(
    process.execPath,
    ['--import', './test/support/typescript.mjs', 'test/sandbox/sandbox-process.ts', ...args],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  );
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('idle workers do not keep the server running, and end with it', async () => {
  const server = start();
  let output = '';
  server.stdout!.on('data', (piece) => (output += String(piece)));
  const [code] = (await once(server, 'close')) as [number | null];
  expect(code).toBe(0);
  const worker = Number(output);
  expect(worker).toBeGreaterThan(1);
  await expect.poll(() => isAlive(worker), { timeout: 10_000 }).toBe(false);
});

test.skipIf(!existsSync('/usr/bin/setpriv'))(
  'a worker that spins ends with a server that is killed',
  async () => {
    const told = join(await mkdtemp(join(tmpdir(), 'mintmark-spinning-')), 'pid');
    const server = start('hang', told);
    await expect
      .poll(() => existsSync(told) && readFileSync(told, 'utf8'), { timeout: 20_000 })
      .toMatch(/\d/);
    const worker = Number(readFileSync(told, 'utf8'));
    expect(isAlive(worker)).toBe(true);
    server.kill('SIGKILL');
    await expect.poll(() => isAlive(worker), { timeout: 10_000 }).toBe(false);
  },
);

test('a signal to all processes of a terminal does not end the run that the server waits for', async () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const begun = join(await mkdtemp(join(tmpdir(), 'mintmark-waiting-')), 'begun');
    const server = start('wait', begun);
    let output = '';
    server.stdout!.on('data', (piece) => (output += String(piece)));
    await expect.poll(() => existsSync(begun), { timeout: 20_000 }).toBe(true);
    await sleep(300);
    // Its group: the server and its workers.
    process.kill(-server.pid!, signal);
    await once(server, 'close');
    expect(output, signal).toBe('ended with nothing\n');
  }
});
