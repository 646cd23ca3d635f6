import { afterAll, beforeAll, expect, test } from 'vitest';
import { GrantStore } from '../../src/storage/grant-store.js';
import { RefreshTokenStore } from '../../src/storage/refresh-token-store.js';
import { tokenDigest } from '../../src/tenant/grant.js';
import { later } from '../support/later.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { aGrant, aRefreshToken } from '../storage/token-samples.js';
import {
  ALICE,
  API,
  makeClient,
  makeParties,
  makeSession,
  refresh,
  refreshTokenOf,
} from '../oauth/token-parties.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await makeParties(server);
  await makeClient(server, 'rotating', { refresh_token: { rotation_type: 'rotating', leeway: 60 } });
});
afterAll(() => server.close());

const ROTATING = { client_id: 'rotating' };
const OF_ALICE = `/api/v2/users/${encodeURIComponent(ALICE)}/refresh-tokens`;
interface Listed {
  readonly tokens: readonly { readonly id: string; readonly client_id: string }[];
  readonly next?: string;
}

const idOf = async (token: string | undefined): Promise<string> =>
  (await server.app.get(RefreshTokenStore).find(tokenDigest(token ?? '')))!.token.id;
const statusOf = async (method: string, path: string, body?: unknown): Promise<number> =>
  (await server.api(method, path, body)).status;
const idsOf = async (path: string = OF_ALICE): Promise<readonly string[]> =>
  (await server.api<Listed>('GET', path)).body.tokens.map(({ id }) => id);

test('a refresh token is shown by its id, however often it was rotated, and nothing of its value', async () => {
  const sessionId = await makeSession(server);
  const first = await refreshTokenOf(server, { clientId: 'rotating', sessionId });
  const id = await idOf(first);
  const path = `/api/v2/refresh-tokens/${id}`;
  const before = await server.api('GET', path);
  expect(before.status).toBe(200);
  expect(before.body).toEqual({
    id: expect.stringMatching(/^rt_[0-9a-f]{24}$/) as string,
    user_id: ALICE,
    client_id: 'rotating',
    session_id: sessionId,
    created_at: expect.any(String) as string,
    expires_at: expect.any(String) as string,
    rotating: true,
    device: {
      initial_ip: expect.any(String) as string,
      initial_user_agent: 'node',
      last_ip: expect.any(String) as string,
      last_user_agent: 'node',
    },
    resource_servers: [{ audience: API, scopes: 'openid profile offline_access read:mail' }],
    refresh_token_metadata: {},
  });
  const second = (await refresh(server, first, ROTATING)).body.refresh_token;
  const sibling = (await refresh(server, first, ROTATING)).body.refresh_token;
  const { body: after } = await server.api('GET', path);
  expect(after).toEqual({ ...before.body, last_exchanged_at: expect.any(String) as string });
  expect((await idsOf()).filter((each) => each === id)).toEqual([id]);
  for (const value of [first, second!, sibling!]) {
    expect(JSON.stringify(after)).not.toContain(value);
    expect(JSON.stringify(after)).not.toContain(tokenDigest(value));
  }
});

