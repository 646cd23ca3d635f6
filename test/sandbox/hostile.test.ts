/**
 * Code that means harm, or does it by mistake: each snippet is the body of an Action. Whatever it does, the server is there afterwards,
 * a run beside it is answered, and the next run on the same processes finds nothing of it.
 */
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { url as inspectorUrl } from 'node:inspector';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Entry, Program, RunError, RunReport } from '../../src/sandbox/messages.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { entry } from './scripted-worker.js';

/** Whoever runs the tests may have chosen another than 0. */
const priority = getPriority();
const sandbox = new Sandbox();
const SOCKET = join(mkdtempSync(join(tmpdir(), 'mintmark-hostile-')), 'control.sock');
const control = createServer();
const reached: string[] = [];
const onSignal = (): void => {
  reached.push('signal');
};

beforeAll(async () => {
  control.on('connection', (socket) => {
    reached.push('unix socket');
    socket.destroy();
  });
  control.listen(SOCKET);
  process.on('SIGUSR2', onSignal);
  await once(control, 'listening');
  await sandbox.warm();
});
afterAll(async () => {
  await sandbox.close();
  process.off('SIGUSR2', onSignal);
  control.close();
});

let programs = 0;
const program = (code: string): Program => ({
  key: `hostile-${(programs += 1)}`,
  code,
  file: 'action.js',
  modules: [],
});
const action = (body: string): Program =>
  program(`exports.onExecutePostLogin = async (event, api) => {\n${body}\n};`);

/** What the snippets are told: whom they might harm. */
const victim: Entry = {
  ...entry,
  event: {
    request: {},
    victim: { pid: process.pid, socket: SOCKET },
    user: { user_id: 'auth0|1' },
  },
};
const SECRET = 'the-next-secret-9f8e7d';

const good = action(`
  if ({}.polluted !== undefined || [].polluted !== undefined || globalThis.left !== undefined) throw new Error('poisoned');
  const all = await Promise.all([1, 2, 3].map(async (each) => each * 2));
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.log(JSON.stringify({ all, user: event.user.user_id, secret: event.secrets.TOKEN === '${SECRET}' }));
`);
const runGood = (): Promise<RunReport> =>
  sandbox.run(good, { ...victim, secrets: { TOKEN: SECRET } }, 10_000);
const answered = {
  error: null,
  logs: [{ level: 'log', text: '{"all":[2,4,6],"user":"auth0|1","secret":true}' }],
};

type Kind = RunError['kind'] | null;

/** Runs a snippet as a login would be hit by it: with another beside it, and others after it on whatever processes are left. */
async function suffer(code: string, limitMs = 5_000): Promise<RunReport> {
  const [report, beside] = await Promise.all([sandbox.run(action(code), victim, limitMs), runGood()]);
  expect(beside).toMatchObject(answered);
  for (const after of await Promise.all([runGood(), runGood(), runGood()])) {
    expect(after).toMatchObject(answered);
  }
  expect(reached).toEqual([]);
  const said = JSON.stringify([report.logs, report.calls, report.error]);
  expect(said).not.toContain('LEAK');
  expect(said).not.toContain('root:');
  expect(said).not.toContain(SECRET);
  return report;
}

const ALL_FAILED = "throw new Error('none worked');";
const hostile = (what: string, kinds: readonly Kind[], code: string, limitMs?: number): void => {
  test(what, async () => {
    const { error } = await suffer(code, limitMs);
    expect(kinds, JSON.stringify(error)).toContain(error?.kind ?? null);
    // Else it did not come as far as it should have.
    if (code.includes(ALL_FAILED)) expect(error?.message).toBe('none worked');
  });
};

