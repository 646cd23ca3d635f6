/** Entry of a worker process: runs one Action at a time, each in a context of its own, and says what becomes of it. */
import type { RunMessage } from '../messages.js';
import { exit, harden } from './harden.js';
import { watchIntrinsics, watchProcess } from './integrity.js';
import { leftovers, rememberRest } from './leftovers.js';
import { Programs, type CompiledProgram } from './programs.js';
import { Run } from './run.js';
import { complain, listen, send } from './wire.js';

const programs = new Programs();
/** The context of the next run, made while nobody waits. */
let next: Run | null = null;
let current: Run | null = null;

// Node changes these when it likes, and nobody of ours looks at them.
const later = setImmediate;

function take({ id, key, program, entry }: RunMessage): void {
  if (program) programs.keep(program);
  send({ type: 'start', id });
  const compiled = programs.compiled(key);
  if ('kind' in compiled) {
    send({ type: 'done', id, error: compiled });
    send({ type: 'idle', id, tainted: null });
    return;
  }
  const isReady = next !== null && (next.program === null || next.program === compiled);
  current = isReady ? next : new Run(compiled, settle);
  next = null;
  current?.start(id, compiled, entry);
}

/** Called when the handler has ended: what it left over shows when all that is ready to run has run. */
function settle(run: Run): void {
  later(() => {
    const left = leftovers();
    const tainted = run.taint ?? left;
    current = null;
    try {
      send({ type: 'idle', id: run.id, tainted });
    } finally {
      // What the server is told may be the tainted one's words.
      if (tainted !== null) exit(0);
    }
    later(() => prepare(run.program));
  });
}

function prepare(program: CompiledProgram | null): void {
  if (current === null) next ??= new Run(program, settle);
}

process.on('unhandledRejection', (reason) => (current ?? next)?.noteRejection(reason));
process.on('uncaughtException', (error) => {
  if (current?.isRunning) current.fail(error);
  // Nobody is there to be told: what follows is not to be trusted.
  else {
    complain(error);
    exit(1);
  }
});

const pipe = listen(take, () => exit(0));
harden(pipe);
watchIntrinsics();
later(() => {
  watchProcess();
  rememberRest();
  prepare(null);
  send({ type: 'ready' });
});
