/** One run in this worker: its context, the worker's side of `api`, and its end. */
import { createContext, Script, type Context } from 'node:vm';
import { changedEvent } from '../../actions/changed-event.js';
import { maskOf, withoutSecretArguments } from '../../actions/masked.js';
import { decodePlain, encodePlain } from '../../actions/plain-value.js';
import type { ApiRun, Member } from '../../actions/api/member.js';
import { TRIGGERS } from '../../actions/triggers.js';
import { noWishes } from '../../tenant/effects.js';
import { FrameError } from '../frames.js';
import { BOUNDS, type Entry, type LogLevel, type RunError, type WorkerMessage } from '../messages.js';
import { nodeGlobal, nodeModule, refusal } from './builtins.js';
import { isOfMainRealm } from './harden.js';
import { printed } from './printing.js';
import type { CompiledProgram } from './programs.js';
import type { Boot, Host, InvokeReply, Realm } from './realm/host.js';
import { RunTimers } from './run-timers.js';
import { send } from './wire.js';

/** realm/main.ts, bundled. */
declare const REALM_SOURCE: string;
const realmScript = new Script(REALM_SOURCE, { filename: 'sandbox' });

const { version, versions, platform, arch } = process;
const FACTS = JSON.stringify({ version, versions: { ...versions }, platform, arch });
/** No data, so that what a run asks for before it has begun goes nowhere. */
const NONE: ApiRun | null = null;

export class Run {
  readonly #context: Context;
  readonly #realm: Realm;
  readonly #timers: RunTimers;
  readonly program: CompiledProgram | null;

  #id = 0;
  #api: ApiRun | null = NONE;
  #members: readonly Member[] = [];
  #mask: (value: unknown) => unknown = (value) => value;
  #changes: [readonly string[], unknown][] = [];
  #logged = 0;
  #state: 'prepared' | 'running' | 'over' = 'prepared';
  #taint: string | null = null;

