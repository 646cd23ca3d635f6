/** The server's side of the sandbox, against a worker that says whatever a test wants it to say. */
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { LIMITS, type Limits } from '../../src/sandbox/limits.js';
import { BOUNDS, type RunReport } from '../../src/sandbox/messages.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { entry, scripted, scriptedWorker } from './scripted-worker.js';

const open: Sandbox[] = [];
const sandbox = (limits: Partial<Limits> = {}): Sandbox => {
  const made = new Sandbox({ limits, worker: () => scriptedWorker() });
  open.push(made);
  return made;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

const WELL = 'start(); log("pid " + pid); done(); idle();';
const well = (on: Sandbox): Promise<RunReport> => on.run(scripted(WELL), entry, 10_000);
const pidOf = ({ logs }: RunReport): number => Number(logs[0]?.text.slice(4));
const run = (on: Sandbox, code: string, limitMs = 10_000): Promise<RunReport> =>
  on.run(scripted(code), entry, limitMs);
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('a run is answered with its calls, its logs and no error', async () => {
  const report = await run(
    sandbox(),
    'start(); call("access.deny", "no", { $undefined: true }); log("a", "warn"); done(); idle();',
  );
  expect(report).toEqual({
    calls: [{ member: 'access.deny', args: ['no', { $undefined: true }], line: 1, column: 1 }],
    logs: [{ level: 'warn', text: 'a' }],
    logsCut: false,
    error: null,
    durationMs: expect.any(Number),
  });
});

test('a worker has an empty environment and a folder that is not that of the server', async () => {
  const { logs } = await run(
    sandbox(),
    'start(); log(JSON.stringify({ env: Object.keys(process.env), cwd: process.cwd() })); done(); idle();',
  );
  const { env, cwd } = JSON.parse(logs[0]!.text) as { env: string[]; cwd: string };
  // The shell that sets its limits tells where it is.
  expect(env.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name))).toEqual([]);
  expect(cwd).toBe('/');
});

test('a worker that is idle serves the next run, and is not sent a program that it has', async () => {
  const box = sandbox({ warmWorkers: 1 });
  const code = 'start(); log("pid " + pid); log(String(sent)); done(); idle();';
  const reports = [];
  for (let count = 0; count < 3; count++) reports.push(await run(box, code));
  expect(reports.map(({ logs }) => logs[1]?.text)).toEqual(['true', 'false', 'false']);
  expect(new Set(reports.map(pidOf)).size).toBe(1);
});

test('a program goes to the worker that knows it', async () => {
  const box = sandbox();
  await box.warm();
  const [a, b] = ['a', 'b'].map(
    (name) =>
      `start(); log("pid " + pid); log(String(sent)); setTimeout(() => { done(); idle(); }, 50); /* ${name} */`,
  );
  const first = await Promise.all([run(box, a!), run(box, b!)]);
  await sleep(50);
  const second = await Promise.all([run(box, b!), run(box, a!)]);
  expect(second.map(pidOf)).toEqual(first.map(pidOf).toReversed());
  expect(second.map(({ logs }) => logs[1]?.text)).toEqual(['false', 'false']);
});

test('runs that come together run beside one another', async () => {
  const box = sandbox({ growAfterMs: 1 });
  // Each waits until all four have begun.
  const code = `
    const { writeFileSync, readdirSync } = require('fs');
    start();
    log("pid " + pid);
    writeFileSync(event.request.hostname + '/' + pid, '');
    const look = setInterval(() => {
      if (readdirSync(event.request.hostname).length < 4) return;
      clearInterval(look);
      done(); idle();
    }, 5);`;
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-together-'));
  const together = { ...entry, event: { request: { hostname: folder } } };
  const reports = await Promise.all(
    Array.from({ length: 4 }, () => box.run(scripted(code), together, 20_000)),
  );
  expect(reports.map(({ error }) => error)).toEqual([null, null, null, null]);
  expect(new Set(reports.map(pidOf)).size).toBe(4);
});

