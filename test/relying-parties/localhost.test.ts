/** An application on localhost: silent logins work where the base URL is there too, as the documentation says. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { chromium as browserType } from 'playwright-core';
import { expect } from 'vitest';
import { LOGIN, make } from '../oidc/relying-party.js';
import { CHROMIUM, chromium, judgedBy } from '../support/judges.js';
import { startTestServer } from '../support/server.js';
import { comeBack, leave, silently, startSinglePageApp, type Outcome } from './single-page-app.js';

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}

/** After a login, and with nothing of it left in the page. */
async function silentAt(env: Readonly<Record<string, string>>): Promise<Outcome<string>> {
  const server = await startTestServer(env);
  const app = await startSinglePageApp(server.baseUrl, { framed: {} }, 'localhost');
  await make(server, '/api/v2/users', { email: LOGIN.username, password: LOGIN.password });
  await make(server, '/api/v2/clients', {
    client_id: 'framed',
    name: 'framed',
    app_type: 'spa',
    callbacks: [app.urlOf('framed')],
    web_origins: [app.origin],
  });
  const browser = await browserType.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(app.urlOf('framed'));
    await leave(page);
    await page.locator('input[name=username]').fill(LOGIN.username);
    await page.locator('input[name=password]').fill(LOGIN.password);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${app.urlOf('framed')}?**`);
    expect(await comeBack(page)).toHaveProperty('value');
    await page.goto(app.urlOf('framed'));
    return await silently(page);
  } finally {
    await browser.close();
    await app.close();
    await server.close();
  }
}

const inChromium = judgedBy(chromium);

inChromium(
  'a page on localhost logs in silently where the base URL is on localhost',
  async () => {
    const port = await freePort();
    const outcome = await silentAt({ PORT: port, BASE_URL: `http://localhost:${port}` });
    expect(outcome).toEqual({ value: expect.stringMatching(/./) as string });
  },
  60_000,
);

inChromium(
  'where the base URL is on 127.0.0.1, a page on localhost is of another site, and nobody is logged in there',
  async () => {
    expect(await silentAt({})).toMatchObject({ refused: { error: 'login_required' } });
  },
  60_000,
);
