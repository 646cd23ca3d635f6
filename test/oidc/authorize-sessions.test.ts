/** Who has to log in at /authorize, and who need not: sessions, prompt, max_age, hints, organizations and permissions. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeServiceProvider, type ServiceProvider } from '../saml-browser/service-provider.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent, type Page } from '../support/user-agent.js';
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
  type Parameters,
} from './relying-party.js';

let server: TestServer;
let landing: Landing;
let sp: ServiceProvider;
let agent: UserAgent;
beforeAll(async () => {
  [server, landing] = await Promise.all([startTestServer(), startLanding()]);
  await makeParties(server, landing);
  await make(server, '/api/v2/users', {
    user_id: 'auth0|bob',
    email: 'bob@example.test',
    name: 'Bob',
    password: LOGIN.password,
  });
  sp = await makeServiceProvider(server);
});
afterAll(async () => {
  await server.close();
  await landing.close();
});
beforeEach(() => {
  agent = new UserAgent();
});

const BOB = { ...LOGIN, username: 'bob@example.test' } as const;
/** Answered with an ID token, so that it can be seen who logged in and when. */
const ID = { response_type: 'id_token', nonce: 'n' } as const;
const ask = (parameters: Parameters = {}): Promise<Page> =>
  agent.get(authorizeUrl(server, landing, { ...ID, ...parameters }));
const asked = async (parameters: Parameters = {}): Promise<Record<string, string>> =>
  answerAt(await ask(parameters), landing);
const isLoginPage = (page: Page): boolean => page.text.includes('name="password"');
const loggedIn = (parameters: Parameters = {}, credentials: Readonly<Record<string, string>> = LOGIN) =>
  logIn(agent, server, landing, { ...ID, ...parameters }, credentials);
/** auth_time has seconds. */
const aSecond = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1100));

test('prompt=none with a session shows nothing, and tells the same user and the same auth_time', async () => {
  const first = claimsOf((await loggedIn())['id_token']);
  await aSecond();
  const silent = claimsOf((await asked({ prompt: 'none' }))['id_token']);
  expect(silent).toMatchObject({ sub: 'auth0|alice', auth_time: first['auth_time'], sid: first['sid'] });
});

test('prompt=login and max_age ask again and move auth_time, and a max_age that is kept does not', async () => {
  const first = claimsOf((await loggedIn())['id_token']);
  await aSecond();
  expect(claimsOf((await asked({ max_age: '10000' }))['id_token'])['auth_time']).toBe(first['auth_time']);
  const page = await ask({ prompt: 'login' });
  expect(isLoginPage(page)).toBe(true);
  const second = claimsOf(answerAt(await agent.submit(page, LOGIN), landing)['id_token']);
  expect(second['auth_time']).toBeGreaterThan(first['auth_time'] as number);
  expect(second['sid']).toBe(first['sid']);
  await aSecond();
  for (const max_age of ['1', '0']) expect(isLoginPage(await ask({ max_age }))).toBe(true);
  const third = claimsOf((await loggedIn({ max_age: '1' }))['id_token']);
  expect(third['auth_time']).toBeGreaterThan(second['auth_time'] as number);
});

test('a session that is too old for max_age will not do for prompt=none', async () => {
  await loggedIn();
  expect(await asked({ prompt: 'none', max_age: '0' })).toMatchObject({ error: 'login_required' });
});

test('select_account shows the page although there is a session, and consent asks nobody', async () => {
  await loggedIn();
  expect(isLoginPage(await ask({ prompt: 'select_account' }))).toBe(true);
  expect(await asked({ prompt: 'consent' })).toHaveProperty('id_token');
});

test('login_hint fills in the page', async () => {
  expect((await ask({ login_hint: 'alice@example.test' })).text).toContain('value="alice@example.test"');
});

test('an id_token_hint asks for its user: a session of that one will do, and nobody else may log in', async () => {
  const { id_token: hint = '' } = await loggedIn();
  expect(await asked({ prompt: 'none', id_token_hint: hint })).toHaveProperty('id_token');
  agent = new UserAgent();
  await loggedIn({}, BOB);
  expect(await asked({ prompt: 'none', id_token_hint: hint })).toMatchObject({ error: 'login_required' });
  const page = await ask({ id_token_hint: hint });
  expect(isLoginPage(page)).toBe(true);
  const refused = answerAt(await agent.submit(page, BOB), landing);
  expect(refused).toMatchObject({ error: 'login_required', state: 'a state' });
  expect((await newest(server)).reason).toContain('id_token_hint');
  const kept = JSON.stringify(
    (await server.api('GET', `/debug/transactions/${(await newest(server)).id}?format=json`)).body,
  );
  expect(kept).not.toContain(hint);
});

