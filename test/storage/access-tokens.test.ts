import { expect } from 'vitest';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { accessTokenState } from '../../src/tenant/grant.js';
import { onEachDatabase } from './each-database.js';
import { HARD_TEXTS, after } from './samples.js';
import { aGrant, anAccessToken, at } from './token-samples.js';

onEachDatabase('an access token comes back as it was put in, with its grant', async ({ open }) => {
  const dataSource = await open();
  const store = new AccessTokenStore(dataSource);
  await new GrantStore(dataSource).insert(aGrant('g'), { endsAt: after(1) });
  const hard = HARD_TEXTS.join();
  const token = anAccessToken('k', 'g', {
    audience: [hard, 'https://idp.example.test/userinfo'],
    scope: hard,
    customClaims: { [hard]: [hard] },
    dpopJkt: 'jkt',
  });
  expect(await store.insert(token)).toBe(true);
  expect(await store.find('k')).toEqual({ token, grant: aGrant('g'), isRevoked: false });
  for (const key of ['K', 'k\u0000', '\ud800']) expect(await store.find(key)).toBeNull();
});

onEachDatabase(
  'a client’s own token needs no grant, and one whose grant is gone is revoked',
  async ({ open }) => {
    const dataSource = await open();
    const store = new AccessTokenStore(dataSource);
    const grants = new GrantStore(dataSource);
    const own = anAccessToken('own', null, { userId: null });
    expect(await store.insert(own)).toBe(true);
    expect(await store.find('own')).toEqual({ token: own, grant: null, isRevoked: false });
    expect(await store.insert(anAccessToken('none', 'no grant'))).toBe(false);
    await grants.insert(aGrant('g'), { accessToken: anAccessToken('k', 'g') });
    await grants.prune(at(100_000));
    expect(await store.find('k')).toMatchObject({ grant: null, isRevoked: true });
    await expect(store.insert(anAccessToken('x', null, { clientId: 'a\u0000' }))).rejects.toMatchObject({
      code: 'invalid_body',
    });
  },
);

onEachDatabase('an access token is revoked alone, once', async ({ open }) => {
  const dataSource = await open();
  const store = new AccessTokenStore(dataSource);
  await new GrantStore(dataSource).insert(aGrant('g'), { accessToken: anAccessToken('a', 'g') });
  await store.insert(anAccessToken('b', 'g'));
  expect(await store.revoke('a', at(0))).toBe(true);
  expect(await store.revoke('a', at(0))).toBe(false);
  for (const key of ['none', 'a\u0000']) expect(await store.revoke(key, at(0))).toBe(false);
  expect(accessTokenState((await store.find('a'))!, at(0))).toBe('revoked');
  expect(accessTokenState((await store.find('b'))!, at(0))).toBe('active');
  expect(accessTokenState((await store.find('b'))!, at(99_999))).toBe('active');
  expect(accessTokenState((await store.find('b'))!, at(100_000))).toBe('expired');
});

onEachDatabase('the tokens that a client got for itself are revoked together', async ({ open }) => {
  const dataSource = await open();
  const store = new AccessTokenStore(dataSource);
  await new GrantStore(dataSource).insert(aGrant('g'), { accessToken: anAccessToken('granted', 'g') });
  for (const key of ['one', 'two']) await store.insert(anAccessToken(key, null));
  await store.insert(anAccessToken('other', null, { clientId: 'other' }));
  await store.insert(anAccessToken('expired', null, { expiresAt: after(5) }));
  expect(await store.revokeOwnOf('client', at(5))).toBe(2);
  expect(await store.revokeOwnOf('client', at(5))).toBe(0);
  expect(await store.revokeOwnOf('client\u0000', at(5))).toBe(0);
  const revoked: string[] = [];
  for (const key of ['one', 'two', 'other', 'granted', 'expired'])
    if ((await store.find(key))?.isRevoked) revoked.push(key);
  expect(revoked).toEqual(['one', 'two']);
});

onEachDatabase('what was revoked stays so, though the same text is issued once more', async ({ open }) => {
  const dataSource = await open();
  const store = new AccessTokenStore(dataSource);
  const grants = new GrantStore(dataSource);
  await grants.insert(aGrant('g'), { accessToken: anAccessToken('with-grant', 'g') });
  await store.insert(anAccessToken('alone', null));
  await store.revoke('alone', at(1));
  await grants.revoke({ grantId: 'g' }, at(1));
  await grants.insert(aGrant('h'), { accessToken: anAccessToken('with-grant', 'h') });
  await store.insert(anAccessToken('alone', 'h'));
  for (const key of ['with-grant', 'alone'])
    expect(await store.find(key)).toMatchObject({ grant: { id: 'h' }, isRevoked: true });
});

onEachDatabase('pruning deletes what has expired, lot by lot', async ({ open }) => {
  const store = new AccessTokenStore(await open());
  for (let index = 0; index < 230; index += 1)
    await store.insert(anAccessToken(`k${index}`, null, { expiresAt: after(index) }));
  expect(await store.prune(at(219))).toBe(220);
  expect(await store.find('k219')).toBeNull();
  expect(await store.find('k220')).not.toBeNull();
});
