/** Two processes on one PostgreSQL: a login that begins at one of them ends at the other, as behind a balancer without sticky sessions. */
import { randomUUID } from 'node:crypto';
import { SAML } from '@node-saml/node-saml';
import { Client } from 'pg';
import { expect } from 'vitest';
import { judgedBy, POSTGRES_URL, postgres } from '../support/judges.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';
import { UserAgent } from '../support/user-agent.js';
import { PASSWORD, logsInAs, postedTo } from './service-provider.js';

const BASE_URL = 'http://idp.example.test';
const ACS = 'https://sp.example.test/acs';

async function call(server: ServerProcess, method: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(server.url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

judgedBy(postgres)(
  'a login shown by one process is finished by the other, and its session counts on both, also when the first is gone',
  async () => {
    const schema = `test_${randomUUID().replaceAll('-', '')}`;
    const url = new URL(POSTGRES_URL!);
    url.searchParams.set('options', `-c search_path=${schema}`);
    const admin = new Client({ connectionString: POSTGRES_URL });
    await admin.connect();
    await admin.query(`CREATE SCHEMA ${schema}`);
    const started: ServerProcess[] = [];
    try {
      const env = { DATABASE_URL: url.href, BASE_URL };
      started.push(...(await Promise.all([startServerProcess(env), startServerProcess(env)])));
      const [here, there] = started as [ServerProcess, ServerProcess];
      await call(here, 'POST', '/api/v2/clients', {
        client_id: 'sp',
        name: 'SP',
        callbacks: [ACS],
        addons: { samlp: {} },
      });
      const alice = { user_id: 'auth0|alice', email: 'alice@example.test', password: PASSWORD };
      await call(there, 'POST', '/api/v2/users', alice);
      const jwks = (await (await fetch(`${here.url}/.well-known/jwks.json`)).json()) as {
        keys: { alg: string; x5c?: string[] }[];
      };
      const sp = new SAML({
        idpCert: jwks.keys.find(({ alg }) => alg === 'RS256')!.x5c![0]!,
        issuer: 'https://sp.example.test/metadata',
        callbackUrl: ACS,
        audience: 'https://sp.example.test/metadata',
        entryPoint: `${BASE_URL}/samlp/sp`,
        wantAuthnResponseSigned: false,
      });
      const loginAt = async (server: ServerProcess): Promise<string> =>
        (await sp.getAuthorizeUrlAsync('', undefined, {})).replace(BASE_URL, server.url);

      const agent = new UserAgent();
      const page = await agent.get(await loginAt(here));
      const shownThere = await agent.get(page.url.replace(here.url, there.url));
      const delivered = await agent.submit(shownThere, logsInAs('alice'));
      const { profile } = await sp.validatePostResponseAsync(postedTo(delivered, ACS));
      expect(profile?.nameID).toBe('auth0|alice');

      const again = await agent.get(await loginAt(here));
      expect((await sp.validatePostResponseAsync(postedTo(again, ACS))).profile?.nameID).toBe('auth0|alice');

      await here.stop();
      const after = await agent.get(await loginAt(there));
      expect((await sp.validatePostResponseAsync(postedTo(after, ACS))).profile?.nameID).toBe('auth0|alice');
    } finally {
      await Promise.all(started.map((server) => server.stop()));
      await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await admin.end();
    }
  },
  120_000,
);
