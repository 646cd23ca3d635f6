/** Off loopback: a person gives the admin token once, and then the control pages open; nobody else gains anything by it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';

const TOKEN = 'the-admin-token-of-this-test';
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ HOST: '0.0.0.0', MINTMARK_ADMIN_TOKEN: TOKEN });
});
afterAll(() => server.close());

test('a browser without the token is asked for it, and led to where it wanted to go', async () => {
  const agent = new UserAgent();
  const asked = await agent.get(`${server.baseUrl}/debug/transactions?status=failed`);
  expect(asked.status).toBe(401);
  expect(asked.text).toContain('name="token"');
  const page = await agent.submit(asked, { token: ` ${TOKEN} ` });
  expect(page.status).toBe(200);
  expect(page.url).toBe(`${server.baseUrl}/debug/transactions?status=failed`);
  expect((await agent.get(`${server.baseUrl}/debug/clients`)).status).toBe(200);
  expect(agent.cookie(server.baseUrl, 'mintmark_operator')).not.toContain(TOKEN);
});

test('another token is refused on the form, and opens nothing', async () => {
  const agent = new UserAgent();
  const asked = await agent.get(`${server.baseUrl}/debug/clients`);
  const again = await agent.submit(asked, { token: 'not-the-admin-token-of-it' });
  expect(again.status).toBe(401);
  expect(again.text).toContain('role="alert"');
  expect((await agent.get(`${server.baseUrl}/debug/clients`)).status).toBe(401);
  expect((await agent.submit(again, { token: TOKEN })).status).toBe(200);
});

test('it leads to no other server, whatever the form says', async () => {
  for (const next of [
    '//evil.test/debug',
    'https://evil.test/',
    '/\\evil.test',
    '/samlp/logout',
    'javascript:1',
  ]) {
    const body = new URLSearchParams({ token: TOKEN, next }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(`${server.baseUrl}/operator`, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/debug/transactions');
    expect(answer.headers.get('set-cookie')).toMatch(/^mintmark_operator=.*HttpOnly.*SameSite=Strict/);
  }
});

test('programs get JSON as before, a wrong header is not outweighed by a pass, and pages of others reach nothing', async () => {
  const agent = new UserAgent();
  await agent.submit(await agent.get(`${server.baseUrl}/debug/clients`), { token: TOKEN });
  const cookie = `mintmark_operator=${agent.cookie(server.baseUrl, 'mintmark_operator')!}`;
  const call = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${server.baseUrl}/api/v2/clients`, { headers })).status;
  expect(await call({})).toBe(401);
  expect(await call({ cookie })).toBe(200);
  expect(await call({ cookie, authorization: 'Bearer wrong-wrong-wrong-wrong' })).toBe(401);
  expect(await call({ cookie, origin: 'https://evil.test' })).toBe(403);
  expect(await call({ cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' })).toBe(403);
  expect(await call({ cookie: `${cookie}x` })).toBe(401);
});

test('whoever tries too often has to wait', async () => {
  const other = await startTestServer({ HOST: '0.0.0.0', MINTMARK_ADMIN_TOKEN: TOKEN });
  const agent = new UserAgent();
  const asked = await agent.get(`${other.baseUrl}/debug/clients`);
  const statuses = [];
  for (let attempt = 0; attempt < 22; attempt++)
    statuses.push((await agent.submit(asked, { token: `wrong-wrong-wrong-${attempt}` })).status);
  expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
  expect(statuses.at(-1)).toBe(429);
  await other.close();
});
