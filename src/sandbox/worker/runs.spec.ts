import { afterAll, beforeAll, expect, test } from 'vitest';
import { SECRET } from '../../tenant/secret.js';
import { action, FILE, WorkerUnderTest } from '../../../test/support/sandbox-worker.js';

let worker: WorkerUnderTest;
beforeAll(async () => {
  worker = await WorkerUnderTest.start();
});
afterAll(() => worker.end());

test('an Action that does nothing ends without an error and leaves nothing', async () => {
  expect(await worker.run(action(''))).toEqual({ calls: [], logs: [], error: null, tainted: null });
});

test('a call of api is told with its arguments and its place, and hands api back', async () => {
  const { calls, logs } = await worker.run(
    action(`  const back = api.idToken\n    .setCustomClaim('https://app/roles', ['a', undefined]);
  console.log(back === api);`),
  );
  expect(calls).toEqual([
    {
      member: 'idToken.setCustomClaim',
      args: ['https://app/roles', ['a', { $undefined: true }]],
      line: 3,
      column: 6,
    },
  ]);
  expect(logs).toEqual([{ level: 'log', text: 'true' }]);
});

test('a column of the first line is the one of the file', async () => {
  const { calls, error } = await worker.run(
    `exports.onExecutePostLogin = async (event, api) => { api.access.deny('x'); throw new Error('y'); };`,
  );
  expect(calls[0]).toMatchObject({ line: 1, column: 65 });
  expect(error).toMatchObject({ line: 1, column: 82 });
});

test('a call that is refused throws at the author, with their line first', async () => {
  const { calls, logs, error } = await worker.run(
    action(`  try {
    api.samlResponse.setAudience(5);
  } catch (error) {
    console.log(error instanceof Error, error.constructor === TypeError || error.constructor === Error);
    throw error;
  }`),
  );
  expect(calls).toHaveLength(1);
  expect(calls[0]!.threw).toBe(error!.message);
  expect(logs[0]!.text).toBe('true true');
  expect(error).toMatchObject({ kind: 'threw', line: 3, column: 22 });
  expect(error!.stack).toBe(
    `${error!.name}: ${error!.message}\n    at exports.onExecutePostLogin (${FILE}:3:22)`,
  );
});

test('what a member answers is a value of the author’s realm, or a promise of one', async () => {
  const { calls, logs } = await worker.run(
    action(`  const set = api.cache.set('key', 'value');
  const record = api.cache.get('key');
  console.log(set.type, record instanceof Object, Object.getPrototypeOf(record) === Object.prototype, record.value);
  const roles = api.roles.getUserEffectiveRoles();
  console.log(Object.getPrototypeOf(roles) === Promise.prototype);
  await roles.catch(() => undefined);`),
  );
  expect(logs.map(({ text }) => text)).toEqual(['success true true value', 'true']);
  expect(calls[1]).toMatchObject({ member: 'cache.get', returned: { value: 'value' } });
});

test('api changes the event that the author holds, where Auth0 does', async () => {
  const { logs } = await worker.run(
    action(`  api.transaction.setMetadata('step', 'one');
  console.log(event.transaction.metadata, event.secrets.KEY, event.configuration);`),
    { secrets: { KEY: 'abc' } },
  );
  expect(logs[0]!.text).toBe("{ step: 'one' } abc {}");
});

test('what an author writes on event changes nothing that api sees', async () => {
  const { calls } = await worker.run(
    action(`  event.user.user_metadata = { forged: true };
  event.transaction = new Proxy({}, { get() { throw new Error('mine'); }, defineProperty() { return false; } });
  api.transaction.setMetadata('step', 'one');`),
  );
  expect(calls[0]!.threw).toBeUndefined();
});

