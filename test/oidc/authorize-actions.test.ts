/** Actions at /authorize: what they are told, what they do to the answer, and the way to another page and back to the redirect URI. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startAwayPage, stateOf, type AwayPage } from '../actions/away-page.js';
import { bindHandlers, deployAction, unbindAll } from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import {
  answerAt,
  API,
  authorizeUrl,
  claimsOf,
  keptCode,
  LOGIN,
  logIn,
  make,
  makeParties,
  newest,
  startLanding,
  type Landing,
} from './relying-party.js';

let server: TestServer;
let landing: Landing;
let away: AwayPage;
let agent: UserAgent;
beforeAll(async () => {
  [server, landing, away] = await Promise.all([startTestServer(), startLanding(), startAwayPage()]);
  await makeParties(server, landing);
  const role = await make(server, '/api/v2/roles', { name: 'Editor' });
  await make(server, '/api/v2/users/auth0%7Calice/roles', { roles: [role['id']] });
});
beforeEach(() => {
  agent = new UserAgent();
});
afterEach(() => unbindAll(server));
afterAll(async () => {
  await server.close();
  await Promise.all([landing.close(), away.close()]);
});

/** The Action writes down what it was told. */
const TOLD = `
  const { id, ...transaction } = event.transaction;
  api.idToken.setCustomClaim('urn:told', {
    transaction,
    query: event.request.query,
    resource_server: event.resource_server,
    organization: event.organization,
    roles: event.authorization && event.authorization.roles,
  });`;

test('an Action is told the request: its parameters as they came, the API and the roles of the user', async () => {
  await bindHandlers(server, [TOLD]);
  const answer = await logIn(agent, server, landing, {
    response_type: 'code id_token',
    response_mode: 'form_post',
    nonce: 'n',
    audience: API,
    scope: 'openid read:things unknown',
    prompt: 'login',
    acr_values: 'urn:a urn:b',
    ui_locales: 'de fr',
    login_hint: 'alice@example.test',
    'ext-colour': 'blue',
    screen_hint: 'signup',
  }).catch(() => null);
  expect(answer).toBeNull();
  const { result } = await newest(server);
  expect(claimsOf(result!.parameters!['id_token'] as string)['urn:told']).toEqual({
    transaction: {
      protocol: 'oidc-hybrid-profile',
      requested_scopes: ['openid', 'read:things', 'unknown'],
      response_type: ['code', 'id_token'],
      response_mode: 'form_post',
      redirect_uri: landing.callback,
      state: 'a state',
      login_hint: 'alice@example.test',
      prompt: ['login'],
      acr_values: ['urn:a', 'urn:b'],
      ui_locales: ['de', 'fr'],
      metadata: {},
    },
    query: expect.objectContaining({
      'ext-colour': 'blue',
      screen_hint: 'signup',
      client_id: 'app',
    }) as object,
    resource_server: { identifier: API },
    roles: ['Editor'],
  });
});

test.each([
  ['code', 'oidc-basic-profile'],
  ['id_token', 'oidc-implicit-profile'],
  ['code token', 'oidc-hybrid-profile'],
])('with response_type=%s the protocol is %s', async (response_type, protocol) => {
  await bindHandlers(server, [
    `if (event.transaction.protocol !== '${protocol}') api.access.deny('it is another');`,
  ]);
  const answer = await logIn(agent, server, landing, { response_type, nonce: 'n' });
  expect(answer).not.toHaveProperty('error');
});

