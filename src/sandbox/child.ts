/**
 * One worker process, as the server sees it: it is given one run at a time, held to its limits, and ended at the first frame that is not
 * what it should say now. What has run in it is somebody else's code, so that nothing it says is believed before it is looked at.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { encodeFrame, FrameError, FrameReader } from './frames.js';
import type { Launch } from './launch.js';
import { ProcessMemory, type Limits } from './limits.js';
import {
  BOUNDS,
  type ApiCall,
  type Entry,
  type LogLine,
  type Program,
  type RunError,
  type RunMessage,
  type RunReport,
  type WorkerMessage,
} from './messages.js';
import { SandboxError } from './sandbox-error.js';
import { endedByItself, misbehaved, timedOut, tooMuchMemory, tooMuchOutput } from './verdicts.js';
import { workerMessage } from './worker-messages.js';

/** `sent` until the worker says that it has begun, `settling` from its answer until nothing of the run is left. */
type State = 'starting' | 'idle' | 'sent' | 'running' | 'settling' | 'ended';

/** Descriptors of the worker. */
const [STDERR, TO_WORKER, FROM_WORKER] = [2, 3, 4];
const NOTHING = Buffer.alloc(0);

/** Fatal errors of V8 come with a stack of machine code; what matters is at either end of it. */
class LastWords {
  #head = '';
  #tail = '';
  constructor(private readonly limit: number) {}
  push(piece: Buffer): void {
    const text = piece.toString('latin1');
    const room = this.limit - this.#head.length;
    this.#head += text.slice(0, room);
    if (text.length > room) this.#tail = (this.#tail + text.slice(room)).slice(-this.limit);
  }
  toString(): string {
    return this.#head + this.#tail;
  }
}

interface OpenRun {
  readonly id: number;
  readonly limitMs: number;
  readonly calls: ApiCall[];
  callBytes: number;
  readonly logs: LogLine[];
  logBytes: number;
  logsCut: boolean;
  /** 0 until the worker has said so. */
  startedAt: number;
  /** Why its worker was killed. */
  verdict: RunError | null;
  readonly resolve: (report: RunReport | null) => void;
  readonly reject: (error: SandboxError) => void;
}

export class WorkerProcess {
  /** Settles once: the worker has said that it is there, or it never will. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  idleSince = performance.now();

  readonly #child: ChildProcess;
  readonly #reader = new FrameReader();
  readonly #lastWords: LastWords;
  readonly #known = new Set<string>();
  #memory: ProcessMemory | null = null;
  #state: State = 'starting';
  #run: OpenRun | null = null;
  #runs = 0;
  /** Bytes that it wrote since its last run began. */
  #output = 0;
  #deadline: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | null = null;
  #becomeReady: () => void = () => undefined;
  #failToStart: (error: SandboxError) => void = () => undefined;