// It does not end.
const SOON = 700;
hostile('an endless loop is ended at its limit', ['timed_out'], 'for (;;);', SOON);
hostile('an endless chain of microtasks is ended', ['timed_out'], 'while (true) await null;', SOON);
hostile('a promise that nobody settles is ended', ['timed_out'], 'await new Promise(() => {});', SOON);
hostile(
  'a regular expression that backtracks for ever is ended',
  ['timed_out'],
  '/(a+)+$/.test("a".repeat(50) + "b");',
  SOON,
);
hostile(
  'a loop of immediates is ended',
  ['timed_out'],
  'await new Promise(() => { const again = () => setImmediate(again); again(); });',
  SOON,
);
hostile(
  'microtasks that go on after the answer do not reach the next run',
  [null],
  'const spin = async () => { for (;;) await null; }; spin();',
);
hostile(
  'microtasks that begin after the answer do not reach the next run',
  [null],
  'setTimeout(async () => { for (;;) await null; }, 0);',
);
hostile(
  'an interval that is left open is no harm',
  [null],
  'setInterval(() => { globalThis.left = 1; }, 1);',
);
hostile(
  'timers by the thousand are no harm',
  [null],
  'for (let i = 0; i < 50000; i++) setTimeout(() => {}, 1e6);',
);
hostile(
  'a server that is left open is no harm',
  [null, 'threw'],
  'const server = require("http").createServer(() => {}); await new Promise((resolve, reject) => server.on("error", reject).listen(0, "127.0.0.1", resolve));',
);
test('a loop in the file itself, outside the handler, is ended', async () => {
  const report = await sandbox.run(program('for (;;);'), victim, SOON);
  expect(report.error?.kind).toBe('timed_out');
  expect(await runGood()).toMatchObject(answered);
});

// It takes too much.
hostile('deep recursion is an error of the author’s', ['threw'], 'const deep = () => deep() + 1; deep();');
hostile(
  'deep recursion through async functions is contained',
  ['threw', 'crashed'],
  'const deep = async () => { await deep(); }; await deep();',
);
hostile(
  'a deep recursion in a getter, a proxy and JSON is contained',
  ['threw'],
  'const o = {}; Object.defineProperty(o, "x", { enumerable: true, get: () => JSON.stringify(o) }); console.log(o); JSON.stringify(o);',
);
hostile(
  'an array of 1 GB is contained',
  ['threw', 'crashed'],
  'const all = []; for (let i = 0; i < 130; i++) all.push(new Array(1e6).fill(i + 0.5));',
);
hostile(
  'a string of 1 GB is contained',
  ['threw', 'crashed'],
  'let text = "x".repeat(1 << 20); for (;;) text += text;',
);
hostile(
  'strings of 1 GB together are contained',
  ['threw', 'crashed'],
  'const all = []; for (let i = 0; i < 1100; i++) all.push(Buffer.alloc(1 << 20, i).toString("latin1"));',
);
hostile('a Buffer of 1 GB is contained', ['threw', 'crashed'], 'Buffer.alloc(2 ** 30, 1);');
hostile(
  'Buffers of 1 GB together are contained',
  ['threw', 'crashed'],
  'const all = []; for (let i = 0; i < 1024; i++) all.push(Buffer.alloc(2 ** 20, 1));',
);
hostile(
  '1 GB of wasm memory is contained',
  ['threw', 'crashed'],
  'const memory = new WebAssembly.Memory({ initial: 16384 }); new Uint8Array(memory.buffer).fill(1);',
);
hostile('a fatal error of V8 is a crash', ['crashed'], '"x".repeat(1 << 28).split("");');
hostile('a result of 200 MB goes nowhere', [null, 'crashed'], 'return "x".repeat(2e8);');
hostile(
  'arguments of 200 MB are refused',
  ['threw', 'crashed', 'output_too_large'],
  'api.user.setUserMetadata("large", "x".repeat(2e8));',
);
hostile(
  'a flood of calls is refused',
  ['threw', 'output_too_large'],
  'for (;;) api.user.setUserMetadata("name", "value");',
);
hostile(
  'console lines without end are cut, and their run is ended',
  ['timed_out', 'output_too_large'],
  'for (;;) console.log("x".repeat(1000));',
  SOON,
);
hostile(
  'empty console lines without end are cut',
  ['timed_out', 'output_too_large'],
  'for (;;) console.log();',
  SOON,
);
hostile('a console line of 200 MB is cut', [null, 'crashed'], 'console.log("x".repeat(2e8));');
test('a console flood that ends is cut at 64 kB, and its run is good', async () => {
  const report = await suffer('for (let i = 0; i < 5000; i++) console.log("x".repeat(100));');
  expect(report.error).toBeNull();
  expect(report.logsCut).toBe(true);
  expect(report.logs[0]).toEqual({ level: 'log', text: 'x'.repeat(100) });
});
test('what was logged before a hang is not lost', async () => {
  const report = await suffer('console.log("before"); for (;;);', SOON);
  expect(report.logs).toEqual([{ level: 'log', text: 'before' }]);
});

