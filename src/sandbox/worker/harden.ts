/**
 * Takes from the worker what Node's permission model leaves (sandbox.md 3): signals to the server, its inspector, unix sockets, open
 * descriptors, files. None of it is the wall, which is the process; all of it is worth having where somebody has climbed out of a context.
 */
import asyncHooks from 'node:async_hooks';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net, { type Socket } from 'node:net';
import os from 'node:os';
import { performance, PerformanceObserver } from 'node:perf_hooks';
import { types } from 'node:util';

const NO_FILES =
  'Actions have no files and no descriptors: put data into the code, a secret or the cache, or fetch it';

const refused = (message: string): Error => Object.assign(new Error(message), { code: 'ERR_ACCESS_DENIED' });

/** Ends this process; `process.exit` is not there any more. */
export const exit: (code: number) => never = (() => {
  const { reallyExit } = process as unknown as { reallyExit: (code: number) => never };
  const { apply } = Reflect;
  return (code) => apply(reallyExit, process, [code]);
})();

/** Sockets and servers that were made since they were last taken. */
const opened = new Set<{ destroy?: () => void; close?: () => void }>();
export function takeOpened(): readonly { destroy?: () => void; close?: () => void }[] {
  const all = [...opened];
  opened.clear();
  return all;
}

export function harden(pipe: Socket): void {
  acceptBothRealms();
  closeSignals();
  closeFiles();
  closePipes(pipe);
  watchSockets();
  closeObservers();
  endTimeouts();
  // Else what one run wrote into a Buffer is in that of another.
  Buffer.poolSize = 0;
  os.setPriority = () => {
    throw refused('os.setPriority is not there for Actions');
  };
  strip();
  syncBuiltinESMExports();
}

/** Node starts its inspector at SIGUSR1 unless somebody listens; the others come to all processes of a terminal, and the server decides. */
function closeSignals(): void {
  for (const signal of ['SIGUSR1', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => undefined);
  }
}

const PROCESS_MEMBERS = [
  '_debugEnd',
  '_debugProcess',
  '_getActiveHandles',
  '_getActiveRequests',
  '_kill',
  '_linkedBinding',
  '_rawDebug',
  '_startProfilerIdleNotifier',
  '_stopProfilerIdleNotifier',
  'abort',
  'binding',
  'chdir',
  'dlopen',
  'execve',
  'getBuiltinModule',
  'initgroups',
  'kill',
  'loadEnvFile',
  'mainModule',
  'openStdin',
  'reallyExit',
  'report',
  'setSourceMapsEnabled',
  'setegid',
  'seteuid',
  'setgid',
  'setgroups',
  'setuid',
  'umask',
];
function strip(): void {
  for (const name of ['stdin', 'stdout', 'stderr']) {
    // Node's fetch asks whether it is a terminal.
    Reflect.defineProperty(process, name, { value: { isTTY: false }, writable: false, configurable: false });
  }
  for (const name of PROCESS_MEMBERS) {
    // Writable: Node itself puts some of them there again, made of what it finds.
    Reflect.defineProperty(process, name, { value: undefined, writable: true, configurable: false });
  }
}

/** What packages ask a class for, and what opens nothing. */
const HARMLESS = new Set([
  'Stats',
  'StatFs',
  'Dirent',
  'ReadStream',
  'WriteStream',
  'FileReadStream',
  'FileWriteStream',
  'Dir',
  'constants',
  'promises',
  'F_OK',
  'R_OK',
  'W_OK',
  'X_OK',
  'BigIntStats',
]);

