/**
 * What belongs to all runs of a worker: its own realm, and Node's modules. Code that climbs out of its context finds them sealed (freezing
 * would break packages that assign what they inherit), and a value that was changed is found after the run.
 */
import { Socket } from 'node:net';

interface Watched {
  readonly holder: Record<PropertyKey, unknown>;
  readonly name: PropertyKey;
  readonly value: unknown;
}
const watched: Watched[] = [];
const seen = new Set<unknown>();

const INTRINSICS = [
  'AbortController',
  'AbortSignal',
  'AggregateError',
  'Array',
  'ArrayBuffer',
  'Atomics',
  'BigInt',
  'BigInt64Array',
  'BigUint64Array',
  'Blob',
  'Boolean',
  'Buffer',
  'DataView',
  'Date',
  'Error',
  'EvalError',
  'Event',
  'EventTarget',
  'FinalizationRegistry',
  'Float32Array',
  'Float64Array',
  'Function',
  'Int16Array',
  'Int32Array',
  'Int8Array',
  'Intl',
  'JSON',
  'Map',
  'Math',
  'Number',
  'Object',
  'Promise',
  'Proxy',
  'RangeError',
  'ReferenceError',
  'Reflect',
  'RegExp',
  'Set',
  'SharedArrayBuffer',
  'String',
  'Symbol',
  'SyntaxError',
  'TextDecoder',
  'TextEncoder',
  'TypeError',
  'URIError',
  'URL',
  'URLSearchParams',
  'Uint16Array',
  'Uint32Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'WeakMap',
  'WeakRef',
  'WeakSet',
] as const;

const isObject = (value: unknown): value is Record<PropertyKey, unknown> =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Seals it, and remembers its values. Accessors cannot be changed once it is sealed. */
function watch(holder: unknown, seal: boolean): void {
  if (!isObject(holder) || seen.has(holder)) return;
  seen.add(holder);
  if (seal) Object.seal(holder);
  for (const name of Reflect.ownKeys(holder)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(holder, name);
    // There is another one in each run: see renewed.ts.
    if (name === 'globalAgent') continue;
    if (descriptor?.writable) watched.push({ holder, name, value: descriptor.value });
  }
}
/** With what it inherits from: an instance leads to all of them. */
function watchClass(value: unknown): void {
  watch(value, true);
  if (typeof value !== 'function') return;
  for (
    let at = (value as { prototype?: unknown }).prototype;
    isObject(at) && !seen.has(at);
    at = Reflect.getPrototypeOf(at)
  ) {
    watch(at, true);
    watch(Reflect.getOwnPropertyDescriptor(at, 'constructor')?.value, true);
  }
}

/** Of the worker's own realm; once, when everything of the worker's has been loaded. */
export function watchIntrinsics(): void {
  for (const name of INTRINSICS) watchClass((globalThis as Record<string, unknown>)[name]);
  const functions = [async () => undefined, function* () {}, async function* () {}];
  for (const made of functions) {
    const prototype = Object.getPrototypeOf(made) as { prototype?: unknown; constructor: unknown };
    watchClass(prototype.constructor);
    watch(prototype, true);
    watch(prototype.prototype, true);
  }
  const iterators = [[][Symbol.iterator](), new Map().entries(), new Set().values(), ''[Symbol.iterator]()];
  for (const iterator of iterators) {
    const prototype = Object.getPrototypeOf(iterator) as object;
    watch(prototype, true);
    watch(Object.getPrototypeOf(prototype), true);
  }
  watchClass(Object.getPrototypeOf(Uint8Array));
  // Whoever makes a request gets one, whatever module they required.
  watchClass(Socket);
}

/** A global of Node's that an Action has seen: a class, or an object that there is once, like `crypto`. */
export function watchGlobal(value: unknown): void {
  watch(value, true);
  if (typeof value === 'function') watchClass(value);
  else if (isObject(value)) watchClass(value.constructor);
}

/** `process`: Actions have a stub, and whoever finds it all the same leaves no listener and no method in it. */
export function watchProcess(): void {
  for (const name of Reflect.ownKeys(process)) {
    const value: unknown = Reflect.getOwnPropertyDescriptor(process, name)?.value;
    if (typeof value !== 'function' && name !== '_eventsCount') continue;
    watched.push({ holder: process as unknown as Watched['holder'], name, value });
  }
  watch((process as unknown as Record<'_events', unknown>)['_events'], false);
}

/** A module of Node's that an Action has seen: classes and functions, which cannot be copied, and objects one level down. */
export function watchModule(module: object): void {
  // Not sealed: Node adds to some of its modules later. Actions have copies of them.
  watch(module, typeof module === 'function');
  if (typeof module === 'function') watchClass(module);
  for (const name of Reflect.ownKeys(module)) {
    // Getters load what is looked at, with warnings for what is old.
    const value: unknown = Reflect.getOwnPropertyDescriptor(module, name)?.value;
    if (typeof value === 'function') watchClass(value);
    else watch(value, false);
  }
}

// Whoever changed something may have changed what would tell: nothing below asks a prototype.
const { is } = Object;
const toText = String;

/** The name of a value that is not what it was; `null` where all are. */
export function changed(): string | null {
  for (let index = 0; index < watched.length; index += 1) {
    const { holder, name, value } = watched[index]!;
    if (!is(holder[name], value)) return toText(name);
  }
  return null;
}
