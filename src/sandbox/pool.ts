/**
 * The worker processes: none before the first run, two as soon as there is work, more while runs wait, and fewer again when they do not.
 * One run at a time in each; a program goes to a worker that knows it, where one is free.
 */
import { WorkerProcess } from './child.js';
import type { Launch } from './launch.js';
import type { Limits } from './limits.js';
import type { Entry, Program, RunReport } from './messages.js';
import { SandboxError } from './sandbox-error.js';

interface Waiting {
  readonly program: Program;
  readonly entry: Entry;
  readonly limitMs: number;
  attempt: number;
  readonly resolve: (report: RunReport) => void;
  readonly reject: (error: unknown) => void;
}

const closed = (): SandboxError =>
  new SandboxError('sandbox_closed', 'the server stops, so no Action is run any more');

const busy = (why: string): SandboxError =>
  new SandboxError(
    'sandbox_busy',
    `${why}: Actions take long, or more logins come than this machine has room for`,
  );

export class WorkerPool {
  /** Those that came up; an ended one is taken out at once. */
  readonly #workers = new Set<WorkerProcess>();
  /** Those that are coming up. */
  readonly #starting = new Set<WorkerProcess>();
  readonly #spawns = new Set<Promise<void>>();
  readonly #queue: Waiting[] = [];
  #launch: Promise<Launch> | null = null;
  /** The last worker did not come up: until somebody asks again, none is started for the sake of warmth. */
  #discouraged = false;
  #growth: NodeJS.Timeout | undefined;
  #shrinking: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param launch says how a worker is started; asked at the first use, and again where it failed. */
  constructor(
    private readonly launch: () => Promise<Launch>,
    private readonly limits: Limits,
  ) {}

  /** Rejects with SandboxError, and with FrameError `frame_too_large` where program and event together are too large. */
  run(program: Program, entry: Entry, limitMs: number): Promise<RunReport> {
    if (this.#closed) return Promise.reject(closed());
    if (this.#queue.length >= this.limits.queued) {
      return Promise.reject(busy(`${this.limits.queued} runs of Actions are waiting already`));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const place = this.#queue.indexOf(waiting);
        if (place === -1) return;
        this.#queue.splice(place, 1);
        waiting.reject(busy(`an Action has waited ${this.limits.queuedMs} ms for its turn`));
      }, this.limits.queuedMs);
      const waiting: Waiting = {
        program,
        entry,
        limitMs,
        attempt: 1,
        resolve: (report) => {
          clearTimeout(timer);
          resolve(report);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#queue.push(waiting);
      this.#discouraged = false;
      this.#serve();
    });
  }

  /** Resolves when the workers that are kept warm are there. */
  async warm(): Promise<void> {
    if (this.#closed) throw closed();
    this.#discouraged = false;
    while (this.#spawns.size + this.#workers.size < this.limits.warmWorkers) void this.#spawn();
    await Promise.all(this.#spawns);
  }

  /** Ends all workers; what runs or waits is rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#growth);
    clearInterval(this.#shrinking);
    for (const waiting of this.#queue.splice(0)) waiting.reject(closed());
    const workers = [...this.#workers, ...this.#starting];
    for (const worker of workers) worker.close();
    await Promise.allSettled([...this.#spawns, ...workers.map(({ ended }) => ended)]);
  }

  /** Hands out what waits to the workers that are free, and sees to it that there are enough of them. */
  #serve(): void {
    if (this.#closed) return;
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const { key } = next.program;
      const idle = [...this.#workers].filter(({ isIdle }) => isIdle);
      const worker = idle.find((candidate) => candidate.knows(key)) ?? idle[0];
      if (worker === undefined) break;
      this.#queue.shift();
      void this.#runIn(worker, next);
    }
    this.#staff();
  }

  async #runIn(worker: WorkerProcess, waiting: Waiting): Promise<void> {
    try {
      const report = await worker.run(waiting.program, waiting.entry, waiting.limitMs);
      if (report !== null) waiting.resolve(report);
      else this.#again(waiting);
    } catch (error) {
      waiting.reject(error);
      // One that was not even sent leaves its worker free.
      this.#serve();
    }
  }

  #again(waiting: Waiting): void {
    if (this.#closed) waiting.reject(closed());
    else if (waiting.attempt < this.limits.attempts) {
      waiting.attempt += 1;
      this.#queue.unshift(waiting);
      this.#serve();
    } else {
      waiting.reject(
        new SandboxError(
          'sandbox_unavailable',
          `${waiting.attempt} processes did not begin to run the Action: the machine is overloaded, or Actions leave their processes busy`,
        ),
      );
    }
  }

  #staff(): void {
    const coming = this.#spawns.size + [...this.#workers].filter(({ isComing }) => isComing).length;
    const all = this.#spawns.size + this.#workers.size;
    const starved = all === 0 && this.#queue.length > 0;
    // The second one when the first is there: together they would take twice as long to serve whoever waits.
    const cold = this.#spawns.size === 0 && all < this.limits.warmWorkers && !this.#discouraged;
    if (starved || cold) this.#spawn().catch(() => undefined);
    else if (this.#queue.length > coming && all < this.limits.workers) this.#growSoon();
    if (all > this.limits.warmWorkers) {
      this.#shrinking ??= setInterval(() => this.#shrink(), this.limits.shrinkAfterMs / 4).unref();
    }
  }

  /** Most runs end before another worker would have come up. */
  #growSoon(): void {
    this.#growth ??= setTimeout(() => {
      this.#growth = undefined;
      if (this.#queue.length === 0) return;
      this.#spawn().catch(() => undefined);
      this.#staff();
    }, this.limits.growAfterMs);
  }

  #shrink(): void {
    const since = performance.now() - this.limits.shrinkAfterMs;
    const spare = [...this.#workers].slice(this.limits.warmWorkers);
    for (const worker of spare) if (worker.isIdle && worker.idleSince < since) worker.kill();
    if (this.#workers.size > this.limits.warmWorkers) return;
    clearInterval(this.#shrinking);
    this.#shrinking = undefined;
  }

  #spawn(): Promise<void> {
    const spawn = this.#bringUp().finally(() => this.#spawns.delete(spawn));
    this.#spawns.add(spawn);
    // After it has left the list, so that it is not counted twice.
    spawn.then(
      () => this.#serve(),
      (error: unknown) => this.#discourage(error),
    );
    return spawn;
  }

  async #bringUp(): Promise<void> {
    const worker = await this.#start();
    if (!worker.hasEnded) this.#workers.add(worker);
  }

  #discourage(error: unknown): void {
    this.#discouraged = true;
    // As long as there are others, whoever waits is served by them.
    if (this.#workers.size + this.#spawns.size > 0) return;
    for (const waiting of this.#queue.splice(0)) waiting.reject(error);
  }

  async #start(): Promise<WorkerProcess> {
    this.#launch ??= this.launch();
    const launch = await this.#launch.catch((error: unknown) => {
      this.#launch = null;
      throw error;
    });
    if (this.#closed) throw closed();
    const worker = new WorkerProcess(launch, this.limits, () => {
      if (worker.hasEnded) this.#workers.delete(worker);
      this.#serve();
    });
    this.#starting.add(worker);
    try {
      await worker.ready;
    } finally {
      this.#starting.delete(worker);
    }
    return worker;
  }
}
