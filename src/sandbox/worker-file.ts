/** The file that a worker process runs: one, so that it need read no other. Built once a process, into a folder that ends with it. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';

/** Sources where they are run as they are, and what was made of them otherwise. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const source = (path: string): string =>
  fileURLToPath(new URL(`./worker/${path}.${extension}`, import.meta.url));

const common: BuildOptions = {
  bundle: true,
  write: false,
  target: 'node20',
  legalComments: 'none',
  logLevel: 'silent',
  // Strict, so that no function hands out its caller or the global object.
  banner: { js: "'use strict';" },
};

const bundled = async (entry: string, options: BuildOptions): Promise<string> => {
  const { outputFiles } = await build({ ...common, ...options, entryPoints: [source(entry)] });
  return outputFiles?.[0]?.text ?? '';
};

/** Of this machine: containers may share a folder for temporary files, and number their processes alike. */
const OURS = `mintmark-worker-${createHash('sha256').update(hostname()).digest('hex').slice(0, 8)}-`;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
};

/** A server that was killed could not remove its own. */
function removeAbandoned(temporary: string): void {
  for (const name of readdirSync(temporary)) {
    const pid = name.startsWith(OURS) ? Number.parseInt(name.slice(OURS.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    try {
      rmSync(join(temporary, name), { recursive: true, force: true });
    } catch {
      // Somebody else's.
    }
  }
}

async function built(): Promise<string> {
  const realm = await bundled('realm/main', {
    format: 'iife',
    platform: 'neutral',
    globalName: 'sandbox',
    minifyWhitespace: true,
  });
  const code = await bundled('main', {
    format: 'cjs',
    platform: 'node',
    define: { REALM_SOURCE: JSON.stringify(`(function () {${realm};return sandbox.default})()`) },
  });
  // A path without symbolic links: the permission to read it is one path.
  const temporary = realpathSync(tmpdir());
  removeAbandoned(temporary);
  const folder = mkdtempSync(join(temporary, `${OURS}${process.pid}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'worker.cjs');
  writeFileSync(file, code, { mode: 0o600 });
  return file;
}

let file: Promise<string> | undefined;
/** Its path. */
export const workerFile = (): Promise<string> => (file ??= built());

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isFrom = (...lines: readonly (readonly [major: number, minor: number])[]): boolean =>
  lines.some(([line, from], index) =>
    index === lines.length - 1
      ? major > line || (major === line && minor >= from)
      : major === line && minor >= from,
  );

/** Node's flags for a worker that runs this file, as far as this Node knows them. */
export const nodeFlags = (path: string): readonly string[] => [
  isFrom([22, 13], [23, 5]) ? '--permission' : '--experimental-permission',
  `--allow-fs-read=${path}`,
  // From Node 25 the network is a permission too.
  ...(isFrom([25, 0]) ? ['--allow-net'] : []),
  ...(isFrom([22, 14], [23, 7]) ? ['--disable-sigusr1'] : []),
  '--max-old-space-size=64',
  // A new Buffer holds nothing of what an earlier run wrote.
  '--zero-fill-buffers',
  '--disable-proto=delete',
  '--disallow-code-generation-from-strings',
  '--no-addons',
  '--no-warnings',
];
