/** Stand-ins for what Actions and packages look at, and must not have: `process` and `tty`. */
import type { ProcessFacts } from './host.js';
import type { Write } from './console.js';
import { ERRORS, put, putHidden, TO_STRING_TAG, charCodeAt, slice, toText } from './primordials.js';
import type { Timers } from './timers.js';

export function processOf(facts: ProcessFacts, timers: Timers, write: Write): object {
  const refused = (name: string) => (): never => {
    throw new ERRORS['Error']!(
      `process.${name} is not there for Actions: they run in the process of a server`,
    );
  };
  const stream = (level: 'log' | 'error', descriptor: number): object => ({
    fd: descriptor,
    isTTY: false,
    writable: true,
    columns: 80,
    write: (text: unknown): boolean => {
      const said = toText(text);
      const ends = charCodeAt(said, said.length - 1) === 10;
      write(level, ['%s', ends ? slice(said, 0, -1) : said]);
      return true;
    },
    on: () => undefined,
    once: () => undefined,
    emit: () => false,
    removeListener: () => undefined,
    end: () => undefined,
  });
  const now = (): number => performanceNow() / 1000;
  const started = now();
  const hrtime = (before?: readonly [number, number]): [number, number] => {
    const nanoseconds =
      hrtimeNow() - (before ? toBigInt(before[0]) * 1_000_000_000n + toBigInt(before[1]) : 0n);
    return [toInt(nanoseconds / 1_000_000_000n), toInt(nanoseconds % 1_000_000_000n)];
  };
  put(hrtime, 'bigint', () => hrtimeNow());
  const made: Record<string, unknown> = {
    title: 'node',
    version: facts.version,
    versions: facts.versions,
    platform: facts.platform,
    arch: facts.arch,
    release: { name: 'node' },
    features: {},
    config: {},
    env: {},
    argv: ['node'],
    argv0: 'node',
    execArgv: [],
    execPath: '/node',
    exitCode: undefined,
    pid: 1,
    ppid: 0,
    cwd: () => '/',
    umask: () => 18,
    uptime: () => now() - started,
    hrtime,
    memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
    cpuUsage: () => ({ user: 0, system: 0 }),
    nextTick: timers.nextTick,
    emitWarning: (warning: unknown) => write('warn', [warning]),
    stdout: stream('log', 1),
    stderr: stream('error', 2),
    stdin: { fd: 0, isTTY: false, on: () => undefined, once: () => undefined },
    exit: refused('exit'),
    abort: refused('abort'),
    kill: refused('kill'),
    chdir: refused('chdir'),
    binding: refused('binding'),
    dlopen: refused('dlopen'),
  };
  const listening = [
    'on',
    'once',
    'off',
    'addListener',
    'prependListener',
    'removeListener',
    'removeAllListeners',
  ];
  for (let index = 0; index < listening.length; index += 1) put(made, listening[index]!, () => made);
  put(made, 'emit', () => false);
  put(made, 'listeners', () => []);
  put(made, 'listenerCount', () => 0);
  // What axios looks at before it takes its adapter for Node.
  putHidden(made, TO_STRING_TAG, 'process');
  return made;
}

const toBigInt = BigInt;
const toInt = Number;
const dateNow = Date.now;
const performanceNow = (): number => dateNow();
const hrtimeNow = (): bigint => toBigInt(dateNow()) * 1_000_000n;

export const ttyStub = (): object => ({
  isatty: () => false,
  ReadStream: class ReadStream {},
  WriteStream: class WriteStream {},
});
