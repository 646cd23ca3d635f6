/** The pages in a real browser: nothing is refused or complained of, the keyboard reaches everything, dark is dark. */
import { chromium as browserType, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { CHROMIUM, chromium, judgedBy } from '../support/judges.js';
import { KEYS } from '../support/login-context.js';
import { startLoginServer, type LoginServer } from './demo-login.js';

let server: LoginServer;
let browser: Browser | undefined;
beforeAll(async () => {
  server = await startLoginServer();
  if (chromium.present)
    browser = await browserType.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
});
afterAll(async () => {
  await browser?.close();
  await server.close();
});

const HOSTILE = `<script>document.title='run'</script><img src=x onerror="document.title='run'">" onload="x`;

async function logins(): Promise<Readonly<Record<'saml' | 'encrypted' | 'failed' | 'oidc', string>>> {
  const { cert: encryptionCert, publicKey: encryptionPublicKey } = KEYS.sp;
  const bodies = {
    saml: { samlResponse: { attributes: { role: ['admin', HOSTILE] } }, saml: { RelayState: HOSTILE } },
    encrypted: { samlResponse: { encryptionCert, encryptionPublicKey, signBoth: true } },
    failed: { user: { nickname: HOSTILE } },
    oidc: { protocol: 'oidc', oidc: { nonce: HOSTILE }, idToken: { customClaims: { note: HOSTILE } } },
  };
  const ids = await Promise.all(
    Object.entries(bodies).map(async ([name, body]) => [name, (await server.login(body)).id] as const),
  );
  return Object.fromEntries(ids) as Record<keyof typeof bodies, string>;
}

/** A page that notes every complaint: errors, refusals of the policy, requests that fail. */
async function open(
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser!.newPage(options);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(request.url()));
  page.on('request', (request) => {
    if (!request.url().startsWith(server.baseUrl) && !request.url().startsWith('data:'))
      complaints.push(`asked for ${request.url()}`);
  });
  return { page, complaints };
}

judgedBy(chromium)('every page opens without a complaint, and nothing in it runs', async () => {
  const ids = await logins();
  const { page, complaints } = await open();
  for (const path of [
    '/',
    '/debug/transactions',
    ...Object.values(ids).map((id) => `/debug/transactions/${id}`),
  ]) {
    const answer = await page.goto(`${server.baseUrl}${path}`, { waitUntil: 'networkidle' });
    expect(answer?.status()).toBe(200);
    expect(await page.title()).toMatch(/ · Mintmark$/);
    expect(await page.locator('script, img, iframe, [onload], [onerror]').count()).toBe(0);
  }
  expect(await page.locator('body').evaluate((body) => body.ownerDocument.title)).not.toBe('run');
  expect(complaints).toEqual([]);
  await page.close();
});

judgedBy(chromium)('a person gets from the list to a login and to its bytes by links alone', async () => {
  const { saml: id } = await logins();
  const { page, complaints } = await open();
  await page.goto(`${server.baseUrl}/`);
  await page.getByRole('navigation').getByRole('link', { name: 'Transactions' }).click();
  await page.locator(`a[href="/debug/transactions/${id}"]`).click();
  await page.getByText('The response verifies.').waitFor();
  await page.locator('li.pass summary').first().click();
  expect(await page.locator('details[open] dl').count()).toBeGreaterThan(0);
  const answer = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/response.xml')),
    page.getByRole('link', { name: 'the exact bytes' }).click(),
  ]);
  expect(answer[0].headers()['content-type']).toBe('application/xml');
  expect(complaints).toEqual([]);
  await page.close();
});

judgedBy(chromium)('the viewer of the browser shows every XML, arrows included, and folds it', async () => {
  const { encrypted: id } = await logins();
  for (const path of [
    `/debug/transactions/${id}/response.xml`,
    `/debug/transactions/${id}/assertion.xml`,
    '/samlp/metadata?view',
  ]) {
    const { page, complaints } = await open();
    await page.goto(`${server.baseUrl}${path}`);
    const arrow = page.locator('.folder-button').first();
    // a press needs the page painted, and a refused arrow is complained of by then
    await arrow.click();
    await page.locator('.folded:not(.hidden)').waitFor();
    expect([path, complaints]).toEqual([path, []]);
    await page.close();
  }
});

/** Where the focus is, told apart by a number that each element that can have it is given. */
async function reachedByTab(page: Page): Promise<{ wanted: number; reached: number }> {
  const wanted = await page.locator('a[href], button, input, select, summary').evaluateAll((elements) => {
    const visible = elements.filter((element) => element.getClientRects().length > 0);
    visible.forEach((element, index) => element.setAttribute('data-number', String(index)));
    return visible.length;
  });
  const reached = new Set<string>();
  for (let presses = 0; presses < wanted * 2 + 10; presses++) {
    await page.keyboard.press('Tab');
    const number = await page.evaluate('document.activeElement?.getAttribute("data-number")');
    if (typeof number === 'string') reached.add(number);
    if (reached.size === wanted) break;
  }
  return { wanted, reached: reached.size };
}

judgedBy(chromium)('the keyboard reaches every link, field and fold', async () => {
  const { saml, oidc } = await logins();
  const { page } = await open();
  for (const path of [
    '/',
    '/debug/transactions',
    `/debug/transactions/${saml}`,
    `/debug/transactions/${oidc}`,
  ]) {
    await page.goto(`${server.baseUrl}${path}`);
    const { wanted, reached } = await reachedByTab(page);
    expect(wanted).toBeGreaterThan(6);
    expect(reached).toBe(wanted);
  }
  await page.close();
});

/** Of the first three numbers of a CSS colour. */
const lightness = (colour: string): number =>
  [...colour.matchAll(/\d+(?:\.\d+)?/g)].slice(0, 3).reduce((sum, [part]) => sum + Number(part), 0) /
  (3 * 255);

judgedBy(chromium)(
  'a dark scheme gives light text on dark paper, a light one the other way round',
  async () => {
    const { saml } = await logins();
    for (const colorScheme of ['dark', 'light'] as const) {
      const { page } = await open({ colorScheme });
      await page.goto(`${server.baseUrl}/debug/transactions/${saml}`);
      const [paper, ink] = await page.evaluate<[string, string]>(
        '[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]',
      );
      expect(lightness(paper) > 0.5).toBe(colorScheme === 'light');
      expect(Math.abs(lightness(paper) - lightness(ink))).toBeGreaterThan(0.6);
      await page.close();
    }
  },
);

judgedBy(chromium)('on a phone nothing sticks out sideways', async () => {
  const ids = await logins();
  const { page } = await open({ viewport: { width: 360, height: 740 } });
  for (const path of [
    '/',
    '/debug/transactions',
    ...Object.values(ids).map((id) => `/debug/transactions/${id}`),
  ]) {
    await page.goto(`${server.baseUrl}${path}`);
    for (const fold of await page.locator('details.rest > summary').all()) await fold.click();
    expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 360]);
  }
  await page.close();
});
