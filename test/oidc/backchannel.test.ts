/** Back-channel logout: who is told of which end of a session, what a logout token says, and what becomes of one that is not taken. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify, type JWTVerifyResult } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { GrantStore } from '../../src/storage/grant-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import type { LogoutDelivery } from '../../src/tenant/logout-delivery.js';
import { sessionIdOf } from '../../src/tenant/session.js';
import {
  logIn as logInAtSp,
  makeLogoutSp,
  requestLogout,
  startLanding as startSp,
} from '../logout/logout-sp.js';
import { bindHandlers, unbindAll } from '../support/actions.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { UserAgent } from '../support/user-agent.js';
import { isLoggedIn, loggedIn, makeClient, newestLogout, request, type LoggedIn } from './logout-party.js';
import { startReceiver, type LogoutReceiver } from './logout-receiver.js';
import { authorizeUrl, LOGIN, make, makeParties, startLanding, type Landing } from './relying-party.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const SOON = { timeout: 20_000, interval: 20 } as const;

let server: TestServer;
let landing: Landing;
let receiver: LogoutReceiver;
let agent: UserAgent;
beforeAll(async () => {
  [server, landing, receiver] = await Promise.all([startTestServer(), startLanding(), startReceiver()]);
  await makeParties(server, landing);
  await toldClient('told');
  await toldClient('all', { mode: 'all' });
});
afterAll(async () => {
  await server.close();
  await Promise.all([landing.close(), receiver.close()]);
});
beforeEach(() => {
  agent = new UserAgent();
  receiver.status = 200;
});

const toldClient = (client_id: string, initiators?: object, more: object = {}): Promise<unknown> =>
  makeClient(server, landing, {
    client_id,
    allowed_logout_urls: [`${landing.origin}/bye`],
    oidc_logout: {
      backchannel_logout_urls: [receiver.url(`/${client_id}`)],
      ...(initiators && { backchannel_logout_initiators: initiators }),
    },
    ...more,
  });

const deliveries = async (at: TestServer = server): Promise<readonly LogoutDelivery[]> =>
  (await at.api<{ deliveries: LogoutDelivery[] }>('GET', '/debug/logouts')).body.deliveries;
/** All that have been queued are settled. */
const settled = (at: TestServer = server): Promise<readonly LogoutDelivery[]> =>
  vi.waitFor(async () => {
    const all = await deliveries(at);
    expect(all.filter(({ outcome }) => outcome === undefined)).toEqual([]);
    return all;
  }, SOON);

const keys = () => createRemoteJWKSet(new URL(`${server.baseUrl}/.well-known/jwks.json`));
const verified = (token: string, audience: string, typ = 'JWT'): Promise<JWTVerifyResult> =>
  jwtVerify(token, keys(), {
    issuer: `${server.baseUrl}/`,
    audience,
    typ,
    requiredClaims: ['iat', 'exp', 'jti'],
  });

/** Logged in at the clients of these names, in one session. */
async function sessionAt(...clients: readonly string[]): Promise<LoggedIn & { readonly sessionId: string }> {
  const first = await loggedIn(agent, server, landing, { client_id: clients[0]! });
  for (const client_id of clients.slice(1))
    await agent.get(authorizeUrl(server, landing, { client_id, response_type: 'id_token', nonce: 'n' }));
  return { ...first, sessionId: sessionIdOf(agent.cookie(server.baseUrl, 'mintmark_session')!) };
}
/** Who was told since, by path. */
async function toldBy(end: () => Promise<unknown>): Promise<string[]> {
  const before = receiver.received.length;
  await end();
  await settled();
  return receiver.received
    .slice(before)
    .map(({ path }) => path.slice(1))
    .toSorted();
}