test('an own __proto__ in arguments stays a member, and in the event too', async () => {
  const { calls, logs } = await worker.run(
    action(`  api.idToken.setCustomClaim('c', JSON.parse('{"__proto__":{"admin":true}}'));
  console.log(Object.keys(event.request), event.request.admin, ({}).admin);`),
    { event: JSON.parse('{"request":{"__proto__":{"admin":true}}}') as never },
  );
  expect(JSON.stringify(calls[0]!.args)).toBe('["c",{"__proto__":{"admin":true}}]');
  expect(logs[0]!.text).toBe("[ '__proto__' ] undefined undefined");
});

test('arguments are copied once: a getter that changes its mind and toJSON are heard once', async () => {
  const { calls } = await worker.run(
    action(`  let reads = 0;
  api.idToken.setCustomClaim('c', { get value() { reads += 1; return reads; } });
  api.idToken.setCustomClaim('d', new Date(0));`),
  );
  expect(calls.map(({ args }) => args[1])).toEqual([{ value: 1 }, '1970-01-01T00:00:00.000Z']);
});

test('what JSON cannot say is said nevertheless', async () => {
  const { calls } = await worker.run(
    action(
      `  try { api.idToken.setCustomClaim('c', [NaN, 1n, Symbol('s'), function f() {}, new String('t'), { $x: 1 }]); } catch {}`,
    ),
  );
  expect(calls[0]!.args[1]).toEqual([
    { $number: 'NaN' },
    { $bigint: '1' },
    { $symbol: 's' },
    { $function: 'f' },
    't',
    { $object: { $x: 1 } },
  ]);
});

test.each([
  ['a circle', 'const a = {}; a.a = a;', /circular/],
  ['too many levels', 'let a = 1; for (let i = 0; i < 33; i += 1) a = [a];', /32 levels/],
  ['too much', "const a = 'x'.repeat(1 << 21);", /too large/],
  ['an array without an end', 'const a = []; a.length = 4e9;', /too large/],
])('an argument with %s is refused at its line', async (_name, make, message) => {
  const { calls, error } = await worker.run(action(`  ${make}\n  api.idToken.setCustomClaim('c', a);`));
  expect(calls).toEqual([]);
  expect(error).toMatchObject({ kind: 'threw', name: 'TypeError', line: 3 });
  expect(error!.message).toMatch(message);
});

test('a member that is not there is a TypeError of the author’s', async () => {
  const { error } = await worker.run(action(`  api.accessToken.setCustomClaims('a', 1);`));
  expect(error).toMatchObject({
    name: 'TypeError',
    message: 'api.accessToken.setCustomClaims is not a function',
    line: 2,
  });
});

