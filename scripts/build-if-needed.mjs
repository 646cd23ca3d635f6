// Runs before `npm start`: builds when dist/ is missing or older than what it is made from, and does nothing otherwise.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, 'dist/main.js');
const sources = ['src', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json', 'package-lock.json'];

/** Milliseconds of the last change in a file or a folder; that of the folder itself tells what was deleted. */
function lastChange(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return path.endsWith('.spec.ts') ? 0 : stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => lastChange(join(path, name))));
}

const missing = !existsSync(built);
const needed =
  missing || Math.max(...sources.map((name) => lastChange(join(root, name)))) > statSync(built).mtimeMs;

if (needed) {
  const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
  if (!existsSync(nest)) {
    console.error('Mintmark is not built and its tools are not installed: run "npm ci" first.');
    process.exit(1);
  }
  console.error(missing ? 'Building Mintmark (once).' : 'Building Mintmark: its sources have changed.');
  const begun = new Date();
  const { status } = spawnSync(process.execPath, [nest, 'build'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  // The compiler leaves alone what has not changed; the stamp says that it has looked.
  utimesSync(built, begun, begun);
}
