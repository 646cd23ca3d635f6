/** The process as a person starts it: what it prints, and how it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestServer } from '../support/server.js';

const root = new URL('../..', import.meta.url);
let folder: string;
let started: ChildProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mintmark-process-'));
  started = [];
});
afterEach(async () => {
  for (const process of started) process.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  readonly exitCode: Promise<number | null>;
}
function run(env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, ['--import', './test/support/typescript.mjs', 'src/main.ts'], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DATABASE_URL: `file:${join(folder, 'tenant.sqlite')}`,
      MINTMARK_CERTS: folder,
      ...env,
    },
  });
  started.push(child);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  const exitCode = once(child, 'close').then(([code]) => code as number | null);
  return { process: child, output: () => output, errors: () => errors, exitCode };
}
async function ready({ output, errors, exitCode }: Run): Promise<string> {
  const url = (): string | undefined => /ready at (\S+)/.exec(output())?.[1];
  const ended = exitCode.then((code) => expect.fail(`it ended with ${code}: ${errors()}`));
  await Promise.race([expect.poll(url, { timeout: 25_000 }).toBeDefined(), ended]);
  return url()!;
}

/** A request whose body is one byte short. */
function beginRequest(url: string, body: string): { socket: Socket; answer: Promise<string> } {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('error', () => undefined);
  socket.write(
    `POST /api/v2/clients HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, -1)}`,
  );
  return { socket, answer: once(socket, 'close').then(() => text) };
}

test('it greets with a line that issues a signed response, ignores SIGUSR1, and ends well on SIGTERM', async () => {
  const server = run();
  const url = await ready(server);
  expect(server.output()).toContain('First start: keys were generated for RS256, PS256, ES256, EdDSA.');
  expect(server.output()).toContain('The demo tenant was made: 3 clients and 2 users.');
  const [, target, body] = /curl -s (\S+) .* -d '(.*)'$/m.exec(server.output())!;
  expect(target).toBe(`${url}/api/transactions`);
  const issue = async () =>
    (await (
      await fetch(target!, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    ).json()) as { status: string; result: { SAMLResponse: string } };
  const { status, result } = await issue();
  expect(status).toBe('completed');
  expect(Buffer.from(result.SAMLResponse, 'base64').toString()).toContain('<SignatureValue>');

  server.process.kill('SIGUSR1');
  expect((await issue()).status).toBe('completed');
  server.process.kill('SIGTERM');
  expect(await server.exitCode).toBe(0);
  expect(server.errors()).toBe('');
});

test('SIGTERM answers what is in flight before the end', async () => {
  const server = run({ MINTMARK_SEED: 'none' });
  const { socket, answer } = beginRequest(await ready(server), '{"name":"in flight"}');
  await pause(200);
  server.process.kill('SIGTERM');
  await pause(300);
  expect(server.process.exitCode).toBeNull();
  socket.write('}');
  expect(await answer).toMatch(/^HTTP\/1\.1 201 [^]*"name":"in flight"/);
  expect(await server.exitCode).toBe(0);
});

test('a second signal does not wait for what is in flight', async () => {
  const server = run({ MINTMARK_SEED: 'none' });
  const { answer } = beginRequest(await ready(server), '{"name":"never ends"}');
  await pause(200);
  server.process.kill('SIGINT');
  await pause(500);
  expect(server.process.exitCode).toBeNull();
  server.process.kill('SIGINT');
  expect(await server.exitCode).toBe(1);
  expect(await answer).toBe('');
});

test.each<[string, Record<string, string>, RegExp]>([
  ['a variable is wrong', { PORT: 'http' }, /^The environment cannot be used:\n {2}PORT must be a number/],
  [
    'there is no seed file',
    { MINTMARK_SEED: 'nowhere.yaml' },
    /^The seed file nowhere\.yaml cannot be read: there is/,
  ],
  [
    'the database is none',
    { DATABASE_URL: 'file:package.json' },
    /^file:package\.json is not an SQLite database/,
  ],
])('where %s it says so in plain words and ends with 1', async (_what, env, said) => {
  const server = run(env);
  expect(await server.exitCode).toBe(1);
  expect(server.errors()).toMatch(said);
  expect(server.errors()).not.toContain('    at ');
  expect(server.output()).toBe('');
});

test('where the port is taken it says so in plain words and ends with 1', async () => {
  const first = run({ MINTMARK_SEED: 'none' });
  const { port } = new URL(await ready(first));
  const second = run({ MINTMARK_SEED: 'none', PORT: port, DATABASE_URL: `file:${join(folder, 'b.sqlite')}` });
  expect(await second.exitCode).toBe(1);
  expect(second.errors()).toMatch(new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is taken.* set PORT`));
  expect(second.errors()).not.toContain('    at ');
});

test('a body that stalls does not keep it from stopping', async () => {
  const server = await startTestServer();
  const { port, host } = new URL(server.baseUrl);
  const line = connect(Number(port), '127.0.0.1');
  line.on('error', () => undefined);
  line.write(`POST /api/transactions HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n`);
  line.write('Content-Length: 1000\r\n\r\n{');
  await server.api('GET', '/health');
  const start = performance.now();
  await server.close();
  expect(performance.now() - start).toBeLessThan(10_000);
}, 20_000);
