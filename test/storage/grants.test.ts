import { expect } from 'vitest';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import type { GrantSelection } from '../../src/storage/grant-selection.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { SessionStore } from '../../src/storage/session-store.js';
import { RefreshTokenStore } from '../../src/storage/refresh-token-store.js';
import { accessTokenState, refreshTokenState } from '../../src/tenant/grant.js';
import { onEachDatabase } from './each-database.js';
import { HARD_TEXTS, aSession, after } from './samples.js';
import { aCode, aGrant, aRefreshToken, anAccessToken, at } from './token-samples.js';

const withTokens = (name: string) => ({
  accessToken: anAccessToken(`at ${name}`, name),
  refreshToken: aRefreshToken(`rt ${name}`, name),
});

onEachDatabase('a grant comes back as it was put in', async ({ open }) => {
  const store = new GrantStore(await open());
  const hard = HARD_TEXTS.join();
  const grant = aGrant('g', { scope: hard, organization: { id: 'org_1', name: hard }, amr: ['mfa'] });
  await store.insert(grant);
  expect(await store.find('g')).toEqual({ grant, revokedAt: null, refreshTokensRevokedAt: null });
  const own = aGrant('own', { userId: null, sessionId: null, audience: null, transactionId: null });
  await store.insert(own);
  expect((await store.find('own'))?.grant).toEqual(own);
  for (const id of ['G', 'g\u0000', '\ud800']) expect(await store.find(id)).toBeNull();
});

onEachDatabase('a revoked grant ends its tokens and nobody else’s, once', async ({ open }) => {
  const dataSource = await open();
  const store = new GrantStore(dataSource);
  const [access, refresh] = [new AccessTokenStore(dataSource), new RefreshTokenStore(dataSource)];
  for (const id of ['one', 'two']) await store.insert(aGrant(id), withTokens(id));
  expect(await store.revoke({ grantId: 'one' }, at(5))).toBe(1);
  expect(await store.revoke({ grantId: 'one' }, at(6))).toBe(0);
  expect(await store.find('one')).toMatchObject({ revokedAt: after(5), refreshTokensRevokedAt: null });
  expect(accessTokenState((await access.find('at one'))!, at(7))).toBe('revoked');
  expect(refreshTokenState((await refresh.find('rt one'))!, at(7), 0)).toBe('revoked');
  expect(accessTokenState((await access.find('at two'))!, at(7))).toBe('active');
  expect(refreshTokenState((await refresh.find('rt two'))!, at(7), 0)).toBe('active');
  expect(await access.insert(anAccessToken('late', 'one'))).toBe(false);
  expect(await refresh.insert(aRefreshToken('late', 'one'))).toBe(false);
  expect([await access.find('late'), await refresh.find('late')]).toEqual([null, null]);
});

onEachDatabase('refresh tokens can end while access tokens live on', async ({ open }) => {
  const dataSource = await open();
  const store = new GrantStore(dataSource);
  const [access, refresh] = [new AccessTokenStore(dataSource), new RefreshTokenStore(dataSource)];
  await store.insert(aGrant('g'), withTokens('g'));
  expect(await store.revoke({ sessionId: 'session' }, at(5), 'refresh_tokens')).toBe(1);
  expect(await store.revoke({ sessionId: 'session' }, at(6), 'refresh_tokens')).toBe(0);
  expect(await store.find('g')).toMatchObject({ revokedAt: null, refreshTokensRevokedAt: after(5) });
  expect(accessTokenState((await access.find('at g'))!, at(7))).toBe('active');
  expect(refreshTokenState((await refresh.find('rt g'))!, at(7), 0)).toBe('revoked');
  expect(await refresh.insert(aRefreshToken('late', 'g'))).toBe(false);
  expect(await access.insert(anAccessToken('late', 'g'))).toBe(true);
  expect(await store.revoke({ sessionId: 'session' }, at(8))).toBe(1);
});

/** Each round has grants of its own, which end with its number. */
const SELECTIONS: readonly (readonly [GrantSelection, string])[] = [
  [{ grantId: 'a0' }, 'a'],
  [{ userId: 'u1' }, 'a b c'],
  [{ clientId: 'c1' }, 'a c d'],
  [{ sessionId: 's1' }, 'a d'],
  [{ userId: 'u1', clientId: 'c1' }, 'a c'],
  [{ userId: 'u1', sessionId: 's1', clientId: undefined }, 'a'],
  [{ userId: 'u1\u0000' }, ''],
  [{ clientId: '\ud800' }, ''],
];
const GRANTS = {
  a: { userId: 'u1', clientId: 'c1', sessionId: 's1' },
  b: { userId: 'u1', clientId: 'c2', sessionId: null },
  c: { userId: 'u1', clientId: 'c1', sessionId: 's2' },
  d: { userId: null, clientId: 'c1', sessionId: 's1' },
};
onEachDatabase('grants are revoked by user, client and session', async ({ open }) => {
  const store = new GrantStore(await open());
  for (const [round, [selection, expected]] of SELECTIONS.entries()) {
    for (const [name, of] of Object.entries(GRANTS))
      await store.insert(aGrant(`${name}${round}`, of), { endsAt: after(1000) });
    const count = await store.revoke(selection, at(round));
    const revoked: string[] = [];
    for (const name of Object.keys(GRANTS))
      if ((await store.find(`${name}${round}`))?.revokedAt === after(round)) revoked.push(name);
    expect(revoked.join(' ')).toBe(expected);
    expect(count).toBe(revoked.length);
    for (const name of Object.keys(GRANTS)) await store.revoke({ grantId: `${name}${round}` }, at(999));
  }
  await expect(store.revoke({}, at(0))).rejects.toThrow('names nothing');
});

