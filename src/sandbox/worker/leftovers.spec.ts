import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { action, WorkerUnderTest, type Ran } from '../../../test/support/sandbox-worker.js';

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
])('%s that is left over is told', async (_name, body, words) => {
  const { tainted, error } = await inOwnWorker(action(`  ${body.replace('ORIGIN', `'${origin}'`)}`));
  expect(error).toBeNull();
  expect(tainted).toMatch(words);
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
