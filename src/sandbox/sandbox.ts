/**
 * Runs the code of authors, in processes that know nothing of the server: no key, no database, no environment, no file.
 * What comes back is plain data; see docs/decisions/sandbox.md.
 */
import { WorkerProcess } from './child.js';
import { FrameError } from './frames.js';
import { bestLaunch, type Launch, type WorkerScript } from './launch.js';
import { LIMITS, type Limits } from './limits.js';
import type { Entry, Program, RunReport } from './messages.js';
import { WorkerPool } from './pool.js';
import { SandboxError } from './sandbox-error.js';
import { timedOut, tooLargeToSend } from './verdicts.js';
import { nodeFlags, workerFile } from './worker-file.js';

/** What a process of its own shows of this way to start one; it is ended again. */
const trialOf =
  (limits: Limits) =>
  async (launch: Launch): Promise<number | null> => {
    const worker = new WorkerProcess(launch, limits);
    try {
      await worker.ready;
      return worker.data();
    } finally {
      worker.close();
    }
  };

const ownWorker = async (): Promise<WorkerScript> => {
  const file = await workerFile();
  return { file, flags: nodeFlags(file) };
};

const unavailable = (cause: unknown): SandboxError =>
  new SandboxError(
    'sandbox_unavailable',
    'the process that runs Actions could not be made ready. The log says what is wrong; a folder for temporary files that can be written is needed',
    { cause },
  );

const nothingDone = { calls: [], logs: [], logsCut: false, durationMs: 0 } as const;

export class Sandbox {
  readonly #pool: WorkerPool;

  /** @param options are for tests: limits that are reached sooner, a worker that does what it is told. */
  constructor(
    options: { readonly limits?: Partial<Limits>; readonly worker?: () => Promise<WorkerScript> } = {},
  ) {
    const limits = { ...LIMITS, ...options.limits };
    const worker = options.worker ?? ownWorker;
    const launch = async (): Promise<Launch> => {
      try {
        return await bestLaunch(await worker(), limits, trialOf(limits));
      } catch (error) {
        throw error instanceof SandboxError ? error : unavailable(error);
      }
    };
    this.#pool = new WorkerPool(launch, limits);
  }

  /**
   * Runs a program once. Whatever its code does is in the report; it is over at `limitMs` at the latest, not counted how long it waited
   * for its turn. Rejects with SandboxError `sandbox_unavailable`, `sandbox_busy` or `sandbox_closed`.
   */
  async run(program: Program, entry: Entry, limitMs: number): Promise<RunReport> {
    // Earlier Actions of the trigger may have used up what it has.
    if (limitMs <= 0) return { ...nothingDone, error: timedOut(0) };
    try {
      return await this.#pool.run(program, entry, limitMs);
    } catch (error) {
      if (error instanceof FrameError) return { ...nothingDone, error: tooLargeToSend() };
      throw error;
    }
  }

  /** Has workers ready before somebody waits for one. */
  warm(): Promise<void> {
    return this.#pool.warm();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
