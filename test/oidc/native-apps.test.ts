/** Applications that are no web servers: callbacks with a scheme of their own, and ports of the loopback interface (RFC 8252 7). */
import { chromium as browserType } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHROMIUM, chromium, judgedBy } from '../support/judges.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import { loggedIn, request, type RawAnswer } from './logout-party.js';
import {
  authorizeUrl,
  keptCode,
  LOGIN,
  make,
  makeParties,
  newest,
  startLanding,
  type Landing,
  type Parameters,
} from './relying-party.js';

const APP = 'com.example.app:/callback';
let server: TestServer;
let landing: Landing;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
  await make(server, '/api/v2/clients', {
    client_id: 'native',
    name: 'N',
    app_type: 'native',
    callbacks: [APP, 'myapp://callback', 'http://127.0.0.1/cb', 'http://[::1]/cb'],
    allowed_logout_urls: ['com.example.app:/bye'],
  });
});
afterAll(async () => {
  await server.close();
  await landing.close();
});

const arriving = (parameters: Parameters): string =>
  authorizeUrl(server, landing, { client_id: 'native', redirect_uri: APP, ...parameters });

/** With the form of the login page filled in; no redirect is followed. */
async function logInFrom(url: string): Promise<RawAnswer> {
  const agent = new UserAgent();
  const page = await agent.get(url);
  const [form] = page.forms;
  const fields = new URLSearchParams(form!.fields.map(([name, value]): [string, string] => [name, value]));
  for (const [name, value] of Object.entries(LOGIN)) fields.set(name, value);
  const cookie = `mintmark_browser=${agent.cookie(server.baseUrl, 'mintmark_browser')}`;
  return request(new URL(form!.action, page.url).href, cookie, fields);
}

test('a code is brought to an app by its scheme, and so is an error', async () => {
  for (const redirect_uri of [APP, 'myapp://callback']) {
    const { status, location, text } = await logInFrom(arriving({ redirect_uri }));
    expect({ status, text }).toEqual({ status: 303, text: '' });
    expect(location).toMatch(
      new RegExp(`^${redirect_uri.replaceAll(/[.:/]/g, '\\$&')}\\?code=[\\w-]+&state=a%20state$`),
    );
    const code = new URLSearchParams(location!.split('?')[1]).get('code')!;
    expect((await keptCode(server, code)).code.redirectUri).toBe(redirect_uri);
  }
  const refused = await request(arriving({ prompt: 'none' }));
  expect([refused.status, refused.text]).toEqual([303, '']);
  expect(refused.location).toMatch(/^com\.example\.app:\/callback\?error=login_required&/);
});

test('no form is posted to an app, and no message sent', async () => {
  const posted = await request(arriving({ response_mode: 'form_post', prompt: 'none' }));
  expect(posted.location).toMatch(/^com\.example\.app:\/callback\?error=invalid_request&.*form/);
  const message = await request(arriving({ response_mode: 'web_message' }));
  expect([message.status, message.location]).toEqual([400, null]);
});

test('what is not registered gets a page without a way to it', async () => {
  for (const redirect_uri of [
    'com.example.app:/callback2',
    'com.example.apps:/callback',
    'com.example.app://callback',
    'javascript:alert(1)//com.example.app:/callback',
    'myapp://callback/..',
    'myapp://evil@callback',
    'http://127.0.0.1:8080/other',
    'http://localhost:8080/cb',
  ]) {
    const { status, location, text } = await request(arriving({ redirect_uri }));
    expect([redirect_uri, status, location]).toEqual([redirect_uri, 400, null]);
    expect(text).not.toMatch(/(?:href|action|src)="(?!\/|#|data:image)/);
  }
});

test('an app that listens on the loopback interface chooses its port', async () => {
  for (const redirect_uri of ['http://127.0.0.1:49152/cb', 'http://[::1]:49153/cb', 'http://127.0.0.1/cb']) {
    const { location } = await request(arriving({ redirect_uri, prompt: 'none' }));
    expect(location?.startsWith(`${redirect_uri}?error=login_required`)).toBe(true);
  }
});

test('script can be registered nowhere, nor an app as a web origin', async () => {
  for (const body of [
    { callbacks: ['javascript:alert(1)'] },
    { allowed_logout_urls: ['data:text/html,x'] },
    { web_origins: [APP] },
    { allowed_origins: [APP] },
    { initiate_login_uri: APP },
    { callbacks: ['localhost:8080/callback'] },
  ]) {
    const { status } = await server.api('PATCH', '/api/v2/clients/native', body);
    expect([body, status]).toEqual([body, 400]);
  }
});

test('a logout leads back to an app, confirmed or at once', async () => {
  const parameters = { client_id: 'native', post_logout_redirect_uri: 'com.example.app:/bye', state: 's' };
  const url = `${server.baseUrl}/oidc/logout?${new URLSearchParams(parameters).toString()}`;
  const agent = new UserAgent();
  const { cookies, idToken } = await loggedIn(agent, server, landing);
  const asked = await agent.get(url);
  expect(asked.headers.get('content-security-policy')).toContain(
    'form-action http: https: com.example.app:;',
  );
  expect(idToken).not.toBe('');
  const fields = new URLSearchParams(
    asked.forms[0]!.fields.map(([name, value]): [string, string] => [name, value]),
  );
  const out = await request(`${server.baseUrl}/oidc/logout/confirm`, cookies, fields);
  expect([out.status, out.location]).toEqual([302, 'com.example.app:/bye?state=s']);
});

test('a SAML login that names no address passes over callbacks of apps', async () => {
  await make(server, '/api/v2/clients', {
    client_id: 'both',
    name: 'Both',
    callbacks: [APP, 'https://sp.example.test/acs'],
    addons: { samlp: {} },
  });
  const { body } = await server.api<{ result: { acsUrl: string } }>('POST', '/api/transactions', {
    protocol: 'samlp',
    client_id: 'both',
    user: { user_id: 'auth0|alice' },
    complete: true,
  });
  expect(body.result.acsUrl).toBe('https://sp.example.test/acs');
});

judgedBy(chromium)(
  'Chromium follows the login page to the app, runs nothing on the way, and stays under our policy elsewhere',
  async () => {
    const browser = await browserType.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    try {
      const page = await browser.newPage();
      const seen: string[] = [];
      const said: string[] = [];
      page.on('request', (sent) => seen.push(sent.url()));
      page.on('console', (message) => said.push(message.text()));
      page.on('dialog', (dialog) => {
        said.push(dialog.message());
        void dialog.dismiss();
      });
      await page.goto(arriving({}));
      await page.fill('input[name=username]', LOGIN.username);
      await page.fill('input[name=password]', LOGIN.password);
      const toApp = page.waitForRequest((sent) => sent.url().startsWith(APP), { timeout: 15_000 });
      await page.keyboard.press('Enter');
      await toApp;
      expect(seen.at(-1)).toMatch(/^com\.example\.app:\/callback\?code=/);
      expect(said).toEqual([]);
      expect((await newest(server)).status).toBe('completed');
    } finally {
      await browser.close();
    }
  },
  60_000,
);
