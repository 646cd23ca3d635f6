/** `event` may hold what an Action keeps secret and what a token request carried: none of it is shown again. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyFile } from '../support/jwt-keys.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.api('POST', '/api/v2/clients', { client_id: 'app', name: 'App', callbacks: [] });
});
afterAll(() => server.close());

test('secrets, passwords and private keys in event are shown by name only, in every answer and page', async () => {
  const key = keyFile('saml-sp.key.pem');
  const { status, body } = await server.api<{ id: string; event: unknown }>('POST', '/api/transactions', {
    protocol: 'oidc',
    client_id: 'app',
    user: { user_id: 'auth0|a', name: 'A' },
    event: {
      secrets: { API_TOKEN: 'hush-1', nested: { deep: 'hush-2' } },
      request: {
        body: { username: 'ada', password: 'hush-3', client_secret: 'hush-4', client_assertion: 'hush-5' },
      },
      list: [{ password: 'hush-6' }, `before ${key}`, 'plain'],
    },
    complete: true,
  });
  expect(status).toBe(201);
  expect(body.event).toEqual({
    secrets: { API_TOKEN: '(secret)', nested: '(secret)' },
    request: {
      body: {
        username: 'ada',
        password: '(secret)',
        client_secret: '(secret)',
        client_assertion: '(secret)',
      },
    },
    list: [{ password: '(secret)' }, '(secret)', 'plain'],
  });
  for (const path of ['/api/transactions', `/api/transactions/${body.id}`])
    expect(JSON.stringify((await server.api('GET', path)).body)).toContain('"API_TOKEN"');
  for (const path of ['/api/transactions', '/debug/transactions'])
    for (const at of [path, `${path}/${body.id}`])
      for (const accept of ['application/json', 'text/html']) {
        const shown = JSON.stringify((await server.api('GET', at, undefined, { accept })).body);
        expect(shown).toContain(body.id);
        expect(shown).not.toContain('hush-');
        expect(shown).not.toContain(key.split('\n')[3]);
      }
});
