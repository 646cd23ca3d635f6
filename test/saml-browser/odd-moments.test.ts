/** Logins that something gets in the way of: two at once, a REST call in the middle, an unreadable request, a post that leaves our cookies behind. */
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judgedBy, POSTGRES_URL, postgres } from '../support/judges.js';
import { KEYS } from '../support/login-context.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';
import {
  logsInAs,
  makeServiceProvider,
  makeUser,
  postedTo,
  requestXmlOf,
  responseXml,
  statusIn,
  type ServiceProvider,
} from './service-provider.js';

let server: TestServer;
let sp: ServiceProvider;
let other: ServiceProvider;
beforeAll(async () => {
  server = await startTestServer();
  sp = await makeServiceProvider(server);
  other = await makeServiceProvider(server, { clientId: 'other' });
  await makeUser(server, 'alice');
});
afterAll(() => server.close());

const newestId = async (): Promise<string> =>
  (await server.api<{ items: { id: string }[] }>('GET', '/api/transactions')).body.items[0]!.id;

interface Sessions {
  readonly sessions: readonly { readonly clients: readonly { readonly client_id: string }[] }[];
}
const sessionsOf = async (name: string): Promise<Sessions['sessions']> =>
  (await server.api<Sessions>('GET', `/api/v2/users/auth0%7C${name}/sessions`)).body.sessions;

async function postRequestOf(agent: UserAgent, { clientId, saml }: ServiceProvider): Promise<Page> {
  const message = (await saml.getAuthorizeMessageAsync('', undefined, {})) as Record<string, string>;
  const from = `https://${clientId}.example.test/`;
  return agent.post(`${server.baseUrl}/samlp/${clientId}`, Object.entries(message), from);
}

test('what was typed as username stands on the page that refuses it, whoever the SP asked for', async () => {
  const xml = (await requestXmlOf(sp)).replace(
    '</saml:Issuer>',
    '</saml:Issuer><saml:Subject xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:NameID>auth0|alice</saml:NameID></saml:Subject>',
  );
  const agent = new UserAgent();
  const page = await agent.post(`${server.baseUrl}/samlp/sp`, [
    ['SAMLRequest', Buffer.from(xml).toString('base64')],
  ]);
  const refused = await agent.submit(page, { username: '"><b>alcie', password: 'typed wrongly' });
  expect(refused.forms[0]!.fields).toContainEqual(['username', '"><b>alcie']);
  expect(refused.text).not.toContain('"><b>');
  expect(refused.text).not.toContain('typed wrongly');
});

test('a login that REST denies while its page stands open is denied to the SP, as often as the browser asks', async () => {
  const agent = new UserAgent();
  const page = await agent.get(await sp.loginUrl('kept'));
  await server.api('POST', `/api/transactions/${await newestId()}/deny`, { reason: 'Not today.' });
  for (const delivered of [
    await agent.submit(page, logsInAs('alice')),
    await agent.submit(page, { action: 'cancel' }),
    await agent.get(page.url),
  ]) {
    const xml = responseXml(delivered, sp.acsUrl);
    expect(statusIn(xml)).toEqual(['Responder']);
    expect(xml).toContain('Not today.');
    expect(xml).not.toContain('<saml:Assertion');
    expect(postedTo(delivered, sp.acsUrl)['RelayState']).toBe('kept');
  }
  expect((await new UserAgent().get(page.url)).text).toContain('another browser');
});

test('of a submit and a cancel at once one is answered, and the other leaves no session that nobody knows of', async () => {
  await makeUser(server, 'twice');
  const agent = new UserAgent();
  const page = await agent.get(await sp.loginUrl());
  const [submitted, cancelled] = await Promise.all([
    agent.submit(page, logsInAs('twice')),
    agent.submit(page, { action: 'cancel' }),
  ]);
  expect(statusIn(responseXml(cancelled, sp.acsUrl))).toEqual(['Responder', 'AuthnFailed']);
  expect(submitted.status).toBe(409);
  expect(submitted.text).toContain('start at the application');
  expect(await sessionsOf('twice')).toEqual([]);
});

test('HEAD begins no login and ends none', async () => {
  const agent = new UserAgent();
  await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice'));
  const cookie = `mintmark_session=${agent.cookie(server.baseUrl, 'mintmark_session')}`;
  const begun = await fetch(`${server.baseUrl}/samlp/sp`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ SAMLRequest: Buffer.from(await requestXmlOf(sp)).toString('base64') }),
  });
  const id = await newestId();
  const login = new URL(begun.headers.get('location')!, server.baseUrl);
  for (const url of [login, `${server.baseUrl}/samlp/sp`, `${server.baseUrl}/samlp`]) {
    const looked = await fetch(url, { method: 'HEAD', headers: { cookie } });
    expect([looked.status, looked.headers.get('allow')]).toEqual([405, 'GET, POST']);
  }
  expect(await newestId()).toBe(id);
  const delivered = await fetch(login, { headers: { cookie } });
  expect(await delivered.text()).toContain(sp.acsUrl);
});

