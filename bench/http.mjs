/** Whole logins over HTTP: the real server, SQLite on disk, 32 connections, as CPU of the server process per request. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { cpuOfProcess, median } from './cost.mjs';
import { prepareSso } from './sso.mjs';

export const path = (name) => fileURLToPath(new URL(name, import.meta.url));
export const CONNECTIONS = 32;

export async function start(script, args, env) {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      out += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(out)?.[0];
      if (found) resolve(found);
    });
    child.once('exit', () => reject(new Error(`${script} ended before it listened: ${out}`)));
  });
  return { child, url };
}

/** Microseconds of CPU a request costs the server, over so many seconds. */
export async function load({ child, url }, requests, seconds, cpuOf = cpuOfProcess) {
  const before = cpuOf(child.pid);
  const result = await autocannon({ url, connections: CONNECTIONS, duration: seconds, ...requests });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers of ${url} were not 2xx, ${result.errors} errors`);
  return {
    cpu: ((cpuOf(child.pid) - before) * 1e6) / result.requests.total,
    perSecond: result.requests.average,
  };
}

export const posted = (body) => ({
  method: 'POST',
  requests: [
    {
      path: '/api/transactions',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    },
  ],
});
export const login = (protocol, client) => ({
  protocol,
  client_id: client,
  user: { user_id: 'auth0|alice' },
  complete: true,
});
/** By case: the bare server it is measured against, and what both are asked. */
const CASES = {
  saml: { bare: ['json', '1'], prepare: () => posted(login('samlp', 'demo-sp')) },
  jwt: { bare: ['json', '2'], prepare: () => posted(login('oidc', 'demo-app')) },
  sso: { bare: ['redirect'], prepare: prepareSso },
};

/** By case: CPU of a login relative to the bare server that signs as often, and logins a second. */
export async function measureHttp({ warmUp = 20, seconds = 6, rounds = 3 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'mintmark-bench-'));
  const started = [];
  try {
    const server = await start(path('../dist/main.js'), [], {
      PORT: '0',
      DATABASE_URL: `file:${join(folder, 'bench.sqlite')}`,
      MINTMARK_CERTS: folder,
    });
    started.push(server);
    const results = {};
    for (const [name, { bare: mode, prepare }] of Object.entries(CASES)) {
      const requests = await prepare(server);
      const bare = await start(path('bare-server.mjs'), mode, {});
      started.push(bare);
      process.stderr.write(`\r  ${name} over HTTP: warming up for ${warmUp} s   `);
      await load(bare, requests, Math.ceil(warmUp / 4));
      await load(server, requests, warmUp);
      const ratios = [];
      const speeds = [];
      for (let round = 0; round < rounds; round++) {
        process.stderr.write(`\r  ${name} over HTTP: round ${round + 1} of ${rounds}          `);
        const base = await load(bare, requests, seconds);
        const own = await load(server, requests, seconds);
        ratios.push(own.cpu / base.cpu);
        speeds.push(own.perSecond);
      }
      process.stderr.write('\r');
      results[name] = { ratio: median(ratios), perSecond: median(speeds) };
    }
    return results;
  } finally {
    for (const { child } of started) {
      child.kill();
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true });
  }
}
