/** Chromium logs in at the demo of a first start by two clicks, is remembered, and logs out by a third. */
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { CHROMIUM, chromium as chromiumJudge, judgedBy } from '../support/judges.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let browser: Browser | undefined;
beforeAll(async () => {
  server = await startTestServer({ MINTMARK_SEED: 'examples/demo/mintmark.yaml' });
  if (chromiumJudge.present)
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  await server.close();
});

judgedBy(chromiumJudge)(
  'the demo of a first start logs in and out again, under either name of loopback',
  async () => {
    for (const base of [server.baseUrl, server.baseUrl.replace('127.0.0.1', 'localhost')]) {
      const context = await browser!.newContext();
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(`${base}/`);
      await page.getByRole('link', { name: 'Demo service provider' }).click();
      await page.getByRole('link', { name: 'Log in', exact: true }).click();
      await page.getByRole('button', { name: /Alice/ }).click();
      await page.getByRole('heading', { name: 'Logged in as auth0|alice' }).waitFor();
      await page.getByRole('link', { name: 'Back to the demo' }).click();
      // the session answers
      await page.getByRole('link', { name: 'Log in', exact: true }).click();
      await page.getByRole('heading', { name: 'Logged in as auth0|alice' }).waitFor();
      await page.getByRole('link', { name: 'Log out everywhere' }).click();
      await page.getByRole('heading', { name: 'Logged out' }).waitFor();
      await page.getByRole('link', { name: 'Back to the demo' }).click();
      await page.getByRole('link', { name: 'Log in', exact: true }).click();
      await page.getByRole('button', { name: /Alice/ }).waitFor();
      expect(complaints).toEqual([]);
      await context.close();
    }
  },
  60_000,
);
