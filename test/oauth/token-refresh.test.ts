import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bindHandlers, claimsOf, unbindAll } from '../support/actions.js';
import { later } from '../support/later.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { RefreshTokenStore } from '../../src/storage/refresh-token-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import { tokenDigest } from '../../src/tenant/grant.js';
import {
  ALICE,
  API,
  clientOf,
  DIALECTS,
  lastTransaction,
  makeClient,
  makeParties,
  makeSession,
  patched,
  refresh,
  refreshTokenOf,
  refusal,
  verified,
} from './token-parties.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  await makeClient(server, 'rotating', { refresh_token: { rotation_type: 'rotating' } });
  await makeClient(server, 'lenient', { refresh_token: { rotation_type: 'rotating', leeway: 60 } });
});
afterAll(() => server.close());
beforeEach(() => unbindAll(server));

const find = (value: string | undefined) => server.app.get(RefreshTokenStore).find(tokenDigest(value ?? ''));
const ROTATING = { client_id: 'rotating' };
const UNKNOWN = [403, 'invalid_grant', 'Unknown or invalid refresh token.'];

test('a refresh token that stays gives new tokens again and again, and is not sent along', async () => {
  const token = await refreshTokenOf(server);
  for (const _ of [1, 2]) {
    const { status, body } = await refresh(server, token);
    expect(status).toBe(200);
    expect(body.refresh_token).toBeUndefined();
    expect(body.scope).toBe('openid profile offline_access read:mail');
    const { payload } = await verified(server, body.access_token);
    expect(payload).toMatchObject({ sub: ALICE, gty: 'refresh_token', azp: 'app' });
    const id = await verified(server, body.id_token, 'app');
    expect(id.payload).toMatchObject({ sub: ALICE, name: 'Alice' });
    expect([id.payload['nonce'], id.payload['email']]).toEqual([undefined, undefined]);
  }
  expect(await lastTransaction(server)).toMatchObject({
    status: 'completed',
    protocol: 'refresh_token',
    oidc: { loginId: 'txn_of_the_login' },
  });
});

test('an ID token keeps the time of the login', async () => {
  const token = await refreshTokenOf(server);
  const found = await find(token);
  const { body } = await refresh(server, token);
  expect(claimsOf(body.id_token)['auth_time']).toBe(
    Math.floor(Date.parse(found!.grant.authenticatedAt!) / 1000),
  );
});

test('a rotating one is replaced each time, within the end that the first one had', async () => {
  const first = await refreshTokenOf(server, { clientId: 'rotating' });
  const second = (await refresh(server, first, ROTATING)).body.refresh_token;
  const third = (await refresh(server, second, ROTATING)).body.refresh_token;
  const [one, , three] = await Promise.all([find(first), find(second), find(third)]);
  expect(new Set([first, second, third]).size).toBe(3);
  expect(three!.token.expiresAt).toBe(one!.token.expiresAt);
  expect(one!.token.expiresAt).not.toBeNull();
  expect([three!.token.id, three!.token.status]).toEqual([one!.token.id, 'active']);
});

test('one that was replaced and comes again ends the whole family', async () => {
  const first = await refreshTokenOf(server, { clientId: 'rotating' });
  const next = await refresh(server, first, ROTATING);
  const again = await refresh(server, first, ROTATING);
  expect(refusal(again)).toEqual(UNKNOWN);
  expect(again.body.error_detail).toContain('every token of its login is revoked');
  expect(refusal(await refresh(server, next.body.refresh_token, ROTATING))).toEqual(UNKNOWN);
  const kept = await server.app.get(AccessTokenStore).find(tokenDigest(next.body.access_token!));
  expect(kept?.isRevoked).toBe(true);
});

test('within the leeway the one before works once more, and the one before that ends the family', async () => {
  const as = { client_id: 'lenient' };
  const first = await refreshTokenOf(server, { clientId: 'lenient' });
  const second = (await refresh(server, first, as)).body.refresh_token;
  const sibling = (await refresh(server, first, as)).body.refresh_token;
  expect([typeof second, typeof sibling]).toEqual(['string', 'string']);
  const third = (await refresh(server, second, as)).body.refresh_token;
  expect(refusal(await refresh(server, first, as))).toEqual(UNKNOWN);
  expect(refusal(await refresh(server, third, as))).toEqual(UNKNOWN);
  expect(refusal(await refresh(server, sibling, as))).toEqual(UNKNOWN);
});

