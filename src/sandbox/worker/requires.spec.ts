import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ModuleBundle } from '../messages.js';
import { action, WorkerUnderTest } from '../../../test/support/sandbox-worker.js';

let worker: WorkerUnderTest;
beforeAll(async () => {
  worker = await WorkerUnderTest.start();
});
afterAll(() => worker.end());

const bundleOf = (name: string, code: string): ModuleBundle => ({
  name,
  code,
  hash: createHash('sha256').update(code).digest('hex'),
});
const bundled = async (name: string): Promise<ModuleBundle> => {
  const { outputFiles } = await build({
    stdin: { contents: `module.exports = require('${name}')`, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    logLevel: 'silent',
  });
  return bundleOf(name, outputFiles[0]!.text);
};

test('axios calls a server of the test, with its adapter for Node', async () => {
  const server = createServer((request, response) => response.end(JSON.stringify({ asked: request.url })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const modules = [await bundled('axios')];
  const code = action(`  const axios = require('axios');
  const { data, request } = await axios.get('http://127.0.0.1:${port}/roles', { params: { of: 'alice' } });
  console.log(data, request.constructor.name);
  await axios.get('http://127.0.0.1:${port}/', { timeout: 1000, proxy: false, auth: { username: 'a', password: 'b' } });`);
  for (let run = 0; run < 3; run += 1) {
    const { logs, error, tainted } = await worker.run(code, { modules });
    expect({ text: logs[0]?.text, error, tainted }).toEqual({
      text: "{ asked: '/roles?of=alice' } ClientRequest",
      error: null,
      tainted: null,
    });
  }
  server.close();
});

test('jsonwebtoken signs and verifies', async () => {
  const { logs, error } = await worker.run(
    action(`  const jwt = require('jsonwebtoken');
  const token = jwt.sign({ a: 1 }, 'secret', { expiresIn: '1h' });
  console.log(jwt.verify(token, 'secret').a);
  jwt.verify(token, 'other');`),
    { modules: [await bundled('jsonwebtoken')] },
  );
  expect(logs[0]?.text).toBe('1');
  expect(error).toMatchObject({ name: 'JsonWebTokenError', message: 'invalid signature', line: 5 });
});

test('a package is evaluated once a run, when it is required, and afresh in the next', async () => {
  const counter = bundleOf('counter', 'console.log("loaded"); let n = 0; module.exports = () => (n += 1);');
  const code = action(`  console.log('begun');
  console.log(require('counter')(), require('counter')());`);
  const said = async () => (await worker.run(code, { modules: [counter] })).logs.map(({ text }) => text);
  expect(await said()).toEqual(['begun', 'loaded', '1 2']);
  expect((await said()).at(-1)).toBe('1 2');
});

test('packages require one another, and one that fails fails at the author’s line', async () => {
  const { logs, error } = await worker.run(
    action(`  console.log(require('one').two);\n  require('broken');`),
    {
      modules: [
        bundleOf('one', "exports.two = require('@scope/two');"),
        bundleOf('@scope/two', "module.exports = 'two';"),
        bundleOf('broken', "throw new RangeError('broken');"),
      ],
    },
  );
  expect(logs[0]?.text).toBe('two');
  expect(error).toMatchObject({ name: 'RangeError', message: 'broken', line: 3 });
});

test.each([
  ['left-pad', "Cannot find module 'left-pad'. Declare it in the Action's dependencies."],
  ['./roles', /one file/],
  ['/etc/passwd', /one file/],
  ['actions:shared', /Actions Modules/],
  ['child_process', /Cannot load 'child_process'/],
  ['node:vm', /Cannot load 'node:vm'/],
  ['node:sqlite', /Cannot/],
  ['inspector/promises', /Cannot load/],
  ['_tls_wrap', /Cannot load/],
  ['__proto__', /Cannot find/],
  ['constructor', /Cannot find/],
])('%s cannot be required, and the message says what to do', async (name, message) => {
  const { error } = await worker.run(action(`  require('${name}');`));
  expect(error).toMatchObject({ kind: 'threw', name: 'Error', line: 2 });
  expect(error!.message).toMatch(message);
});

test('Node’s modules are copies of the run, with and without the prefix', async () => {
  const code = action(`  const crypto = require('crypto');
  console.log(crypto === require('node:crypto'), crypto.randomUUID === undefined, crypto.createHash('md5').update('a').digest('hex'));
  crypto.randomUUID = undefined;
  require('util').inspect = undefined;`);
  for (let run = 0; run < 2; run += 1) {
    const { logs, error, tainted } = await worker.run(code);
    expect({ text: logs[0]?.text, error, tainted }).toEqual({
      text: 'true false 0cc175b9c0f1b6a831c399e269772661',
      error: null,
      tainted: null,
    });
  }
});

test('every module of Node’s that may be required can be', async () => {
  const { logs, error, tainted } = await worker.run(
    action(`  const names = ['assert', 'assert/strict', 'async_hooks', 'buffer', 'console', 'constants', 'crypto', 'diagnostics_channel', 'dns', 'dns/promises', 'events', 'fs', 'fs/promises', 'http', 'http2', 'https', 'net', 'os', 'path', 'path/posix', 'perf_hooks', 'process', 'querystring', 'readline', 'stream', 'stream/promises', 'stream/web', 'string_decoder', 'timers', 'timers/promises', 'tls', 'tty', 'url', 'util', 'util/types', 'zlib'];
  console.log(names.filter((name) => typeof require(name) !== typeof require('node:' + name)).join());
  console.log(require('zlib').gunzipSync(require('zlib').gzipSync('a')).toString());
  class Bus extends require('events') {}
  new Bus().on('a', (x) => console.log(x)).emit('a', 'emitted');
  await require('timers/promises').setTimeout(1);
  console.log(await require('util').promisify(require('crypto').randomBytes)(2).then(({ length }) => length));`),
  );
  expect({ error, tainted }).toEqual({ error: null, tainted: null });
  expect(logs.map(({ text }) => text)).toEqual(['', 'a', 'emitted', '2']);
});

test('process is a stub without an environment', async () => {
  const { logs, error } = await worker.run(
    action(`  console.log(Object.keys(process.env).length, String(process), process.cwd(), typeof process.binding, process === require('process'));
  await new Promise((done) => process.nextTick(done));
  process.stdout.write('written\\n');
  process.exit(1);`),
  );
  expect(logs.map(({ text }) => text)).toEqual(['0 [object process] / function true', 'written']);
  expect(error).toMatchObject({ name: 'Error', line: 5 });
});

test('globals that Actions expect are there', async () => {
  const { logs, error } = await worker.run(
    action(`  const names = ['fetch', 'URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'AbortController', 'Headers', 'Request', 'Response', 'Buffer', 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask', 'structuredClone', 'atob', 'btoa', 'crypto', 'performance', 'Blob', 'FormData', 'global', 'console', 'process'];
  console.log(names.filter((name) => globalThis[name] === undefined).join());
  console.log(Buffer.from('a') instanceof Uint8Array, structuredClone([1]) instanceof Array, structuredClone({}) instanceof Object);
  try { new URL('nowhere'); } catch (error) { console.log(error instanceof TypeError, error instanceof Error, error instanceof RangeError); }
  class Mine extends Error {}
  console.log(new Error('x') instanceof Mine, new Mine('x') instanceof Mine, new Mine('x') instanceof Error);
  console.log(await new Promise((done) => setTimeout(done, 1, 'argument')), (await crypto.subtle.digest('SHA-256', new TextEncoder().encode('a'))).byteLength);`),
  );
  expect(error).toBeNull();
  expect(logs.map(({ text }) => text)).toEqual([
    '',
    'true true true',
    'true true false',
    'false true true',
    'argument 32',
  ]);
});
