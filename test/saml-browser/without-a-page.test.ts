/** Logins that need no password: by one click on a demo user, and by nobody at all. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import {
  logsInAs,
  makeServiceProvider,
  makeUser,
  responseXml,
  statusIn,
  type ServiceProvider,
} from './service-provider.js';

let server: TestServer;
let sp: ServiceProvider;
beforeAll(async () => {
  server = await startTestServer();
  sp = await makeServiceProvider(server);
  await makeUser(server, 'alice');
  await makeUser(server, 'blocked', { blocked: true });
});
afterAll(() => server.close());

const settings = async (change: object): Promise<void> => {
  const { status } = await server.api('PATCH', '/api/v2/tenants/settings', change);
  expect(status).toBe(200);
};

test('where the tenant allows it, the page offers its users by one click, but no blocked one', async () => {
  await settings({ one_click_login: true });
  const agent = new UserAgent();
  const page = await agent.get(await sp.loginUrl());
  expect(page.text).toContain('value="auth0|alice"');
  expect(page.text).not.toContain('auth0|blocked');
  const delivered = await agent.submit(page, { user_id: 'auth0|alice' }, page.forms.length - 1);
  expect((await sp.accept(delivered)).nameID).toBe('auth0|alice');
  await settings({ one_click_login: null });
});

test('where the tenant does not allow it, no user is shown and none can be chosen', async () => {
  const agent = new UserAgent();
  const page = await agent.get(await sp.loginUrl());
  expect(page.text).not.toContain('auth0|alice');
  const refused = await agent.submit(page, { user_id: 'auth0|alice' });
  expect(refused.status).toBe(400);
  await sp.accept(await agent.submit(page, logsInAs('alice')));
});

test('a blocked user cannot be chosen by a form that was made up', async () => {
  await settings({ one_click_login: true });
  const agent = new UserAgent();
  const refused = await agent.submit(await agent.get(await sp.loginUrl()), { user_id: 'auth0|blocked' });
  expect(refused.status).toBe(400);
  expect(refused.text).toContain('name="password"');
  await settings({ one_click_login: null });
});

test('auto_login answers without any page or cookie, by either binding, ForceAuthn and IsPassive included', async () => {
  const auto = await makeServiceProvider(server, {
    clientId: 'auto',
    client: { auto_login: 'auth0|alice' },
    saml: { forceAuthn: true, passive: true },
  });
  const response = await fetch(await auto.loginUrl());
  expect(response.status).toBe(200);
  expect((await auto.accept(await new UserAgent().get(await auto.loginUrl()))).nameID).toBe('auth0|alice');
  const message = (await auto.saml.getAuthorizeMessageAsync('', undefined, {})) as Record<string, string>;
  await auto.accept(
    await new UserAgent().post(
      `${server.baseUrl}/samlp/auto`,
      Object.entries(message),
      'https://auto.example.test/',
    ),
  );
});

test('the tenant may name the user for every client, and a client another one', async () => {
  await makeUser(server, 'robot');
  await settings({ auto_login: 'auth0|robot' });
  const own = await makeServiceProvider(server, { clientId: 'own', client: { auto_login: 'auth0|alice' } });
  expect((await sp.accept(await new UserAgent().get(await sp.loginUrl()))).nameID).toBe('auth0|robot');
  expect((await own.accept(await new UserAgent().get(await own.loginUrl()))).nameID).toBe('auth0|alice');
  await settings({ auto_login: null });
});

test('an auto_login of nobody is the SP’s Responder and says in the inspector what is wrong', async () => {
  const nobody = await makeServiceProvider(server, {
    clientId: 'nobody',
    client: { auto_login: 'auth0|gone' },
  });
  const page = await new UserAgent().get(await nobody.loginUrl());
  expect(statusIn(responseXml(page, nobody.acsUrl))).toEqual(['Responder']);
  const { body } = await server.api<{ items: { reason: string }[] }>(
    'GET',
    '/api/transactions?client_id=nobody',
  );
  expect(body.items[0]!.reason).toContain('auth0|gone');
});
