import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { action, WorkerUnderTest, type Ran } from '../../../test/support/sandbox-worker.js';

/** One after the other in one worker, as Actions of one trigger may run. */
const inOneWorker = async (...bodies: readonly string[]): Promise<Ran[]> => {
  const worker = await WorkerUnderTest.start();
  try {
    const all: Ran[] = [];
    for (const body of bodies)
      all.push(
        await worker.run(action(`  ${body.replaceAll('ORIGIN', `'${origin}'`)}`), {
          secrets: { TOKEN: 'the-secret-of-each' },
        }),
      );
    return all;
  } finally {
    worker.end();
  }
};

// What is left over ends the worker that it was left in, so each run has its own.
const inOwnWorker = async (code: string): Promise<Ran> => {
  const worker = await WorkerUnderTest.start();
  try {
    return await worker.run(code);
  } finally {
    worker.end();
  }
};

let server: Server;
let origin: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url !== '/never') response.end('{"ok":true}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('a time limit whose race is over is cleared, and the worker serves on', async () => {
  const { tainted, logs } = await inOwnWorker(
    action(`  await Promise.race([null, new Promise((resolve, reject) => setTimeout(reject, 60000))]);
  setTimeout(() => console.log('late'), 0);
  clearTimeout(setTimeout(() => {}, 60000));`),
  );
  expect({ tainted, logs }).toEqual({ tainted: null, logs: [] });
});

test.each([
  ['an interval', 'setInterval(() => {}, 10);', /interval/],
  [
    'a server',
    "await new Promise((listening) => require('http').createServer().listen(0, '127.0.0.1', listening));",
    /server/,
  ],
  [
    'an unfinished request',
    "void fetch(ORIGIN + '/never').catch(() => {}); await new Promise((wait) => setTimeout(wait, 100));",
    /connection/,
  ],
  [
    'an unhandled rejection',
    "Promise.reject(new RangeError('mine'));",
    /unhandled rejection.*RangeError: mine \(grant-roles\.js:2\)/,
  ],
  ['a setting of Node’s', "require('dns').setServers(['127.0.0.1']);", /dns\.setServers/],
  ['a changed method of a class of Node’s', "require('events').prototype.emit = () => {};", /emit/],
  ['a changed Buffer', 'Buffer.from = () => {};', /from/],
  ['a changed crypto', "crypto.subtle.constructor.prototype.digest = () => 'mine';", /digest/],
  ['a changed answer', "(await fetch('data:,x')).constructor.prototype.json = () => 'mine';", /json/],
  [
    'a changed stream, found through what inherits from it',
    "Object.getPrototypeOf(require('http').IncomingMessage.prototype).read = () => null;",
    /read/,
  ],
  [
    'a changed connection, found through one',
    `const request = require('http').get(ORIGIN + '/');
  const socket = await new Promise((done) => request.on('socket', done));
  await new Promise((done) => request.on('response', (response) => response.resume().on('end', done)));
  socket.constructor.prototype.ref = () => socket;`,
    /ref/,
  ],
  ['a changed clock', 'performance.constructor.prototype.now = () => 0;', /now/],
  [
    'an iterator that hides what was changed',
    "const list = require('crypto').getHashes(); const step = Object.getPrototypeOf(list[Symbol.iterator]()); step.next = () => ({ done: true }); Buffer.from = () => {};",
    /from|next/,
  ],
  [
    'an observer of what others do',
    "new (require('perf_hooks').PerformanceObserver)(() => {}).observe({ entryTypes: ['http'] });",
    /PerformanceObserver/,
  ],
  [
    'servers of names that are set by another way',
    "require('dns').promises.setServers(['127.0.0.1']);",
    /setServers/,
  ],
  [
    'a listener on the process itself',
    `const { prototype } = require('events');
  const { emit } = prototype;
  prototype.emit = function (...args) { if (this.versions) { prototype.emit = emit; this.on('exit', () => {}); } return emit.apply(this, args); };
  new Buffer(1);
  await new Promise((done) => setTimeout(done, 20));
  prototype.emit = emit;`,
    /exit|_eventsCount/,
  ],
])('%s that is left over is told', async (_name, body, words) => {
  const { tainted, error } = await inOwnWorker(action(`  ${body.replace('ORIGIN', `'${origin}'`)}`));
  expect(error).toBeNull();
  expect(tainted).toMatch(words);
});

test('a worker that was changed ends, whatever it is made to say', async () => {
  const forged = `const { allocUnsafe, byteLength } = Buffer;
  Buffer.byteLength = (json) => {
    const id = /^{"type":"idle","id":(\\d+)/.exec(json)?.[1];
    if (id !== undefined) {
      const frame = Buffer.from('0000{"type":"idle","id":' + id + ',"tainted":null}');
      frame.writeUInt32BE(frame.length - 4);
      Buffer.allocUnsafe = () => Object.assign(frame, { writeUInt32BE: () => 0, write: () => 0 });
    }
    return byteLength(json);
  };`;
  const worker = await WorkerUnderTest.start();
  expect((await worker.run(action(forged))).tainted).toBeNull();
  await expect(worker.run(action(''))).rejects.toThrow(/ended/);
});

