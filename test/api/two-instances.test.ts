/** Two instances behind a balancer, on one PostgreSQL: whichever answers, the answer is the same. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { expect } from 'vitest';
import type { Jwks } from '../../src/protocol/jwt/jwks.js';
import { judgedBy, POSTGRES_URL, postgres } from '../support/judges.js';
import { startTestServer, type TestServer } from '../support/server.js';

interface View {
  id: string;
  status: string;
  result?: { SAMLResponse: string };
  transaction?: View;
}

/** A schema of its own keeps tests that run at the same time apart. */
async function onTwoInstances(run: (here: TestServer, there: TestServer) => Promise<void>): Promise<void> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(POSTGRES_URL!);
  url.searchParams.set('options', `-c search_path=${schema}`);
  const admin = new Client({ connectionString: POSTGRES_URL });
  await admin.connect();
  await admin.query(`CREATE SCHEMA ${schema}`);
  const started: TestServer[] = [];
  try {
    // at once, as a deployment starts them
    const env = { DATABASE_URL: url.href };
    const settled = await Promise.allSettled([startTestServer(env), startTestServer(env)]);
    for (const start of settled) if (start.status === 'fulfilled') started.push(start.value);
    const [here, there] = started;
    if (!here || !there) throw new Error('an instance did not start', { cause: settled });
    await run(here, there);
  } finally {
    for (const server of started) await server.close();
    await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await admin.end();
  }
}

judgedBy(postgres)(
  'rotation and settings by one instance count on the other at once, and of completions, denials and changes by both one decides',
  () =>
    onTwoInstances(async (here, there) => {
      const kids = async (server: TestServer): Promise<string[]> =>
        (await server.api<Jwks>('GET', '/.well-known/jwks.json')).body.keys.map(({ kid }) => kid).toSorted();
      expect(await kids(here)).toEqual(await kids(there));
      const { body: key } = await here.api<{ kid: string }>('POST', '/api/keys/rotate');
      expect(await kids(there)).toContain(key.kid);

      const settings = '/api/v2/tenants/settings';
      await Promise.all([
        here.api('PATCH', settings, { entity_id: 'urn:shared' }),
        there.api('PATCH', settings, { default_audience: 'urn:shared:api' }),
      ]);
      for (const server of [here, there])
        expect((await server.api('GET', settings)).body).toMatchObject({
          entity_id: 'urn:shared',
          default_audience: 'urn:shared:api',
        });

      const addons = { samlp: { audience: 'urn:sp' } };
      const callbacks = ['https://sp.example.test/acs'];
      await here.api('POST', '/api/v2/clients', { client_id: 'sp', name: 'SP', callbacks, addons });
      for (let round = 0; round < 5; round += 1) {
        const { body: begun } = await there.api<View>('POST', '/api/transactions', {
          protocol: 'samlp',
          client_id: 'sp',
          user: { user_id: 'auth0|a', email: 'a@example.test' },
        });
        const path = `/api/transactions/${begun.id}`;
        const servers = [here, there, here, there, here, there];
        const [ends] = await Promise.all([
          Promise.all(
            servers.map((server, index) =>
              index % 3 === 2
                ? server.api<View>('POST', `${path}/deny`, { reason: 'no' })
                : server.api<View>('POST', `${path}/complete`),
            ),
          ),
          Promise.all(
            servers.map((server, index) =>
              server.api('PUT', `${path}/saml-response/attributes/a${index}`, { value: 'x' }),
            ),
          ),
        ]);
        expect(ends.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
          200, 409, 409, 409, 409, 409,
        ]);
        const stored = await Promise.all(
          [here, there].map(async (server) => (await server.api<View>('GET', path)).body),
        );
        expect(stored[0]).toEqual(stored[1]);
        const decided = ends.find(({ status }) => status === 200)!.body;
        expect(stored[0]!.result).toEqual(decided.result);
        for (const { body } of ends.filter(({ status }) => status === 409))
          expect(body.transaction).toMatchObject({ status: decided.status, result: decided.result });
        if (decided.status !== 'completed') continue;
        const xml = Buffer.from(decided.result!.SAMLResponse, 'base64').toString();
        expect(xml).toContain('>urn:shared</saml:Issuer>');
        expect((await there.api('GET', `/debug/transactions/${begun.id}`)).body).toMatchObject({
          saml: { verification: { valid: true } },
        });
      }
    }),
  60_000,
);
