/** What never comes to the token endpoint is refused in its words all the same: a program looks for `error`. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { lastTransaction, makeParties, post, SECRET } from './token-parties.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_TYPE = { 'content-type': 'application/json' };

test.each([
  ['no content type that is known', 'a=b', { 'content-type': 'text/plain' }, 415],
  ['a form that is too large', `a=${'b'.repeat(300_000)}`, FORM, 413],
  ['JSON that is none', '{"grant_type"', JSON_TYPE, 400],
  ['JSON that is no object', '["grant_type"]', JSON_TYPE, 400],
  ['a form that says it is JSON', 'grant_type=password', JSON_TYPE, 400],
  ['a member that stands twice', '{"grant_type":"a","grant_type":"b"}', JSON_TYPE, 400],
  ['a parameter that stands twice', 'grant_type=a&grant_type=b', FORM, 400],
  ['a broken escape', 'grant_type=%', FORM, 400],
  ['nothing at all', '', FORM, 400],
] as const)('%s is an invalid request', async (_, body, headers, status) => {
  const answer = await post(server, body, headers);
  expect([answer.status, answer.body.error]).toEqual([status, 'invalid_request']);
  expect(answer.body.error_description).toMatch(/\w{3}/);
  expect(answer.headers.get('content-type')).toContain('application/json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

test('another method is refused in the same words, and says which one there is', async () => {
  const answer = await fetch(`${server.baseUrl}/oauth/token`);
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
});

test('a body that cannot be read is a failed transaction that names no client', async () => {
  await post(server, 'grant_type=%', FORM);
  expect(await lastTransaction(server)).toMatchObject({
    status: 'failed',
    client_id: null,
    error: 'invalid_request',
  });
});

test('a page of another origin may post a form, and gets no token without a secret', async () => {
  const headers = { ...FORM, origin: 'https://elsewhere.example.test', 'sec-fetch-site': 'cross-site' };
  const body = (secret: string): string =>
    new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'app',
      client_secret: secret,
    }).toString();
  expect((await post(server, body('guess'), headers)).status).toBe(401);
  expect((await post(server, body(SECRET), headers)).body.error).toBe('access_denied');
});