  /** Prepares a context, for a program where it is known which will be next. `settled` is called once, when the handler has ended. */
  constructor(
    program: CompiledProgram | null,
    private readonly settled: (run: Run) => void,
  ) {
    this.#timers = new RunTimers();
    // An object without a prototype: the global scope inherits from nothing of this realm.
    this.#context = createContext(Object.create(null) as Context, {
      codeGeneration: { strings: false, wasm: false },
    });
    const boot = realmScript.runInContext(this.#context) as Boot;
    this.#realm = boot(
      this.#host(() => this.program),
      FACTS,
    );
    this.program = program;
    if (program) this.#prepare(program);
  }

  get taint(): string | null {
    return this.#taint;
  }
  get id(): number {
    return this.#id;
  }
  get isRunning(): boolean {
    return this.#state === 'running';
  }

  #prepare({ program, ahead }: CompiledProgram): void {
    this.#realm.prepare({ file: program.file, modules: program.modules.map(({ name }) => name) }, ahead);
  }

  start(id: number, program: CompiledProgram, entry: Entry): void {
    const isNew = this.program === null;
    this.#id = id;
    this.#state = 'running';
    this.#members = TRIGGERS[entry.trigger].members;
    this.#mask = maskOf(entry.secrets);
    this.#api = this.#apiRun(entry);
    if (isNew) {
      (this as { program: CompiledProgram | null }).program = program;
      this.#prepare(program);
    }
    const event = JSON.stringify(entry.event);
    try {
      this.#realm.start({
        handler: entry.handler,
        event,
        secrets: JSON.stringify(entry.secrets),
        members: this.#members.map(({ name, answers }) => ({ name, answers })),
      });
    } catch (error) {
      this.fail(error);
    }
  }

  /** An error that nobody caught, in a callback: the handler may wait for it forever. */
  fail(error: unknown): void {
    this.#finish(this.#realm.describe(error));
  }

  /** A rejection that nobody handles. The handler goes on. */
  noteRejection(reason: unknown): void {
    const { name, message, line } = JSON.parse(this.#realm.describe(reason)) as RunError;
    const place = line === null ? '' : ` (${this.program?.program.file}:${line})`;
    const text = this.#mask(
      `unhandled rejection, a promise without await: ${name}: ${message}${place}`,
    ) as string;
    this.#log('error', text);
    this.#taint ??= text.slice(0, 500);
  }

  /** Nothing of it is heard any more. */
  end(): void {
    this.#state = 'over';
    this.#realm.end();
    const interval = this.#timers.stop();
    if (interval) this.#taint ??= 'an interval was left running';
    if (this.program) this.program.ahead = JSON.parse(this.#realm.loaded()) as number[];
  }

  #apiRun({ trigger, handler, event, effects, cache, now, serverNow }: Entry): ApiRun {
    const run: ApiRun & { event: ApiRun['event'] } = {
      trigger,
      handler,
      event,
      // All of it came in a message, so that it is nobody else's.
      draft: effects,
      wishes: noWishes(),
      cache,
      now,
      serverNow,
      changeEvent: (path, value) => {
        run.event = changedEvent(run.event, path, value);
        this.#changes.push([path, value === undefined ? null : { value: encodePlain(value) }]);
      },
    };
    return run;
  }

  #host(program: () => CompiledProgram | null): Host {
    return {
      invoke: (index, args, line, column) => JSON.stringify(this.#invoke(index, args, line, column)),
      log: (level, values) => this.#log(level, this.#mask(printed(values)) as string),
      inspect: (values) => printed(values),
      finish: (error) => this.#finish(error),
      startTimer: (kind, milliseconds, callback) => this.#timers.start(kind, milliseconds, callback),
      stopTimer: (timer) => this.#timers.clear(timer),
      holdTimer: (timer, held) => this.#timers.hold(timer, held),
      nodeGlobal,
      refusal,
      nodeModule,
      taint: (what) => {
        this.#taint ??= `${what} was called`;
      },
      load: (module) =>
        program()!.script(module).runInContext(this.#context) as (...args: unknown[]) => unknown,
      isOfMainRealm,
    };
  }

  #send(message: WorkerMessage): void {
    if (this.#state === 'running') send(message);
  }

  #invoke(index: number, text: string, line: number | null, column: number | null): InvokeReply {
    const member = this.#members[index]!;
    const encoded = JSON.parse(text) as unknown[];
    const args = encoded.map(decodePlain);
    this.#changes = [];
    const called = { member: member.name, line, column };
    let reply: InvokeReply;
    try {
      const value = encodePlain(member.call(this.#api!, args));
      reply = { ok: true, value: value ?? null, name: '', message: '', changes: this.#changes };
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      reply = { ok: false, value: null, name, message, changes: this.#changes };
    }
    // The server does accepted calls again, and needs their arguments as they came; the others are only shown.
    const again = reply.ok && member.hasEffect;
    const shown = again
      ? encoded
      : (this.#mask(withoutSecretArguments(args, member.secretArguments).map(encodePlain)) as unknown[]);
    try {
      this.#send({
        type: 'call',
        id: this.#id,
        call: {
          ...called,
          args: shown,
          ...(reply.ok && member.answers !== 'api' && { returned: this.#mask(reply.value) }),
          ...(!reply.ok && { threw: this.#mask(reply.message) as string }),
        },
      });
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      return {
        ok: false,
        value: null,
        name: 'RangeError',
        message: `the arguments of api.${member.name} are too large`,
        changes: [],
      };
    }
    return reply;
  }

  #log(level: LogLevel, text: string): void {
    // What is beyond the bound is cut by the server, which has to see that there was more.
    if (this.#logged > BOUNDS.logBytes) return;
    const shown = text.length > BOUNDS.logBytes ? text.slice(0, BOUNDS.logBytes + 1) : text;
    this.#logged += shown.length + 1;
    this.#send({ type: 'log', id: this.#id, line: { level, text: shown } });
  }

  #finish(error: string | null): void {
    if (this.#state !== 'running') return;
    const described = error === null ? null : (JSON.parse(error) as RunError);
    this.#send({
      type: 'done',
      id: this.#id,
      error: described && {
        ...described,
        message: this.#mask(described.message) as string,
        stack: this.#mask(described.stack) as string,
      },
    });
    this.end();
    this.settled(this);
  }
}