test('no process is there before the first run', async () => {
  let asked = 0;
  const box = new Sandbox({
    worker: () => {
      asked += 1;
      return scriptedWorker();
    },
  });
  open.push(box);
  await sleep(20);
  expect(asked).toBe(0);
  await well(box);
  expect(asked).toBe(1);
});

test('a run that does not end is ended at its limit, with what it said until then', async () => {
  const box = sandbox();
  const { error, logs } = await run(box, 'start(); log("pid " + pid); call("x"); for (;;);', 300);
  expect(error).toMatchObject({ kind: 'timed_out' });
  expect(error?.message).toContain('exceeded the allowed execution time of 300 ms');
  expect(logs).toHaveLength(1);
  await expect.poll(() => isAlive(pidOf({ logs } as unknown as RunReport))).toBe(false);
  expect(await well(box)).toMatchObject({ error: null });
});

test('a run whose time is used up already does not begin', async () => {
  const { error } = await run(sandbox(), WELL, 0);
  expect(error?.kind).toBe('timed_out');
});

test('a process that ends by itself is a crash that says so', async () => {
  const box = sandbox();
  const exited = await run(box, 'start(); log("last words"); process.exit(3);');
  expect(exited.error).toMatchObject({ kind: 'crashed' });
  expect(exited.error?.message).toContain('code 3');
  expect(exited.logs).toEqual([{ level: 'log', text: 'last words' }]);
  const aborted = await run(box, 'start(); process.abort();');
  expect(aborted.error).toMatchObject({ kind: 'crashed' });
  expect(aborted.error?.message).toContain('SIGABRT');
  const fatal = await run(box, 'start(); "x".repeat(1 << 28).split("");');
  expect(fatal.error).toMatchObject({ kind: 'crashed' });
  expect(await well(box)).toMatchObject({ error: null });
});

test.skipIf(!existsSync('/proc/self/status'))(
  'a process that takes too much memory is ended, and the report says that it was memory',
  async () => {
    // The data limit of the kernel makes an allocation fail before; here it shall be the count of pages.
    const box = sandbox({ dataBytes: 2 ** 33 });
    const { error } = await run(
      box,
      'start(); const all = []; setInterval(() => all.push(Buffer.alloc(16 * 2 ** 20, 1)), 5);',
    );
    expect(error).toMatchObject({ kind: 'crashed', name: 'OutOfMemoryError' });
    expect(error?.message).toContain('256 MB');
    expect(await well(box)).toMatchObject({ error: null });
  },
);

test.skipIf(!existsSync('/usr/bin/setpriv'))(
  'an allocation beyond the data limit fails in the worker',
  async () => {
    const { logs } = await run(
      sandbox(),
      'start(); try { Buffer.alloc(2 ** 30, 1); log("got it"); } catch (error) { log(error.message); } done(); idle();',
    );
    expect(logs[0]?.text).toBe('Array buffer allocation failed');
  },
);

test('a worker that has not begun is replaced, and the run is tried again', async () => {
  const box = sandbox({ startMs: 300 });
  // The first hangs before it says that it begins.
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-again-'));
  const code = `
    const { existsSync, writeFileSync } = require('fs');
    if (!existsSync(${JSON.stringify(folder)} + '/hung')) {
      writeFileSync(${JSON.stringify(folder)} + '/hung', '');
      for (;;);
    }
    ${WELL}`;
  expect(await run(box, code)).toMatchObject({ error: null });
});

test('a run that no worker begins is given up', async () => {
  await expect(run(sandbox({ startMs: 100 }), '')).rejects.toMatchObject({ code: 'sandbox_unavailable' });
});