test('console prints as Node does', async () => {
  const { logs } = await worker.run(
    action(`  console.log('%s is %d, %j', 'a', 1, { b: [2] }, { c: { d: { e: { f: 1 } } } });
  console.info([1, , 'x'], new Map([[{ a: 1 }, new Set([1])]]), Symbol('s'), 1n, null, undefined);
  console.warn(class A {}, async () => {}, new (class Point { x = 1 })(), /a/g, new Date(0), Object.create(null));
  console.error(Buffer.from('ab'), new Uint8Array(2), { get a() { return 1; } });
  const circle = { name: 'c' }; circle.self = circle;
  console.debug(circle, new URL('http://a.example/'));
  console.log();
  console.trace('here');`),
  );
  expect(logs).toEqual([
    { level: 'log', text: 'a is 1, {"b":[2]} { c: { d: { e: [Object] } } }' },
    {
      level: 'info',
      text: "[ 1, undefined, 'x' ] Map(1) { { a: 1 } => Set(1) { 1 } } Symbol(s) 1n null undefined",
    },
    {
      level: 'warn',
      text: '[class A] [AsyncFunction (anonymous)] Point { x: 1 } /a/g 1970-01-01T00:00:00.000Z [Object: null prototype] {}',
    },
    { level: 'error', text: '<Buffer 61 62> Uint8Array(2) [ 0, 0 ] { a: [Getter] }' },
    {
      level: 'debug',
      text: expect.stringMatching(/^<ref \*1> \{ name: 'c', self: \[Circular \*1\] \} URL \{/),
    },
    { level: 'log', text: '' },
    { level: 'trace', text: `Trace: here \n    at exports.onExecutePostLogin (${FILE}:9:11)` },
  ]);
});

test('secrets are masked in logs, errors and arguments that are only shown', async () => {
  const { logs, error, calls } = await worker.run(
    action(`  console.log('key', event.secrets.KEY, { deep: [event.secrets.KEY] }, event.secrets.SHORT);
  api.redirect.encodeToken({ secret: 'not in secrets', payload: { a: event.secrets.KEY }, expiresInSeconds: 60 });
  api.idToken.setCustomClaim('key', event.secrets.KEY);
  throw new Error('no ' + event.secrets.KEY);`),
    { secrets: { KEY: 'sesame-open', SHORT: 'abc' } },
  );
  expect(logs[0]!.text).toBe(`key ${SECRET} { deep: [ '${SECRET}' ] } abc`);
  expect(error!.message).toBe(`no ${SECRET}`);
  expect(error!.stack).not.toContain('sesame');
  expect(calls[0]!.args).toEqual([{ secret: SECRET, payload: { a: SECRET }, expiresInSeconds: 60 }]);
  // The server does this one again, and needs what it was.
  expect(calls[1]!.args).toEqual(['key', 'sesame-open']);
});

test('logs are cut, and what was too much of them does not come', async () => {
  const { logs } = await worker.run(
    action(`  for (let i = 0; i < 3000; i += 1) console.log('x'.repeat(100));`),
  );
  const bytes = logs.reduce((sum, { text }) => sum + text.length + 1, 0);
  expect(bytes).toBeGreaterThan(64 * 1024);
  expect(bytes).toBeLessThan(66 * 1024);
});

test.each([
  ['null', 'null', 'null', 'null'],
  ['undefined', 'undefined', 'undefined', 'undefined'],
  ['a string', "'no entry'", 'string', 'no entry'],
  ['an object', '({ code: 1 })', 'Object', '{ code: 1 }'],
  [
    'an object with throwing getters',
    '({ get message() { throw 1; }, get name() { throw 2; }, get stack() { throw 3; } })',
    'Object',
    '{ message: [Getter], name: [Getter], stack: [Getter] }',
  ],
  [
    'a proxy of traps that throw',
    "new Proxy({}, new Proxy({}, { get() { throw new Error('trap'); } }))",
    'Object',
    '[Object]',
  ],
  [
    'a revoked proxy',
    '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()',
    'Object',
    '[Object]',
  ],
  ['a class of its own', "new (class Refused extends Error { name = 'Refused' })('no')", 'Refused', 'no'],
])('an Action may throw %s', async (_name, thrown, name, message) => {
  const { error } = await worker.run(action(`  throw ${thrown};`));
  expect(error).toMatchObject({ kind: 'threw', name, message });
});

test.each([
  [
    'a syntax error',
    'exports.a = 1;\nconst = 2;',
    {
      kind: 'unusable',
      name: 'SyntaxError',
      line: 2,
      column: 7,
      stack: expect.stringContaining(`${FILE}:2:7`) as string,
    },
  ],
  ['braces that close what is around it', '}); (function () {', { kind: 'unusable', name: 'SyntaxError' }],
  [
    'an ES module',
    "import a from 'a';",
    { kind: 'unusable', message: expect.stringContaining('CommonJS') as string },
  ],
  [
    'no handler',
    'exports.onExecutePostlogin = async () => {};',
    { kind: 'no_handler', message: expect.stringContaining('It exports onExecutePostlogin') as string },
  ],
  [
    'a handler that is not async',
    'exports.onExecutePostLogin = () => Promise.resolve();',
    {
      kind: 'unusable',
      message: expect.stringMatching(
        /^Invalid function signature for the "onExecutePostLogin" handler/,
      ) as string,
    },
  ],
  ['a generator', 'exports.onExecutePostLogin = async function* () {};', { kind: 'unusable' }],
  [
    'a function as module.exports',
    'module.exports = async () => {};',
    { kind: 'unusable', message: expect.stringContaining('module.exports is a function') as string },
  ],
  ['null as module.exports', 'module.exports = null;', { kind: 'unusable' }],
  [
    'a package that is not declared',
    "\nrequire('left-pad');",
    {
      kind: 'unusable',
      message: "Cannot find module 'left-pad'. Declare it in the Action's dependencies.",
      line: 2,
    },
  ],
  [
    'a top level that throws',
    "\n\nthrow new TypeError('top');",
    { kind: 'threw', name: 'TypeError', line: 3 },
  ],
])('an Action with %s says so', async (_name, code, error) => {
  expect((await worker.run(code)).error).toMatchObject(error);
});

test('a first line for the shell and a byte order mark do no harm', async () => {
  const { error } = await worker.run(
    `\uFEFF#!/usr/bin/env node\nexports.onExecutePostLogin = async () => { throw new Error('x'); };`,
  );
  expect(error).toMatchObject({ message: 'x', line: 2 });
});

test('each run begins fresh: modules, globals and prototypes are not those of the run before', async () => {
  const code = `globalThis.count = (globalThis.count ?? 0) + 1;
Array.prototype.evil = Object.prototype.evil = count;
Promise.prototype.then = Error.prepareStackTrace = JSON.parse = undefined;
exports.onExecutePostLogin = async (event, api) => { console.log(count); api.access.deny('no'); };`;
  for (let run = 0; run < 3; run += 1) {
    const { logs, calls, error, tainted } = await worker.run(code);
    expect({ text: logs[0]?.text, calls: calls.length, error, tainted }).toEqual({
      text: '1',
      calls: 1,
      error: null,
      tainted: null,
    });
  }
});

test('code that breaks its own language breaks nothing beside it', async () => {
  const { calls, error, logs } = await worker.run(
    action(`  const classes = [Array, String, Function, Object, Map, Set, Date, RegExp, Number, Boolean, Symbol, WeakMap];
  for (let i = 0; i < classes.length; i += 1) {
    const names = Reflect.ownKeys(classes[i].prototype);
    for (let j = 0; j < names.length; j += 1) {
      if (names[j] !== 'constructor') try { classes[i].prototype[names[j]] = () => { throw new Error('mine'); }; } catch {}
    }
  }
  Object.defineProperty(Array.prototype, '0', { set() { throw new Error('mine'); } });
  Object.defineProperty(Object.prototype, 'toJSON', { value() { throw new Error('mine'); } });
  Reflect.apply = Reflect.defineProperty = JSON.stringify = JSON.parse = Object.keys = undefined;
  console.log('still here', { a: 1 });
  api.idToken.setCustomClaim('c', 'v');
  null.x;`),
  );
  expect(logs[0]!.text).toMatch(/^still here/);
  expect(calls[0]).toMatchObject({ args: ['c', 'v'], line: 13 });
  expect(error).toMatchObject({ name: 'TypeError', line: 14 });
});

test('the other handler and the other trigger have their own api', async () => {
  const code = `exports.onExecuteCredentialsExchange = async (event, api) => {
  console.log(Object.keys(api).sort().join());
  api.access.deny('invalid_scope', 'no');
};`;
  const { logs, calls } = await worker.run(code, {
    trigger: 'credentials-exchange',
    handler: 'onExecuteCredentialsExchange',
  });
  expect(logs[0]!.text).toBe('access,accessToken,cache,transaction');
  expect(calls[0]!.args).toEqual(['invalid_scope', 'no']);
});

test('api that is called after the handler has ended does nothing', async () => {
  const { calls, tainted } = await worker.run(
    action(
      `  Promise.resolve().then(() => {}).then(() => {}).then(() => {}).then(() => api.access.deny('late'));`,
    ),
  );
  expect(calls).toEqual([]);
  expect(tainted).toMatch(/unhandled rejection.*handler has ended/);
});