test('one that is deleted, over or unknown is not there', async () => {
  const token = await refreshTokenOf(server);
  const [kept, id] = [await refreshTokenOf(server), await idOf(token)];
  const path = `/api/v2/refresh-tokens/${id}`;
  expect(await statusOf('DELETE', path)).toBe(202);
  expect((await refresh(server, token)).status).toBe(403);
  expect((await refresh(server, kept)).status).toBe(200);
  for (const each of [path, '/api/v2/refresh-tokens/rt_none', '/api/v2/refresh-tokens/%00'])
    for (const [method, body] of [['GET'], ['DELETE'], ['PATCH', { refresh_token_metadata: {} }]] as const) {
      const answer = await server.api(method, each, body);
      expect([answer.status, answer.body['code']]).toEqual([404, 'refresh_token_not_found']);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
  expect(await idsOf()).not.toContain(id);
  const keptPath = `/api/v2/refresh-tokens/${await idOf(kept)}`;
  expect(await statusOf('GET', keptPath)).toBe(200);
  const putBack = later(server, 31 * 86_400);
  try {
    await makeClient(server, 'brief', { refresh_token: { rotation_type: 'rotating', token_lifetime: 60 } });
    const brief = `/api/v2/refresh-tokens/${await idOf(await refreshTokenOf(server, { clientId: 'brief', lifetimeMs: 1e10 }))}`;
    expect(await statusOf('GET', brief)).toBe(200);
    const again = later(server, 61);
    expect(await statusOf('GET', brief)).toBe(404);
    again();
  } finally {
    putBack();
  }
});

test('those of a user are listed page by page, the newest first', async () => {
  const grants = server.app.get(GrantStore);
  const userId = 'auth0|many';
  const began = Date.now();
  for (let index = 0; index < 7; index += 1) {
    // several of one instant
    const createdAt = new Date(began + Math.floor(index / 3)).toISOString();
    const [id, expiresAt] = [`many${index}`, new Date(began + 3_600_000).toISOString()];
    await grants.insert(aGrant(id, { userId, createdAt }), {
      refreshToken: aRefreshToken(id, id, { createdAt, expiresAt }),
    });
  }
  const root = `/api/v2/users/${encodeURIComponent(userId)}/refresh-tokens`;
  const newestFirst = [6, 5, 4, 3, 2, 1, 0].map((index) => `rt_many${index}`);
  expect(await idsOf(root)).toEqual(newestFirst);
  const pages: string[][] = [];
  let next: string | undefined;
  do {
    const from = next === undefined ? '' : `&from=${encodeURIComponent(next)}`;
    const { body } = await server.api<Listed>('GET', `${root}?take=3${from}`);
    pages.push(body.tokens.map(({ id }) => id));
    next = body.next;
  } while (next !== undefined);
  expect(pages).toEqual([newestFirst.slice(0, 3), newestFirst.slice(3, 6), newestFirst.slice(6)]);
  expect((await server.api<Listed>('GET', `${root}?take=7`)).body.next).toBeUndefined();
  expect((await server.api('GET', '/api/v2/users/auth0%7Cnobody/refresh-tokens')).body).toEqual({
    tokens: [],
  });
  expect((await server.api('GET', '/api/v2/users/%00/refresh-tokens')).body).toEqual({ tokens: [] });
  for (const query of ['take=0', 'take=101', 'take=x', 'from=x', 'page=1'])
    expect([query, await statusOf('GET', `${root}?${query}`)]).toEqual([query, 400]);

  expect(await statusOf('DELETE', root)).toBe(202);
  expect(await idsOf(root)).toEqual([]);
  expect(await idsOf()).not.toEqual([]);
});

test('metadata is replaced whole, is what Actions see, and stays with a token that rotates', async () => {
  const token = await refreshTokenOf(server, { clientId: 'rotating' });
  const path = `/api/v2/refresh-tokens/${await idOf(token)}`;
  const patch = async (refresh_token_metadata: unknown) => {
    const { status, body } = await server.api('PATCH', path, { refresh_token_metadata });
    return [status, body['refresh_token_metadata'] ?? body['detail']];
  };
  expect(await patch({ device: 'tv', room: 'hall' })).toEqual([200, { device: 'tv', room: 'hall' }]);
  expect(await patch({ device: 'radio' })).toEqual([200, { device: 'radio' }]);
  expect((await server.api('PATCH', path, {})).body['refresh_token_metadata']).toEqual({ device: 'radio' });
  const next = (await refresh(server, token, ROTATING)).body.refresh_token;
  const { token: kept } = (await server.app.get(RefreshTokenStore).find(tokenDigest(next!)))!;
  expect(kept.details.metadata).toEqual({ device: 'radio' });
  for (const wrong of [
    { 'a b': 'c' },
    { a: 1 },
    { a: 'x'.repeat(256) },
    { __proto__x: '\0' },
    'text',
    Object.fromEntries(Array.from({ length: 26 }, (_, index) => [`k${index}`, 'v'])),
  ])
    expect((await patch(wrong))[0]).toBe(400);
  expect(await patch(null)).toEqual([200, {}]);
});

test('many are revoked at once, by ids, user, client, or user, client and API', async () => {
  const other = 'https://other.example.test';
  await server.api('POST', '/api/v2/resource-servers', {
    identifier: other,
    name: 'Other',
    scopes: [{ value: 'read:mail' }],
    allow_offline_access: true,
  });
  const begin = async () => {
    const tokens = {
      app: await refreshTokenOf(server),
      appElsewhere: await refreshTokenOf(server, { audience: other }),
      rotating: await refreshTokenOf(server, { clientId: 'rotating' }),
    };
    const ids = await Promise.all(Object.values(tokens).map(idOf));
    const left = async (): Promise<readonly string[]> => {
      const alive = new Set(await idsOf());
      return Object.keys(tokens).filter((_, index) => alive.has(ids[index]!));
    };
    return { ids, left };
  };
  const revoke = (body: unknown) => statusOf('POST', '/api/v2/refresh-tokens/revoke', body);
  const one = await begin();
  expect(await revoke({ ids: [one.ids[0], one.ids[2], 'rt_none', 'a\0'] })).toBe(202);
  expect(await one.left()).toEqual(['appElsewhere']);
  const two = await begin();
  expect(await revoke({ user_id: ALICE, client_id: 'app', audience: other })).toBe(202);
  expect(await two.left()).toEqual(['app', 'rotating']);
  expect(await revoke({ client_id: 'rotating' })).toBe(202);
  expect(await two.left()).toEqual(['app']);
  expect(await revoke({ user_id: ALICE, client_id: 'rotating' })).toBe(202);
  expect(await two.left()).toEqual(['app']);
  expect(await revoke({ user_id: ALICE })).toBe(202);
  expect(await two.left()).toEqual([]);
  for (const wrong of [
    {},
    { audience: API },
    { user_id: ALICE, audience: API },
    { ids: [], user_id: ALICE },
    { ids: ['rt_a'], user_id: ALICE },
    { ids: [] },
    { ids: Array.from({ length: 101 }, () => 'rt_a') },
    { user: ALICE },
  ])
    expect([wrong, await revoke(wrong)]).toEqual([wrong, 400]);
});