test('a logout token says which session of whom has ended, and comes as the only field of a form', async () => {
  const { claims, cookies } = await sessionAt('told');
  expect(await toldBy(() => request(`${server.baseUrl}/v2/logout?client_id=told`, cookies))).toEqual([
    'told',
  ]);
  const { method, contentType, body, token } = receiver.received.at(-1)!;
  expect([method, contentType]).toEqual(['POST', 'application/x-www-form-urlencoded;charset=UTF-8']);
  expect([...new URLSearchParams(body).keys()]).toEqual(['logout_token']);
  const { payload, protectedHeader } = await verified(token, 'told');
  expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'JWT', kid: expect.any(String) });
  expect(payload).toMatchObject({ sub: 'auth0|alice', sid: claims['sid'], events: { [EVENT]: {} } });
  expect(payload).not.toHaveProperty('nonce');
  expect(payload.exp! - payload.iat!).toBe(120);
  const [logout, [delivery]] = [(await newestLogout(server))!, await deliveries()];
  expect(payload['trace_id']).toBe(logout.id);
  expect(logout.timeline).toContainEqual(
    expect.objectContaining({
      name: 'backchannel.queued',
      detail: { id: delivery!.id, client_id: 'told', url: receiver.url('/told') },
    }),
  );
  expect(delivery).toMatchObject({
    outcome: 'delivered',
    initiator: 'rp-logout',
    log: [{ status: 200, reason: null }],
  });
  const shown = await server.api<{ deliveries: unknown }>('GET', `/debug/logouts/${logout.id}`);
  expect(shown.body.deliveries).toMatchObject([{ id: delivery!.id, outcome: 'delivered' }]);
  const page = await server.api<string>('GET', `/debug/logouts/${logout.id}`, undefined, {
    accept: 'text/html',
  });
  expect(page.body).toContain(receiver.url('/told'));
});

test('a strict client gets a token of its own type without foreign claims, by the algorithm of its ID tokens', async () => {
  await toldClient('strict', undefined, {
    oauth_dialect: 'strict',
    grant_types: ['implicit'],
    jwt_configuration: { alg: 'ES256' },
  });
  const { cookies } = await sessionAt('strict');
  await toldBy(() => request(`${server.baseUrl}/v2/logout`, cookies));
  const { payload, protectedHeader } = await verified(
    receiver.received.at(-1)!.token,
    'strict',
    'logout+jwt',
  );
  expect(protectedHeader.alg).toBe('ES256');
  expect(Object.keys(payload).toSorted()).toEqual([
    'aud',
    'events',
    'exp',
    'iat',
    'iss',
    'jti',
    'sid',
    'sub',
  ]);
});

test('each client of the session is told once, whichever began, and no client of another session', async () => {
  await loggedIn(new UserAgent(), server, landing, { client_id: 'told' });
  const { idToken, cookies } = await sessionAt('told', 'app', 'all', 'told');
  const end = (): Promise<unknown> =>
    request(`${server.baseUrl}/oidc/logout?id_token_hint=${idToken}`, cookies);
  expect(await toldBy(end)).toEqual(['all', 'told']);
  const [first, second] = receiver.received.slice(-2).map(({ token }) => token);
  expect(first).not.toBe(second);
  expect(await toldBy(end)).toEqual([]);
});

const api = (method: string, path: string, body?: unknown): Promise<unknown> =>
  server.api(method, path, body);
for (const [what, initiator, end] of [
  ['DELETE of the session', 'session-revoked', (id: string) => api('DELETE', `/api/v2/sessions/${id}`)],
  ['its revocation', 'session-revoked', (id: string) => api('POST', `/api/v2/sessions/${id}/revoke`)],
  [
    'DELETE of the user’s sessions',
    'session-revoked',
    () => api('DELETE', '/api/v2/users/auth0|alice/sessions'),
  ],
  [
    'a new password',
    'password-changed',
    () => api('PATCH', '/api/v2/users/auth0|alice', { password: LOGIN.password }),
  ],
] as const)
  test(`${what} tells the clients that want to hear of it: ${initiator}`, async () => {
    const other = initiator === 'session-revoked' ? 'password-changed' : 'session-revoked';
    const names = ['selects', 'selects-other'].map((name) => `${name}-${randomUUID().slice(0, 8)}`);
    await toldClient(names[0]!, { mode: 'custom', selected_initiators: [initiator] });
    await toldClient(names[1]!, { mode: 'custom', selected_initiators: [other] });
    const { sessionId } = await sessionAt('told', ...names, 'all');
    expect(await toldBy(() => end(sessionId))).toEqual(['all', names[0]]);
    expect((await deliveries())[0]).toMatchObject({ initiator });
    expect(await isLoggedIn(agent, server, landing)).toBe(false);
  });

