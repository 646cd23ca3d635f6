/** What the shell hands to the core: the clock, randomness, and the address of the server. A test may give others. */
import { randomBytes } from 'node:crypto';

export class Clock {
  now(): Date {
    return new Date();
  }
}

export class Randomness {
  /** Cryptographically strong. */
  bytes(count: number): Buffer {
    return randomBytes(count);
  }
}

/** The public base URL, without a trailing slash. Known only once the server listens, when the port was left open. */
export class BaseUrl {
  #value: string | undefined;

  get value(): string {
    if (this.#value === undefined) throw new Error('the base URL is asked for before the server listens');
    return this.#value;
  }

  set value(url: string) {
    this.#value = url;
  }
}

/** Where work that no request waits for tells what failed; until the shell hands in its log, nowhere. */
export class Failures {
  report: (error: unknown, what: string) => void = () => undefined;
}
