/** @auth0/auth0-spa-js, unmodified, in Chromium, with its own bundle and its worker: redirects, frames, refresh tokens, DPoP, windows. */
import { chromium as browserType, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { startAwayPage } from '../actions/away-page.js';
import {
  API,
  claimsOf,
  LOGIN,
  make,
  makeParties,
  startLanding,
  type Landing,
} from '../oidc/relying-party.js';
import { bindHandlers, deployAction, unbindAll } from '../support/actions.js';
import { CHROMIUM, chromium, judgedBy } from '../support/judges.js';
import { startTestServer, type TestServer } from '../support/server.js';
import {
  comeBack,
  leave,
  logOut,
  popUp,
  revoke,
  silently,
  startSinglePageApp,
  userOf,
  type SinglePageApp,
} from './single-page-app.js';

/** By their clients. */
const SETUPS = {
  framed: {},
  api: { authorizationParams: { audience: API, scope: 'openid profile email read:things' } },
  // in the memory of its worker
  refreshing: { useRefreshTokens: true },
  storing: { useRefreshTokens: true, cacheLocation: 'localstorage' },
  falling: { useRefreshTokens: true, useRefreshTokensFallback: true },
  bound: { useRefreshTokens: true, useDpop: true },
} as const;
/** The SDK asks for rotation: its worker forgets a refresh token after the answer that brings no other. */
const ROTATING: ReadonlySet<string> = new Set(['refreshing', 'storing', 'bound']);
type Setup = keyof typeof SETUPS;

let server: TestServer;
let landing: Landing;
let app: SinglePageApp;
let browser: Browser | undefined;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
  // beside the server, as far as sites go: a frame of another site has no cookies
  app = await startSinglePageApp(server.baseUrl, SETUPS);
  for (const name of Object.keys(SETUPS) as Setup[])
    await make(server, '/api/v2/clients', {
      client_id: name,
      name,
      app_type: 'spa',
      callbacks: [app.urlOf(name)],
      allowed_logout_urls: [app.urlOf(name)],
      web_origins: [app.origin],
      ...(ROTATING.has(name) && {
        refresh_token: { rotation_type: 'rotating', expiration_type: 'expiring' },
      }),
    });
  if (chromium.present)
    browser = await browserType.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await Promise.all([app.close(), landing.close()]);
  await server.close();
});
afterEach(() => unbindAll(server));

async function fillIn(page: Page): Promise<void> {
  await page.fill('input[name=username]', LOGIN.username);
  await page.fill('input[name=password]', LOGIN.password);
  await page.keyboard.press('Enter');
}

/** What was asked of the server, method, path and grant, and what the browser complained of. */
interface Seen {
  readonly page: Page;
  readonly calls: string[];
  readonly complaints: string[];
}
/** At the page, nobody logged in. */
async function opened(setup: Setup, context: BrowserContext): Promise<Seen> {
  const page = await context.newPage();
  const seen: Seen = { page, calls: [], complaints: [] };
  // the worker of the SDK asks by itself, so that the whole context is listened to
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== server.baseUrl) return;
    const grant = new URLSearchParams(request.postData() ?? '').get('grant_type');
    seen.calls.push([request.method(), url.pathname, ...(grant === null ? [] : [grant])].join(' '));
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.complaints.push(message.text());
  });
  await page.goto(app.urlOf(setup));
  return seen;
}

/** Goes to log in, and is back at the page, which has not been told yet what came of it. */
async function wentAndCame(setup: Setup, context: BrowserContext, appState?: unknown): Promise<Seen> {
  const seen = await opened(setup, context);
  await leave(seen.page, appState);
  await seen.page.waitForSelector('input[name=password]');
  await fillIn(seen.page);
  await seen.page.waitForURL((url) => url.href.startsWith(`${app.urlOf(setup)}?`));
  return seen;
}

async function loggedIn(setup: Setup, context: BrowserContext): Promise<Seen> {
  const seen = await wentAndCame(setup, context);
  expect(await comeBack(seen.page)).not.toHaveProperty('refused');
  return seen;
}

