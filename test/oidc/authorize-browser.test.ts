/** Chromium logs in by form_post, and by web messages to frames and windows; a page of another origin gets none. */
import { chromium as browserType, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { CHROMIUM, chromium, judgedBy } from '../support/judges.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { authorizeUrl, keptCode, LOGIN, makeParties, startLanding, type Landing } from './relying-party.js';

/** Keeps what it is sent, and asks by a frame or a window. */
const LISTENING = `<!doctype html><title>An application</title><script>
  window.messages = [];
  addEventListener('message', ({ data, origin }) => window.messages.push({ data, origin }));
  window.openFrame = (address) => new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.addEventListener('load', () => setTimeout(resolve, 200));
    frame.src = address;
    document.body.append(frame);
  });
  window.openWindow = (address) => void open(address, 'login', 'width=400,height=600');
</script><body></body>`;

let server: TestServer;
/** Of the same site as the server, as a single-page application beside it is: else the frame would have no cookies. */
let landing: Landing;
let stranger: Landing;
let browser: Browser | undefined;
beforeAll(async () => {
  [server, landing, stranger] = await Promise.all([
    startTestServer(),
    startLanding(LISTENING, '127.0.0.1'),
    startLanding(LISTENING, '127.0.0.1'),
  ]);
  await makeParties(server, landing);
  if (chromium.present)
    browser = await browserType.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await server.close();
  await Promise.all([landing.close(), stranger.close()]);
});

async function fillIn(page: Page): Promise<void> {
  await page.fill('input[name=username]', LOGIN.username);
  await page.fill('input[name=password]', LOGIN.password);
  await page.keyboard.press('Enter');
}

async function logInAt(page: Page): Promise<void> {
  await page.goto(authorizeUrl(server, landing));
  await fillIn(page);
  await page.waitForURL((url) => url.href.startsWith(landing.callback));
}

async function loggedIn(): Promise<BrowserContext> {
  const context = await browser!.newContext();
  const page = await context.newPage();
  await logInAt(page);
  await page.close();
  return context;
}

interface Message {
  readonly origin: string;
  readonly data: { readonly type: string; readonly response: Readonly<Record<string, string>> };
}
declare const window: {
  readonly messages: readonly Message[];
  readonly openFrame: (address: string) => Promise<void>;
  readonly openWindow: (address: string) => void;
};

/** Frames the address, and yields what came once it has loaded. */
const framed = async (page: Page, url: string): Promise<readonly Message[]> => {
  await page.evaluate((address) => window.openFrame(address), url);
  return page.evaluate(() => window.messages);
};
const SILENT = { response_mode: 'web_message', prompt: 'none' } as const;

const inChromium = judgedBy(chromium);

inChromium('a person logs in, and the answer is posted to the callback by a form', async () => {
  const context = await browser!.newContext();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(authorizeUrl(server, landing, { response_mode: 'form_post', state: 'é & "ü"' }));
  await fillIn(page);
  await page.waitForURL(landing.callback);
  const posted = landing.posted.at(-1)!;
  expect(posted.get('state')).toBe('é & "ü"');
  await keptCode(server, posted.get('code') ?? undefined);
  expect(complaints).toEqual([]);
  await context.close();
});

inChromium('the policy of the login page lets the redirect to the callback through', async () => {
  const context = await browser!.newContext();
  const page = await context.newPage();
  await logInAt(page);
  await keptCode(server, new URL(page.url()).searchParams.get('code') ?? undefined);
  await context.close();
});

inChromium('a frame of the application is answered by a message, with a session and without', async () => {
  const context = await loggedIn();
  const page = await context.newPage();
  await page.goto(`${landing.origin}/page`);
  const [answer] = await framed(page, authorizeUrl(server, landing, SILENT));
  expect(answer).toMatchObject({
    origin: server.baseUrl,
    data: { type: 'authorization_response', response: { state: 'a state' } },
  });
  await keptCode(server, answer!.data.response['code']);
  await context.clearCookies();
  const messages = await framed(page, authorizeUrl(server, landing, SILENT));
  expect(messages.at(-1)!.data.response).toMatchObject({ error: 'login_required', state: 'a state' });
  await context.close();
});

inChromium('a window that the application opened logs in and answers by a message', async () => {
  const context = await browser!.newContext();
  const page = await context.newPage();
  await page.goto(`${landing.origin}/page`);
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.evaluate(
      (address) => window.openWindow(address),
      authorizeUrl(server, landing, { response_mode: 'web_message' }),
    ),
  ]);
  await popup.waitForSelector('input[name=password]');
  await fillIn(popup);
  await page.waitForFunction(() => window.messages.length > 0);
  const [answer] = await page.evaluate(() => window.messages);
  await keptCode(server, answer!.data.response['code']);
  await context.close();
});

inChromium('a page of another origin that frames the request learns nothing', async () => {
  const context = await loggedIn();
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(`${stranger.origin}/page`);
  expect(await framed(page, authorizeUrl(server, landing, SILENT))).toEqual([]);
  expect(complaints.join('\n')).toContain('frame-ancestors');
  await context.close();
});