test('who has logged in at a SAML service provider is logged in here, and the other way round', async () => {
  const delivered = await agent.submit(await agent.get(await sp.loginUrl()), LOGIN);
  expect((await sp.accept(delivered)).nameID).toBe('auth0|alice');
  expect(claimsOf((await asked({ prompt: 'none' }))['id_token'])['sub']).toBe('auth0|alice');
  agent = new UserAgent();
  await loggedIn({}, BOB);
  expect((await sp.accept(await agent.get(await sp.loginUrl()))).nameID).toBe('auth0|bob');
});

test('auto_login answers without a page, also where none may be shown and by a form', async () => {
  await make(server, '/api/v2/clients', {
    client_id: 'auto',
    name: 'Auto',
    callbacks: [landing.callback],
    auto_login: 'auth0|bob',
  });
  for (const prompt of ['none', 'login'])
    expect(claimsOf((await asked({ client_id: 'auto', prompt }))['id_token'])['sub']).toBe('auth0|bob');
  const fields = [...new URL(authorizeUrl(server, landing, { client_id: 'auto', ...ID })).searchParams];
  const page = await agent.post(`${server.baseUrl}/authorize`, fields, landing.callback);
  expect(claimsOf(answerAt(page, landing)['id_token'])['sub']).toBe('auth0|bob');
  await server.api('PATCH', '/api/v2/clients/auto', { auto_login: 'auth0|gone' });
  expect(await asked({ client_id: 'auto' })).toMatchObject({ error: 'server_error', state: 'a state' });
});

test('an organization lets its members in, and its name or id stands in the tokens', async () => {
  await make(server, '/api/v2/organizations', { id: 'org_acme', name: 'acme', display_name: 'Acme' });
  await make(server, '/api/v2/organizations/org_acme/members', { members: ['auth0|alice'] });
  const use = (organization_usage: string) =>
    server.api('PATCH', '/api/v2/clients/app', { organization_usage });
  await use('require');
  expect(await asked()).toMatchObject({ error: 'invalid_request' });
  expect(await asked({ organization: 'nobody' })).toMatchObject({ error: 'invalid_request' });
  expect(claimsOf((await loggedIn({ organization: 'org_acme' }))['id_token'])).toMatchObject({
    org_id: 'org_acme',
  });
  const named = await asked({ organization: 'acme', response_type: 'code' });
  expect((await keptCode(server, named['code'])).grant.organization).toEqual({
    id: 'org_acme',
    name: 'acme',
  });
  agent = new UserAgent();
  expect(await loggedIn({ organization: 'acme' }, BOB)).toMatchObject({
    error: 'access_denied',
    error_description: 'user auth0|bob is not part of the org_acme organization',
  });
  await use('deny');
});

test('an API that enforces its policies gives each user the scopes that they have', async () => {
  await server.api('PATCH', `/api/v2/resource-servers/${encodeURIComponent(API)}`, {
    enforce_policies: true,
    token_dialect: 'access_token_authz',
  });
  await make(server, '/api/v2/users/auth0%7Calice/permissions', {
    permissions: [{ permission_name: 'read:things', resource_server_identifier: API }],
  });
  const scope = 'openid read:things write:things';
  const answer = await loggedIn({ response_type: 'token', audience: API, scope });
  expect(answer['scope']).toBe('openid read:things');
  expect(claimsOf(answer['access_token'])).toMatchObject({ permissions: ['read:things'] });
  const code = await asked({ response_type: 'code', audience: API, scope });
  const kept = await keptCode(server, code['code']);
  expect(kept.grant.scope).toBe('openid read:things');
  agent = new UserAgent();
  expect(await loggedIn({ response_type: 'token', audience: API, scope }, BOB)).toMatchObject({
    scope: 'openid',
  });
});

test('an API may ask for a client grant, which limits the scopes', async () => {
  const api = 'urn:granted';
  await make(server, '/api/v2/resource-servers', {
    identifier: api,
    scopes: [{ value: 'a' }, { value: 'b' }],
    subject_type_authorization: { user: { policy: 'require_client_grant' } },
  });
  const wish = { response_type: 'token', audience: api, scope: 'a b' };
  expect(await asked(wish)).toMatchObject({ error: 'access_denied' });
  await make(server, '/api/v2/client-grants', {
    client_id: 'app',
    audience: api,
    scope: ['b'],
    subject_type: 'user',
  });
  expect(await loggedIn(wish)).toMatchObject({ scope: 'b' });
});
