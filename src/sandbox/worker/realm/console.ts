/** `console`, whose lines are kept with the run. */
import type { LogLevel } from '../../messages.js';
import type { Host } from './host.js';
import { captureStackTrace, ErrorOfRealm, put, read } from './primordials.js';
import { snapshots, type Seen } from './snapshot.js';
import { framesIn } from './stack.js';

const LEVELS: readonly (readonly [method: string, level: LogLevel])[] = [
  ['log', 'log'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['error', 'error'],
  ['debug', 'debug'],
  ['dir', 'log'],
  ['dirxml', 'log'],
  ['table', 'log'],
  ['group', 'log'],
  ['groupCollapsed', 'log'],
];
/** Of a terminal or of a stopwatch; here to be called, and nothing more. */
const SILENT = ['groupEnd', 'clear', 'count', 'countReset', 'time', 'timeEnd', 'timeLog'];

/** Writes one line; `values` as they were given. */
export type Write = (level: LogLevel, values: readonly unknown[]) => void;

export function writerOf(host: Host, seen: Seen, isOver: () => boolean): Write {
  return (level, values) => {
    if (!isOver()) host.log(level, snapshots(values, seen));
  };
}

export function consoleOf(write: Write, seen: Seen): object {
  const made = {};
  for (let index = 0; index < LEVELS.length; index += 1) {
    const row = LEVELS[index]!;
    put(
      made,
      row[0],
      (
        {
          [row[0]](...values: unknown[]): void {
            // `dir` and `table` take options after the value.
            write(row[1], row[0] === 'dir' || row[0] === 'table' ? [values[0]] : values);
          },
        } as Record<string, unknown>
      )[row[0]],
    );
  }
  for (let index = 0; index < SILENT.length; index += 1) put(made, SILENT[index]!, () => undefined);
  put(made, 'assert', (condition: unknown, ...values: unknown[]) => {
    if (!condition) write('error', prefixed('Assertion failed', values, ''));
  });
  const trace = (...values: unknown[]): void => {
    const holder = new ErrorOfRealm('');
    captureStackTrace(holder, trace);
    const stack = read(holder, 'stack');
    const frames = typeof stack === 'string' ? framesIn(stack, 'Error', seen.file).all : '';
    write('trace', prefixed('Trace', values, frames));
  };
  put(made, 'trace', trace);
  return made;
}

/** With a first word and last lines, whether or not the first value is a format. */
function prefixed(word: string, values: readonly unknown[], after: string): readonly unknown[] {
  const all: unknown[] = [];
  const isFormat = typeof values[0] === 'string';
  put(all, 0, isFormat ? `${word}: ${values[0] as string}` : word + (values.length > 0 ? ':' : ''));
  for (let index = isFormat ? 1 : 0; index < values.length; index += 1) put(all, all.length, values[index]);
  if (after !== '') put(all, all.length, after);
  return all;
}