test('turned on later, rotation takes a token that stayed; turned off, it rotates once more', async () => {
  await makeClient(server, 'switching');
  const as = { client_id: 'switching' };
  const kept = await refreshTokenOf(server, { clientId: 'switching' });
  expect((await refresh(server, kept, as)).body.refresh_token).toBeUndefined();
  await patched(server, 'clients/switching', { refresh_token: { rotation_type: 'rotating' } });
  const rotated = (await refresh(server, kept, as)).body.refresh_token;
  expect(rotated).toBeTypeOf('string');
  await patched(server, 'clients/switching', { refresh_token: null });
  const stays = (await refresh(server, rotated, as)).body.refresh_token;
  expect(stays).toBeTypeOf('string');
  expect((await refresh(server, stays, as)).body.refresh_token).toBeUndefined();
});

test('what is unknown, expired or of another client is refused in the words of the dialect', async () => {
  await makeClient(server, 'brief', {
    refresh_token: { rotation_type: 'rotating', token_lifetime: 1 },
  });
  const brief = await refreshTokenOf(server, { clientId: 'brief' });
  const foreign = await refreshTokenOf(server, { clientId: 'other' });
  const answers = [];
  for (const dialect of DIALECTS) {
    const client_id = clientOf(dialect);
    answers.push(
      refusal(await refresh(server, 'no-such-token', { client_id })),
      refusal(await refresh(server, foreign, { client_id })),
      refusal(await refresh(server, undefined, { client_id })).slice(0, 2),
    );
  }
  expect(answers).toEqual([
    UNKNOWN,
    UNKNOWN,
    [400, 'invalid_request'],
    [400, 'invalid_grant', 'there is no such refresh token'],
    [400, 'invalid_grant', expect.stringContaining('another client') as string],
    [400, 'invalid_request'],
  ]);
  expect((await refresh(server, foreign, { client_id: 'other' })).status).toBe(200);
  const found = await find(brief);
  expect(Date.parse(found!.token.expiresAt!) - Date.parse(found!.token.createdAt)).toBe(1000);
});

test('less may be asked for, and no more', async () => {
  const token = await refreshTokenOf(server);
  const less = await refresh(server, token, { scope: 'read:mail' });
  expect(less.body).toMatchObject({ scope: 'read:mail' });
  expect(less.body.id_token).toBeUndefined();
  const more = await refresh(server, token, { scope: 'read:mail write:mail' });
  expect(more.body.scope).toBe('read:mail');
  expect(await lastTransaction(server)).toMatchObject({ warnings: [{ code: 'scopes_dropped' }] });
  const strict = await refreshTokenOf(server, { clientId: 'strict-app' });
  const as = { client_id: 'strict-app' };
  expect(refusal(await refresh(server, strict, { ...as, scope: 'write:mail' })).slice(0, 2)).toEqual([
    400,
    'invalid_scope',
  ]);
  expect((await refresh(server, strict, { ...as, audience: 'https://elsewhere.example.test' })).status).toBe(
    400,
  );
  expect((await refresh(server, strict, { ...as, audience: API })).status).toBe(200);
});

test('Actions run again, see the refresh token, and their claims and scopes count', async () => {
  await bindHandlers(server, [
    `api.accessToken.setCustomClaim('seen', {
       protocol: event.transaction.protocol, rt: event.refresh_token, requested: event.transaction.requested_scopes,
       body: event.request.body, login: event.stats.logins_count });
     api.accessToken.addScope('extra');
     api.refreshToken.setMetadata('device', 'tv');`,
  ]);
  const token = await refreshTokenOf(server);
  const { body } = await refresh(server, token, { flavour: 'mint' });
  const { payload } = await verified(server, body.access_token);
  expect(payload['scope']).toBe('openid profile offline_access read:mail extra');
  const { token: kept } = (await find(token))!;
  expect(payload['seen']).toMatchObject({
    protocol: 'oauth2-refresh-token',
    requested: ['openid', 'profile', 'offline_access', 'read:mail'],
    body: { grant_type: 'refresh_token', client_id: 'app', flavour: 'mint' },
    rt: {
      id: kept.id,
      client_id: 'app',
      user_id: ALICE,
      rotating: false,
      access: 'offline',
      resource_servers: [{ audience: API, scopes: 'openid profile offline_access read:mail' }],
    },
  });
  expect(JSON.stringify(payload['seen'])).not.toContain(token);
  expect(kept.details.metadata).toEqual({ device: 'tv' });
});

