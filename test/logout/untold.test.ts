/** A service provider that began a logout and cannot be told how it ended. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeUser } from '../saml-browser/service-provider.js';
import { KEYS } from '../support/login-context.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';
import {
  REDIRECT,
  isAlive,
  logIn,
  logoutRequestXml,
  logoutsOf,
  makeLogoutSp,
  redirectUrl,
  requestLogout,
  sessionToken,
  startLanding,
  type Landing,
  type LogoutSp,
} from './logout-sp.js';

let server: TestServer;
let landing: Landing;
beforeAll(async () => {
  landing = await startLanding();
  server = await startTestServer();
  await makeUser(server, 'alice');
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

/** The last page of a logout that `sp` began, and the session's life after it. */
async function loggedOutBy(sp: LogoutSp, before: () => Promise<unknown>): Promise<Page & { alive: boolean }> {
  const agent = new UserAgent();
  const profile = await logIn(agent, sp);
  const token = sessionToken(server, agent);
  await before();
  const page = await requestLogout(agent, sp, profile, 'there and back');
  return { ...page, alive: await isAlive(server, token) };
}

async function expectUntold(page: Page & { alive: boolean }, sp: LogoutSp, why: string): Promise<void> {
  expect(page.alive).toBe(false);
  expect(page.url.startsWith(`${server.baseUrl}/logout?state=lgt_`)).toBe(true);
  expect(page.text).toContain('<h1>Logged out</h1>');
  expect(page.text).toMatch(new RegExp(`<b>${sp.clientId}</b> asked for this and cannot be told`));
  expect(page.text).toContain(why);
  const [logout] = await logoutsOf(server);
  expect(logout!.timeline.at(-2)).toMatchObject({
    name: 'response.not_sent',
    detail: { reason: expect.stringContaining(why) },
  });
}

test('the page says so where the client has no logout URL', async () => {
  const sp = await makeLogoutSp(server, landing, 'nowhere', {
    binding: REDIRECT,
    addon: { logout: {} },
    client: { name: 'nowhere' },
  });
  const page = await loggedOutBy(sp, () => Promise.resolve());
  await expectUntold(page, sp, 'has no logout URL: addons.samlp.logout.callback');
});

test('and where its own pair became unusable, which is never replaced by the tenant’s key', async () => {
  const sp = await makeLogoutSp(server, landing, 'halved', {
    binding: REDIRECT,
    client: { name: 'halved' },
  });
  const page = await loggedOutBy(sp, () =>
    server.api('PATCH', `/api/v2/clients/${sp.clientId}`, {
      addons: { samlp: { cert: KEYS.other.cert } },
    }),
  );
  await expectUntold(page, sp, 'cert is set without key');
});

test('and where it was deleted meanwhile', async () => {
  const [sp, other] = [
    await makeLogoutSp(server, landing, 'gone', { binding: REDIRECT }),
    await makeLogoutSp(server, landing, 'stays', { binding: REDIRECT }),
  ];
  const agent = new UserAgent();
  const profile = await logIn(agent, sp);
  await logIn(agent, other);
  const step = await requestLogout(agent, sp, profile);
  await server.api('DELETE', `/api/v2/clients/${sp.clientId}`);
  const end = await agent.submit(step, {}, step.forms.length - 1);
  expect(end.text).toMatch(/<b>gone<\/b> asked for this and cannot be told/);
  expect(end.text).toContain('the client is gone');
});

test('a client that is no service provider is told apart from one that wants no single logout', async () => {
  await server.api('POST', '/api/v2/clients', { client_id: 'oidc-only', name: 'OIDC only' });
  const target = `${server.baseUrl}/samlp/oidc-only/logout`;
  const xml = logoutRequestXml({ issuer: 'urn:any', destination: target, nameId: 'auth0|alice' });
  const refused = await server.api(
    'GET',
    redirectUrl(target, 'SAMLRequest', xml).slice(server.baseUrl.length),
  );
  expect([refused.status, refused.body['code']]).toEqual([400, 'client_not_saml']);
});
