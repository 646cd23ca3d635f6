/**
 * How a worker process is started. Where the tools are there, the kernel ends it with the server (a worker that spins would outlive one
 * that is killed), lets it gain no rights, bounds its data and keeps no core of it. None of them is a condition: what fails is left out.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { promisify } from 'node:util';
import type { Limits } from './limits.js';

/** The file that a worker runs, and Node's flags for it. */
export interface WorkerScript {
  readonly file: string;
  readonly flags: readonly string[];
}
/** A command that starts a worker. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
}
/** What a worker has as data when it is idle; rejects where it does not come up, `null` where nobody knows. */
export type Trial = (launch: Launch) => Promise<number | null>;

// By path: a worker has no environment, so its wrappers have no PATH either.
const SHELL = '/bin/sh';
const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];
const BOUND_TO_PARENT = ['--pdeathsig', 'KILL', '--no-new-privs'];

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const run = promisify(execFile);
const works = async (command: string, args: readonly string[]): Promise<boolean> =>
  run(command, [...args], { env: {}, cwd: '/', timeout: 5_000 }).then(
    () => true,
    () => false,
  );

const plain = ({ file, flags }: WorkerScript): Launch => ({
  command: process.execPath,
  args: [...flags, file],
});

const wrapped = (launch: Launch, setpriv: string | null, dataBytes: number | null): Launch => {
  const inner = [...(setpriv === null ? [] : [setpriv, ...BOUND_TO_PARENT]), launch.command, ...launch.args];
  const limits = ['ulimit -c 0', ...(dataBytes === null ? [] : [`ulimit -d ${Math.ceil(dataBytes / 1024)}`])];
  // `exec` keeps the process id, so that a signal meets the worker and not its wrapper.
  return { command: SHELL, args: ['-c', `${limits.join(' && ')} && exec "$@"`, 'sh', ...inner] };
};

/** The tightest way to start this worker that works on this machine. */
export async function bestLaunch(script: WorkerScript, limits: Limits, trial: Trial): Promise<Launch> {
  const bare = plain(script);
  if (process.platform === 'win32' || !(await works(SHELL, ['-c', 'ulimit -c 0']))) return bare;
  const found = FOLDERS.map((folder) => `${folder}/setpriv`).find(isExecutable) ?? null;
  const setpriv =
    found !== null && (await works(found, [...BOUND_TO_PARENT, process.execPath, '--version']))
      ? found
      : null;

  const unbounded = wrapped(bare, setpriv, null);
  const idle = await trial(unbounded).catch(() => undefined);
  if (idle === undefined) return bare;
  if (idle === null) return unbounded;
  for (const extra of [0, limits.codeRangeBytes]) {
    const bounded = wrapped(bare, setpriv, idle + limits.dataBytes + extra);
    if (
      await trial(bounded).then(
        () => true,
        () => false,
      )
    )
      return bounded;
  }
  return unbounded;
}
