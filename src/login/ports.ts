/** What the shell hands to the core: the clock, randomness, and the address of the server. A test may give others. */
import { randomBytes } from 'node:crypto';

export class Clock {
  now(): Date {
    return new Date();
  }
}

/** The way into the kernel costs more than the bytes, and a login needs a few at several places. */
const DRAWN_AT_ONCE = 4096;

export class Randomness {
  #pool = Buffer.alloc(0);

  /** Cryptographically strong; none is handed out twice. */
  bytes(count: number): Buffer {
    if (count > DRAWN_AT_ONCE) return randomBytes(count);
    if (count > this.#pool.length) this.#pool = randomBytes(DRAWN_AT_ONCE);
    const drawn = Buffer.from(this.#pool.subarray(0, count));
    this.#pool.fill(0, 0, count);
    this.#pool = this.#pool.subarray(count);
    return drawn;
  }
}

/** The public base URL, without a trailing slash. Known only once the server listens, when the port was left open. */
export class BaseUrl {
  #value: string | undefined;
  #waiting: (() => void)[] = [];

  get value(): string {
    if (this.#value === undefined) throw new Error('the base URL is asked for before the server listens');
    return this.#value;
  }

  set value(url: string) {
    this.#value = url;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const tell of waiting) tell();
  }

  /** Tells once the server listens. */
  whenKnown(tell: () => void): void {
    if (this.#value === undefined) this.#waiting.push(tell);
    else tell();
  }
}

/** Where packages of Actions are looked up that were deployed over REST; absolute. Set by the shell. */
export class ActionModules {
  folder = process.cwd();
}

/** Is told that back-channel logouts wait; until somebody delivers them, they do. */
export class DueLogouts {
  wake: () => void = () => undefined;
}

/** Where work that no request waits for tells what failed; until the shell hands in its log, nowhere. */
export class Failures {
  report: (error: unknown, what: string) => void = () => undefined;
}
