/** The HTTP request that a login came by: kept with it, and shown. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Inspection } from '../../src/login/inspection.js';
import {
  logsInAs,
  makeServiceProvider,
  makeUser,
  type ServiceProvider,
} from '../saml-browser/service-provider.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';

let server: TestServer;
let sp: ServiceProvider;
beforeAll(async () => {
  server = await startTestServer();
  sp = await makeServiceProvider(server);
  await makeUser(server, 'alice');
});
afterAll(() => server.close());

const HEADERS = { 'user-agent': 'Teller/1.0', 'accept-language': 'fr-CH, fr;q=0.9' };

async function newest(): Promise<Inspection> {
  const { body } = await server.api<{ items: { id: string }[] }>('GET', '/api/transactions?limit=1');
  return (await server.api<Inspection>('GET', `/debug/transactions/${body.items[0]!.id}`)).body;
}

test('keeps the request of the single sign-on URL, and not that of the login page', async () => {
  const agent = new UserAgent();
  const url = new URL(await sp.loginUrl('state-1'));
  url.searchParams.set('ui_locales', 'fr');
  await agent.submit(await agent.get(url.href), logsInAs('alice'));
  const { http, request } = await newest();
  expect(http).toMatchObject({
    ip: '127.0.0.1',
    method: 'GET',
    query: { RelayState: 'state-1', ui_locales: 'fr' },
    body: {},
  });
  expect(http?.query).not.toHaveProperty('SAMLRequest');
  expect(request).toHaveProperty('SAMLRequest');
  expect(JSON.stringify(http)).not.toContain('alice');
});

test('keeps headers, and the form of a request that was posted', async () => {
  const message = await sp.saml.getAuthorizeMessageAsync('posted', undefined, {});
  await fetch(`${server.baseUrl}/samlp/sp?from=portal`, {
    method: 'POST',
    headers: HEADERS,
    body: new URLSearchParams({ ...(message as Record<string, string>), note: '<b>' }),
    redirect: 'manual',
  });
  const { http, transaction } = await newest();
  expect(http).toEqual({
    ip: '127.0.0.1',
    method: 'POST',
    userAgent: 'Teller/1.0',
    language: 'fr-CH, fr;q=0.9',
    query: { from: 'portal' },
    body: { RelayState: 'posted', note: '<b>' },
  });
  const page = await (
    await fetch(`${server.baseUrl}/debug/transactions/${String(transaction['id'])}`, {
      headers: { accept: 'text/html' },
    })
  ).text();
  expect(page).toContain('HTTP request');
  expect(page).toContain('Teller/1.0');
  expect(page).toContain('&lt;b&gt;');
});

test('keeps the request of a login that was refused', async () => {
  await fetch(`${server.baseUrl}/samlp/sp?SAMLRequest=nonsense&why=1`, { headers: HEADERS });
  expect(await newest()).toMatchObject({
    transaction: { status: 'failed' },
    http: { method: 'GET', userAgent: 'Teller/1.0', query: { why: '1' } },
  });
});

test('a login over REST is told by who called, and by nothing of the call', async () => {
  const body = { protocol: 'samlp', client_id: 'sp', user: { user_id: 'auth0|alice' }, complete: true };
  const made = await server.api('POST', '/api/transactions?x=1', body, HEADERS);
  expect(made.status).toBe(201);
  expect((await newest()).http).toEqual({
    ip: '127.0.0.1',
    method: 'POST',
    userAgent: 'Teller/1.0',
    language: 'fr-CH, fr;q=0.9',
    query: {},
    body: {},
  });
});
