/** A worker as the server starts it, without the server: for specs, which speak its frames. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { noEffects } from '../../src/tenant/effects.js';
import { encodeFrame, FrameReader } from '../../src/sandbox/frames.js';
import {
  BOUNDS,
  type ApiCall,
  type Entry,
  type LogLine,
  type ModuleBundle,
  type RunError,
  type RunMessage,
  type WorkerMessage,
} from '../../src/sandbox/messages.js';
import { nodeFlags, workerFile } from '../../src/sandbox/worker-file.js';

export interface Ran {
  readonly calls: readonly ApiCall[];
  readonly logs: readonly LogLine[];
  readonly error: RunError | null;
  readonly tainted: string | null;
}

export const FILE = 'grant-roles.js';

export class WorkerUnderTest {
  readonly #child: ChildProcess;
  readonly #reader = new FrameReader();
  readonly #messages: WorkerMessage[] = [];
  #wake: () => void = () => undefined;
  #runs = 0;
  stderr = '';

  private constructor(path: string) {
    this.#child = spawn(process.execPath, [...nodeFlags(path), path], {
      env: {},
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr!.on('data', (piece: Buffer) => (this.stderr += String(piece)));
    (this.#child.stdio[3] as Writable).on('error', () => undefined);
    (this.#child.stdio[4] as Readable).on('data', (piece: Buffer) => {
      this.#messages.push(...(this.#reader.push(piece) as WorkerMessage[]));
      this.#wake();
    });
    this.#child.on('exit', () => this.#wake());
  }

  static async start(): Promise<WorkerUnderTest> {
    const worker = new WorkerUnderTest(await workerFile());
    const message = await worker.#next();
    if (message.type !== 'ready') throw new Error(`the worker began with ${message.type}`);
    return worker;
  }

  get pid(): number {
    return this.#child.pid!;
  }
  end(): void {
    this.#child.kill('SIGKILL');
  }

  /** Runs code as onExecutePostLogin's Action; messages until `idle`. */
  async run(
    code: string,
    more: Partial<Entry> & { readonly modules?: readonly ModuleBundle[]; readonly key?: string } = {},
  ): Promise<Ran> {
    const { modules = [], key = code, ...entry } = more;
    this.#runs += 1;
    const id = this.#runs;
    const message: RunMessage = {
      type: 'run',
      id,
      key,
      program: { key, code, file: FILE, modules },
      entry: {
        kind: 'action',
        trigger: 'post-login',
        handler: 'onExecutePostLogin',
        event: { request: {}, user: { user_id: 'auth0|alice', user_metadata: {} } },
        secrets: {},
        effects: noEffects(),
        cache: {},
        now: 1_767_225_600_000,
        serverNow: 1_767_225_600_000,
        ...entry,
      },
    };
    (this.#child.stdio[3] as Writable).write(encodeFrame(message, BOUNDS.runFrameBytes));
    const calls: ApiCall[] = [];
    const logs: LogLine[] = [];
    let error: RunError | null = null;
    for (;;) {
      const said = await this.#next();
      if (said.type === 'ready' || said.id !== id) throw new Error(`unexpected: ${JSON.stringify(said)}`);
      if (said.type === 'log') logs.push(said.line);
      if (said.type === 'call') calls.push(said.call);
      if (said.type === 'done') error = said.error;
      if (said.type === 'idle') return { calls, logs, error, tainted: said.tainted };
    }
  }

  async #next(): Promise<WorkerMessage> {
    for (;;) {
      const message = this.#messages.shift();
      if (message) return message;
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== null || signalCode !== null) {
        throw new Error(`the worker ended (${exitCode ?? signalCode}): ${this.stderr}`);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** An Action whose handler has this body. */
export const action = (body: string): string =>
  `exports.onExecutePostLogin = async (event, api) => {\n${body}\n};\n`;
