/** A person logs in: from a service provider to the page and back, by each binding, with a session and without. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import {
  PASSWORD,
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
  await makeUser(server, 'bob');
  await makeUser(server, 'mallory', { blocked: true });
});
afterAll(() => server.close());

interface Listed {
  readonly items: readonly Readonly<Record<string, unknown>>[];
}
const newest = async (clientId: string): Promise<Readonly<Record<string, unknown>>> =>
  (await server.api<Listed>('GET', `/api/transactions?client_id=${clientId}`)).body.items[0]!;
const timeline = async (id: unknown): Promise<{ name: string; detail?: Record<string, unknown> }[]> =>
  (
    await server.api<{ timeline: { name: string; detail?: Record<string, unknown> }[] }>(
      'GET',
      `/debug/transactions/${String(id)}`,
    )
  ).body.timeline;

test('a login that the SP begins by HTTP-Redirect shows the page and ends in a response that the SP accepts', async () => {
  const agent = new UserAgent();
  const page = await agent.get(await sp.loginUrl('deep/link?a=1&b=2'));
  expect(page.status).toBe(200);
  expect(new URL(page.url).pathname).toBe('/login');
  expect(page.text).toContain('name="username"');
  expect(page.text).toContain('name="password"');
  const delivered = await agent.submit(page, logsInAs('alice'));
  const profile = await sp.accept(delivered);
  expect(profile.nameID).toBe('auth0|alice');
  expect(postedTo(delivered, sp.acsUrl)['RelayState']).toBe('deep/link?a=1&b=2');
  expect(delivered.headers.get('cache-control')).toContain('no-store');
  expect(await newest('sp')).toMatchObject({ status: 'completed', user_id: 'auth0|alice' });
});

test('a login that the SP begins by HTTP-POST goes through a redirect, so that our cookies count', async () => {
  const agent = new UserAgent();
  await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice'));
  const message = await sp.saml.getAuthorizeMessageAsync('posted', undefined, {});
  const delivered = await agent.post(
    `${server.baseUrl}/samlp/sp`,
    Object.entries(message as Record<string, string>),
    'https://sp.example.test/login',
  );
  const profile = await sp.accept(delivered);
  expect(profile.nameID).toBe('auth0|alice');
  const events = await timeline((await newest('sp'))['id']);
  expect(events.find(({ name }) => name === 'request.received')?.detail?.['by']).toBe('HTTP-POST');
  expect(events.find(({ name }) => name === 'user.authenticated')?.detail?.['by']).toBe('session');
});

test('a posted request shows the page to a browser that nobody has logged in with', async () => {
  const agent = new UserAgent();
  const message = await sp.saml.getAuthorizeMessageAsync('', undefined, {});
  const page = await agent.post(
    `${server.baseUrl}/samlp/sp`,
    Object.entries(message as Record<string, string>),
    'https://sp.example.test/login',
  );
  expect(page.text).toContain('name="password"');
  await sp.accept(await agent.submit(page, logsInAs('bob')));
});

test('the second login in a browser, at whichever client, asks nobody anything, and keeps the time of the first', async () => {
  const agent = new UserAgent();
  const first = await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice'));
  const second = await agent.get(await other.loginUrl());
  expect((await other.accept(second)).nameID).toBe('auth0|alice');
  const instant = (xml: string): string => /AuthnInstant="([^"]+)"/.exec(xml)![1]!;
  expect(instant(responseXml(second, other.acsUrl))).toBe(instant(responseXml(first, sp.acsUrl)));
});

test('assertions of one client in one session name one SessionIndex, those of another client another', async () => {
  const agent = new UserAgent();
  const index = (xml: string): string => /SessionIndex="([^"]+)"/.exec(xml)![1]!;
  const first = await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice'));
  const second = await agent.get(await sp.loginUrl());
  const third = await agent.get(await other.loginUrl());
  expect(index(responseXml(second, sp.acsUrl))).toBe(index(responseXml(first, sp.acsUrl)));
  expect(index(responseXml(third, other.acsUrl))).not.toBe(index(responseXml(first, sp.acsUrl)));
});

test('a login that the IdP begins has no InResponseTo, the RelayState of its URL, and the SP as audience', async () => {
  const agent = new UserAgent();
  const page = await agent.get(`${server.baseUrl}/samlp/sp?RelayState=${encodeURIComponent('/start here')}`);
  const delivered = await agent.submit(page, logsInAs('alice'));
  expect(postedTo(delivered, sp.acsUrl)['RelayState']).toBe('/start here');
  const xml = responseXml(delivered, sp.acsUrl);
  expect(xml).not.toContain('InResponseTo');
  expect(xml).toContain(`<saml:Audience>${sp.entityId}</saml:Audience>`);
});

test('a client may decline logins that the IdP begins', async () => {
  await makeServiceProvider(server, { clientId: 'strict-start', addon: { allowIdpInitiated: false } });
  const page = await new UserAgent().get(`${server.baseUrl}/samlp/strict-start`);
  expect(page.status).toBe(400);
  expect(page.text).toContain('allowIdpInitiated');
  expect(await newest('strict-start')).toMatchObject({ status: 'failed' });
});

test('on the shared URL the Issuer of the request names the client', async () => {
  const shared = await makeServiceProvider(server, {
    clientId: 'shared',
    saml: { entryPoint: `${server.baseUrl}/samlp` },
  });
  const agent = new UserAgent();
  await shared.accept(await agent.submit(await agent.get(await shared.loginUrl()), logsInAs('alice')));
});

test('an Issuer that no client has is told on a page, and the request is kept', async () => {
  const stranger = await makeServiceProvider(server, {
    clientId: 'stranger',
    saml: { issuer: 'https://nobody.example.test/', entryPoint: `${server.baseUrl}/samlp` },
  });
  const page = await new UserAgent().get(await stranger.loginUrl());
  expect(page.status).toBe(400);
  expect(page.text).toContain('https://nobody.example.test/');
  const { body } = await server.api<Listed>('GET', '/api/transactions?status=failed');
  expect(body.items[0]).toMatchObject({ client_id: null, saml: { issuer: 'https://nobody.example.test/' } });
});

test('ForceAuthn shows the page although there is a session, and states the new time', async () => {
  const forcing = await makeServiceProvider(server, { clientId: 'forcing', saml: { forceAuthn: true } });
  const agent = new UserAgent();
  const first = await agent.submit(await agent.get(await forcing.loginUrl()), logsInAs('alice'));
  const page = await agent.get(await forcing.loginUrl());
  expect(page.text).toContain('name="password"');
  const second = await agent.submit(page, logsInAs('alice'));
  const instant = (xml: string): number => Date.parse(/AuthnInstant="([^"]+)"/.exec(xml)![1]!);
  expect(instant(responseXml(second, forcing.acsUrl))).toBeGreaterThanOrEqual(
    instant(responseXml(first, forcing.acsUrl)),
  );
  await forcing.accept(second);
});

test('IsPassive is answered by NoPassive without a session, and by an assertion with one', async () => {
  const passive = await makeServiceProvider(server, { clientId: 'passive', saml: { passive: true } });
  const agent = new UserAgent();
  const refused = await agent.get(await passive.loginUrl('kept'));
  expect(statusIn(responseXml(refused, passive.acsUrl))).toEqual(['Responder', 'NoPassive']);
  expect(postedTo(refused, passive.acsUrl)['RelayState']).toBe('kept');
  await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice'));
  expect((await passive.accept(await agent.get(await passive.loginUrl()))).nameID).toBe('auth0|alice');
});

test('IsPassive by HTTP-POST is judged after the redirect, when the session is known', async () => {
  const passive = await makeServiceProvider(server, { clientId: 'passive-post', saml: { passive: true } });
  const agent = new UserAgent();
  const post = async () =>
    agent.post(
      `${server.baseUrl}/samlp/passive-post`,
      Object.entries(
        (await passive.saml.getAuthorizeMessageAsync('', undefined, {})) as Record<string, string>,
      ),
      'https://sp.example.test/',
    );
  expect(statusIn(responseXml(await post(), passive.acsUrl))).toEqual(['Responder', 'NoPassive']);
  await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice'));
  await passive.accept(await post());
});

test('ForceAuthn with IsPassive cannot be granted, whatever session there is', async () => {
  const both = await makeServiceProvider(server, {
    clientId: 'both',
    saml: { passive: true, forceAuthn: true },
  });
  const agent = new UserAgent();
  await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice'));
  const refused = await agent.get(await both.loginUrl());
  expect(statusIn(responseXml(refused, both.acsUrl))).toEqual(['Responder', 'NoPassive']);
});

test('whoever cancels sends the SP AuthnFailed', async () => {
  const agent = new UserAgent();
  const page = await agent.get(await sp.loginUrl());
  const delivered = await agent.submit(page, { action: 'cancel' });
  const xml = responseXml(delivered, sp.acsUrl);
  expect(statusIn(xml)).toEqual(['Responder', 'AuthnFailed']);
  expect(xml).not.toContain('Assertion');
  expect(await newest('sp')).toMatchObject({ status: 'denied' });
});

test('a wrong password, an unknown user and a blocked user get one and the same answer; the inspector tells them apart', async () => {
  const answers = [];
  for (const filledIn of [
    { username: 'alice@example.test', password: 'wrong' },
    { username: 'nobody@example.test', password: PASSWORD },
    logsInAs('mallory'),
  ]) {
    const agent = new UserAgent();
    const page = await agent.get(await sp.loginUrl());
    const refused = await agent.submit(page, filledIn);
    expect(refused.status).toBe(400);
    answers.push(
      refused.text
        .replace(/txn_\w+/g, '')
        .replaceAll(/name="csrf" value="[^"]*"/g, '')
        .replace(filledIn.username!, ''),
    );
    const transaction = await newest('sp');
    expect(transaction['status']).toBe('pending');
    const why = (await timeline(transaction['id'])).find(({ name }) => name === 'user.refused')?.detail;
    expect(why?.['username']).toBe(filledIn.username);
    // and the right password still ends it
    await sp.accept(await agent.submit(refused, logsInAs('alice')));
  }
  expect(new Set(answers).size).toBe(1);
});

test('after ten wrong passwords in a minute even the right one has to wait, at any client', async () => {
  await makeUser(server, 'carol');
  const agent = new UserAgent();
  let page = await agent.get(await sp.loginUrl());
  for (let attempt = 0; attempt < 10; attempt++)
    page = await agent.submit(page, { ...logsInAs('carol'), password: 'wrong' });
  const limited = await agent.submit(page, logsInAs('carol'));
  expect(limited.status).toBe(429);
  expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
  const elsewhere = new UserAgent();
  const again = await elsewhere.submit(await elsewhere.get(await other.loginUrl()), logsInAs('carol'));
  expect(again.status).toBe(429);
  // others are not kept waiting
  const another = new UserAgent();
  await sp.accept(await another.submit(await another.get(await sp.loginUrl()), logsInAs('alice')));
});

test('one may log in by username whatever its case, and by user_id with or without its provider', async () => {
  await makeUser(server, '5f1c0ffee', { username: 'Nora.N', email: undefined });
  for (const username of ['nora.n', '5f1c0ffee', 'auth0|alice', 'alice']) {
    const agent = new UserAgent();
    const page = await agent.get(await sp.loginUrl());
    await sp.accept(await agent.submit(page, { username, password: PASSWORD }));
  }
});

test('a form without the token of its page, or with that of another browser, logs nobody in', async () => {
  const agent = new UserAgent();
  const page = await agent.get(await sp.loginUrl());
  const forged = await agent.submit(page, { ...logsInAs('alice'), csrf: 'forged' });
  expect(forged.status).toBe(400);
  const stranger = new UserAgent();
  const foreign = await stranger.submit(page, logsInAs('alice'));
  expect(foreign.status).toBe(400);
  await stranger.get(await sp.loginUrl());
  const withCookie = await stranger.submit(page, logsInAs('alice'));
  expect(withCookie.status).toBe(400);
  // the page itself is still good where it was shown
  await sp.accept(await agent.submit(page, logsInAs('alice')));
});

test('a login cannot be taken over to another browser once its page was shown', async () => {
  const agent = new UserAgent();
  const page = await agent.get(await sp.loginUrl());
  const elsewhere = await new UserAgent().get(page.url);
  expect(elsewhere.status).toBe(400);
  expect(elsewhere.text).toContain('another browser');
});

test('two logins side by side in one browser both end', async () => {
  const agent = new UserAgent();
  const [first, second] = [await agent.get(await sp.loginUrl()), await agent.get(await other.loginUrl())];
  await sp.accept(await agent.submit(first, logsInAs('alice')));
  await other.accept(await agent.submit(second, logsInAs('alice')));
});

test('a login is answered once: its page and its form are over then', async () => {
  const agent = new UserAgent();
  const page = await agent.get(await sp.loginUrl());
  await agent.submit(page, logsInAs('alice'));
  expect((await agent.submit(page, logsInAs('alice'))).status).toBe(409);
  expect((await agent.get(page.url)).status).toBe(409);
});

test('logging in as somebody else ends the session of who was there before', async () => {
  const forcing = await makeServiceProvider(server, { clientId: 'switch', saml: { forceAuthn: true } });
  const agent = new UserAgent();
  await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice'));
  const before = agent.cookie(server.baseUrl, 'mintmark_session');
  await forcing.accept(await agent.submit(await agent.get(await forcing.loginUrl()), logsInAs('bob')));
  expect(agent.cookie(server.baseUrl, 'mintmark_session')).not.toBe(before);
  expect((await sp.accept(await agent.get(await sp.loginUrl()))).nameID).toBe('auth0|bob');
  const thief = new UserAgent();
  thief.setCookie(server.baseUrl, 'mintmark_session', before!);
  expect((await thief.get(await sp.loginUrl())).text).toContain('name="password"');
});

test('a browser cannot choose the session it gets', async () => {
  const agent = new UserAgent();
  agent.setCookie(server.baseUrl, 'mintmark_session', 'planted');
  await agent.submit(await agent.get(await sp.loginUrl()), logsInAs('alice'));
  expect(agent.cookie(server.baseUrl, 'mintmark_session')).not.toBe('planted');
});

test('a user who is blocked or deleted has no session any more', async () => {
  for (const [name, end] of [
    ['dave', () => server.api('PATCH', '/api/v2/users/auth0%7Cdave', { blocked: true })],
    ['erin', () => server.api('DELETE', '/api/v2/users/auth0%7Cerin')],
  ] as const) {
    await makeUser(server, name);
    const agent = new UserAgent();
    await agent.submit(await agent.get(await sp.loginUrl()), logsInAs(name));
    await sp.accept(await agent.get(await sp.loginUrl()));
    await end();
    expect((await agent.get(await sp.loginUrl())).text).toContain('name="password"');
  }
});

test('the Subject of a request is offered as username, and another user is UnknownPrincipal to the SP', async () => {
  const hinting = await makeServiceProvider(server, { clientId: 'hinting' });
  const xml = (await requestXmlOf(hinting)).replace(
    '</saml:Issuer>',
    '</saml:Issuer><saml:Subject xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:NameID>auth0|alice</saml:NameID></saml:Subject>',
  );
  const url = `${server.baseUrl}/samlp/hinting`;
  const agent = new UserAgent();
  const page = await agent.post(url, [['SAMLRequest', Buffer.from(xml).toString('base64')]]);
  expect(page.forms[0]!.fields).toContainEqual(['username', 'auth0|alice']);
  const refused = await agent.submit(page, logsInAs('bob'));
  expect(statusIn(responseXml(refused, hinting.acsUrl))).toEqual(['Responder', 'UnknownPrincipal']);
});

test('a REST call can change what a browser login will get, and cannot complete it before somebody logged in', async () => {
  const agent = new UserAgent();
  const page = await agent.get(await sp.loginUrl());
  const { id } = await newest('sp');
  expect(await server.api('POST', `/api/transactions/${String(id)}/complete`)).toMatchObject({
    status: 409,
    body: { code: 'transaction_awaits_login' },
  });
  await server.api('PATCH', `/api/transactions/${String(id)}/saml-response`, {
    attributes: { groups: ['admin'] },
  });
  const profile = await sp.accept(await agent.submit(page, logsInAs('alice')));
  expect(profile['groups']).toBe('admin');
});