// It ends the process, or tries to.
hostile('process.exit ends no more than the run', ['threw', 'crashed'], 'process.exit(0);');
hostile('process.abort ends no more than the run', ['threw', 'crashed'], 'process.abort();');
hostile('process.reallyExit ends no more than the run', ['threw', 'crashed'], 'process.reallyExit(0);');
hostile('a signal to the server is not sent', ['threw'], 'process.kill(event.victim.pid, "SIGUSR2");');
hostile('the raw call for a signal is not there', ['threw'], 'process._kill(event.victim.pid, 12);');
hostile('the inspector of the server is not opened', ['threw'], 'process._debugProcess(event.victim.pid);');
hostile(
  'the priority of the server is not changed',
  ['threw'],
  'require("os").setPriority(event.victim.pid, 19);',
);
hostile(
  'a rejection that nobody handles is no harm to others',
  [null, 'threw', 'crashed'],
  'Promise.reject(new Error("nobody")); await new Promise((resolve) => setTimeout(resolve, 20));',
);
hostile(
  'a rejection after the answer is no harm to others',
  [null],
  'setTimeout(() => Promise.reject(new Error("late")), 0);',
);
hostile(
  'an exception in a callback is no harm to others',
  ['threw', 'crashed'],
  'await new Promise(() => setTimeout(() => { throw new Error("callback"); }, 5));',
  SOON,
);
hostile(
  'an exception in an event listener is no harm to others',
  ['threw', 'crashed'],
  'const emitter = new (require("events"))(); setImmediate(() => emitter.emit("error", new Error("nobody"))); await new Promise(() => {});',
  SOON,
);

// What it throws.
for (const [what, thrown] of [
  ['null', 'null'],
  ['undefined', 'undefined'],
  ['a symbol', 'Symbol("s")'],
  ['a bigint', '1n'],
  ['a function', '() => {}'],
  ['an object without a prototype', 'Object.create(null)'],
  [
    'a proxy that refuses everything',
    'new Proxy({}, { get() { throw new Error("trap"); }, getPrototypeOf() { throw new Error("trap"); }, ownKeys() { throw 1; } })',
  ],
  [
    'a revoked proxy',
    '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()',
  ],
  [
    'an object whose getters throw',
    '{ get message() { throw new Error("getter"); }, get stack() { throw null; }, get name() { throw 1; }, toString() { throw 2; } }',
  ],
  [
    'an error whose stack is a getter',
    'Object.defineProperty(new Error("a"), "stack", { get() { throw new Error("stack"); } })',
  ],
  [
    'an error whose stack is a loop of its own',
    'Object.defineProperty(new Error("a"), "stack", { get() { for (;;); } })',
  ],
  ['an error with a message of 50 MB', 'new Error("m".repeat(5e7))'],
  ['a thenable', '{ then() { throw new Error("then"); } }'],
] as const) {
  hostile(
    `${what} can be thrown`,
    what.includes('loop') ? ['threw', 'timed_out'] : ['threw', 'crashed'],
    `throw ${thrown};`,
    2_000,
  );
}
hostile(
  'a thenable that never settles, returned, is ended',
  ['timed_out', null],
  'return { then() {} };',
  SOON,
);
hostile(
  'a stack formatter of the author’s is no harm',
  ['threw'],
  'Error.prepareStackTrace = () => { throw new Error("formatter"); }; null.x;',
);
hostile(
  'a stack formatter that hangs is ended',
  ['threw', 'timed_out'],
  'Error.prepareStackTrace = () => { for (;;); }; null.x;',
  SOON,
);
hostile(
  'a stack limit of the author’s is no harm',
  ['threw'],
  'Error.stackTraceLimit = 1e9; const deep = (n) => n ? deep(n - 1) : null.x; deep(5000);',
);

