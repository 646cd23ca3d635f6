/** The file that a worker process runs: one, so that it need read no other. Built once a process, into a folder that ends with it. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'mintmark-worker-'));
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
  '--disable-proto=delete',
  '--disallow-code-generation-from-strings',
  '--no-addons',
  '--no-warnings',
];
