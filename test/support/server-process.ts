/** The server as a process of its own, from the sources: for what only processes can show. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ServerProcess {
  /** Where it listens, whatever its base URL. */
  readonly url: string;
  /** All it has written until now: its greeting, and its log. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

const root = new URL('../..', import.meta.url);
const START_MS = 30_000;

/** With a base URL of its own the process does not say on which port it listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** `env` over: a free port, no seed, and a folder of its own without keys. */
export async function startServerProcess(env: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-process-'));
  const port = await freePort();
  const child = spawn(process.execPath, ['--import', './test/support/typescript.mjs', 'src/main.ts'], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      MINTMARK_SEED: 'none',
      MINTMARK_CERTS: folder,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the server did not start in time: ${output}${errors}`)),
      START_MS,
    );
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
      if (!output.includes('is ready at')) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('close', (code) => reject(new Error(`the server ended with ${code}: ${errors}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    output: () => output + errors,
    stop: async () => {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'close');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