// It spoils what is common.
for (const [what, code] of [
  [
    'Object.prototype',
    'Object.prototype.polluted = "x"; Object.prototype.then = (f) => f(); Object.prototype.type = "idle"; Object.prototype.toJSON = () => "x";',
  ],
  [
    'Array.prototype',
    'Array.prototype.polluted = "x"; Array.prototype.map = () => []; Array.prototype.push = () => 0; Array.prototype[Symbol.iterator] = null;',
  ],
  [
    'Promise',
    'Promise.prototype.then = () => { throw new Error("then"); }; Promise.all = () => Promise.resolve([]); globalThis.Promise = null;',
  ],
  [
    'String and Function',
    'String.prototype.split = () => ["x"]; String.prototype.replace = () => "x"; Function.prototype.call = () => 1; Function.prototype.apply = () => 1; Function.prototype.bind = () => null;',
  ],
  ['JSON', 'JSON.stringify = () => "{}"; JSON.parse = () => ({}); globalThis.JSON = null;'],
  [
    'what require hands out',
    'const fs = require("fs"); try { fs.readFileSync = fs.writeSync = () => { throw new Error("spoilt"); }; } catch {} require("util").inspect.custom = null; try { require("events").prototype.emit = () => false; } catch {} Object.prototype.polluted = 1;',
  ],
  [
    'prototypes of what require hands out',
    'for (const name of ["events", "stream", "buffer", "url", "util", "http", "crypto"]) { const module = require(name); for (const o of [module, module.prototype, Object.getPrototypeOf(module)]) { try { o.polluted = "x"; Object.getPrototypeOf(o).polluted = "x"; } catch {} } }',
  ],
  [
    'the prototypes of values that Node made',
    'const { webcrypto, createHash } = require("crypto"); for (const o of [createHash("md5"), webcrypto.subtle, Buffer.alloc(1), new URL("http://a"), new TextEncoder().encode("a"), setTimeout(() => {}, 1), require("querystring").parse("a=1")]) { for (let p = o; p; p = Object.getPrototypeOf(p)) { try { p.polluted = "x"; } catch {} try { delete p.toString; } catch {} } }',
  ],
  [
    'the globals',
    'for (const name of Object.getOwnPropertyNames(globalThis)) { try { globalThis[name] = undefined; } catch {} try { delete globalThis[name]; } catch {} }',
  ],
  [
    'the event and the api',
    'Object.freeze(event); for (const o of [event, api]) { try { Object.setPrototypeOf(o, null); } catch {} } try { api.access = null; } catch {} try { api.__proto__.polluted = 1; } catch {}',
  ],
] as const) {
  hostile(`spoiling ${what} reaches no other run`, [null, 'threw'], `${code}\nglobalThis.left = 1;`);
}

