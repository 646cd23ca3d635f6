/** What is said of a run that its worker could not end by itself. */
import { BOUNDS, type RunError } from './messages.js';

const verdict = (kind: RunError['kind'], name: string, message: string): RunError => ({
  kind,
  name,
  message,
  line: null,
  column: null,
  stack: `${name}: ${message}`,
});

const seconds = (milliseconds: number): string =>
  milliseconds >= 1000 && milliseconds % 1000 === 0 ? `${milliseconds / 1000} s` : `${milliseconds} ms`;

export const timedOut = (limitMs: number): RunError =>
  verdict(
    'timed_out',
    'TimeoutError',
    limitMs > 0
      ? `the Action exceeded the allowed execution time of ${seconds(limitMs)}: a loop without an end, a promise that nobody settles, or a server that does not answer`
      : 'the Actions before this one used up the allowed execution time of their trigger',
  );

/** Program and event do not fit in the frame that would bring them to a worker. */
export const tooLargeToSend = (): RunError =>
  verdict(
    'unusable',
    'RangeError',
    `the Action cannot be run: its code, packages and event are more than ${BOUNDS.runFrameBytes / 1024 / 1024} MB together`,
  );

const OUT_OF_MEMORY = 'the Action used more memory than it may have';
export const tooMuchMemory = (limitBytes: number): RunError =>
  verdict('crashed', 'OutOfMemoryError', `${OUT_OF_MEMORY} (${limitBytes / 1024 / 1024} MB)`);

export const tooMuchOutput = (what: string): RunError =>
  verdict('output_too_large', 'RangeError', `the Action put out more than it may: ${what}`);

export const misbehaved = (): RunError =>
  verdict(
    'crashed',
    'ProcessError',
    'the process of the Action was ended: it wrote what only the sandbox itself may write. Descriptors are not for Actions; use console.log',
  );

/** What V8 writes when it gives up; the wording differs with its version. */
const MEMORY_WORDS = /out of memory|heap limit|allocation failed|bad_alloc|invalid table size|ENOMEM/i;
const FATAL_WORDS = /fatal error|native stack trace/i;

/** What a process that is at fault itself ends by. */
const FAULTS: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGTRAP',
]);

/** A process that ended while a run was going on, by itself. */
export function endedByItself(
  code: number | null,
  signal: NodeJS.Signals | null,
  lastWords: string,
): RunError {
  if (MEMORY_WORDS.test(lastWords)) return verdict('crashed', 'OutOfMemoryError', OUT_OF_MEMORY);
  if (signal !== null && !FAULTS.has(signal)) {
    return verdict(
      'crashed',
      'ProcessError',
      `the process of the Action was ended by ${signal}, which came from outside: the machine may be out of memory`,
    );
  }
  if (signal !== null || FATAL_WORDS.test(lastWords)) {
    return verdict(
      'crashed',
      'ProcessError',
      `the process of the Action was ended${signal === null ? '' : ` by ${signal}`}: a value that is too large for V8, or too much memory, does that`,
    );
  }
  return verdict(
    'crashed',
    'ProcessError',
    `the process of the Action ended with code ${code}: process.exit(), or an error that nobody caught, in a callback or a promise without await`,
  );
}
