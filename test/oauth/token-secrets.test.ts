/** What proves who somebody is goes through the token endpoint, and stays nowhere that a person can look at. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bindHandlers } from '../support/actions.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  API,
  makeClient,
  makeCode,
  makeParties,
  PASSWORD,
  redeem,
  refresh,
  SECRET,
  token,
} from './token-parties.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  await makeClient(server, 'rotating', { refresh_token: { rotation_type: 'rotating' } });
});
afterAll(() => server.close());

/** Everything that the API and the debug pages tell of the calls, and the database itself. */
async function told(): Promise<string> {
  const { body } = await server.api<{ items: { id: string }[] }>('GET', '/api/transactions?limit=100');
  const pages = await Promise.all(
    body.items.flatMap(({ id }) =>
      ['application/json', 'text/html'].map(async (accept) => {
        const page = await fetch(`${server.baseUrl}/debug/transactions/${id}`, { headers: { accept } });
        expect(page.status).toBe(200);
        return page.text();
      }),
    ),
  );
  expect(body.items.length).toBeGreaterThan(5);
  return [JSON.stringify(body), ...pages].join('\n');
}
const stored = async (): Promise<string> => {
  const file = server.databaseUrl.replace(/^file:/, '');
  const parts = await Promise.all(
    [file, `${file}-wal`].map((name) => readFile(name, 'latin1').catch(() => '')),
  );
  return parts.join('');
};

test('codes, verifiers, refresh tokens, passwords and secrets are neither shown nor kept as they are', async () => {
  await bindHandlers(server, ['console.log(JSON.stringify(event))']);
  const as = { client_id: 'rotating' };
  const { code } = await makeCode(server, { clientId: 'rotating' });
  const unknown = 'an-unknown-code-0123456789';
  const verifier = 'unexpected-verifier-'.repeat(4);
  const first = (await redeem(server, code, as)).body.refresh_token!;
  const second = (await refresh(server, first, as)).body.refresh_token!;
  await refresh(server, first, as);
  await redeem(server, code, as);
  await redeem(server, unknown, as);
  await redeem(server, (await makeCode(server)).code, { code_verifier: verifier });
  const wrong = 'a wrong secret and more of it';
  await token(server, {
    grant_type: 'client_credentials',
    client_id: 'app',
    client_secret: wrong,
    audience: API,
  });
  await token(server, { grant_type: 'client_credentials', audience: API, client_assertion: 'e30.e30.c2ln' });
  const password = 'a wrong password and more of it';
  const login = { grant_type: 'password', client_id: 'app', client_secret: SECRET, username: 'alice' };
  await token(server, { ...login, password });
  const { body } = await token(server, { ...login, password: PASSWORD, scope: 'openid offline_access' });
  const secrets = {
    SECRET,
    PASSWORD,
    code,
    unknown,
    verifier,
    first,
    second,
    wrong,
    password,
    offline: body.refresh_token!,
    assertion: 'e30.e30.c2ln',
  };
  const [shown, kept] = [await told(), await stored()];
  for (const [name, secret] of Object.entries(secrets)) {
    expect(secret.length, name).toBeGreaterThan(8);
    expect(shown.includes(secret), `${name} is shown`).toBe(false);
    if (name !== 'SECRET') expect(kept.includes(secret), `${name} is kept`).toBe(false);
  }
});

test('the log of a server says nothing of them either', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-log-'));
  const other: ServerProcess = await startServerProcess({
    DATABASE_URL: `file:${join(folder, 'tenant.sqlite')}`,
    MINTMARK_LOG_LEVEL: 'trace',
  });
  try {
    const secrets = ['a-code-that-is-secret', 'a-token-that-is-secret', 'a-secret-of-nobody'];
    const [code, refresh_token, client_secret] = secrets;
    for (const grant_type of ['authorization_code', 'refresh_token', 'password'])
      await token(
        { baseUrl: other.url },
        { grant_type, client_id: 'nobody', client_secret, code, refresh_token, password: client_secret },
      );
    const log = other.output();
    expect(log).toContain('is ready at');
    for (const secret of secrets) expect(log).not.toContain(secret);
  } finally {
    await other.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