// It reads what is not its own.
hostile(
  'files of the machine are not read',
  ['threw'],
  'console.log("LEAK " + require("fs").readFileSync("/etc/passwd", "utf8"));',
);
hostile(
  'nor by promises, streams, copies, links or by opening them',
  ['threw'],
  `
  const fs = require('fs');
  const path = '/etc/passwd';
  const ways = [
    () => fs.promises.readFile(path, 'utf8'),
    () => require('fs/promises').readFile(path, 'utf8'),
    () => new Promise((resolve, reject) => fs.readFile(path, 'utf8', (error, text) => (error ? reject(error) : resolve(text)))),
    () => new Promise((resolve, reject) => fs.createReadStream(path).on('data', (data) => resolve(String(data))).on('error', reject)),
    () => fs.openSync(path, 'r'),
    () => fs.statSync(path).size,
    () => fs.readdirSync('/'),
    () => fs.opendirSync('/').readSync().name,
    () => fs.readlinkSync('/proc/self/exe'),
    () => fs.realpathSync('/proc/self/cwd'),
    () => fs.copyFileSync(path, '/tmp/mintmark-copied'),
    () => fs.symlinkSync(path, '/tmp/mintmark-linked'),
    () => fs.writeFileSync('/tmp/mintmark-written', 'x'),
    () => fs.mkdtempSync('/tmp/mintmark-made-'),
    () => fs.watch('/etc').constructor.name,
    () => fs.openAsBlob(path).then((blob) => blob.text()),
    () => require('/etc/passwd'),
    () => require('../../../../etc/hostname'),
    () => require('module').createRequire('/')('fs').readFileSync(path, 'utf8'),
    () => process.binding('fs'),
    () => process.getBuiltinModule('fs').readFileSync(path, 'utf8'),
    () => fetch('file:///etc/passwd').then((answer) => answer.text()),
  ];
  for (const way of ways) {
    try { console.log('LEAK ' + way.toString() + ': ' + (await way())); } catch {}
  }
  throw new Error('none worked');`,
);
hostile(
  'the worker’s own file is not read',
  ['threw'],
  `
  const fs = require('fs');
  const paths = [typeof __filename === 'string' ? __filename : '', process.argv && process.argv[1], typeof require.main === 'object' && require.main ? require.main.filename : '', typeof module === 'object' ? module.filename : ''];
  for (const path of paths) { try { console.log('LEAK ' + path + fs.readFileSync(path, 'utf8').slice(0, 20)); } catch {} }
  throw new Error('none worked');`,
);
hostile(
  'the environment of the server is not read',
  ['threw'],
  `
  for (const path of ['/proc/' + event.victim.pid + '/environ', '/proc/self/environ', '/proc/' + process.ppid + '/environ', '/proc/' + event.victim.pid + '/mem', '/proc/self/fd/3', '/dev/fd/3']) {
    try { console.log('LEAK ' + require('fs').readFileSync(path, 'latin1').slice(0, 50)); } catch {}
  }
  if (process.env && (process.env.PATH || process.env.HOME || process.env.PWD)) console.log('LEAK environment');
  throw new Error('none worked');`,
);
for (const name of [
  'child_process',
  'cluster',
  'worker_threads',
  'inspector',
  'inspector/promises',
  'vm',
  'v8',
  'module',
  'repl',
  'wasi',
  'sqlite',
  'dgram',
  'trace_events',
  'test',
  'sea',
  'process/../child_process',
  '_http_agent/../child_process',
]) {
  hostile(`require of ${name} is refused`, ['threw'], `require('node:${name}'); console.log('LEAK');`);
  hostile(
    `require of ${name} without its scheme is refused`,
    ['threw'],
    `require('${name}'); console.log('LEAK');`,
  );
}
hostile(
  'import() is no way round require',
  ['threw'],
  'const { execSync } = await import("node:child_process"); console.log("LEAK " + execSync("id"));',
);
hostile('nor is it for files', ['threw'], 'await import("/etc/passwd"); console.log("LEAK");');
hostile(
  'nor is import() of data',
  ['threw'],
  'await import("data:text/javascript,export default process"); console.log("LEAK");',
);
hostile(
  'the descriptors of the sandbox are not for Actions',
  ['threw'],
  `
  const fs = require('fs');
  const { Socket } = require('net');
  const read = (stream) => new Promise((resolve, reject) => { stream.on('data', resolve).on('error', reject).on('close', () => reject(new Error('closed'))); setTimeout(() => reject(new Error('silent')), 100); });
  const forged = Buffer.from('\\0\\0\\0\\x10{"type":"ready"}');
  const ways = [
    () => fs.writeSync(4, forged),
    () => fs.readSync(3, Buffer.alloc(10)),
    () => fs.fstatSync(3).size,
    () => fs.closeSync(4),
    () => fs.closeSync(3),
    () => fs.ftruncateSync(4, 0),
    () => fs.writevSync(4, [forged]),
    () => fs.readvSync(3, [Buffer.alloc(10)]),
    () => fs.writeFileSync(4, forged),
    () => fs.appendFileSync(4, forged),
    () => fs.readFileSync(3),
    () => read(fs.createReadStream('', { fd: 3 })),
    () => new Promise((resolve, reject) => fs.write(4, forged, (error) => (error ? reject(error) : resolve()))),
    () => new Promise((resolve, reject) => fs.createWriteStream('', { fd: 4 }).on('error', reject).write(forged, resolve)),
    () => read(new Socket({ fd: 3, readable: true })),
    () => new Promise((resolve, reject) => { const socket = new Socket({ fd: 4, writable: true }); socket.on('error', reject).write(forged, resolve); }),
    () => read(new (require('tty').ReadStream)(3)),
    () => new Promise((resolve, reject) => new (require('net').Server)().on('error', reject).listen({ fd: 3 }, resolve)),
    () => process.openStdin().constructor.name,
  ];
  for (const way of ways) {
    try { await way(); console.log('LEAK ' + way.toString()); } catch {}
  }
  throw new Error('none worked');`,
);
for (const [what, args] of [
  ['lists', "'['.repeat(400000) + ']'.repeat(400000)"],
  ['objects', "'{\"a\":'.repeat(200000) + '1' + '}'.repeat(200000)"],
  ['lists that are just parsed', "'['.repeat(3000) + ']'.repeat(3000)"],
] as const) {
  hostile(
    `a message that is put in place of the sandbox's own, of ${what} in one another, is refused`,
    ['crashed'],
    `
    const { allocUnsafe, byteLength } = Buffer;
    let id;
    Buffer.byteLength = (json) => { id = /"id":(\\d+)/.exec(json)?.[1]; return byteLength(json); };
    console.log('');
    Buffer.byteLength = byteLength;
    const forged = Buffer.from('0000{"type":"call","id":' + id + ',"call":{"member":"cache.set","line":1,"column":1,"args":[' + ${args} + ']}}');
    forged.writeUInt32BE(forged.length - 4);
    Object.assign(forged, { writeUInt32BE: () => 0, write: () => 0 });
    Buffer.allocUnsafe = () => forged;
    console.log('');
    Buffer.allocUnsafe = allocUnsafe;
    await new Promise(() => {});`,
    2_000,
  );
}
for (const way of [
  'net.connect(path)',
  'net.connect({ path })',
  'net.createConnection(path)',
  'new net.Socket().connect({ path })',
  'net.Socket.prototype.connect.call(new net.Socket(), path)',
  'net.connect({ get path() { return (this.n = (this.n || 0) + 1) > 1 ? path : undefined; }, port: 1 })',
  'require("tls").connect({ path })',
  'require("http").get({ socketPath: path })',
  'require("https").get({ socketPath: path })',
  'require("http2").connect("http://a", { path })',
]) {
  hostile(
    `unix sockets are not connected to: ${way}`,
    ['threw'],
    `
    const net = require('net');
    const path = event.victim.socket;
    const socket = ${way};
    await new Promise((resolve, reject) => { socket.on('connect', resolve).on('response', resolve).on('error', reject); });
    console.log('LEAK');`,
    3_000,
  );
}
hostile(
  'nor are they listened on',
  ['threw'],
  'await new Promise((resolve, reject) => require("net").createServer().on("error", reject).listen(event.victim.socket + "2", resolve)); console.log("LEAK");',
);