  /** @param changed is called whenever the worker has become idle or has ended. */
  constructor(
    launch: Launch,
    private readonly limits: Limits,
    private readonly changed: (worker: WorkerProcess) => void = () => undefined,
  ) {
    this.#lastWords = new LastWords(limits.lastWordsBytes);
    this.ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve;
      this.#failToStart = reject;
    });
    // Whoever waits for it hears of it; a failure that nobody waits for is none.
    this.ready.catch(() => undefined);
    this.#child = spawn(launch.command, launch.args, {
      env: {},
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      detached: false,
      windowsHide: true,
    });
    this.ended = new Promise((resolve) => {
      const end = (cause?: unknown): void => {
        this.#finish(cause);
        resolve();
      };
      this.#child.once('exit', (code, signal) => {
        this.#exit = { code, signal };
        this.#over();
        // What it wrote before is still in the pipes; `close` may never come where another process holds them.
        setTimeout(() => end(), this.limits.drainMs).unref();
      });
      this.#child.once('close', () => end());
      this.#child.once('error', (error) => {
        if (this.#child.pid === undefined) end(error);
      });
    });
    this.#listen();
    this.#within(limits.readyMs, () => this.kill());
  }

  get isIdle(): boolean {
    return this.#state === 'idle';
  }
  /** Soon to be idle, unless it fails. */
  get isComing(): boolean {
    return this.#state === 'starting' || this.#state === 'settling';
  }
  get hasEnded(): boolean {
    return this.#state === 'ended';
  }
  /** The worker has this program, so that it need not be sent again. */
  knows(key: string): boolean {
    return this.#known.has(key);
  }
  /** What it has as data, in bytes; `null` where nobody knows. */
  data(): number | null {
    return this.#memory?.data() ?? null;
  }

  /**
   * Runs a program in this worker, which must be idle. `null`: it never began, and another worker may be asked.
   * Throws FrameError `frame_too_large`, and is idle still, where the program or its event is too large to be sent.
   */
  run(program: Program, entry: Entry, limitMs: number): Promise<RunReport | null> {
    const id = this.#runs + 1;
    const message: RunMessage = {
      type: 'run',
      id,
      key: program.key,
      ...(this.knows(program.key) ? {} : { program }),
      entry,
    };
    const frame = encodeFrame(message, BOUNDS.runFrameBytes);
    this.#runs = id;
    this.#known.add(program.key);
    this.#state = 'sent';
    this.#output = 0;
    return new Promise((resolve, reject) => {
      this.#run = {
        id,
        limitMs,
        calls: [],
        callBytes: 0,
        logs: [],
        logBytes: 0,
        logsCut: false,
        startedAt: 0,
        verdict: null,
        resolve,
        reject,
      };
      this.#within(this.limits.startMs, () => this.kill());
      this.#pipe(TO_WORKER)?.write(frame);
    });
  }

  /** Ends the process at once. A run that has begun is reported with `verdict`, one that has not may be tried elsewhere. */
  kill(verdict: RunError | null = null): void {
    if (this.#run && this.#run.verdict === null) this.#run.verdict = verdict;
    this.#child.kill('SIGKILL');
    const neverBegan = this.#state === 'sent';
    this.#over();
    if (neverBegan) this.#finish();
  }

  /** Ends the process because the server stops. */
  close(): void {
    const run = this.#run;
    this.#run = null;
    run?.reject(new SandboxError('sandbox_closed', 'the server stops, so the Action was ended'));
    this.kill();
  }

  #pipe(descriptor: number): Socket | null {
    // Where there are no descriptors left, a child has no pipes at all.
    return (this.#child.stdio?.[descriptor] as Socket | null | undefined) ?? null;
  }

  #listen(): void {
    this.#child.unref();
    for (const descriptor of [STDERR, TO_WORKER, FROM_WORKER]) {
      const pipe = this.#pipe(descriptor);
      pipe?.unref();
      // A process that ended breaks its pipes; that it ended is told elsewhere.
      pipe?.on('error', () => undefined);
    }
    this.#pipe(STDERR)?.on('data', (piece: Buffer) => {
      this.#lastWords.push(piece);
      this.#countOutput(piece.length);
    });
    this.#pipe(FROM_WORKER)?.on('data', (piece: Buffer) => {
      if (this.#countOutput(piece.length)) this.#read(piece);
    });
  }

  /** Whether it may still write. */
  #countOutput(bytes: number): boolean {
    this.#output += bytes;
    if (this.#output <= this.limits.outputBytes) return true;
    this.kill(tooMuchOutput(`${this.limits.outputBytes} bytes in one run`));
    return false;
  }

  #read(piece: Buffer): void {
    try {
      this.#hear(this.#reader.push(piece));
      // A fault behind what was whole.
      this.#reader.push(NOTHING);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.kill(error.code === 'frame_too_large' ? tooMuchOutput(error.description) : misbehaved());
      this.#pipe(FROM_WORKER)?.removeAllListeners('data').resume();
    }
  }

  #hear(messages: readonly unknown[]): void {
    for (const value of messages) {
      const message = workerMessage(value);
      const expected = message !== null && this.#take(message);
      if (!expected && this.#state !== 'ended') this.kill(misbehaved());
    }
  }

  /** Whether the worker may say this now. */
  #take(message: WorkerMessage): boolean {
    if (message.type === 'ready') return this.#state === 'starting' && this.#onReady();
    if (message.id !== this.#runs) return false;
    if (message.type === 'idle') return this.#state === 'settling' && this.#onIdle(message.tainted);
    const run = this.#run;
    if (run === null) return false;
    if (message.type === 'start') return this.#state === 'sent' && this.#onStart(run);
    // One that was killed may have written more before; it is part of what a person wants to see.
    if (this.#state !== 'running' && !(this.#state === 'ended' && run.startedAt > 0)) return false;
    if (message.type === 'log') return this.#onLog(run, message.line);
    if (message.type === 'call') return this.#onCall(run, message.call);
    return this.#state === 'running' && this.#onDone(run, message.error);
  }

  #onReady(): boolean {
    if (this.#child.pid !== undefined) this.#memory = new ProcessMemory(this.#child.pid);
    this.#becomeReady();
    this.#rest();
    return true;
  }

  #onStart(run: OpenRun): boolean {
    this.#state = 'running';
    run.startedAt = performance.now();
    this.#within(run.limitMs, () => this.kill(timedOut(run.limitMs)));
    this.#poll = setInterval(() => {
      if ((this.#memory?.resident() ?? 0) > this.limits.residentBytes) {
        this.kill(tooMuchMemory(this.limits.residentBytes));
      }
    }, this.limits.pollMs).unref();
    return true;
  }

  #onLog(run: OpenRun, line: LogLine): boolean {
    const room = BOUNDS.logBytes - run.logBytes;
    const bytes = Buffer.from(line.text);
    run.logBytes += bytes.length + 1;
    if (bytes.length < room) run.logs.push(line);
    else {
      // Decoding makes one character of what the cut left of the last one; it is no part of the line.
      const text = bytes.toString('utf8', 0, room).replace(/\uFFFD$/, '');
      if (room > 0) run.logs.push({ level: line.level, text });
      run.logsCut = true;
    }
    return true;
  }

  #onCall(run: OpenRun, call: ApiCall): boolean {
    run.callBytes += Buffer.byteLength(JSON.stringify(call));
    if (run.calls.length >= BOUNDS.calls) {
      this.kill(tooMuchOutput(`${BOUNDS.calls} calls of api`));
    } else if (run.callBytes > BOUNDS.callBytes) {
      this.kill(tooMuchOutput(`${BOUNDS.callBytes} bytes of arguments to calls of api`));
    } else run.calls.push(call);
    return true;
  }

  #onDone(run: OpenRun, error: RunError | null): boolean {
    this.#state = 'settling';
    this.#within(this.limits.settleMs, () => this.kill()).unref();
    this.#answer(run, error);
    if (error?.kind === 'timed_out' || error?.kind === 'crashed') this.kill();
    return true;
  }

  #onIdle(tainted: string | null): boolean {
    const worn = this.#runs >= this.limits.runsPerWorker || this.#known.size >= this.limits.programsPerWorker;
    const holds = (this.#memory?.resident() ?? 0) > this.limits.restingBytes;
    if (tainted !== null || worn || holds) this.kill();
    else this.#rest();
    return true;
  }

  #rest(): void {
    this.#calm();
    this.#state = 'idle';
    this.idleSince = performance.now();
    this.changed(this);
  }

  #answer(run: OpenRun, error: RunError | null): void {
    this.#run = null;
    const { calls, logs, logsCut, startedAt } = run;
    run.resolve({ calls, logs, logsCut, error, durationMs: performance.now() - startedAt });
  }

  /** Nothing will be run in it any more, though what it wrote is still being read. */
  #over(): void {
    if (this.#state === 'ended') return;
    this.#calm();
    this.#state = 'ended';
    if (this.#run) setTimeout(() => this.#finish(), this.limits.drainMs);
    this.changed(this);
  }

  /** Tells whoever waits that there is nothing to wait for. */
  #finish(cause?: unknown): void {
    this.#over();
    this.#memory?.close();
    const lastWords = this.#lastWords.toString();
    const { code = null, signal = null } = this.#exit ?? {};
    this.#failToStart(
      new SandboxError(
        'sandbox_unavailable',
        'no process could be started to run the Action in. The machine may be out of memory, processes or file descriptors; Mintmark starts a few Node processes beside its own',
        { cause: cause ?? new Error(`the process ended (${code ?? signal ?? 'killed'}): ${lastWords}`) },
      ),
    );
    const run = this.#run;
    if (run === null) return;
    if (run.startedAt === 0) {
      this.#run = null;
      run.resolve(null);
      return;
    }
    this.#answer(run, run.verdict ?? endedByItself(code, signal, lastWords));
  }

  /** The one deadline of the state that the worker is in. */
  #within(milliseconds: number, act: () => void): NodeJS.Timeout {
    clearTimeout(this.#deadline);
    const timer = setTimeout(() => {
      // The server may have been busy for longer than the worker: what is in the pipe by now is read first.
      setImmediate(() => {
        if (this.#deadline === timer) act();
      });
    }, milliseconds);
    this.#deadline = timer;
    return timer;
  }

  #calm(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    clearInterval(this.#poll);
  }
}
