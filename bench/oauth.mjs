/** client_credentials and the exchange of codes over HTTP: Mintmark with its real store, oidc-provider in memory, and a bare server that only signs. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeClient, measureCodes } from './code.mjs';
import { median } from './cost.mjs';
import { CONNECTIONS, load, path, start } from './http.mjs';

const AUDIENCE = 'https://api.example.test';
const SECRET = 'a secret of the machine, long enough';

async function make({ url }, where, body) {
  const answer = await fetch(`${url}${where}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${where}: ${answer.status} ${await answer.text()}`);
}

/** As at oidc-provider, an access token that nobody asks an API for is opaque then. */
async function dropDefaultAudience({ url }) {
  const answer = await fetch(`${url}/api/v2/tenants/settings`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ default_audience: null }),
  });
  if (!answer.ok) throw new Error(`the tenant settings: ${answer.status} ${await answer.text()}`);
}

async function makeMachine(server) {
  await make(server, '/api/v2/resource-servers', {
    identifier: AUDIENCE,
    name: 'API',
    scopes: [{ value: 'read:things' }],
  });
  await make(server, '/api/v2/clients', {
    client_id: 'machine',
    client_secret: SECRET,
    name: 'Machine',
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'client_secret_post',
  });
  await make(server, '/api/v2/client-grants', {
    client_id: 'machine',
    audience: AUDIENCE,
    scope: ['read:things'],
  });
}

const asking = (where, more) => ({
  method: 'POST',
  requests: [
    {
      path: where,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(
        new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: 'machine',
          client_secret: SECRET,
          scope: 'read:things',
          ...more,
        }),
      ),
    },
  ],
});

/** By grant: CPU of a token relative to the bare server, of either provider, and tokens a second. */
export async function measureOauth({ warmUp = 15, seconds = 6, rounds = 3, lots = 15 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'mintmark-bench-'));
  const started = [];
  const startOne = async (script, args, env) => {
    const one = await start(path(script), args, env);
    started.push(one);
    return one;
  };
  try {
    const own = await startOne('../dist/main.js', [], {
      PORT: '0',
      DATABASE_URL: `file:${join(folder, 'bench.sqlite')}`,
      MINTMARK_CERTS: folder,
    });
    await makeMachine(own);
    await make(own, '/api/v2/clients', codeClient);
    await dropDefaultAudience(own);
    const other = await startOne('oidc-provider.mjs', [], {});
    const bare = await startOne('bare-server.mjs', ['json', '1'], {});
    const requests = {
      own: asking('/oauth/token', { audience: AUDIENCE }),
      other: asking('/token', { resource: AUDIENCE }),
    };
    process.stderr.write(`\r  client_credentials: warming up for ${2 * warmUp} s   `);
    await load(bare, requests.own, Math.ceil(warmUp / 4));
    await load(own, requests.own, warmUp);
    await load(other, requests.other, warmUp);
    const results = { own: [], other: [], perSecond: [] };
    for (let round = 0; round < rounds; round++) {
      process.stderr.write(`\r  client_credentials: round ${round + 1} of ${rounds}          `);
      const base = await load(bare, requests.own, seconds);
      const mine = await load(own, requests.own, seconds);
      const theirs = await load(other, requests.other, seconds);
      results.own.push(mine.cpu / base.cpu);
      results.other.push(theirs.cpu / base.cpu);
      results.perSecond.push(mine.perSecond);
    }
    process.stderr.write('\r');
    return {
      clientCredentials: {
        ratio: median(results.own),
        otherRatio: median(results.other),
        perSecond: median(results.perSecond),
      },
      code: await measureCodes({ bare, own, other, connections: CONNECTIONS, lots, warmUp: lots }),
    };
  } finally {
    for (const { child } of started) {
      child.kill();
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true });
  }
}