test('a user who is blocked or deleted is logged out at the clients', async () => {
  const bob = { user_id: 'auth0|bob', email: 'bob@example.test', password: LOGIN.password };
  await make(server, '/api/v2/users', bob);
  const logInBob = async (): Promise<void> => {
    const page = await agent.get(
      authorizeUrl(server, landing, { client_id: 'all', response_type: 'id_token', nonce: 'n' }),
    );
    expect((await agent.submit(page, { ...LOGIN, username: bob.email })).url).toContain('id_token=');
  };
  await logInBob();
  expect(await toldBy(() => api('PATCH', '/api/v2/users/auth0|bob', { blocked: true }))).toEqual(['all']);
  await api('PATCH', '/api/v2/users/auth0|bob', { blocked: false });
  expect(await isLoggedIn(agent, server, landing)).toBe(false);
  await logInBob();
  expect(await toldBy(() => api('DELETE', '/api/v2/users/auth0|bob'))).toEqual(['all']);
  expect((await deliveries())[0]).toMatchObject({
    initiator: 'account-deleted',
    token: { sub: 'auth0|bob' },
  });
});

test('a logout that begins here, or at a service provider of SAML, tells the clients of OpenID Connect', async () => {
  const spLanding = await startSp();
  try {
    await sessionAt('told');
    expect(await toldBy(async () => agent.submit(await agent.get(`${server.baseUrl}/logout`)))).toEqual([
      'told',
    ]);
    expect((await deliveries())[0]).toMatchObject({ initiator: 'idp-logout' });
    const sp = await makeLogoutSp(server, spLanding, 'saml-begins');
    await sessionAt('told');
    const profile = await logInAtSp(agent, sp);
    expect(await toldBy(() => requestLogout(agent, sp, profile))).toEqual(['told']);
    expect((await deliveries())[0]).toMatchObject({ initiator: 'rp-logout' });
  } finally {
    await spLanding.close();
  }
});

test('api.session.revoke tells them, and ends the refresh tokens of the session unless it says not to', async () => {
  const grants = server.app.get(GrantStore);
  try {
    for (const [options, revoked] of [
      ['', true],
      [', { preserveRefreshTokens: true }', false],
    ] as const) {
      agent = new UserAgent();
      const { sessionId } = await sessionAt('told', 'all');
      await bindHandlers(server, [`api.session.revoke('stolen'${options});`]);
      expect(await toldBy(() => agent.get(authorizeUrl(server, landing, { client_id: 'app' })))).toEqual([
        'all',
      ]);
      expect((await deliveries())[0]).toMatchObject({ initiator: 'session-revoked' });
      const given = await grants.inSession(sessionId);
      expect(given.map(({ clientId }) => clientId).toSorted()).toEqual(['all', 'told']);
      for (const { id } of given)
        expect((await grants.find(id))!.refreshTokensRevokedAt !== null).toBe(revoked);
      await unbindAll(server);
      expect(await isLoggedIn(agent, server, landing)).toBe(false);
    }
  } finally {
    await unbindAll(server);
  }
});

test('a logout leaves offline access', async () => {
  const { sessionId, cookies } = await sessionAt('told');
  await toldBy(() => request(`${server.baseUrl}/v2/logout`, cookies));
  const grants = await server.app.get(GrantStore).inSession(sessionId);
  expect(grants.length).toBeGreaterThan(0);
  for (const { id } of grants)
    expect(await server.app.get(GrantStore).find(id)).toMatchObject({
      revokedAt: null,
      refreshTokensRevokedAt: null,
    });
});

test('400 is final, 204 is as good as 200, and a failure is tried again with the same jti', async () => {
  const end = async (): Promise<unknown> => {
    agent = new UserAgent();
    const { cookies } = await sessionAt('told');
    return request(`${server.baseUrl}/v2/logout`, cookies);
  };
  receiver.status = 400;
  expect(await toldBy(end)).toEqual(['told']);
  expect((await deliveries())[0]).toMatchObject({ outcome: 'refused', log: [{ status: 400 }] });
  receiver.status = 204;
  await toldBy(end);
  expect((await deliveries())[0]).toMatchObject({ outcome: 'delivered', log: [{ status: 204 }] });
  receiver.status = 503;
  const before = receiver.received.length;
  const told = await toldBy(async () => {
    await end();
    await vi.waitFor(() => expect(receiver.received.length).toBe(before + 1), SOON);
    receiver.status = 200;
  });
  expect(told).toEqual(['told', 'told']);
  const tokens = await Promise.all(
    receiver.received.slice(before).map(({ token }) => verified(token, 'told')),
  );
  expect(tokens[0]!.payload.jti).toBe(tokens[1]!.payload.jti);
  expect((await deliveries())[0]).toMatchObject({
    attempts: 1,
    outcome: 'delivered',
    log: [{ status: 503 }, { status: 200 }],
  });
});

