/** An address that an Action sends the browser to may hold what another Action knew. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bindHandlers, inspectionOf, makeParties, oidcLogin } from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());

test('the timeline tells where the browser was sent without the secrets of any Action, in whatever way they are written', async () => {
  await bindHandlers(server, [
    {
      name: 'Knows',
      body: "api.transaction.setMetadata('key', event.secrets.KEY);",
      secrets: { KEY: "k3y (of) the 'office'!" },
    },
    {
      name: 'Sends',
      body: `const url = new URL('https://away.example.test/');
      url.searchParams.set('key', event.transaction.metadata.key);
      api.redirect.sendUserTo(url.href);`,
    },
  ]);
  const login = await oidcLogin(server);
  expect(login.redirect?.url).toContain('k3y+%28of%29');
  const { timeline } = await inspectionOf(server, login);
  const shown = JSON.stringify(timeline);
  expect(shown).toContain('https://away.example.test/?key=(secret)');
  expect(shown).not.toMatch(/k3y|office/);
});
