/** What a worker process and the pool of them are held to, in one place; and the memory of a process as the kernel counts it. */
import { closeSync, openSync, readSync } from 'node:fs';
import { BOUNDS } from './messages.js';

export const LIMITS = {
  /** From spawn to `ready`. Generous: a machine under test may be loaded. */
  readyMs: 20_000,
  /** From `run` to `start`: a worker that is still busy with something of an earlier run never says it. */
  startMs: 2_000,
  /** How often a run is tried that no worker has started. Nothing of it ran, so that another try is harmless. */
  attempts: 3,
  /** From `done` to `idle`. The answer is delivered; what lingers must not meet the next run. */
  settleMs: 500,
  /** From a kill until the worker's last words are taken as read. */
  drainMs: 200,
  /** How often the memory of a worker is looked at. */
  pollMs: 50,
  residentBytes: BOUNDS.residentBytes,
  /** A worker that holds on to more between runs is replaced: the next run would pay for what the last one left. */
  restingBytes: 160 * 1024 * 1024,
  /** Data segment of a worker beyond what it has when idle; on Node 24 the code range comes on top. */
  dataBytes: 250 * 1024 * 1024,
  codeRangeBytes: 512 * 1024 * 1024,
  /** All that a worker may write in one run, whatever it is. */
  outputBytes: 8 * 1024 * 1024,
  /** What of its standard error is kept, to know what ended it. */
  lastWordsBytes: 4096,
  runsPerWorker: 5_000,
  programsPerWorker: 50,
  warmWorkers: 2,
  workers: 8,
  /** A pool grows beyond the warm ones where a run has waited this long. */
  growAfterMs: 25,
  shrinkAfterMs: 60_000,
  queued: 500,
  queuedMs: 30_000,
} as const;
export type Limits = { readonly [Name in keyof typeof LIMITS]: number };

const kilobytes = (status: string, row: 'VmRSS' | 'VmData'): number | null => {
  const [, count] = new RegExp(`^${row}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
  return count === undefined ? null : Number(count) * 1024;
};

/** The memory of one process, where there is a /proc to read it from. It holds on to the process, not to its number. */
export class ProcessMemory {
  readonly #file: number | null;
  readonly #buffer = Buffer.alloc(4096);
  #closed = false;

  constructor(pid: number) {
    let file: number | null = null;
    try {
      file = openSync(`/proc/${pid}/status`, 'r');
    } catch {
      // No /proc, or the process is gone.
    }
    this.#file = file;
  }

  /** `null` where nobody knows. */
  resident(): number | null {
    return kilobytes(this.#status(), 'VmRSS');
  }
  data(): number | null {
    return kilobytes(this.#status(), 'VmData');
  }

  close(): void {
    if (this.#file !== null && !this.#closed) closeSync(this.#file);
    this.#closed = true;
  }

  #status(): string {
    if (this.#file === null || this.#closed) return '';
    try {
      return this.#buffer.toString(
        'latin1',
        0,
        readSync(this.#file, this.#buffer, 0, this.#buffer.length, 0),
      );
    } catch {
      return '';
    }
  }
}
