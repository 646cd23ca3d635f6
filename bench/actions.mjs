/** What one warm Action adds to a SAML login: two servers that differ in nothing else, asked in turn. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuOfFamily, median } from './cost.mjs';
import { load, login, path, posted, start } from './http.mjs';

const CODE = `exports.onExecutePostLogin = async (event, api) => {
  const roles = event.user.app_metadata.roles ?? ['member'];
  api.samlResponse.setAttribute('https://sp.example/roles', roles);
  api.samlResponse.setNameIdentifierFormat('urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress');
  if (event.stats.logins_count < 0) api.access.deny(event.secrets.REASON);
};`;

const call = async ({ url }, method, where, body) => {
  const headers = { 'content-type': 'application/json' };
  const request = { method, headers, body: JSON.stringify(body) };
  const answer = await fetch(`${url}${where}`, request);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${text}`);
  return JSON.parse(text);
};

async function bindAction(server) {
  const { id } = await call(server, 'POST', '/api/v2/actions/actions', {
    name: 'roles',
    supported_triggers: [{ id: 'post-login', version: 'v3' }],
    secrets: [{ name: 'REASON', value: 'not today' }],
    code: CODE,
  });
  await call(server, 'POST', `/api/v2/actions/actions/${id}/deploy`, {});
  await call(server, 'PATCH', '/api/v2/actions/triggers/post-login/bindings', {
    bindings: [{ ref: { type: 'action_id', value: id } }],
  });
}

/** Milliseconds that each of so many logins takes, one after another on either server in turn. */
async function inTurn(servers, count) {
  const times = servers.map(() => []);
  for (let turn = 0; turn < count; turn++)
    for (const [index, server] of servers.entries()) {
      const began = performance.now();
      await call(server, 'POST', '/api/transactions', login('samlp', 'demo-sp'));
      times[index].push(performance.now() - began);
    }
  return times.map(median);
}

/** Added milliseconds at the median, added microseconds of CPU (the server and its workers), and runs a second that one core has room for. */
export async function measureActions({ warmUp = 10, seconds = 6, rounds = 3, logins = 1500 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'mintmark-bench-'));
  const servers = [];
  try {
    for (const name of ['without', 'with'])
      servers.push(
        await start(path('../dist/main.js'), [], {
          PORT: '0',
          DATABASE_URL: `file:${join(folder, `${name}.sqlite`)}`,
          MINTMARK_CERTS: folder,
        }),
      );
    await bindAction(servers[1]);
    const requests = posted(login('samlp', 'demo-sp'));
    process.stderr.write(`\r  one Action: warming up for ${2 * warmUp} s   `);
    for (const server of servers) await load(server, requests, warmUp, cpuOfFamily);
    const added = { wall: [], cpu: [] };
    for (let round = 0; round < rounds; round++) {
      process.stderr.write(`\r  one Action: round ${round + 1} of ${rounds}          `);
      const [without, withOne] = await inTurn(servers, logins / rounds);
      added.wall.push(withOne - without);
      const plain = await load(servers[0], requests, seconds, cpuOfFamily);
      const acted = await load(servers[1], requests, seconds, cpuOfFamily);
      added.cpu.push(acted.cpu - plain.cpu);
    }
    process.stderr.write('\r');
    const cpu = median(added.cpu);
    return { wall: median(added.wall), cpu, perCore: 1e6 / cpu };
  } finally {
    for (const { child } of servers) {
      child.kill();
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true });
  }
}