test.each([
  [
    'the requests of an earlier run',
    "await (await fetch(ORIGIN + '/?key=' + event.secrets.TOKEN)).text(); performance.mark(event.secrets.TOKEN);",
    'console.log(JSON.stringify(performance.getEntries().map(({ name }) => name)));',
  ],
  [
    'the bytes of an earlier run',
    'Buffer.from(event.secrets.TOKEN);',
    "console.log(Buffer.from(Buffer.allocUnsafe(1).buffer).toString('latin1'));",
  ],
  [
    'an agent that an earlier run had a hand in',
    "for (const name of ['http', 'https']) require(name).globalAgent.left = event.secrets.TOKEN;",
    "console.log(require('http').globalAgent.left, require('https').globalAgent.left);",
  ],
  [
    'the pipe that brings the runs',
    '',
    "const { executionAsyncResource } = require('async_hooks'); console.log(Reflect.ownKeys(executionAsyncResource()));",
  ],
  [
    'what an earlier run does when it is over',
    "AbortSignal.timeout(30).addEventListener('abort', () => performance.mark('the-secret-late'));",
    "await new Promise((done) => setTimeout(done, 100)); console.log(JSON.stringify(performance.getEntriesByType('mark')));",
  ],
])('%s is not there for the next', async (_name, first, second) => {
  const [one, other] = await inOneWorker(first, second);
  expect(one).toMatchObject({ error: null, tainted: null });
  expect(other!.error).toBeNull();
  expect(other!.logs[0]!.text).not.toContain('the-secret');
  expect(other!.logs[0]!.text).toMatch(/^(\[\]|undefined undefined|.?)$/s);
});

test('how Node prints is for each run as Node does it', async () => {
  const [, other] = await inOneWorker(
    "require('util').inspect.defaultOptions.depth = 0; require('events').defaultMaxListeners = 1;",
    "console.log({ a: { b: 1 } }, require('events').defaultMaxListeners);",
  );
  expect(other!.logs[0]!.text).toBe('{ a: { b: 1 } } 10');
});

test('a signal that times out does so while the Action runs', async () => {
  const [one] = await inOneWorker(
    `const signal = AbortSignal.timeout(5);
  await new Promise((done) => signal.addEventListener('abort', done));
  console.log(signal.aborted, signal.reason.name, await fetch(ORIGIN + '/never', { signal: AbortSignal.timeout(20) }).catch(({ name }) => name));`,
  );
  expect(one!.error).toBeNull();
  expect(one!.logs[0]!.text).toBe('true TimeoutError TimeoutError');
});

test('what is kept for a chain of calls is there, and where Node keeps it by hooks its worker serves nobody else', async () => {
  const [one] = await inOneWorker(
    `const { AsyncLocalStorage } = require('async_hooks');
  const kept = new AsyncLocalStorage();
  console.log(await kept.run(7, async () => { await null; return kept.getStore(); }));`,
  );
  expect(one).toMatchObject({ error: null, logs: [{ text: '7' }] });
  const byHooks = '_enable' in AsyncLocalStorage.prototype;
  expect(one!.tainted).toBe(byHooks ? 'AsyncLocalStorage was called' : null);
});

test('an error in a callback ends the run', async () => {
  const { error } = await inOwnWorker(
    action(`  setTimeout(() => { throw new RangeError('in a timer'); }, 1);\n  await new Promise(() => {});`),
  );
  expect(error).toMatchObject({ kind: 'threw', name: 'RangeError', message: 'in a timer', line: 2 });
});

test('a rejection that nobody handles is logged while the handler runs', async () => {
  const { logs } = await inOwnWorker(
    action(`  Promise.reject(new Error('forgotten'));\n  await new Promise((done) => setTimeout(done, 5));`),
  );
  expect(logs[0]).toMatchObject({ level: 'error' });
  expect(logs[0]!.text).toContain('forgotten');
});

test('a request that has been answered leaves nothing', async () => {
  const { logs, error, tainted } = await inOwnWorker(
    action(`  const response = await fetch('${origin}/');\n  console.log((await response.json()).ok);`),
  );
  expect({ text: logs[0]?.text, error, tainted }).toEqual({ text: 'true', error: null, tainted: null });
});

test('a server that is not there is an error of the author’s realm', async () => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const { error, logs } = await inOwnWorker(
    action(`  try {
    await fetch('http://127.0.0.1:${port}/');
  } catch (error) {
    console.log(error.constructor === TypeError, error.cause.code);
    throw error;
  }`),
  );
  expect(logs[0]!.text).toBe('true ECONNREFUSED');
  expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
});
