/** What Actions do to ID and access tokens, in logins and in exchanges of a client's own. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  AUDIENCE,
  accessTokenOf,
  bindHandlers,
  exchange,
  executedIn,
  idTokenOf,
  inspectionOf,
  makeParties,
  oidcLogin,
} from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());

const bindExchange = (...handlers: Parameters<typeof bindHandlers>[1]): Promise<void> =>
  bindHandlers(server, handlers, 'credentials-exchange');

test('custom claims stand on both tokens as they were set, the last value of a name', async () => {
  await bindHandlers(server, [
    `api.idToken.setCustomClaim('https://app.example.test/roles', ['admin', { level: 3 }]);
     api.accessToken.setCustomClaim('https://app.example.test/roles', null).accessToken.setCustomClaim('tier', 'first');
     api.accessToken.setCustomClaim('gone', undefined); api.idToken.setCustomClaim('date', new Date(0));`,
    `api.accessToken.setCustomClaim('tier', 'second');`,
  ]);
  const login = await oidcLogin(server, { idToken: { customClaims: { rest: 1 } } });
  expect(idTokenOf(login)).toMatchObject({
    'https://app.example.test/roles': ['admin', { level: 3 }],
    rest: 1,
    date: '1970-01-01T00:00:00.000Z',
  });
  const access = accessTokenOf(login);
  expect(access).toMatchObject({ 'https://app.example.test/roles': null, tier: 'second' });
  expect(access).not.toHaveProperty('gone');
});

test('restricted claims are dropped, each with a note, and the login goes on', async () => {
  await bindHandlers(server, [
    `for (const name of ['sub', 'aud', 'iss', 'exp', 'roles', 'permissions', 'https://my.auth0.com/x', 'urn:auth0:y', 'mine'])
       { api.idToken.setCustomClaim(name, 'forged'); api.accessToken.setCustomClaim(name, 'forged'); }`,
  ]);
  const login = await oidcLogin(server);
  const { droppedClaims } = await inspectionOf(server, login);
  for (const [token, claims] of [
    ['id_token', idTokenOf(login)],
    ['access_token', accessTokenOf(login)],
  ] as const) {
    expect(Object.entries(claims).filter(([, value]) => value === 'forged')).toEqual([['mine', 'forged']]);
    expect(claims['sub']).toBe('auth0|alice');
    expect(droppedClaims.filter((dropped) => dropped.token === token).map(({ claim }) => claim)).toEqual([
      'sub',
      'aud',
      'iss',
      'exp',
      'roles',
      'permissions',
      'https://my.auth0.com/x',
      'urn:auth0:y',
    ]);
  }
});

test('the claim scope throws at its author in a login, and is dropped in an exchange', async () => {
  for (const token of ['idToken', 'accessToken']) {
    await bindHandlers(server, [`api.${token}.setCustomClaim('scope', 'admin');`]);
    const login = await oidcLogin(server);
    expect(login).toMatchObject({ status: 'failed', error: 'access_denied', result: null });
    expect(login.error_description).toContain('scope');
  }
  await bindExchange(
    `api.accessToken.setCustomClaim('scope', 'admin').accessToken.setCustomClaim('mine', 1);`,
  );
  const exchanged = await exchange(server, { client_grant: { scope: ['read:a'] } });
  expect(accessTokenOf(exchanged)).toMatchObject({ scope: 'read:a', mine: 1 });
  expect((await inspectionOf(server, exchanged)).droppedClaims.map(({ claim }) => claim)).toEqual(['scope']);
});

test('claims of more than 100 kB fail the login, each token counted by itself', async () => {
  const claims = (token: string, bytes: number): string =>
    `api.${token}.setCustomClaim('https://app.example.test/big', 'x'.repeat(${bytes}));`;
  await bindHandlers(server, [claims('idToken', 100_000) + claims('accessToken', 100_000)]);
  expect((await oidcLogin(server)).status).toBe('completed');
  for (const token of ['idToken', 'accessToken']) {
    await bindHandlers(server, [claims(token, 103_000)]);
    const login = await oidcLogin(server);
    expect(login).toMatchObject({ status: 'failed', error: 'server_error', result: null });
    expect((await inspectionOf(server, login)).failure?.code).toBe('claims_too_large');
  }
});

test('what an Action did wrong is no fault of the body that named the same: the login is kept, and has failed', async () => {
  await bindHandlers(server, [`api.idToken.setCustomClaim('big', 'x'.repeat(103_000));`]);
  const login = await oidcLogin(server, { idToken: { customClaims: { of: 'the body' } } });
  expect(login).toMatchObject({ status: 'failed', result: null });
  expect((await inspectionOf(server, login)).failure?.code).toBe('claims_too_large');
});

test('addScope and removeScope change the access token, the last word on each scope counts', async () => {
  await bindHandlers(server, [
    `api.accessToken.addScope('read:a'); api.accessToken.addScope(' read:b '); api.accessToken.removeScope('email');`,
    `api.accessToken.removeScope('read:a'); api.accessToken.addScope('email'); api.accessToken.removeScope('profile');`,
  ]);
  const login = await oidcLogin(server, {
    accessToken: { scopes: { 'read:b': false, 'of:rest': true } },
  });
  expect(new Set(login.result?.scope?.split(' '))).toEqual(new Set(['openid', 'email', 'read:b', 'of:rest']));
  expect(accessTokenOf(login)['scope']).toBe(login.result?.scope);
  // they are the access token's alone
  expect(idTokenOf(login)).toMatchObject({ name: 'Alice', email: 'alice@example.test' });
});

test.each([`addScope('a b')`, `addScope('')`, `removeScope(7)`, `addScope('x'.repeat(281))`])(
  'what is no scope throws at its author: %s',
  async (call) => {
    await bindHandlers(server, [`api.accessToken.${call};`]);
    expect((await oidcLogin(server)).status).toBe('failed');
  },
);

test('a login that is denied or fails shows error and error_description as the relying party would get them', async () => {
  await bindHandlers(server, [`api.access.deny('Only on weekdays.');`]);
  expect(await oidcLogin(server)).toMatchObject({
    status: 'denied',
    error: 'access_denied',
    error_description: 'Only on weekdays.',
    result: null,
  });
  await bindHandlers(server, [`api.redirect.sendUserTo('https://page.example.test/');`]);
  const passive = await oidcLogin(server, { event: { request: { query: { prompt: 'none' } } } });
  expect(passive).toMatchObject({ status: 'failed', error: 'interaction_required' });
  for (const protocol of ['oauth2-resource-owner', 'oauth2-refresh-token', 'oauth2-password'])
    expect(await oidcLogin(server, { event: { transaction: { protocol } } })).toMatchObject({
      status: 'failed',
      error: 'interaction_required',
    });
});

test('an exchange has its own event: of the client and the request, and nobody in it', async () => {
  await bindExchange(
    `api.accessToken.setCustomClaim('seen', { ...event, secrets: Object.keys(event.secrets) });`,
  );
  const exchanged = await exchange(server, {
    oidc: { scope: 'read:a read:b', audience: AUDIENCE },
    client_grant: { scope: ['read:a', 'read:c'] },
    event: { request: { ip: '8.8.8.8', geoip: { countryCode: 'US' } }, organization: { id: 'org_1' } },
  });
  const seen = accessTokenOf(exchanged)['seen'] as Record<string, unknown>;
  expect(seen).toMatchObject({
    accessToken: { customClaims: {}, scope: ['read:a', 'read:c'] },
    client: { client_id: 'app', name: 'App', metadata: { tier: 'gold' } },
    request: {
      ip: '8.8.8.8',
      method: 'POST',
      geoip: { countryCode: 'US' },
      body: {
        grant_type: 'client_credentials',
        client_id: 'app',
        audience: AUDIENCE,
        scope: 'read:a read:b',
      },
    },
    resource_server: { identifier: AUDIENCE },
    organization: { id: 'org_1' },
    tenant: { id: expect.any(String) as string },
    transaction: { requested_scopes: ['read:a', 'read:b'], target_scopes: ['read:a', 'read:c'] },
    secrets: [],
    configuration: {},
  });
  for (const absent of ['user', 'connection', 'session', 'authentication', 'stats', 'refresh_token'])
    expect(seen).not.toHaveProperty(absent);
  expect(seen['request']).not.toHaveProperty('query');
});

test('claims of an exchange stand on its token, whose subject stays the client', async () => {
  await bindExchange(
    `api.accessToken.setCustomClaim('https://app.example.test/plan', event.client.metadata.tier).accessToken.setCustomClaim('sub', 'x');`,
  );
  const exchanged = await exchange(server);
  expect(exchanged).toMatchObject({ status: 'completed', user_id: null });
  expect(exchanged.result).not.toHaveProperty('id_token');
  expect(accessTokenOf(exchanged)).toMatchObject({
    sub: 'app@clients',
    gty: 'client-credentials',
    'https://app.example.test/plan': 'gold',
  });
});

test.each([
  ['invalid_scope', 'invalid_scope'],
  ['invalid_request', 'invalid_request'],
  ['server_error', 'server_error'],
  // none of the three: the caller must not be told an error that OAuth does not have
  ['my_own_code', 'server_error'],
  ['toString', 'server_error'],
])('deny at an exchange with %s answers %s', async (code, error) => {
  await bindExchange(`api.access.deny('${code}', 'because of that');`);
  expect(await exchange(server)).toMatchObject({
    status: 'denied',
    error,
    error_description: 'because of that',
    reason: 'because of that',
    result: null,
  });
});

test('an exchange that is denied as a login is, with a reason alone, says that reason', async () => {
  await bindExchange(`api.access.deny('Not on Sundays.');`);
  expect(await exchange(server)).toMatchObject({
    status: 'denied',
    error: 'server_error',
    error_description: 'Not on Sundays.',
  });
});

test('a denial at an exchange without a reason has one all the same, and later Actions are skipped', async () => {
  await bindExchange(`api.access.deny('invalid_scope');`, `api.access.deny('invalid_request', 'second');`);
  const exchanged = await exchange(server);
  expect(exchanged).toMatchObject({ status: 'denied', error: 'invalid_scope' });
  expect(exchanged.error_description).not.toBe('');
  expect(executedIn(await inspectionOf(server, exchanged))).toHaveLength(1);
});

test('target scopes begin as the grant, are seen by later Actions, and never go beyond it', async () => {
  const grant = { client_grant: { scope: ['read:a', 'read:b', 'read:c'] } };
  await bindExchange(`api.accessToken.setCustomClaim('at_first', event.transaction.target_scopes);`);
  const untouched = await exchange(server, grant);
  expect(accessTokenOf(untouched)['at_first']).toEqual(['read:a', 'read:b', 'read:c']);
  expect(untouched.result?.scope).toBe('read:a read:b read:c');
  for (const [calls, left] of [
    [`removeTargetScope('read:b')`, 'read:a read:c'],
    [`setTargetScopes(['read:c', 'admin:all', 'read:c'])`, 'read:c'],
    [`addTargetScope('admin:all')`, 'read:a read:b read:c'],
    [`clearTargetScopes()`, ''],
    [`setTargetScopes([])`, ''],
  ] as const) {
    await bindExchange(
      `api.transaction.${calls};`,
      `api.accessToken.setCustomClaim('later', event.transaction.target_scopes);`,
    );
    const exchanged = await exchange(server, grant);
    expect(exchanged.result?.scope ?? '', calls).toBe(left);
    expect(accessTokenOf(exchanged)['scope'] ?? '', calls).toBe(left);
  }
  await bindExchange(`api.transaction.clearTargetScopes();`, `api.transaction.addTargetScope('read:b');`);
  expect((await exchange(server, grant)).result?.scope).toBe('read:b');
});

test('the grant bounds what is asked for, and without one an Action can add nothing', async () => {
  await bindExchange(`api.transaction.addTargetScope('more:than_asked');`);
  const narrow = {
    oidc: { scope: 'read:a read:x', audience: AUDIENCE },
    client_grant: { scope: ['read:a'] },
  };
  expect((await exchange(server, narrow)).result?.scope).toBe('read:a');
  expect((await exchange(server, { oidc: { scope: 'read:a', audience: AUDIENCE } })).result?.scope).toBe(
    'read:a',
  );
});

test('an exception in an exchange is a server_error with its message', async () => {
  await bindExchange(`throw new Error('no quota left');`);
  expect(await exchange(server)).toMatchObject({
    status: 'failed',
    error: 'server_error',
    error_description: 'no quota left',
    result: null,
  });
});

test.each(['api.user', 'api.idToken', 'api.samlResponse', 'api.redirect', 'api.session', 'api.multifactor'])(
  'an exchange has no %s',
  async (member) => {
    await bindExchange(`api.accessToken.setCustomClaim('is', typeof ${member});`);
    expect(accessTokenOf(await exchange(server))['is']).toBe('undefined');
  },
);

test('Actions of one trigger run in no transaction of the other', async () => {
  await bindExchange(`api.access.deny('server_error', 'exchange');`);
  expect((await oidcLogin(server)).status).toBe('completed');
  await bindHandlers(server, [`api.access.deny('login');`]);
  expect((await exchange(server)).status).toBe('completed');
});