/** In the page. */
declare const localStorage: {
  readonly setItem: (key: string, value: string) => void;
};

const inChromium = judgedBy(chromium);
const test = (title: string, run: (context: BrowserContext) => Promise<void>): void =>
  inChromium(title, async () => {
    const context = await browser!.newContext();
    try {
      await run(context);
    } finally {
      await context.close();
    }
  });

test('a user logs in by redirect, and the page has its token and its profile', async (context) => {
  const { page, calls, complaints } = await wentAndCame('api', context, { target: '/inbox' });
  expect(await comeBack(page)).toEqual({ value: { target: '/inbox' } });
  expect(await userOf(page)).toMatchObject({
    sub: 'auth0|alice',
    name: 'Alice',
    email: 'alice@example.test',
  });
  const token = await silently(page, {});
  if (!('value' in token)) throw new Error(JSON.stringify(token));
  expect(claimsOf(token.value)).toMatchObject({ sub: 'auth0|alice', azp: 'api' });
  expect(claimsOf(token.value)['scope']).toBe('openid profile email read:things');
  expect(calls).toContain('POST /oauth/token authorization_code');
  expect(complaints).toEqual([]);
});

test('a token is renewed in a frame, by the session alone', async (context) => {
  const { page, calls, complaints } = await loggedIn('api', context);
  calls.length = 0;
  expect(await silently(page)).toEqual({ value: expect.any(String) as string });
  expect(calls).toContain('GET /authorize');
  expect(calls).toContain('POST /oauth/token authorization_code');
  expect(complaints).toEqual([]);
});

test('a page without a session is told that a login is required', async (context) => {
  const { page } = await opened('framed', context);
  expect(await silently(page)).toEqual({
    refused: { error: 'login_required', error_description: 'Login required' },
  });
});

test('one session serves the pages of other applications', async (context) => {
  const first = await loggedIn('framed', context);
  const second = await opened('api', context);
  expect(await silently(second.page)).toEqual({ value: expect.any(String) as string });
  const [one, other] = [await userOf(first.page), await userOf(second.page)];
  expect(other).toMatchObject({ sub: one!['sub'] });
});

for (const setup of ['refreshing', 'storing'] as const)
  test(`a ${setup} page renews its token with its refresh token, and goes on so`, async (context) => {
    const { page, calls, complaints } = await loggedIn(setup, context);
    calls.length = 0;
    const [second, third] = [await silently(page), await silently(page)];
    expect([second, third]).toEqual([{ value: expect.any(String) }, { value: expect.any(String) }]);
    expect(second).not.toEqual(third);
    expect(calls.filter((call) => call.startsWith('POST'))).toEqual([
      'POST /oauth/token refresh_token',
      'POST /oauth/token refresh_token',
    ]);
    expect(calls).not.toContain('GET /authorize');
    expect(complaints).toEqual([]);
  });

test('a refresh token that stays is used once by the SDK, which then goes by the session', async (context) => {
  const { page, calls } = await loggedIn('falling', context);
  calls.length = 0;
  expect(await silently(page)).toHaveProperty('value');
  expect(calls).not.toContain('GET /authorize');
  expect(await silently(page)).toHaveProperty('value');
  expect(calls).toContain('GET /authorize');
});

test('a page gives its refresh token up, and cannot renew with it any more', async (context) => {
  const { page, calls } = await loggedIn('storing', context);
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  await revoke(page);
  expect(calls).toContain('POST /oauth/revoke');
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toBe(kept);
  // as if it had not noticed
  await page.evaluate((before) => {
    for (const [key, value] of Object.entries(JSON.parse(before) as Record<string, string>))
      localStorage.setItem(key, value);
  }, kept);
  expect(await silently(page)).toMatchObject({ refused: { error: 'invalid_grant' } });
});