function closeFiles(): void {
  close(fs, () => {
    throw refused(NO_FILES);
  });
  close(fs.promises, () => Promise.reject(refused(NO_FILES)));
  fs.existsSync = () => false;
}
function close(module: object, refuse: () => unknown): void {
  for (const name of Object.keys(module)) {
    const { value } = Object.getOwnPropertyDescriptor(module, name) as { value?: unknown };
    if (HARMLESS.has(name) || typeof value !== 'function') continue;
    Object.defineProperty(module, name, {
      value: refuse,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
}

/** Of libuv: permission denied. */
const UV_EACCES = -13;

/** As libuv completes a connection that failed, later: who learns of it at once may take the socket for one that is connected. */
function failToConnect(this: unknown, request: { oncomplete: (...args: unknown[]) => void }): number {
  setImmediate(() => request.oncomplete(UV_EACCES, this, request, false, false));
  return 0;
}
const failAtOnce = (): number => UV_EACCES;

/** All unix sockets, and all descriptors that a socket would be made of, go through the prototype of one class of handles. */
function closePipes(pipe: Socket): void {
  const handle = (pipe as unknown as Record<'_handle', object>)['_handle'];
  const prototype = Object.getPrototypeOf(handle) as object;
  for (const name of ['open', 'connect', 'connect2', 'bind', 'bind2', 'listen', 'fchmod']) {
    if (name in prototype) {
      const value = name.startsWith('connect') ? failToConnect : failAtOnce;
      Object.defineProperty(prototype, name, { value, writable: false, configurable: false });
    }
  }
}

const methodOf = (prototype: object, name: string): ((...args: unknown[]) => unknown) =>
  Object.getOwnPropertyDescriptor(prototype, name)?.value as (...args: unknown[]) => unknown;

/** Node's own `fetch`, `http`, `tls` and `net.connect` all come by here. */
function watchSockets(): void {
  const connect = methodOf(net.Socket.prototype, 'connect');
  const listen = methodOf(net.Server.prototype, 'listen');
  net.Socket.prototype.connect = function watchedConnect(this: Socket, ...args: never[]): Socket {
    opened.add(this);
    return Reflect.apply(connect, this, args) as Socket;
  };
  net.Server.prototype.listen = function watchedListen(this: net.Server, ...args: never[]): net.Server {
    opened.add(this);
    return Reflect.apply(listen, this, args) as net.Server;
  };
}

/** What was called that sees what others do, and for good. */
let lasting: string | null = null;
export const lastingChange = (): string | null => lasting;

/** Methods that Node's classes have, and where the worker notes that one was called. */
function noted(prototype: object, name: string, shown: string): void {
  const method = methodOf(prototype, name) as typeof methodOf | undefined;
  if (method === undefined) return;
  Object.defineProperty(prototype, name, {
    value(this: unknown, ...args: never[]): unknown {
      lasting = shown;
      return Reflect.apply(method, this, args);
    },
    writable: false,
    configurable: false,
  });
}

function closeObservers(): void {
  noted(PerformanceObserver.prototype, 'observe', 'PerformanceObserver.observe');
  const performanceClass = Object.getPrototypeOf(performance) as object;
  noted(performanceClass, 'setResourceTimingBufferSize', 'performance.setResourceTimingBufferSize');
  // Where Node keeps such storage by hooks, each of them is told of every promise there will be.
  noted(asyncHooks.AsyncLocalStorage.prototype, '_enable', 'AsyncLocalStorage');
  // It is the pipe that brings the runs.
  asyncHooks.executionAsyncResource = () => ({});
}

/** `AbortSignal.timeout` has a timer that nobody sees; here it ends with the run. */
function endTimeouts(): void {
  AbortSignal.timeout = function timeout(milliseconds: number): AbortSignal {
    const controller = new AbortController();
    const timer = setTimeout(() => {
      controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    }, milliseconds).unref();
    opened.add({ close: () => clearTimeout(timer) });
    return controller.signal;
  };
}

/** Node's modules ask `instanceof` of values that come from a context. */
function acceptBothRealms(): void {
  const plain = Function.prototype[Symbol.hasInstance];
  const brands: readonly (readonly [object, (value: unknown) => boolean])[] = [
    [Array, Array.isArray],
    [ArrayBuffer, types.isArrayBuffer],
    [Date, types.isDate],
    [Error, types.isNativeError],
    [Map, types.isMap],
    [Promise, types.isPromise],
    [RegExp, types.isRegExp],
    [Set, types.isSet],
    [Uint8Array, types.isUint8Array],
  ];
  for (const [made, isOfBrand] of brands) {
    Object.defineProperty(made, Symbol.hasInstance, {
      value(this: unknown, value: unknown): boolean {
        return plain.call(this as never, value) || (this === made && isOfBrand(value));
      },
      writable: false,
      configurable: false,
    });
  }
}

const ordinary = Function.prototype[Symbol.hasInstance];
const constructors = new Map<string, unknown>(
  [
    Array,
    ArrayBuffer,
    BigInt64Array,
    BigUint64Array,
    DataView,
    Date,
    Error,
    EvalError,
    Float32Array,
    Float64Array,
    Function,
    Int16Array,
    Int32Array,
    Int8Array,
    Map,
    Object,
    Promise,
    RangeError,
    ReferenceError,
    RegExp,
    Set,
    SharedArrayBuffer,
    SyntaxError,
    TypeError,
    URIError,
    Uint16Array,
    Uint32Array,
    Uint8Array,
    Uint8ClampedArray,
    WeakMap,
    WeakSet,
  ].map((made) => [made.name, made]),
);
/** `value instanceof` the worker's own constructor of that name, by prototype alone. */
export const isOfMainRealm = (name: string, value: unknown): boolean => {
  const made = constructors.get(name);
  return made !== undefined && Reflect.apply(ordinary, made, [value]);
};