onEachDatabase(
  'of revocations at once that mean the same grants each counts those that it ended',
  async ({ open }) => {
    const instances = await Promise.all([open(), open(), open()]);
    const stores = instances.map((dataSource) => new GrantStore(dataSource));
    for (let round = 0; round < 30; round += 1) {
      const [userId, sessionId] = [`u${round}`, `s${round}`];
      for (let index = 0; index < 8; index += 1)
        await stores[0]!.insert(aGrant(`${round}.${(index * 5) % 8}`, { userId, sessionId }), {
          endsAt: after(9),
        });
      const counts = await Promise.all([
        stores[0]!.revoke({ userId }, at(0)),
        stores[1]!.revoke({ sessionId }, at(0)),
        stores[2]!.revoke({ userId, clientId: 'client' }, at(0)),
        stores[2]!.revoke({ grantId: `${round}.3` }, at(0)),
      ]);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(8);
    }
  },
);

onEachDatabase('a grant is kept for as long as anything of it lives', async ({ open }) => {
  const dataSource = await open();
  const store = new GrantStore(dataSource);
  const access = new AccessTokenStore(dataSource);
  await store.insert(aGrant('nothing'));
  await store.insert(aGrant('code'), { code: aCode('c', 'code', { expiresAt: after(10) }) });
  await store.insert(aGrant('access'), {
    accessToken: anAccessToken('a', 'access', { expiresAt: after(20) }),
  });
  await store.insert(aGrant('refresh'), withTokens('refresh'));
  await store.insert(aGrant('idle'), {
    refreshToken: aRefreshToken('i', 'idle', { expiresAt: null, idleExpiresAt: after(30) }),
  });
  await store.insert(aGrant('ever'), { refreshToken: aRefreshToken('e', 'ever', { expiresAt: null }) });
  const all = ['nothing', 'code', 'access', 'refresh', 'idle', 'ever'];
  const left = async (): Promise<string> => {
    const ids: string[] = [];
    for (const id of all) if (await store.find(id)) ids.push(id);
    return ids.join(' ');
  };
  expect(await store.prune(at(9))).toBe(1);
  expect(await left()).toBe('code access refresh idle ever');
  expect(await access.insert(anAccessToken('b', 'code', { expiresAt: after(15) }))).toBe(true);
  expect(await access.insert(anAccessToken('b2', 'code', { expiresAt: after(12) }))).toBe(true);
  expect(await store.prune(at(14))).toBe(0);
  expect(await store.prune(at(15))).toBe(1);
  expect(await store.prune(at(20))).toBe(1);
  expect(await store.prune(at(30))).toBe(1);
  expect(await left()).toBe('refresh ever');
  expect(await store.prune(at(1_000_000))).toBe(1);
  expect(await store.prune(new Date('9999-01-01T00:00:00.000Z'))).toBe(0);
  expect(await left()).toBe('ever');
});

onEachDatabase(
  'whom a session was told of is known until it ends, and pruning leaves them until then',
  async ({ open }) => {
    const dataSource = await open();
    const [grants, sessions] = [new GrantStore(dataSource), new SessionStore(dataSource)];
    await sessions.insert(aSession('s', { userId: 'auth0|user' }));
    const first = aGrant('first', { sessionId: 's' });
    const second = aGrant('second', { sessionId: 's', clientId: 'other', createdAt: after(1) });
    await grants.insert(second, { endsAt: after(10) });
    await grants.insert(first, { endsAt: after(10) });
    await grants.insert(aGrant('elsewhere', { sessionId: null }), { endsAt: after(10) });
    await grants.revoke({ clientId: 'other' }, at(2));
    expect(await grants.prune(at(100))).toBe(1);
    expect(await grants.inSession('s')).toEqual([first, second]);
    expect(await grants.inSession('s\u0000')).toEqual([]);
    expect(await sessions.end('s', [])).toBe(true);
    expect(await grants.prune(at(100))).toBe(2);
  },
);
