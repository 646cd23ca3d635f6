import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => void (server = await startTestServer()));
afterAll(() => server.close());

test('discovery names the issuer with its slash, and only endpoints that answer', async () => {
  const { status, headers, body } = await server.api<{ issuer: string; jwks_uri: string }>(
    'GET',
    '/.well-known/openid-configuration',
  );
  expect(status).toBe(200);
  expect(headers.get('access-control-allow-origin')).toBe('*');
  expect(headers.get('cache-control')).toMatch(/^public, max-age=\d+$/);
  expect(body.issuer).toBe(`${server.baseUrl}/`);
  const endpoints = Object.entries(body).filter(([name]) => /_(uri|endpoint)$/.test(name));
  expect(endpoints.length).toBeGreaterThan(0);
  // one that takes posts only says so, with Allow
  for (const [name, url] of endpoints) {
    const answer = await fetch(url);
    expect({ name, isThere: answer.status < 500 && answer.status !== 404 }).toEqual({ name, isThere: true });
  }
});

test('the keys may be read by a page of any origin', async () => {
  const response = await fetch(`${server.baseUrl}/.well-known/jwks.json`, {
    headers: { origin: 'https://app.example.test' },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
});

test('no reference in the description of the API leads nowhere', async () => {
  const { body } = await server.api<{ paths: Record<string, Record<string, object>> }>('GET', '/docs-json');
  expect(JSON.stringify(body)).not.toMatch(/"\$ref"|__schema/);
  expect(body.paths['/api/transactions']?.['post']).toMatchObject({
    requestBody: {
      content: {
        'application/json': {
          schema: {
            properties: {
              event: { type: 'object', additionalProperties: { description: 'any JSON value' } },
            },
          },
        },
      },
    },
  });
});

test('health tells that database and key are ready, and the version', async () => {
  const { status, headers, body } = await server.api('GET', '/health');
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toEqual({
    status: 'ok',
    database: 'ok',
    key: 'ok',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
});

test('without a key health is 503 and names it', async () => {
  const keyless = await startTestServer();
  await keyless.app.get(DataSource).query(`UPDATE signing_keys SET status = 'previous' WHERE alg = 'RS256'`);
  await keyless.app.get(DataSource).query('UPDATE tenant SET revision = revision + 1');
  expect(await keyless.api('GET', '/health')).toMatchObject({
    status: 503,
    body: { status: 'unavailable', database: 'ok', key: 'failed' },
  });
  await keyless.close();
});

test('without its database health is 503, and says nothing of where that was', async () => {
  const broken = await startTestServer();
  await broken.app.get(DataSource).query('ALTER TABLE tenant RENAME TO elsewhere');
  const { status, body } = await broken.api('GET', '/health');
  expect(status).toBe(503);
  expect(body).toEqual({
    status: 'unavailable',
    database: 'failed',
    key: 'failed',
    version: expect.any(String),
  });
  await broken.close();
});