// It climbs out of its context.
hostile(
  'constructors lead nowhere',
  ['threw'],
  `
  const seen = new Set();
  let makers = 0;
  const look = async (from, value) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value) || seen.size > 50000) return;
    seen.add(value);
    try {
      for (const make of [value.constructor, value.constructor.constructor]) {
        if (typeof make !== 'function' || !/Function$/.test(make.name)) continue;
        makers += 1;
        const made = make('return process')();
        const found = typeof made.next === 'function' ? made.next().value : await made;
        if (found !== undefined && found !== process) console.log('LEAK ' + from);
      }
    } catch {}
  };
  const inside = (from, value, depth) => {
    look(from, value);
    if (depth === 0 || value === null || (typeof value !== 'object' && typeof value !== 'function')) return;
    for (const name of Reflect.ownKeys(value)) {
      try { inside(from + '.' + String(name), value[name], depth - 1); } catch {}
    }
    try { inside(from + '.__proto__', Object.getPrototypeOf(value), depth - 1); } catch {}
  };
  for (const name of ['events', 'stream', 'buffer', 'util', 'url', 'crypto', 'http', 'net', 'fs', 'zlib', 'timers', 'process', 'os', 'path', 'assert', 'async_hooks', 'perf_hooks', 'string_decoder', 'console', 'dns', 'tls', 'readline', 'diagnostics_channel']) {
    try { inside(name, require(name), 2); } catch {}
  }
  inside('globalThis', globalThis, 2);
  inside('require', require, 2); inside('module', module, 2); inside('event', event, 3); inside('api', api, 3); inside('console', console, 2);
  for (const make of [() => require('nothing'), () => require('child_process'), () => null.x, () => decodeURIComponent('%'), () => new URL('x'), () => Buffer.alloc(-1), () => structuredClone(() => {}), () => api.nothing(), () => eval('1'), () => new Function('1')]) {
    try { make(); } catch (error) { inside('error of ' + make, error, 2); }
  }
  for (const make of [() => fetch('http://127.0.0.1:1/'), () => import('fs'), () => require('crypto').webcrypto.subtle.digest('SHA-256', new Uint8Array(1)), () => require('util').promisify(setTimeout)(1), () => require('dns').promises.lookup('127.0.0.1')]) {
    try { const promise = make(); inside('promise of ' + make, promise, 1); inside('value of ' + make, await promise, 1); } catch (error) { inside('rejection of ' + make, error, 1); }
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (makers < 1000) throw new Error('only ' + makers + ' were found');
  throw new Error('none worked');`,
  10_000,
);
hostile(
  'the frames of a stack lead nowhere',
  ['threw'],
  `
  Error.prepareStackTrace = (error, sites) => sites;
  for (const make of [() => new Error('a'), () => { try { require('nothing'); } catch (error) { return error; } }, () => { let caught; try { [1].map(() => null.x); } catch (error) { caught = error; } return caught; }]) {
    const sites = make().stack;
    if (!Array.isArray(sites)) continue;
    for (const site of sites) {
      for (const found of [site.getThis(), site.getFunction()]) {
        try { const process = found.constructor.constructor('return process')(); if (process !== undefined && process !== globalThis.process) console.log('LEAK site'); } catch {}
      }
    }
  }
  throw new Error('none worked');`,
);
hostile(
  'arguments.callee.caller leads nowhere',
  ['threw'],
  `
  function up() { let at; try { at = up.caller; } catch { return; } for (let i = 0; at && i < 10; i++) { try { if (at.arguments) for (const each of at.arguments) if (each && each.reallyExit) console.log('LEAK');  at = at.caller; } catch { return; } } }
  up();
  throw new Error('none worked');`,
);
hostile('code from strings is not made', ['threw'], 'new Function("return 1")(); console.log("LEAK");');
hostile(
  'a proxy handed to console, require and timers sees nothing of the worker',
  [null, 'threw'],
  `
  const trap = new Proxy(function () {}, { get: (target, name, receiver) => { spy(receiver); return trap; }, apply: (target, self, args) => { spy(self); args.forEach(spy); return trap; }, construct: () => trap, getOwnPropertyDescriptor: () => undefined });
  let spies = false;
  const spy = (found) => {
    if (spies || found === trap) return;
    spies = true;
    try { const process = found.constructor.constructor('return process')(); if (process !== undefined && process !== globalThis.process) console.log('LEAK trap'); } catch {}
    spies = false;
  };
  const calls = [() => console.log(trap), () => console.log('%s %o %j', trap, trap, trap), () => require(trap), () => setTimeout(trap, 1), () => queueMicrotask(trap), () => new URL(trap), () => Buffer.from(trap), () => require('util').inspect(trap), () => structuredClone(trap), () => api.user.setUserMetadata(trap, trap), () => process.nextTick(trap)];
  for (const call of calls) { try { call(); } catch (error) { spy(error); } }
  await new Promise((resolve) => setTimeout(resolve, 10));`,
  3_000,
);
hostile(
  'an inspector of the author’s is not called with what is not theirs',
  [null, 'threw'],
  `
  const spy = (...found) => { for (const each of found) { try { const process = each.constructor.constructor('return process')(); if (process !== undefined && process !== globalThis.process) console.log('LEAK inspect'); } catch {} } return 'x'; };
  console.log({ [Symbol.for('nodejs.util.inspect.custom')]: spy });
  require('util').inspect({ [Symbol.for('nodejs.util.inspect.custom')]: spy });`,
);