test('claims and scopes that an Action sets stand in the tokens, and go with the code', async () => {
  await bindHandlers(server, [
    `api.idToken.setCustomClaim('urn:role', 'editor');
     api.accessToken.setCustomClaim('urn:role', 'editor');
     api.accessToken.addScope('extra');
     api.accessToken.removeScope('read:things');`,
  ]);
  const answer = await logIn(agent, server, landing, {
    response_type: 'code id_token token',
    nonce: 'n',
    audience: API,
    scope: 'openid read:things',
  });
  expect(answer['scope']).toBe('openid extra');
  expect(claimsOf(answer['id_token'])['urn:role']).toBe('editor');
  expect(claimsOf(answer['access_token'])).toMatchObject({ 'urn:role': 'editor', scope: 'openid extra' });
  const { code } = await keptCode(server, answer['code']);
  expect(code.issuance).toMatchObject({
    scope: 'openid extra',
    idToken: { customClaims: { 'urn:role': 'editor' } },
    accessToken: { customClaims: { 'urn:role': 'editor' } },
  });
});

test('a denial is told to the client word for word, by the response mode', async () => {
  await bindHandlers(server, [`api.access.deny('Nobody in “here” & there = all');`]);
  const denied = {
    error: 'access_denied',
    error_description: 'Nobody in “here” & there = all',
    state: 'a state',
  };
  expect(await logIn(agent, server, landing)).toEqual(denied);
  const posted = await agent.get(authorizeUrl(server, landing, { response_mode: 'form_post' }));
  expect(Object.fromEntries(posted.forms[0]!.fields)).toEqual(denied);
  const message = await agent.get(authorizeUrl(server, landing, { response_mode: 'web_message' }));
  expect(message.text).toContain('Nobody in “here” &amp; there = all');
  expect((await newest(server)).status).toBe('denied');
});

test('an Action that throws fails the login with access_denied, and no code is kept', async () => {
  await bindHandlers(server, [`throw new Error('it broke');`]);
  expect(await logIn(agent, server, landing)).toMatchObject({ error: 'access_denied', state: 'a state' });
});

const REDIRECTING = (url: string): string => `
exports.onExecutePostLogin = async (event, api) => api.redirect.sendUserTo(${JSON.stringify(url)});
exports.onContinuePostLogin = async (event, api) => {
  if (event.request.query.answer === 'no') return api.access.deny('They said no.');
  api.idToken.setCustomClaim('urn:answer', event.request.query.answer);
};`;

test('an Action sends the user to another page, and the login goes on to the redirect URI', async () => {
  await deployAction(server, { name: 'Away', code: REDIRECTING(away.url) });
  const asks = { response_type: 'code id_token', nonce: 'n' };
  const sent = await agent.submit(await agent.get(authorizeUrl(server, landing, asks)), LOGIN);
  expect(sent.url.startsWith(away.url)).toBe(true);
  const landed = await agent.get(`${server.baseUrl}/continue?state=${stateOf(sent)}&answer=yes`, sent.url);
  const answer = answerAt(landed, landing);
  expect(answer['state']).toBe('a state');
  expect(claimsOf(answer['id_token'])['urn:answer']).toBe('yes');
  await keptCode(server, answer['code']);
  const refused = await agent.get(authorizeUrl(server, landing, asks));
  expect(
    answerAt(
      await agent.get(`${server.baseUrl}/continue?state=${stateOf(refused)}&answer=no`, refused.url),
      landing,
    ),
  ).toMatchObject({ error: 'access_denied', error_description: 'They said no.' });
});

test('an Action cannot send anybody away where nothing may be shown', async () => {
  await logIn(agent, server, landing);
  await deployAction(server, { name: 'Away', code: REDIRECTING(away.url) });
  const page = await agent.get(authorizeUrl(server, landing, { prompt: 'none' }));
  expect(answerAt(page, landing)).toMatchObject({ error: 'interaction_required', state: 'a state' });
});

test('an Action that ends the session leaves nobody logged in', async () => {
  await logIn(agent, server, landing);
  await bindHandlers(server, [`api.session.revoke('You are done.');`]);
  const refused = answerAt(await agent.get(authorizeUrl(server, landing)), landing);
  expect(refused).toMatchObject({ error: 'access_denied', error_description: 'You are done.' });
  await unbindAll(server);
  const silent = await agent.get(authorizeUrl(server, landing, { prompt: 'none' }));
  expect(answerAt(silent, landing)).toMatchObject({ error: 'login_required' });
});
