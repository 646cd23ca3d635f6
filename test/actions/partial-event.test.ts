/** A test gives a part of the `event`, and the Action behaves as it would in that situation. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bindHandlers,
  executedIn,
  idTokenOf,
  inspectionOf,
  makeParties,
  oidcLogin,
  samlLogin,
  type LoginView,
} from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
});
afterAll(() => server.close());

const RISKY = {
  authentication: {
    riskAssessment: {
      confidence: 'low',
      version: '1',
      assessments: { NewDevice: { code: 'no_match', confidence: 'low', details: { device: 'unknown' } } },
    },
  },
  request: { ip: '8.8.8.8', geoip: { countryCode: 'US', cityName: 'Mountain View' } },
};

test('a login from a new device, with low confidence, from 8.8.8.8 is denied by the Action that looks for it', async () => {
  await bindHandlers(server, [
    `const { riskAssessment } = event.authentication;
     const isNew = riskAssessment?.assessments?.NewDevice?.code === 'no_match';
     if (isNew && riskAssessment.confidence === 'low' && event.request.ip === '8.8.8.8')
       api.access.deny('Risky login from ' + event.request.geoip.cityName + '.');`,
  ]);
  for (const login of [samlLogin, oidcLogin]) {
    expect(await login(server, { event: RISKY })).toMatchObject({
      status: 'denied',
      reason: 'Risky login from Mountain View.',
    });
    expect((await login(server)).status).toBe('completed');
    expect((await login(server, { event: { ...RISKY, request: { ip: '8.8.4.4' } } })).status).toBe(
      'completed',
    );
  }
});

test('what is given lies over what the login tells, and null takes away', async () => {
  await bindHandlers(server, [`api.idToken.setCustomClaim('seen', { ...event, secrets: undefined });`]);
  const login = await oidcLogin(server, {
    event: {
      user: { name: 'Another', app_metadata: { plan: 'gold' }, email: null },
      organization: { id: 'org_1', name: 'acme' },
      transaction: { metadata: { from: 'test' }, acr_values: ['urn:mfa'] },
      stats: { logins_count: 1 },
      connection: null,
      authorization: { roles: ['admin'] },
    },
  });
  const seen = idTokenOf(login)['seen'] as Record<string, unknown>;
  expect(seen).toMatchObject({
    user: { user_id: 'auth0|alice', name: 'Another', app_metadata: { plan: 'gold' } },
    organization: { id: 'org_1', name: 'acme' },
    transaction: { metadata: { from: 'test' }, acr_values: ['urn:mfa'], protocol: 'oidc-basic-profile' },
    stats: { logins_count: 1 },
    authorization: { roles: ['admin'] },
    client: { client_id: 'app', name: 'App', metadata: { tier: 'gold' } },
  });
  expect(seen['user']).not.toHaveProperty('email');
  expect(seen).not.toHaveProperty('connection');
  // it is what Actions see, and changes nothing of the login itself
  expect(idTokenOf(login)).toMatchObject({ sub: 'auth0|alice', name: 'Alice' });
});

const EXCHANGED = {
  event: {
    transaction: { protocol: 'oauth2-refresh-token' },
    refresh_token: { id: 'rt_1', metadata: { old: '1' }, created_at: '2026-01-01T00:00:00.000Z' },
  },
};

test('refreshToken.revoke denies the exchange with its reason, and later Actions do not run', async () => {
  await bindHandlers(server, [
    `api.refreshToken.revoke('stolen with the phone');`,
    `api.access.deny('second');`,
  ]);
  const login = await oidcLogin(server, EXCHANGED);
  expect(login).toMatchObject({
    status: 'denied',
    error: 'access_denied',
    error_description: 'stolen with the phone',
    result: null,
  });
  expect(executedIn(await inspectionOf(server, login))).toHaveLength(1);
});

test('outside such an exchange there is nothing to be revoked', async () => {
  await bindHandlers(server, [`api.refreshToken.revoke('nothing there');`]);
  const login = await oidcLogin(server);
  expect(login.status).toBe('failed');
  expect((await inspectionOf(server, login)).failure?.code).toBe('action_threw');
});

test('metadata and lifetimes of a refresh token are set, seen by later Actions, and kept for the token', async () => {
  await bindHandlers(server, [
    `api.refreshToken.setMetadata('device', 'phone'); api.refreshToken.deleteMetadata('old');
     api.refreshToken.setExpiresAt(4102444800000); api.refreshToken.setIdleExpiresAt(4102444800000); api.refreshToken.setIdleExpiresAt(4102441200000);
     api.idToken.setCustomClaim('at_once', event.refresh_token.metadata);`,
    `api.idToken.setCustomClaim('later', event.refresh_token);`,
  ]);
  const login = await oidcLogin(server, EXCHANGED);
  expect(idTokenOf(login)).toMatchObject({
    at_once: { device: 'phone' },
    later: { id: 'rt_1', metadata: { device: 'phone' } },
  });
  const [{ calls } = { calls: [] }] = executedIn(await inspectionOf(server, login));
  expect(calls.filter(({ threw }) => threw !== undefined)).toEqual([]);
});

test('before there is a refresh token its metadata can be set, and no token comes of it', async () => {
  await bindHandlers(server, [
    `api.refreshToken.setMetadata('device', 'phone'); api.refreshToken.evictMetadata(); api.refreshToken.setMetadata('b', 'c');`,
    `api.idToken.setCustomClaim('is', 'refresh_token' in event);`,
  ]);
  const login = await oidcLogin(server);
  expect(idTokenOf(login)['is']).toBe(false);
});

test('a refresh token of an online session takes nothing but being revoked', async () => {
  const online = { event: { ...EXCHANGED.event, refresh_token: { id: 'rt_1', access: 'online' } } };
  for (const call of [`setMetadata('a', 'b')`, `setExpiresAt(4102444800000)`, `evictMetadata()`]) {
    await bindHandlers(server, [`api.refreshToken.${call};`]);
    expect((await oidcLogin(server, online)).status, call).toBe('failed');
  }
  await bindHandlers(server, [`api.refreshToken.revoke('over');`]);
  expect(await oidcLogin(server, online)).toMatchObject({ status: 'denied', reason: 'over' });
});

test('a profile that is given with a login changes nobody who is kept under its user_id', async () => {
  await bindHandlers(server, [
    `api.user.setAppMetadata('seen', true);
     api.idToken.setCustomClaim('count', event.stats.logins_count);`,
  ]);
  const kept = await server.api('GET', '/api/v2/users/auth0%7Calice');
  const profile = { user_id: 'auth0|alice', name: 'Somebody like Alice' };
  for (const _ of [1, 2]) {
    const { body } = await server.api<LoginView>('POST', '/api/transactions', {
      protocol: 'oidc',
      client_id: 'app',
      user: profile,
      complete: true,
    });
    expect(idTokenOf(body)).toMatchObject({ name: 'Somebody like Alice', count: 1 });
  }
  expect((await server.api('GET', '/api/v2/users/auth0%7Calice')).body).toEqual(kept.body);
});

test('an event brings no more secrets along than an Action may have', async () => {
  const many = Object.fromEntries(Array.from({ length: 31 }, (_, index) => [`S${index}`, 'a secret']));
  for (const secrets of [many, { LONG: 'x'.repeat(4097) }]) {
    const { status, body } = await server.api('POST', '/api/transactions', {
      protocol: 'oidc',
      client_id: 'app',
      user: { user_id: 'auth0|alice' },
      event: { secrets },
    });
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/event/secrets' }] },
    });
  }
});
