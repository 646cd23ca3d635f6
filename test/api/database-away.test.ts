/** What a caller is told while the database is away, and what the log keeps of it. */
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Database } from '../../src/storage/database.js';
import { SqliteStatements } from '../../src/storage/sqlite-statements.js';
import { keyFile } from '../support/jwt-keys.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ MINTMARK_LOG_LEVEL: 'silent' });
  await server.api('POST', '/api/v2/clients', { client_id: 'app', name: 'App', callbacks: [] });
});
afterAll(() => server.close());

/** Runs `act` while every statement ends as the driver says. */
async function whileDriverSays<Result>(failure: Error, act: () => Promise<Result>): Promise<Result> {
  const spies = (['rows', 'write'] as const).map((name) =>
    vi.spyOn(SqliteStatements.prototype, name).mockImplementation(() => {
      throw failure;
    }),
  );
  try {
    return await act();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
const saying = (message: string, code?: string): Error =>
  Object.assign(new Error(message), code !== undefined && { code });

test.each([
  saying('connect ECONNREFUSED 10.0.0.1:5432', 'ECONNREFUSED'),
  saying('terminating connection due to administrator command', '57P01'),
  saying('sorry, too many clients already', '53300'),
  saying('could not extend file: No space left on device', '53100'),
  saying('cannot execute INSERT in a read-only transaction', '25006'),
  saying('Connection terminated unexpectedly'),
  saying('timeout exceeded when trying to connect'),
  saying('database or disk is full', 'SQLITE_FULL'),
  saying('database is locked', 'SQLITE_BUSY'),
])('where the driver says "%s" every call is 503, and 200 again afterwards', async (failure) => {
  const login = { protocol: 'oidc', client_id: 'app', user: { user_id: 'a', name: 'A' }, complete: true };
  const answers = await whileDriverSays(failure, () =>
    Promise.all([
      server.api('POST', '/api/transactions', login),
      server.api('GET', '/api/transactions'),
      server.api('GET', '/.well-known/jwks.json'),
    ]),
  );
  for (const { status, headers, body } of answers) {
    expect(status).toBe(503);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ code: 'database_unavailable', status: 503 });
    expect(JSON.stringify(body)).not.toContain('10.0.0.1');
  }
  expect((await server.api('GET', '/api/transactions')).status).toBe(200);
});

test('a statement at fault is no unavailability', async () => {
  const failure = saying('relation "transactions" does not exist', '42P01');
  const { status, body } = await whileDriverSays(failure, () => server.api('GET', '/api/transactions'));
  expect(status).toBe(500);
  expect(body).toMatchObject({ code: 'internal_error' });
});

test('a connection that is lost without a code takes no value into the error', async () => {
  const secret = keyFile('saml-sp.key.pem');
  const error = await whileDriverSays(saying('Connection terminated unexpectedly'), () =>
    new Database(server.app.get(DataSource)).change('UPDATE tenant SET settings = ?', [secret]).then(
      () => expect.fail('the connection is lost'),
      (thrown: unknown) => thrown,
    ),
  );
  expect(error).toMatchObject({ name: 'DatabaseError', sql: 'UPDATE tenant SET settings = ?' });
  expect(error).not.toHaveProperty('parameters');
  expect(JSON.stringify([error, String(error)])).not.toContain(secret.split('\n')[2]);
});
