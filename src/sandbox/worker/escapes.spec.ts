import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { workerFile } from '../worker-file.js';
import { action, WorkerUnderTest } from '../../../test/support/sandbox-worker.js';

let worker: WorkerUnderTest;
beforeEach(async () => {
  worker = await WorkerUnderTest.start();
});
afterEach(() => worker.end());

/** Every object that can be reached from these without a call belongs to the realm of the context. */
const REACHED = `
  const reached = (root, name) => {
    const seen = new Set();
    const queue = [[root, name]];
    while (queue.length > 0) {
      const [value, path] = queue.shift();
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
      seen.add(value);
      let top = value;
      for (let next; (next = Object.getPrototypeOf(top)) !== null; ) top = next;
      const isBare = top === value && Object.getPrototypeOf(value) === null && value !== Object.prototype;
      if (top !== Object.prototype && !isBare) return path;
      queue.push([Object.getPrototypeOf(value), path + '.__proto__']);
      for (const key of Reflect.ownKeys(value)) {
        const descriptor = Object.getOwnPropertyDescriptor(value, key);
        for (const part of ['value', 'get', 'set']) if (part in descriptor) queue.push([descriptor[part], path + '.' + String(key)]);
      }
    }
    return 'none';
  };`;

test.each([
  ['api', 'api'],
  ['event', 'event'],
  ['console', 'console'],
  ['process', 'process'],
  ['require', 'require'],
  ['module', 'module'],
  ['a timer', 'setTimeout(() => {}, 1)'],
  ['the stub of tty', "require('tty')"],
  ['timers', "require('timers')"],
  ['what a member answers', "api.cache.set('a', 'b')"],
  ['a promise of a member', 'api.roles.getUserEffectiveRoles()'],
  [
    'an error of a member',
    '(() => { try { api.cache.set(1, 2); api.samlResponse.setAudience(5); } catch (error) { return error; } })()',
  ],
  ['an error of require', "(() => { try { require('nothing'); } catch (error) { return error; } })()"],
  ['an error of process', '(() => { try { process.exit(); } catch (error) { return error; } })()'],
  [
    'an error of a late stack',
    '(() => { const deep = () => { try { return deep(); } catch (error) { try { console.log(1); } catch (inner) { return inner; } return error; } }; return deep(); })()',
  ],
])('nothing of the worker’s realm is reached through %s', async (_name, expression) => {
  const { logs, error } = await worker.run(
    action(
      `${REACHED}\n  const root = ${expression};\n  if (root?.catch) root.catch(() => {});\n  console.log(reached(root, 'it'));`,
    ),
  );
  expect(error).toBeNull();
  expect(logs.at(-1)?.text).toBe('none');
});

test('a search for the worker’s realm finds it where it is', async () => {
  const { logs } = await worker.run(action(`${REACHED}\n  console.log(reached({ a: [Buffer] }, 'it'));`));
  expect(logs[0]?.text).toMatch(/^it\.a\.0/);
});

test.each([
  ['api', 'api.constructor.constructor'],
  ['a member', 'api.access.deny.constructor'],
  ['console', 'console.log.constructor'],
  ['a module of Node’s', "require('events').constructor.constructor"],
  ['a global of Node’s', 'URL.constructor'],
  ['this', 'this.constructor.constructor'],
])('code cannot be made of text through %s', async (_name, expression) => {
  const { error } = await worker.run(action(`  (${expression})('return process')();`));
  expect(error!.name).toMatch(/EvalError|TypeError/);
});

test('the worker’s own realm cannot be added to', async () => {
  const { logs } = await worker.run(
    action(`  const theirs = Object.getPrototypeOf(Object.getPrototypeOf(require('events').prototype) ?? require('events').prototype);
  const objectPrototype = theirs ?? Object.getPrototypeOf(require('events').prototype);
  console.log(objectPrototype === Object.prototype, Reflect.set(objectPrototype, 'evil', 1), Reflect.defineProperty(objectPrototype, 'toJSON', { value: 1 }));`),
  );
  expect(logs[0]?.text).toBe('false false false');
});

test('no file can be read, and no descriptor used', async () => {
  const { logs } = await worker.run(
    action(`  const fs = require('fs');
  const tries = [
    () => fs.readFileSync('/etc/passwd'),
    () => fs.readFileSync(${JSON.stringify(await workerFile())}),
    () => fs.readFileSync('/proc/self/environ'),
    () => fs.readSync(3, Buffer.alloc(1)),
    () => fs.writeSync(4, 'x'),
    () => fs.createReadStream('/etc/passwd'),
    () => new (require('net').Socket)({ fd: 3 }),
    () => require('net').connect({ fd: 4 }).write('x'),
    () => require('os').setPriority(0, 19),
  ];
  for (const one of tries) { try { console.log('open', String(one()), String(one)); } catch (error) { console.log(error.code); } }
  console.log(await fs.promises.readFile('/etc/passwd').catch(({ code }) => code), fs.existsSync('/etc/passwd'));`),
  );
  expect(logs.map(({ text }) => text)).toEqual([
    ...Array.from({ length: 6 }, () => 'ERR_ACCESS_DENIED'),
    'EACCES',
    'EACCES',
    'ERR_ACCESS_DENIED',
    'ERR_ACCESS_DENIED false',
  ]);
});

test('no unix socket can be reached', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mintmark-spec-'));
  const path = join(folder, 'socket');
  const server = createServer((socket) => socket.end('secret'));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const { logs } = await worker.run(
    action(`  const net = require('net');
  console.log(await new Promise((done) => net.connect(${JSON.stringify(path)}).on('error', ({ code }) => done(code)).on('data', String)));`),
  );
  server.close();
  rmSync(folder, { recursive: true });
  expect(logs[0]?.text).toBe('EACCES');
});

test('import() is refused, and says what to write', async () => {
  const { error } = await worker.run(action(`  await import('fs');`));
  expect(error).toMatchObject({ kind: 'threw', line: 2 });
  expect(error!.message).toMatch(/require/);
});
