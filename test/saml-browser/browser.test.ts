/** Chromium logs in at passport's service providers on other ports and another host name, and out of all of them again. */
import { chromium as browserType, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { CHROMIUM, chromium, judgedBy } from '../support/judges.js';
import { KEYS } from '../support/login-context.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { startPassportSp, type PassportSp } from './passport-sp.js';
import { PASSWORD, makeUser } from './service-provider.js';

let server: TestServer;
let browser: Browser | undefined;
const providers: PassportSp[] = [];

async function makeSp(
  name: string,
  addon: object,
  options: Parameters<typeof startPassportSp>[1],
): Promise<PassportSp> {
  const idp = {
    ssoUrl: `${server.baseUrl}/samlp/${name}`,
    logoutUrl: `${server.baseUrl}/samlp/${name}/logout`,
    certificate: KEYS.idp.cert,
  };
  const sp = await startPassportSp(idp, options);
  providers.push(sp);
  const made = await server.api('POST', '/api/v2/clients', {
    client_id: name,
    name: `The ${name}`,
    callbacks: [sp.acsUrl],
    addons: {
      samlp: {
        entityId: sp.entityId,
        spCertificates: [sp.certificate],
        logout: { callback: sp.logoutUrl },
        ...addon,
      },
    },
  });
  expect(made.status).toBe(201);
  return sp;
}

beforeAll(async () => {
  server = await startTestServer();
  await makeUser(server, 'alice');
  if (chromium.present)
    browser = await browserType.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await Promise.all(providers.map((sp) => sp.close()));
  await server.close();
});

const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';

/** `localhost` is another site than 127.0.0.1, so that cookies meet what they meet in life. */
const threeProviders = async (suffix: string): Promise<PassportSp[]> => [
  await makeSp(`wiki-${suffix}`, { binding: REDIRECT }, { host: 'localhost' }),
  await makeSp(`shop-${suffix}`, { signingCert: KEYS.sp.cert }, { host: 'localhost' }),
  await makeSp(
    `desk-${suffix}`,
    { binding: REDIRECT },
    { host: 'localhost', authnRequestBinding: 'HTTP-POST' },
  ),
];

async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<{
  context: BrowserContext;
  page: Page;
  complaints: string[];
}> {
  const context = await browser!.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { context, page, complaints };
}

async function logIn(page: Page): Promise<void> {
  await page.getByLabel('Username').fill('alice@example.test');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
}

judgedBy(chromium)(
  'one login opens three service providers, by Redirect and by a cross-site POST; one logout closes them all',
  async () => {
    const [wiki, shop, desk] = (await threeProviders('chain')) as [PassportSp, PassportSp, PassportSp];
    const { page, context, complaints } = await open();
    await page.goto(`${wiki.url}/login`);
    await logIn(page);
    await page.waitForURL(`${wiki.url}/`);
    expect(await page.textContent('h1')).toBe('Signed in as auth0|alice');
    // nobody is asked again
    for (const sp of [shop, desk]) {
      await page.goto(`${sp.url}/login`);
      await page.waitForURL(`${sp.url}/`);
      expect(await page.textContent('h1')).toBe('Signed in as auth0|alice');
    }
    expect(complaints).toEqual([]);

    await page.goto(`${shop.url}/logout`);
    await page.waitForURL(`${shop.url}/`, { timeout: 10_000 });
    for (const sp of [wiki, shop, desk]) {
      await page.goto(sp.url);
      expect(await page.textContent('h1')).toBe('Signed out');
      expect(sp.sessions.size).toBe(0);
    }
    await page.goto(`${wiki.url}/login`);
    expect(await page.getByLabel('Password').isVisible()).toBe(true);
    await context.close();
  },
  90_000,
);

judgedBy(chromium)(
  'a service provider that is down does not hold a user who logs out',
  async () => {
    const [wiki, shop, desk] = (await threeProviders('dead')) as [PassportSp, PassportSp, PassportSp];
    const { page, context } = await open();
    await page.goto(`${wiki.url}/login`);
    await logIn(page);
    for (const sp of [wiki, shop, desk]) {
      if (sp !== wiki) await page.goto(`${sp.url}/login`);
      await page.waitForURL(`${sp.url}/`);
    }
    await shop.close();
    providers.splice(providers.indexOf(shop), 1);
    await page.goto(`${wiki.url}/logout`);
    await page.waitForURL((url) => url.origin === wiki.url, { timeout: 30_000 });
    await page.goto(desk.url);
    expect(await page.textContent('h1')).toBe('Signed out');
    const { body } = await server.api<{ items: { steps: { state: string }[] }[] }>('GET', '/debug/logouts');
    expect(body.items[0]!.steps.map(({ state }) => state).toSorted()).toEqual(['failed', 'logged_out']);
    await context.close();
  },
  90_000,
);

judgedBy(chromium)(
  'without JavaScript the same login takes a press of a button more',
  async () => {
    const [wiki] = (await threeProviders('noscript')) as [PassportSp, PassportSp, PassportSp];
    const { page, context } = await open({ javaScriptEnabled: false });
    await page.goto(`${wiki.url}/login`);
    await logIn(page);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(`${wiki.url}/`);
    expect(await page.textContent('h1')).toBe('Signed in as auth0|alice');
    await context.close();
  },
  60_000,
);

judgedBy(chromium)(
  'the demo service provider works at once: signed in by one click, shown what was verified, and out again',
  async () => {
    await server.api('PATCH', '/api/v2/tenants/settings', { one_click_login: true });
    const { page, context, complaints } = await open();
    await page.goto(`${server.baseUrl}/demo/sp`);
    await page
      .getByRole('button', { name: /log in/i })
      .or(page.getByRole('link', { name: /log in/i }))
      .first()
      .click();
    await page.getByRole('button', { name: /alice/ }).click();
    await page.waitForURL(/\/demo\/sp/);
    expect(await page.textContent('main')).toContain('auth0|alice');
    expect(complaints).toEqual([]);
    await server.api('PATCH', '/api/v2/tenants/settings', { one_click_login: null });
    await context.close();
  },
  60_000,
);
