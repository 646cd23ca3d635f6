/** What asks for a page that there is not ends the login and says so; what asks for none goes on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bindHandlers,
  executedIn,
  inspectionOf,
  makeParties,
  oidcLogin,
  responseXmlOf,
  samlLogin,
} from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { partsOf } from '../support/wire.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());

test.each([
  ['authentication.challengeWith', `({ type: 'otp' }, { additionalFactors: [{ type: 'email' }] })`],
  ['authentication.challengeWithAny', `([{ type: 'otp' }, { type: 'push' }])`],
  ['authentication.enrollWith', `({ type: 'phone', options: { preferredMethod: 'sms' } })`],
  ['authentication.enrollWithAny', `([{ type: 'webauthn-roaming' }])`],
  ['prompt.render', `('ap_form', { fields: { a: 1 }, vars: { b: 2 } })`],
  ['multifactor.enable', `('any', { allowRememberBrowser: false })`],
])('api.%s ends the login, and its answer names the member', async (member, args) => {
  await bindHandlers(server, [`api.idToken.setCustomClaim('never', 1); api.${member}${args};`]);
  const oidc = await oidcLogin(server);
  expect(oidc).toMatchObject({ status: 'failed', error: 'access_denied', result: null });
  expect(oidc.error_description).toContain(`api.${member}`);
  expect((await inspectionOf(server, oidc)).failure).toMatchObject({
    code: 'interaction_unavailable',
    cause: expect.stringMatching(
      `^api\\.${member} in the Action Action 1, at Action 1\\.js:2:\\d+$`,
    ) as string,
  });
  const saml = await samlLogin(server);
  expect(saml.status).toBe('failed');
  const parts = partsOf(responseXmlOf(saml));
  expect(parts.get('/Response/Status/StatusMessage')).toContain(`api.${member}`);
  expect(responseXmlOf(saml)).not.toContain('Assertion');
});

test('a challenge ends the login after its own Action, multifactor.enable after the last', async () => {
  const later = `api.transaction.setMetadata('ran', true);`;
  await bindHandlers(server, [`api.authentication.challengeWith({ type: 'otp' });`, later]);
  const challenged = executedIn(await inspectionOf(server, await oidcLogin(server)));
  expect(challenged.map(({ outcome }) => outcome)).toEqual(['interaction']);
  await bindHandlers(server, [`api.multifactor.enable('guardian');`, later]);
  const enabled = executedIn(await inspectionOf(server, await oidcLogin(server)));
  expect(enabled.map(({ outcome }) => outcome)).toEqual(['completed', 'completed']);
});

test.each([
  [`api.multifactor.enable('none');`],
  [`api.multifactor.enable('any'); api.multifactor.enable('none');`],
  [`api.multifactor.enable('none', { allowRememberBrowser: true });`],
])('multifactor none asks for nothing, and takes back what was asked before: %s', async (body) => {
  await bindHandlers(server, [body]);
  expect((await oidcLogin(server)).status).toBe('completed');
});

test('a later Action takes multifactor.enable back, and a denial comes before it', async () => {
  await bindHandlers(server, [`api.multifactor.enable('any');`, `api.multifactor.enable('none');`]);
  expect((await oidcLogin(server)).status).toBe('completed');
  await bindHandlers(server, [
    `api.multifactor.enable('any'); api.authentication.challengeWith({ type: 'otp' }); api.access.deny('no');`,
  ]);
  expect(await oidcLogin(server)).toMatchObject({ status: 'denied', reason: 'no' });
});

test('the fifth command of a login throws, and the fourth does not', async () => {
  const commands = (count: number): string =>
    `const tried = [];
     for (let i = 0; i < ${count}; i++) { api.authentication.challengeWith({ type: 'otp' }); tried.push(i); console.log(tried.length); }`;
  for (const [count, code] of [
    [4, 'interaction_unavailable'],
    [5, 'action_threw'],
  ] as const) {
    await bindHandlers(server, [commands(count)]);
    const inspection = await inspectionOf(server, await oidcLogin(server));
    expect(inspection.failure?.code).toBe(code);
    expect(executedIn(inspection)[0]!.console).toHaveLength(4);
  }
});

test.each([
  [`api.authentication.challengeWith({ type: 'carrier-pigeon' });`],
  [`api.authentication.enrollWith({ type: 'email' });`],
  [`api.multifactor.enable('sms');`],
  [`api.prompt.render('a'); api.prompt.render('b');`],
  [`api.prompt.render('a'); api.redirect.sendUserTo('https://page.example.test/');`],
  [`api.redirect.sendUserTo('not a url');`],
])('what no page could be made of throws at its author: %s', async (body) => {
  await bindHandlers(server, [body]);
  const login = await oidcLogin(server);
  expect(login.status).toBe('failed');
  expect((await inspectionOf(server, login)).failure?.code).toBe('action_threw');
});