test('auto_login by posts of two SPs is one session, which both take part in', async () => {
  await makeUser(server, 'robot');
  await server.api('PATCH', '/api/v2/tenants/settings', { auto_login: 'auth0|robot' });
  const agent = new UserAgent();
  for (const each of [sp, other])
    expect((await each.accept(await postRequestOf(agent, each))).nameID).toBe('auth0|robot');
  const sessions = await sessionsOf('robot');
  expect(sessions.map(({ clients }) => clients.map((one) => one.client_id))).toEqual([['sp', 'other']]);
  await server.api('PATCH', '/api/v2/tenants/settings', { auto_login: null });
});

test('auto_login answers the post of a program at once', async () => {
  const auto = await makeServiceProvider(server, {
    clientId: 'auto',
    client: { auto_login: 'auth0|alice' },
  });
  const response = await fetch(`${server.baseUrl}/samlp/auto`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ SAMLRequest: Buffer.from(await requestXmlOf(auto)).toString('base64') }),
  });
  expect(response.status).toBe(200);
  expect(await response.text()).toContain(auto.acsUrl);
});

test('auto_login of nobody is the SP’s Responder by a posted request, too', async () => {
  const nobody = await makeServiceProvider(server, {
    clientId: 'nobody',
    client: { auto_login: 'auth0|gone' },
  });
  const page = await postRequestOf(new UserAgent(), nobody);
  expect(statusIn(responseXml(page, nobody.acsUrl))).toEqual(['Responder']);
});

test.each([
  ['a form', 'SAMLRequest=not+base64!', 'not base64!', 'HTTP-POST'],
  ['a query', 'SAMLRequest=one&SAMLRequest=two', 'SAMLRequest=one&amp;SAMLRequest=two', 'HTTP-Redirect'],
])('the inspector shows what came in %s that nobody can read', async (carrier, sent, shown, by) => {
  const url = `${server.baseUrl}/samlp/sp`;
  const refused =
    carrier === 'a query'
      ? await fetch(`${url}?${sent}`)
      : await fetch(url, { method: 'POST', body: new URLSearchParams(sent) });
  expect(refused.status).toBe(400);
  const id = await newestId();
  const page = await (
    await fetch(`${server.baseUrl}/debug/transactions/${id}`, { headers: { accept: 'text/html' } })
  ).text();
  expect(page).toContain(shown);
  expect(page).toContain('None that could be read');
  expect(page).toContain(by);
  expect(page).not.toContain('began here');
});

test('a signed request that a REST call has verified at the end must say where it was meant to go', async () => {
  const agent = new UserAgent();
  const xml = (await requestXmlOf(sp)).replace(/ Destination="[^"]*"/, '');
  const sigAlg = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
  const query = `SAMLRequest=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}&SigAlg=${encodeURIComponent(sigAlg)}`;
  const signature = sign('sha256', Buffer.from(query), createPrivateKey(KEYS.sp.key)).toString('base64');
  const page = await agent.get(
    `${server.baseUrl}/samlp/sp?${query}&Signature=${encodeURIComponent(signature)}`,
  );
  const configured = await server.api('PATCH', `/api/transactions/${await newestId()}/saml-response`, {
    signingCert: KEYS.sp.cert,
  });
  expect(configured.status).toBe(200);
  const delivered = await agent.submit(page, logsInAs('alice'));
  expect(statusIn(responseXml(delivered, sp.acsUrl))).toEqual(['Requester']);
});

judgedBy(postgres)(
  'of browsers that ask for the page of a login at once one gets it, and it is theirs',
  async () => {
    const schema = `test_${randomUUID().replaceAll('-', '')}`;
    const url = new URL(POSTGRES_URL!);
    url.searchParams.set('options', `-c search_path=${schema}`);
    const admin = new Client({ connectionString: POSTGRES_URL });
    await admin.connect();
    await admin.query(`CREATE SCHEMA ${schema}`);
    const shared = await startTestServer({ DATABASE_URL: url.href });
    try {
      const client = await makeServiceProvider(shared);
      await makeUser(shared, 'alice');
      const message = (await client.saml.getAuthorizeMessageAsync('', undefined, {})) as Record<
        string,
        string
      >;
      const begun = await fetch(`${shared.baseUrl}/samlp/sp`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams(message),
      });
      const login = new URL(begun.headers.get('location')!, shared.baseUrl).href;
      const agents = Array.from({ length: 4 }, () => new UserAgent());
      const pages = await Promise.all(agents.map((agent) => agent.get(login)));
      expect(pages.filter(({ status }) => status === 200)).toHaveLength(1);
      const first = pages.findIndex(({ status }) => status === 200);
      const delivered = await agents[first]!.submit(pages[first]!, logsInAs('alice'));
      expect(statusIn(responseXml(delivered, client.acsUrl))).toEqual(['Success']);
    } finally {
      await shared.close();
      await admin.query(`DROP SCHEMA ${schema} CASCADE`);
      await admin.end();
    }
  },
);