test('a redirect is not followed, and the server does not call itself', async () => {
  receiver.status = 307;
  await makeClient(server, landing, {
    client_id: 'itself',
    oidc_logout: {
      backchannel_logout_urls: [
        `${server.baseUrl}/api/v2/users`,
        `${server.baseUrl.replace('127.0.0.1', 'localhost')}/api/v2/users`,
      ],
    },
  });
  const { cookies } = await sessionAt('told', 'itself');
  const before = receiver.received.length;
  await request(`${server.baseUrl}/v2/logout`, cookies);
  await vi.waitFor(() => expect(receiver.received.length).toBe(before + 1), SOON);
  receiver.status = 200;
  const [first, second, third] = await settled();
  const own = [first!, second!, third!].filter(({ clientId }) => clientId === 'itself');
  expect(own).toHaveLength(2);
  for (const { outcome, log } of own) {
    expect(outcome).toBe('refused');
    expect(log).toMatchObject([{ reason: expect.stringContaining('this server itself') }]);
    expect(log![0]).not.toHaveProperty('status');
  }
  expect(receiver.received.slice(before).map(({ path }) => path)).not.toContain('/elsewhere');
});

/** A session in which `told` was granted something, without a browser. */
async function plantSession(at: TestServer, name: string): Promise<string> {
  const now = new Date();
  const later = new Date(now.getTime() + 3_600_000).toISOString();
  const id = sessionIdOf(name);
  const createdAt = now.toISOString();
  await at.app.get(SessionStore).insert({
    id,
    userId: 'auth0|alice',
    createdAt,
    authenticatedAt: createdAt,
    lastSeenAt: createdAt,
    expiresAt: later,
  });
  await at.app.get(GrantStore).insert(
    {
      id: `g-${name}`,
      transactionId: null,
      clientId: 'told',
      userId: 'auth0|alice',
      sessionId: id,
      audience: null,
      scope: 'openid',
      createdAt,
    },
    { endsAt: later },
  );
  return id;
}

test('what one instance could not deliver before it was stopped the next one does, and two at once deliver each once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mintmark-backchannel-'));
  const env = { DATABASE_URL: `file:${join(folder, 'shared.sqlite')}` };
  const running: TestServer[] = [];
  try {
    const first = await startTestServer(env);
    running.push(first);
    await make(first, '/api/v2/clients', {
      client_id: 'told',
      name: 'Told',
      oidc_logout: {
        backchannel_logout_urls: [receiver.url('/restarted')],
        backchannel_logout_initiators: { mode: 'all' },
      },
    });
    const restarted = (): readonly string[] =>
      receiver.received.filter(({ path }) => path === '/restarted').map(({ token }) => token);
    // one is refused for now, the other on its way, when the instance ends
    receiver.status = 503;
    await first.api('DELETE', `/api/v2/sessions/${await plantSession(first, 'refused for now')}`);
    await vi.waitFor(() => expect(restarted()).toHaveLength(1), SOON);
    receiver.status = null;
    await first.api('DELETE', `/api/v2/sessions/${await plantSession(first, 'on its way')}`);
    await vi.waitFor(() => expect(restarted().length).toBeGreaterThan(1), SOON);
    running.pop();
    await first.close();
    receiver.status = 200;
    const before = restarted().length;
    const [second, third] = await Promise.all([startTestServer(env), startTestServer(env)]);
    running.push(second, third);
    expect(await settled(second)).toMatchObject([{ outcome: 'delivered' }, { outcome: 'delivered' }]);
    expect(restarted()).toHaveLength(before + 2);
    const ids = await Promise.all(
      Array.from({ length: 12 }, (_, index) => plantSession([second, third][index % 2]!, `s${index}`)),
    );
    await Promise.all(
      ids.map((id, index) => [third, second][index % 2]!.api('POST', `/api/v2/sessions/${id}/revoke`)),
    );
    expect(await settled(third)).toHaveLength(14);
    expect(restarted()).toHaveLength(before + 14);
  } finally {
    for (const each of running) await each.close();
    await rm(folder, { recursive: true, force: true });
  }
});
