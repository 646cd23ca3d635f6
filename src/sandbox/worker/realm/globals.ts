/** What an Action finds in its global scope, besides the language. */
import type { Host } from './host.js';
import {
  apply,
  defineProperty,
  deleteProperty,
  ERRORS,
  GLOBAL,
  HAS_INSTANCE,
  hasInstance,
  put,
  putHidden,
  read,
  toText,
} from './primordials.js';
import type { Timers } from './timers.js';

/** Taken over from Node when they are first looked at: some of them cost milliseconds to load. */
const FROM_NODE = [
  'AbortController',
  'AbortSignal',
  'Blob',
  'Buffer',
  'ByteLengthQueuingStrategy',
  'CompressionStream',
  'CountQueuingStrategy',
  'Crypto',
  'CryptoKey',
  'DOMException',
  'DecompressionStream',
  'Event',
  'EventTarget',
  'File',
  'FormData',
  'Headers',
  'ReadableStream',
  'Request',
  'Response',
  'SubtleCrypto',
  'TextDecoder',
  'TextDecoderStream',
  'TextEncoder',
  'TextEncoderStream',
  'TransformStream',
  'URL',
  'URLSearchParams',
  'WritableStream',
  'atob',
  'btoa',
  'crypto',
  'performance',
  'structuredClone',
];

/** Constructors whose values come from the other realm too: errors of Node's, a Buffer, what structuredClone made. */
const SHARED = [
  'Array',
  'ArrayBuffer',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
  'Date',
  'Error',
  'EvalError',
  'Float32Array',
  'Float64Array',
  'Function',
  'Int16Array',
  'Int32Array',
  'Int8Array',
  'Map',
  'Object',
  'Promise',
  'RangeError',
  'ReferenceError',
  'RegExp',
  'Set',
  'SharedArrayBuffer',
  'SyntaxError',
  'TypeError',
  'URIError',
  'Uint16Array',
  'Uint32Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'WeakMap',
  'WeakSet',
];

export function furnish(host: Host, timers: Timers, own: Readonly<Record<string, unknown>>): void {
  for (let index = 0; index < SHARED.length; index += 1) acceptBoth(SHARED[index]!, host);
  for (let index = 0; index < FROM_NODE.length; index += 1) lazily(FROM_NODE[index]!, host);
  // Both call back when the run may be over; nobody may count on the second ever being called.
  deleteProperty(GLOBAL['Atomics'] as object, 'waitAsync');
  putHidden(GLOBAL, 'FinalizationRegistry', FinalizationRegistryThatWaits);
  putHidden(GLOBAL, 'global', GLOBAL);
  putHidden(GLOBAL, 'setTimeout', timers.setTimeout);
  putHidden(GLOBAL, 'setInterval', timers.setInterval);
  putHidden(GLOBAL, 'setImmediate', timers.setImmediate);
  putHidden(GLOBAL, 'clearTimeout', (timer: unknown) => timers.clear(timer));
  putHidden(GLOBAL, 'clearInterval', (timer: unknown) => timers.clear(timer));
  putHidden(GLOBAL, 'clearImmediate', (timer: unknown) => timers.clear(timer));
  putHidden(GLOBAL, 'queueMicrotask', timers.queueMicrotask);
  putHidden(GLOBAL, 'fetch', fetchOf(host));
  putHidden(GLOBAL, 'console', own['console']);
  putHidden(GLOBAL, 'process', own['process']);
}

const FinalizationRegistryThatWaits = class FinalizationRegistry {
  register(): void {}
  unregister(): boolean {
    return false;
  }
};

/** `instanceof` as the author means it, across the two realms; a class that extends one keeps its own meaning. */
function acceptBoth(name: string, host: Host): void {
  const made = GLOBAL[name] as object;
  defineProperty(made, HAS_INSTANCE, {
    __proto__: null,
    value(this: unknown, value: unknown): boolean {
      return hasInstance(this, value) || (this === made && host.isOfMainRealm(name, value));
    },
    writable: false,
    enumerable: false,
    configurable: false,
  } as PropertyDescriptor);
}

function lazily(name: string, host: Host): void {
  const define = (value: unknown): void => putHidden(GLOBAL, name, value);
  defineProperty(GLOBAL, name, {
    __proto__: null,
    get: () => {
      const value = host.nodeGlobal(name);
      define(value);
      return value;
    },
    set: define,
    enumerable: false,
    configurable: true,
  } as PropertyDescriptor);
}

/** Node's, with a promise and errors of this realm. */
const fetchOf = (host: Host) =>
  async function fetch(...args: unknown[]): Promise<unknown> {
    try {
      return await apply(host.nodeGlobal('fetch') as (...given: unknown[]) => unknown, undefined, args);
    } catch (error) {
      throw errorOfRealm(error, host, 0);
    }
  };

function errorOfRealm(error: unknown, host: Host, depth: number): unknown {
  const name = read(error, 'name');
  const made = typeof name === 'string' ? ERRORS[name] : undefined;
  if (!made || depth > 3 || !host.isOfMainRealm('Error', error)) return error;
  const own = new made(toText(read(error, 'message')));
  const code = read(error, 'code');
  const cause = read(error, 'cause');
  if (code !== undefined) put(own, 'code', code);
  if (cause !== undefined) putHidden(own, 'cause', errorOfRealm(cause, host, depth + 1));
  return own;
}
