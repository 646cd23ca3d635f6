// Runs before `npm start`: builds when dist/ is missing or older than what it is made from, and does nothing otherwise.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = ['src', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json', 'package-lock.json'];
// The compiler rewrites a file only when it changes, and its own record on every change.
const products = ['dist/main.js', 'dist/.tsbuildinfo'].map((name) => join(root, name));

/** Milliseconds of the last change in a file or a folder; that of the folder itself tells what was deleted. */
function lastChange(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return path.endsWith('.spec.ts') ? 0 : stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => lastChange(join(path, name))));
}
const stamp = (date) =>
  products.filter((path) => existsSync(path)).forEach((path) => utimesSync(path, date, date));

const missing = !products.every((path) => existsSync(path));
const needed =
  missing ||
  Math.max(...sources.map((name) => lastChange(join(root, name)))) > Math.max(...products.map(lastChange));

if (needed) {
  const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
  if (!existsSync(nest)) {
    console.error('Mintmark is not built and its tools are not installed: run "npm ci" first.');
    process.exit(1);
  }
  console.error(missing ? 'Building Mintmark (once).' : 'Building Mintmark: its sources have changed.');
  // Half a dist/ would stay half: the compiler believes its record.
  if (missing) rmSync(join(root, 'dist'), { recursive: true, force: true });
  const begun = new Date();
  const { status } = spawnSync(process.execPath, [nest, 'build'], { cwd: root, stdio: 'inherit' });
  // A build with errors leaves files too; they must not pass for a good one.
  stamp(status === 0 ? begun : new Date(0));
  if (status !== 0) process.exit(status ?? 1);
}
