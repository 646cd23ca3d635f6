/** A worker without a sandbox: it does what the program says, so that a test can have it say anything to the server. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkerScript } from '../../src/sandbox/launch.js';
import type { Entry, Program } from '../../src/sandbox/messages.js';
import { noEffects } from '../../src/tenant/effects.js';

const SCRIPT = `
const { readSync, writeSync } = require('node:fs');
process.on('SIGTERM', () => undefined);
const raw = (bytes) => { for (let at = 0; at < bytes.length; ) at += writeSync(4, bytes, at); };
const say = (message) => {
  const json = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(json.length);
  raw(Buffer.concat([head, json]));
};
const known = new Map();
let runs = 0;
let held = Buffer.alloc(0);
const socket = new (require('node:net').Socket)({ fd: 3 });
socket.on('data', (piece) => {
  held = Buffer.concat([held, piece]);
  while (held.length >= 4 && held.length >= 4 + held.readUInt32BE()) {
    const length = held.readUInt32BE();
    const message = JSON.parse(held.toString('utf8', 4, 4 + length));
    held = held.subarray(4 + length);
    runs += 1;
    const sent = message.program !== undefined;
    if (sent) known.set(message.key, message.program);
    const { id } = message;
    const does = new Function('tools', known.get(message.key).code);
    does({
      id, raw, say, sent, runs, pid: process.pid, ppid: process.ppid, require, event: message.entry.event,
      start: () => say({ type: 'start', id }),
      log: (text, level = 'log') => say({ type: 'log', id, line: { level, text } }),
      call: (member, ...args) => say({ type: 'call', id, call: { member, args, line: 1, column: 1 } }),
      done: (error = null) => say({ type: 'done', id, error }),
      idle: (tainted = null) => say({ type: 'idle', id, tainted }),
    });
  }
});
socket.on('end', () => process.exit());
say({ type: 'ready' });
`;

export async function scriptedWorker(flags: readonly string[] = []): Promise<WorkerScript> {
  const file = join(await mkdtemp(join(tmpdir(), 'mintmark-worker-')), 'worker.cjs');
  await writeFile(file, SCRIPT);
  return { file, flags };
}

/** The body of a function of `tools`. */
export const scripted = (code: string): Program => ({
  key: code,
  code: `const { id, raw, say, sent, runs, pid, ppid, require, event, start, log, call, done, idle } = tools;\n${code}`,
  file: 'action.js',
  modules: [],
});

export const entry: Entry = {
  kind: 'action',
  trigger: 'post-login',
  handler: 'onExecutePostLogin',
  event: { request: {} },
  secrets: {},
  effects: noEffects(),
  cache: {},
  now: 0,
  serverNow: 0,
};
