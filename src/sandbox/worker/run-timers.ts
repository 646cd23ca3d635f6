/** The timers of one run, so that none outlives it. */
import type { TimerKind } from './realm/host.js';

/** Node's, whatever becomes of `process`. */
const nextTick = process.nextTick.bind(process);

export class RunTimers {
  readonly #clear = new Map<number, () => void>();
  readonly #held = new Map<number, NodeJS.Timeout | NodeJS.Immediate>();
  readonly #intervals = new Set<number>();
  #count = 0;
  #stopped = false;

  start(kind: TimerKind, milliseconds: number, callback: () => void): number {
    this.#count += 1;
    const number = this.#count;
    if (this.#stopped) return number;
    const fire = (): void => {
      if (kind !== 'interval') this.#forget(number);
      if (!this.#stopped) callback();
    };
    switch (kind) {
      case 'tick':
        nextTick(fire);
        break;
      case 'microtask':
        queueMicrotask(fire);
        break;
      case 'timeout': {
        const timer = setTimeout(fire, milliseconds);
        this.#remember(number, timer, () => clearTimeout(timer));
        break;
      }
      case 'interval': {
        const timer = setInterval(fire, milliseconds);
        this.#intervals.add(number);
        this.#remember(number, timer, () => clearInterval(timer));
        break;
      }
      case 'immediate': {
        const timer = setImmediate(fire);
        this.#remember(number, timer, () => clearImmediate(timer));
        break;
      }
    }
    return number;
  }

  clear(number: number): void {
    this.#clear.get(number)?.();
    this.#forget(number);
  }

  hold(number: number, held: boolean): void {
    const timer = this.#held.get(number);
    if (held) timer?.ref();
    else timer?.unref();
  }

  /** Stops all of them; whether one was an interval, which somebody forgot, and not a time limit whose race is over. */
  stop(): boolean {
    this.#stopped = true;
    const forgotten = this.#intervals.size > 0;
    for (const clear of this.#clear.values()) clear();
    this.#clear.clear();
    return forgotten;
  }

  #remember(number: number, timer: NodeJS.Timeout | NodeJS.Immediate, clear: () => void): void {
    this.#clear.set(number, clear);
    this.#held.set(number, timer);
  }
  #forget(number: number): void {
    this.#clear.delete(number);
    this.#held.delete(number);
    this.#intervals.delete(number);
  }
}
