/** Chromium is sent by an Action to a page of others, on other ports and on another site, and back into its login. */
import { chromium as browserType, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { startPassportSp, type PassportSp } from '../saml-browser/passport-sp.js';
import { PASSWORD, makeUser } from '../saml-browser/service-provider.js';
import { deployAction, executedIn, inspectionOf, unbindAll, type LoginView } from '../support/actions.js';
import { CHROMIUM, chromium, judgedBy } from '../support/judges.js';
import { KEYS } from '../support/login-context.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { startConsentPage, type ConsentPage } from './consent-page.js';
import { SHARED } from './away-page.js';

let server: TestServer;
let browser: Browser | undefined;
const pages: ConsentPage[] = [];
const providers: PassportSp[] = [];
beforeAll(async () => {
  server = await startTestServer();
  await makeUser(server, 'alice');
  if (chromium.present)
    browser = await browserType.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
}, 60_000);
afterEach(() => unbindAll(server));
afterAll(async () => {
  await browser?.close();
  await Promise.all([...pages, ...providers].map((peer) => peer.close()));
  await server.close();
});

/** Progressive profiling, as Auth0's documentation has it: who has no department is asked for one. */
const profiling = (url: string): string => `
exports.onExecutePostLogin = async (event, api) => {
  if (event.user.app_metadata.department) {
    api.samlResponse.setAttribute('department', event.user.app_metadata.department + ', known');
    return;
  }
  const session_token = api.redirect.encodeToken({
    secret: event.secrets.SHARED,
    expiresInSeconds: 60,
    payload: { email: event.user.email, application: event.client.name },
  });
  api.redirect.sendUserTo(${JSON.stringify(url)}, { query: { session_token } });
};
exports.onContinuePostLogin = async (event, api) => {
  const { department, consent } = api.redirect.validateToken({ secret: event.secrets.SHARED });
  if (!consent) return api.access.deny('You did not consent.');
  api.user.setAppMetadata('department', department);
  api.samlResponse.setAttribute('department', department);
  api.samlResponse.setAttribute('returned by', event.request.method);
};`;

type Returns = 'GET' | 'POST';
let counted = 0;
/** A service provider and a page for consent, and the Action that leads to it. */
async function parties(
  returns: Returns,
  host: string,
  spOptions: object = {},
): Promise<{ sp: PassportSp; consent: ConsentPage; user: string }> {
  counted += 1;
  const [name, user] = [`sp-${counted}`, `user${counted}`];
  await makeUser(server, user);
  const continueUrl = `${server.baseUrl}/continue`;
  const consent = await startConsentPage({ secret: SHARED, continueUrl, returns, host });
  pages.push(consent);
  const sp = await startPassportSp(
    {
      ssoUrl: `${server.baseUrl}/samlp/${name}`,
      logoutUrl: `${server.baseUrl}/samlp/${name}/logout`,
      certificate: KEYS.idp.cert,
    },
    spOptions,
  );
  providers.push(sp);
  const made = await server.api('POST', '/api/v2/clients', {
    client_id: name,
    name: `The ${name}`,
    callbacks: [sp.acsUrl],
    addons: { samlp: { entityId: sp.entityId } },
  });
  expect(made.status).toBe(201);
  await deployAction(server, {
    name: `Profiling ${counted}`,
    code: profiling(`${consent.url}/`),
    secrets: { SHARED },
  });
  return { sp, consent, user };
}

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
async function logIn(page: Page, user: string): Promise<void> {
  await page.getByLabel('Username').fill(`${user}@example.test`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
}
async function answers(page: Page, consent: ConsentPage, department: string): Promise<void> {
  await page.waitForURL((url) => url.origin === consent.url);
  await page.getByLabel('Department').fill(department);
  await page.getByLabel('I consent').check();
  await page.getByRole('button', { name: 'Save' }).click();
}
/** What the SP verified of the newest of its logins. */
const told = (sp: PassportSp): unknown => [...sp.sessions.values()].at(-1)?.['attributes'];

for (const returns of ['GET', 'POST'] as const)
  for (const host of ['localhost', '127.0.0.1'])
    for (const javaScriptEnabled of [true, false])
      judgedBy(chromium)(
        `a consent page on ${host} that returns by ${returns} ${javaScriptEnabled ? 'with' : 'without'} JavaScript is on the wire to the SP`,
        async () => {
          const { sp, consent, user } = await parties(returns, host);
          const { page, context, complaints } = await open({ javaScriptEnabled });
          await page.goto(`${sp.url}/login`);
          await logIn(page, user);
          await answers(page, consent, 'Röntgen & "Söhne"');
          if (!javaScriptEnabled) {
            if (returns === 'POST') await page.getByRole('button', { name: 'Go back' }).click();
            await page.getByRole('button', { name: 'Continue' }).click();
          }
          await page.waitForURL(`${sp.url}/`);
          expect(await page.textContent('h1')).toBe(`Signed in as auth0|${user}`);
          expect(told(sp)).toMatchObject({ department: 'Röntgen & "Söhne"', 'returned by': returns });
          expect(consent.asked).toEqual([
            expect.objectContaining({
              sub: `auth0|${user}`,
              iss: '127.0.0.1',
              email: `${user}@example.test`,
              application: expect.stringContaining('The sp-'),
            }),
          ]);
          expect(complaints).toEqual([]);

          // the profile knows it from now on, and the session stands
          await page.goto(`${sp.url}/login`);
          if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click();
          await page.waitForURL(`${sp.url}/`);
          expect(told(sp)).toMatchObject({ department: 'Röntgen & "Söhne", known' });
          expect(consent.asked).toHaveLength(1);
          await context.close();
        },
        60_000,
      );

judgedBy(chromium)(
  'an SP that posts its request gets its answer by way of the consent page, too',
  async () => {
    const { sp, consent, user } = await parties('POST', 'localhost', { authnRequestBinding: 'HTTP-POST' });
    const { page, context, complaints } = await open();
    await page.goto(`${sp.url}/login`);
    await logIn(page, user);
    await answers(page, consent, 'Sales');
    await page.waitForURL(`${sp.url}/`);
    expect(told(sp)).toMatchObject({ department: 'Sales' });
    expect(complaints).toEqual([]);
    await context.close();
  },
  60_000,
);

judgedBy(chromium)(
  'a session that is there goes from the SP’s form to the consent page, past every policy',
  async () => {
    const { sp: first, user } = await parties('GET', 'localhost');
    await unbindAll(server);
    const { page, context, complaints } = await open();
    await page.goto(`${first.url}/login`);
    await logIn(page, user);
    await page.waitForURL(`${first.url}/`);
    const { sp, consent } = await parties('GET', 'localhost', { authnRequestBinding: 'HTTP-POST' });
    await page.goto(`${sp.url}/login`);
    await answers(page, consent, 'Support');
    await page.waitForURL(`${sp.url}/`);
    expect(told(sp)).toMatchObject({ department: 'Support' });
    expect(complaints).toEqual([]);
    await context.close();
  },
  60_000,
);

judgedBy(chromium)(
  'the demo service provider leads to the consent page, too',
  async () => {
    const { consent, user } = await parties('POST', 'localhost');
    const { page, context, complaints } = await open();
    await page.goto(`${server.baseUrl}/demo/sp/login`);
    await logIn(page, user);
    await answers(page, consent, 'the first time');
    await page.getByRole('heading', { name: `Logged in as auth0|${user}` }).waitFor();
    expect(await page.textContent('main')).toContain('the first time');
    await server.api('PATCH', `/api/v2/users/auth0%7C${user}`, { app_metadata: { department: null } });
    await page.goto(`${server.baseUrl}/demo/sp/login`);
    await answers(page, consent, 'by session');
    await page.getByRole('heading', { name: `Logged in as auth0|${user}` }).waitFor();
    expect(await page.textContent('main')).toContain('by session');
    expect(complaints).toEqual([]);
    await context.close();
  },
  60_000,
);

judgedBy(chromium)(
  'who goes back to the login page is led to the consent page again, and who does not consent is told so by the SP',
  async () => {
    const { sp, consent, user } = await parties('POST', 'localhost');
    const { page, context } = await open();
    await page.goto(`${sp.url}/login`);
    await logIn(page, user);
    await page.waitForURL((url) => url.origin === consent.url);
    await page.goBack();
    await page.waitForURL((url) => url.origin === consent.url);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(`${sp.url}/acs`);
    expect(await page.textContent('h1')).toMatch(/Refused: .*You did not consent\./);
    expect(sp.sessions.size).toBe(0);
    await context.close();
  },
  60_000,
);

judgedBy(chromium)(
  'a double click on the login button ends at the consent page, and the Action ran once',
  async () => {
    const { sp, consent, user } = await parties('GET', 'localhost');
    const { page, context } = await open();
    await page.goto(`${sp.url}/login`);
    await page.getByLabel('Username').fill(`${user}@example.test`);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).dblclick();
    await answers(page, consent, 'Twice');
    await page.waitForURL(`${sp.url}/`);
    const { items } = (await server.api<{ items: LoginView[] }>('GET', '/api/transactions')).body;
    const runs = executedIn(await inspectionOf(server, items[0]!)).map(({ handler }) => handler);
    expect(runs).toEqual(['onExecutePostLogin', 'onContinuePostLogin']);
    await context.close();
  },
  60_000,
);