// It waits for the next run.
test('a hook that stays sees nothing of the next run', async () => {
  const hooks = `
    const leak = (text) => { if (String(text).includes('the-next')) console.log('LEAK ' + text); };
    const parse = JSON.parse;
    JSON.parse = (text) => { leak(text); return parse(text); };
    Object.defineProperty(Object.prototype, 'secrets', { configurable: true, set(value) { leak(JSON.stringify(value)); Object.defineProperty(this, 'secrets', { value, writable: true, configurable: true, enumerable: true }); }, get() { return undefined; } });
    try { const { Socket } = require('net'); const emit = Socket.prototype.emit; Socket.prototype.emit = function (...args) { leak(args[1]); return emit.apply(this, args); }; } catch {}
    try { const buffer = Buffer.prototype.toString; Buffer.prototype.toString = function (...args) { const text = buffer.apply(this, args); leak(text); return text; }; } catch {}
    process.on && process.on('beforeExit', () => console.log('LEAK exit'));
    setInterval(() => console.log('LEAK alive'), 1);
    for (const delay of [0, 1, 5, 20]) setTimeout(() => console.log('LEAK late'), delay);
    setImmediate(() => console.log('LEAK immediate'));`;
  for (let count = 0; count < 3; count += 1) {
    await Promise.all([sandbox.run(action(hooks), victim, 2_000), sandbox.run(action(hooks), victim, 2_000)]);
    for (const report of await Promise.all([runGood(), runGood()])) expect(report).toMatchObject(answered);
  }
});
test('what is masked is masked wherever an Action prints it', async () => {
  const report = await sandbox.run(
    action(
      'console.log(event.secrets.TOKEN); console.log({ a: [event.secrets.TOKEN] }); throw new Error("with " + event.secrets.TOKEN);',
    ),
    { ...victim, secrets: { TOKEN: SECRET } },
    5_000,
  );
  expect(JSON.stringify(report.logs)).not.toContain(SECRET);
  expect(report.logs).toHaveLength(2);
});

