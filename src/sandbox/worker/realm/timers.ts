/** The timers of a run, in its own realm: the worker knows each, and stops them with the run. */
import type { Host, TimerKind } from './host.js';
import { apply, ERRORS, put, putHidden, toNumber, weakGet, weakSet } from './primordials.js';

type Callback = (...args: unknown[]) => unknown;

export interface Timers {
  readonly setTimeout: (callback: Callback, milliseconds?: unknown, ...args: unknown[]) => object;
  readonly setInterval: (callback: Callback, milliseconds?: unknown, ...args: unknown[]) => object;
  readonly setImmediate: (callback: Callback, ...args: unknown[]) => object;
  readonly clear: (timer: unknown) => void;
  readonly nextTick: (callback: Callback, ...args: unknown[]) => void;
  readonly queueMicrotask: (callback: Callback) => void;
}

const numbers = new WeakMap<object, number>();

class Timeout {
  #host: Host;
  #number = 0;
  #begin: () => number;
  #held = true;
  constructor(host: Host, begin: () => number) {
    this.#host = host;
    this.#begin = begin;
    this.#set(begin());
  }
  #set(number: number): void {
    this.#number = number;
    weakSet(numbers, this, number);
  }
  ref(): this {
    this.#held = true;
    this.#host.holdTimer(this.#number, true);
    return this;
  }
  unref(): this {
    this.#held = false;
    this.#host.holdTimer(this.#number, false);
    return this;
  }
  hasRef(): boolean {
    return this.#held;
  }
  refresh(): this {
    this.#host.stopTimer(this.#number);
    this.#set(this.#begin());
    return this;
  }
  close(): this {
    this.#host.stopTimer(this.#number);
    return this;
  }
  [Symbol.toPrimitive](): number {
    return this.#number;
  }
}
putHidden(Timeout.prototype, Symbol.toStringTag, 'Timeout');

export function timersOf(host: Host): Timers {
  const checked = (callback: unknown): Callback => {
    if (typeof callback === 'function') return callback as Callback;
    const error = new ERRORS['TypeError']!('The "callback" argument must be of type function');
    put(error, 'code', 'ERR_INVALID_ARG_TYPE');
    throw error;
  };
  const begin = (
    kind: TimerKind,
    milliseconds: unknown,
    callback: unknown,
    args: unknown[],
  ): (() => number) => {
    const call = checked(callback);
    return () => host.startTimer(kind, toNumber(milliseconds), () => void apply(call, undefined, args));
  };
  return {
    setTimeout: (callback, milliseconds, ...args) =>
      new Timeout(host, begin('timeout', milliseconds ?? 1, callback, args)),
    setInterval: (callback, milliseconds, ...args) =>
      new Timeout(host, begin('interval', milliseconds ?? 1, callback, args)),
    setImmediate: (callback, ...args) => new Timeout(host, begin('immediate', 0, callback, args)),
    clear: (timer) => {
      const number =
        typeof timer === 'object' && timer !== null
          ? (weakGet(numbers, timer) as number | undefined)
          : toNumber(timer);
      if (number !== undefined) host.stopTimer(number);
    },
    nextTick: (callback, ...args) => void begin('tick', 0, callback, args)(),
    queueMicrotask: (callback) => void begin('microtask', 0, callback, [])(),
  };
}

/** `timers/promises`, over the same timers. */
export function timerPromisesOf(timers: Timers): object {
  const wait = async (
    start: (done: () => void) => object,
    value: unknown,
    options: { signal?: AbortSignal } | undefined,
  ): Promise<unknown> => {
    const signal = options?.signal;
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const timer = start(resolve);
      signal?.addEventListener('abort', () => {
        timers.clear(timer);
        reject(signal.reason as Error);
      });
    });
    return value;
  };
  const timeout = (milliseconds?: unknown, value?: unknown, options?: { signal?: AbortSignal }) =>
    wait((done) => timers.setTimeout(done, milliseconds), value, options);
  const immediate = (value?: unknown, options?: { signal?: AbortSignal }) =>
    wait((done) => timers.setImmediate(done), value, options);
  async function* interval(milliseconds?: unknown, value?: unknown, options?: { signal?: AbortSignal }) {
    for (;;) yield await timeout(milliseconds, value, options);
  }
  return {
    setTimeout: timeout,
    setImmediate: immediate,
    setInterval: interval,
    scheduler: { wait: timeout, yield: () => immediate() },
  };
}
