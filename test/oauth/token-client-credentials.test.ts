import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { API, lastTransaction, makeParties, SECRET, token, verified } from './token-parties.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());

const ask = (more: Readonly<Record<string, string | undefined>> = {}) =>
  token(server, {
    grant_type: 'client_credentials',
    client_id: 'app',
    client_secret: SECRET,
    audience: API,
    ...more,
  });

test('a client gets a token of its own for an API that it has a grant for', async () => {
  const { status, body, headers } = await ask();
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 86_400, scope: 'read:mail' });
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  const { payload, protectedHeader } = await verified(server, body.access_token);
  expect(protectedHeader.typ).toBe('JWT');
  expect(payload).toMatchObject({
    sub: 'app@clients',
    azp: 'app',
    gty: 'client-credentials',
    aud: API,
    scope: 'read:mail',
  });
  expect(await lastTransaction(server)).toMatchObject({
    status: 'completed',
    protocol: 'client_credentials',
  });
});