// It lies to members of api.
test('a getter that changes its mind is asked once, and its first answer is what counts', async () => {
  const report = await suffer(`
    let asked = 0;
    api.user.setUserMetadata('name', { get value() { asked += 1; return asked === 1 ? 'first' : 'second'; } });
    console.log(String(asked));`);
  expect(report.error).toBeNull();
  expect(report.logs).toEqual([{ level: 'log', text: '1' }]);
  expect(report.calls).toMatchObject([
    { member: 'user.setUserMetadata', args: ['name', { value: 'first' }] },
  ]);
});
hostile(
  'getters on event that throw or change are no harm',
  [null, 'threw'],
  `
  let count = 0;
  for (const name of Object.keys(event)) Object.defineProperty(event, name, { get() { count += 1; if (count % 2) throw new Error('getter'); return { user_id: 'auth0|2' }; } });
  api.user.setUserMetadata('name', 'value');`,
);
test('a __proto__ key in a value pollutes neither side', async () => {
  await suffer(`
    const value = JSON.parse('{"__proto__": {"polluted": "x"}, "constructor": {"prototype": {"polluted": "x"}}}');
    for (const call of [() => api.user.setUserMetadata('name', value), () => api.user.setUserMetadata('__proto__', { polluted: 'x' }), () => api.idToken.setCustomClaim('https://example.test/claim', value), () => api.idToken.setCustomClaim('__proto__', { polluted: 'x' })]) { try { call(); } catch {} }
    if ({}.polluted !== undefined) throw new Error('polluted');`);
  expect({}).not.toHaveProperty('polluted');
});

test('after all of them the server is as it was', () => {
  expect(inspectorUrl()).toBeUndefined();
  expect(getPriority()).toBe(priority);
  expect(reached).toEqual([]);
});