test('the tokens of a page are bound to its key', async (context) => {
  const { page, complaints } = await loggedIn('bound', context);
  const kept = await silently(page, {});
  if (!('value' in kept)) throw new Error(JSON.stringify(kept));
  const bare = await fetch(`${server.baseUrl}/userinfo`, {
    headers: { authorization: `Bearer ${kept.value}` },
  });
  expect(bare.status).toBe(401);
  expect(await silently(page)).toEqual({ value: expect.any(String) as string });
  expect(complaints).toEqual([]);
});

test('a page that must bring a nonce in its proofs gets one, across origins', async (context) => {
  await server.api('PATCH', '/api/v2/tenants/settings', { dpop_nonce_required: true });
  try {
    const { page, calls } = await loggedIn('bound', context);
    expect(calls.filter((call) => call === 'POST /oauth/token authorization_code')).toHaveLength(2);
    expect(await silently(page)).toEqual({ value: expect.any(String) as string });
  } finally {
    await server.api('PATCH', '/api/v2/tenants/settings', { dpop_nonce_required: false });
  }
});

test('a user logs in in a window of its own', async (context) => {
  const { page } = await opened('framed', context);
  const shown = context.waitForEvent('page');
  const loggingIn = popUp(page);
  const window = await shown;
  await window.waitForSelector('input[name=password]');
  await fillIn(window);
  await loggingIn;
  await expect.poll(() => window.isClosed()).toBe(true);
  expect(await userOf(page)).toMatchObject({ sub: 'auth0|alice' });
});

test('logging out ends the session, and comes back to the page', async (context) => {
  const { page } = await loggedIn('framed', context);
  await logOut(page, app.urlOf('framed'));
  await page.waitForURL(app.urlOf('framed'));
  expect(await userOf(page)).toBeUndefined();
  expect(await silently(page)).toMatchObject({ refused: { error: 'login_required' } });
});

test('what an Action claims is in the profile of the page', async (context) => {
  await bindHandlers(server, [
    `api.idToken.setCustomClaim('https://example.test/roles', ['editor']);
     api.accessToken.setCustomClaim('https://example.test/roles', ['editor']);`,
  ]);
  const { page } = await loggedIn('api', context);
  expect(await userOf(page)).toMatchObject({ 'https://example.test/roles': ['editor'] });
  const token = await silently(page);
  if (!('value' in token)) throw new Error(JSON.stringify(token));
  expect(claimsOf(token.value)).toMatchObject({ 'https://example.test/roles': ['editor'] });
});

test('a denial by an Action is the error of the SDK, by redirect and in a frame', async (context) => {
  const before = await loggedIn('framed', context);
  await bindHandlers(server, [`api.access.deny('Only from the office.');`]);
  const denied = {
    refused: { error: 'access_denied', error_description: 'Only from the office.' },
  };
  expect(await silently(before.page)).toEqual(denied);
  await context.clearCookies();
  const { page } = await wentAndCame('api', context);
  expect(await comeBack(page)).toEqual(denied);
});

test('an Action sends the browser away and takes it back; a frame it cannot send anywhere', async (context) => {
  const away = await startAwayPage(
    (arrival) =>
      `<a href="${server.baseUrl}/continue?${new URLSearchParams({
        state: arrival.searchParams.get('state') ?? '',
        colour: 'teal',
      }).toString()}">On</a>`,
  );
  try {
    await deployAction(server, {
      name: 'Ask for a colour',
      code: `
        exports.onExecutePostLogin = async (event, api) => api.redirect.sendUserTo(${JSON.stringify(away.url)});
        exports.onContinuePostLogin = async (event, api) =>
          api.idToken.setCustomClaim('https://example.test/colour', event.request.query.colour);`,
    });
    const { page } = await opened('framed', context);
    await leave(page);
    await page.waitForSelector('input[name=password]');
    await fillIn(page);
    await page.click('text=On');
    await page.waitForURL((url) => url.href.startsWith(`${app.urlOf('framed')}?`));
    expect(await comeBack(page)).not.toHaveProperty('refused');
    expect(await userOf(page)).toMatchObject({ 'https://example.test/colour': 'teal' });
    expect(await silently(page)).toMatchObject({ refused: { error: 'interaction_required' } });
  } finally {
    await away.close();
  }
});