test('a worker that lingers after its answer is ended, and the answer stands', async () => {
  const box = sandbox({ warmWorkers: 1 });
  const lingering = await run(box, 'start(); log("pid " + pid); done(); for (;;);');
  expect(lingering.error).toBeNull();
  const next = await well(box);
  expect(next.error).toBeNull();
  expect(pidOf(next)).not.toBe(pidOf(lingering));
  await expect.poll(() => isAlive(pidOf(lingering))).toBe(false);
});

for (const [what, then] of [
  ['a taint', 'done(); idle("a server is left open");'],
  [
    'an error that the worker calls a crash',
    'done({ kind: "crashed", name: "", message: "", line: null, column: null, stack: "" }); idle();',
  ],
  [
    'a frame for another run after the answer',
    'done(); say({ type: "log", id: id + 1, line: { level: "log", text: "" } }); idle();',
  ],
  ['a log after the answer', 'done(); log("late"); idle();'],
  ['a word while nothing runs', 'done(); idle(); say({ type: "ready" });'],
] as const) {
  test(`${what} costs the worker its place`, async () => {
    const box = sandbox({ warmWorkers: 1 });
    const first = await run(box, `start(); log("pid " + pid); ${then}`);
    await expect.poll(() => isAlive(pidOf(first))).toBe(false);
    const next = await well(box);
    expect(next.error).toBeNull();
    expect(pidOf(next)).not.toBe(pidOf(first));
  });
}

test('a worker is replaced when it has served its time', async () => {
  const box = sandbox({ warmWorkers: 1, runsPerWorker: 2 });
  const pids = [];
  for (let count = 0; count < 4; count++) pids.push(pidOf(await well(box)));
  expect(pids[1]).toBe(pids[0]);
  expect(pids[2]).not.toBe(pids[0]);
  expect(pids[3]).toBe(pids[2]);
});

for (const [what, code] of [
  ['no JSON', 'raw(Buffer.from([0, 0, 0, 1, 123]));'],
  ['an unknown type', 'say({ type: "ret", id });'],
  ['a log of another run', 'say({ type: "log", id: id + 1, line: { level: "log", text: "" } });'],
  ['an end of another run', 'say({ type: "done", id: id - 1, error: null });'],
  ['a log without text', 'say({ type: "log", id, line: { level: "log" } });'],
  ['a call of nothing', 'say({ type: "call", id, call: { args: [] } });'],
  ['an error of an unknown kind', 'say({ type: "done", id, error: { kind: "fine" } });'],
  ['a second start', 'start();'],
  ['an end after the end', 'idle();'],
  ['null', 'say(null);'],
] as const) {
  test(`a worker that says what it must not is ended: ${what}`, async () => {
    const box = sandbox();
    const { error } = await run(box, `start(); ${code} setInterval(() => {}, 1000);`);
    expect(error).toMatchObject({ kind: 'crashed', name: 'ProcessError' });
    expect(await well(box)).toMatchObject({ error: null });
  });
}

test('a frame that announces more than a frame may have is too much output', async () => {
  const { error } = await run(
    sandbox(),
    'start(); raw(Buffer.from([0xff, 0xff, 0xff, 0xff])); setInterval(() => {}, 1000);',
  );
  expect(error?.kind).toBe('output_too_large');
});

test('logs are cut at their bound, between characters', async () => {
  const { error, logs, logsCut } = await run(
    sandbox(),
    'start(); log("a".repeat(60_000)); log("é".repeat(10_000)); log("not seen"); done(); idle();',
  );
  expect(error).toBeNull();
  expect(logsCut).toBe(true);
  const all = logs.map(({ text }) => text).join('');
  expect(Buffer.byteLength(all)).toBeLessThanOrEqual(BOUNDS.logBytes);
  expect(all).toMatch(/^a{60000}é+$/);
});

test('a flood of logs, of empty ones too, does not go on until the time is over', async () => {
  for (const text of ['', 'x'.repeat(1000)]) {
    const { error, logs } = await run(sandbox(), `start(); for (;;) log(${JSON.stringify(text)});`);
    expect(error?.kind).toBe('output_too_large');
    expect(logs.length).toBeLessThanOrEqual(BOUNDS.logBytes);
  }
});