test('an Action may shorten a refresh token, and never lengthen it', async () => {
  const token = await refreshTokenOf(server, { clientId: 'rotating' });
  const { expiresAt } = (await find(token))!.token;
  await bindHandlers(server, ['api.refreshToken.setExpiresAt(Date.now() + 1e12)']);
  const lengthened = (await refresh(server, token, ROTATING)).body.refresh_token;
  expect((await find(lengthened))!.token.expiresAt).toBe(expiresAt);
  await bindHandlers(server, ['api.refreshToken.setExpiresAt(Date.now() - 1)']);
  const ended = (await refresh(server, lengthened, ROTATING)).body.refresh_token;
  expect(refusal(await refresh(server, ended, ROTATING))).toEqual(UNKNOWN);
});

test('an Action that revokes the refresh token denies the exchange, and the token is over', async () => {
  await bindHandlers(server, [`api.refreshToken.revoke('stolen')`]);
  const token = await refreshTokenOf(server);
  expect(refusal(await refresh(server, token))).toEqual([403, 'access_denied', 'stolen']);
  await unbindAll(server);
  expect(refusal(await refresh(server, token))).toEqual(UNKNOWN);
});

test('an Action that denies leaves the token as it was', async () => {
  await bindHandlers(server, [`api.access.deny('not now')`]);
  const token = await refreshTokenOf(server, { clientId: 'rotating' });
  expect(refusal(await refresh(server, token, ROTATING))).toEqual([403, 'access_denied', 'not now']);
  expect(await lastTransaction(server)).toMatchObject({ status: 'denied' });
  await unbindAll(server);
  expect((await refresh(server, token, ROTATING)).status).toBe(200);
});

test('nobody can be sent to another page in an exchange', async () => {
  await bindHandlers(server, [`api.redirect.sendUserTo('https://elsewhere.example.test/')`]);
  const token = await refreshTokenOf(server);
  const { status, body } = await refresh(server, token);
  expect([status, body.error]).toEqual([400, 'interaction_required']);
});

test('an Action that revokes the session ends it, and with it what was refreshed in it', async () => {
  const sessionId = await makeSession(server);
  const [one, other] = [
    await refreshTokenOf(server, { sessionId }),
    await refreshTokenOf(server, { sessionId }),
  ];
  await bindHandlers(server, [`api.session.revoke('over')`]);
  expect(refusal(await refresh(server, one))).toEqual([403, 'access_denied', 'over']);
  await unbindAll(server);
  expect(refusal(await refresh(server, other))).toEqual(UNKNOWN);
  expect(await server.app.get(SessionStore).get(sessionId)).toBeNull();
});

test('an online token ends with its session', async () => {
  const sessionId = await makeSession(server);
  const token = await refreshTokenOf(server, { sessionId, scope: 'openid online_access read:mail' });
  expect((await refresh(server, token)).status).toBe(200);
  await server.app.get(SessionStore).delete(sessionId);
  expect(refusal(await refresh(server, token))).toEqual(UNKNOWN);
});

test('a user who is blocked gets no further, and logs in anew when that is over', async () => {
  const token = await refreshTokenOf(server);
  const path = `users/${encodeURIComponent(ALICE)}`;
  await patched(server, path, { blocked: true });
  expect(refusal(await refresh(server, token)).slice(0, 2)).toEqual([403, 'invalid_grant']);
  await patched(server, path, { blocked: false });
  expect(refusal(await refresh(server, token))).toEqual(UNKNOWN);
});

// last, since what it does is later than all else
test('whoever got a sibling within the leeway and whoever has the other do not both go on', async () => {
  const as = { client_id: 'lenient' };
  const first = await refreshTokenOf(server, { clientId: 'lenient' });
  const ofClient = (await refresh(server, first, as)).body.refresh_token;
  const ofThief = (await refresh(server, first, as)).body.refresh_token;
  const setRight = [later(server, 3600)];
  try {
    const next = (await refresh(server, ofThief, as)).body.refresh_token;
    expect(next).toBeTypeOf('string');
    setRight.unshift(later(server, 3600));
    const found = await refresh(server, ofClient, as);
    expect(refusal(found)).toEqual(UNKNOWN);
    expect(found.body.error_detail).toContain('came again');
    expect(refusal(await refresh(server, next, as))).toEqual(UNKNOWN);
  } finally {
    for (const put of setRight) put();
  }
});