test('more calls than there may be are too much output, and so are larger ones', async () => {
  const many = await run(sandbox(), 'start(); for (;;) call("cache.get", "k");');
  expect(many.error?.kind).toBe('output_too_large');
  expect(many.calls).toHaveLength(BOUNDS.calls);
  const large = await run(sandbox(), 'start(); for (;;) call("x", "y".repeat(100_000));');
  expect(large.error?.kind).toBe('output_too_large');
  expect(large.calls.length).toBeLessThan(12);
});

test('words of an error are cut, and a line that is none is no line', async () => {
  const { error } = await run(
    sandbox(),
    'start(); done({ kind: "threw", name: "E".repeat(1e5), message: "m".repeat(1e5), line: -1, column: 1.5, stack: "s".repeat(1e5) }); idle();',
  );
  expect(error).toMatchObject({ kind: 'threw', line: null, column: null });
  expect(JSON.stringify(error).length).toBeLessThan(32_000);
});

test('a run that is larger than a frame is unusable, and its worker serves the next', async () => {
  const box = sandbox({ warmWorkers: 1 });
  const first = await well(box);
  const program = { ...scripted(WELL), key: 'large', file: 'x'.repeat(BOUNDS.runFrameBytes) };
  expect((await box.run(program, entry, 1000)).error?.kind).toBe('unusable');
  expect(pidOf(await well(box))).toBe(pidOf(first));
});

test('who comes when too many wait is told so, and so is who has waited too long', async () => {
  const box = sandbox({ workers: 1, warmWorkers: 1, queued: 1, queuedMs: 300 });
  await box.warm();
  const first = run(box, 'start(); setInterval(() => {}, 1000);', 1_000);
  const others = await Promise.allSettled([well(box), well(box)]);
  expect(others).toMatchObject([
    { status: 'rejected', reason: { code: 'sandbox_busy' } },
    { status: 'rejected', reason: { code: 'sandbox_busy' } },
  ]);
  expect((await first).error?.kind).toBe('timed_out');
});

test('a worker that does not come up is the fault of the sandbox, not of the code', async () => {
  const missing = async () => ({ file: '/nowhere/worker.cjs', flags: [] });
  const box = new Sandbox({ worker: missing });
  open.push(box);
  await expect(well(box)).rejects.toMatchObject({ code: 'sandbox_unavailable' });
  await expect(box.warm()).rejects.toMatchObject({ code: 'sandbox_unavailable' });
});

test('a pool that is closed ends its processes and rejects what waits', async () => {
  const box = sandbox({ workers: 1, warmWorkers: 1 });
  const { logs } = await well(box);
  const running = run(box, 'start(); setInterval(() => {}, 1000);');
  const waiting = well(box);
  const outcome = Promise.allSettled([running, waiting]);
  await box.close();
  expect(await outcome).toMatchObject([
    { status: 'rejected', reason: { code: 'sandbox_closed' } },
    { status: 'rejected', reason: { code: 'sandbox_closed' } },
  ]);
  expect(isAlive(pidOf({ logs } as unknown as RunReport))).toBe(false);
  await expect(well(box)).rejects.toMatchObject({ code: 'sandbox_closed' });
});

test('workers beyond the warm ones are ended when nobody needs them', async () => {
  const box = sandbox({ growAfterMs: 1, shrinkAfterMs: 200 });
  const slow = 'start(); log("pid " + pid); setTimeout(() => { done(); idle(); }, 1000);';
  const pids = (await Promise.all(Array.from({ length: 4 }, () => run(box, slow)))).map(pidOf);
  expect(new Set(pids).size).toBeGreaterThan(LIMITS.warmWorkers);
  await expect
    .poll(() => pids.filter(isAlive).length, { timeout: 10_000 })
    .toBeLessThanOrEqual(LIMITS.warmWorkers);
});
