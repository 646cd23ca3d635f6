import { expect } from 'vitest';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { AuthorizationCodeStore } from '../../src/storage/authorization-code-store.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { RefreshTokenStore } from '../../src/storage/refresh-token-store.js';
import { accessTokenState } from '../../src/tenant/grant.js';
import { onEachDatabase } from './each-database.js';
import { HARD_TEXTS, after } from './samples.js';
import { aCode, aGrant, aRefreshToken, anAccessToken, anIssuance, at } from './token-samples.js';

const tokensOf = (name: string, grantId: string) => ({
  accessToken: anAccessToken(`at ${name}`, grantId),
  refreshToken: aRefreshToken(`rt ${name}`, grantId),
});

onEachDatabase('a code comes back as it was put in, with its grant', async ({ open }) => {
  const store = new AuthorizationCodeStore(await open());
  const hard = HARD_TEXTS.join();
  const grant = aGrant('g', { audience: hard, scope: hard });
  const code = aCode('c', 'g', {
    redirectUri: hard,
    nonce: hard,
    codeChallenge: { value: 'challenge', method: 'S256' },
    dpopJkt: 'jkt',
    issuance: anIssuance({ idToken: { customClaims: { [hard]: hard } } }),
  });
  await store.insert(code, grant);
  expect(await store.find('c')).toEqual({ code, grant, isRedeemed: false, isRevoked: false });
  expect(await store.find('C')).toBeNull();
  expect(await store.redeem('c', at(0))).toEqual({ code });
  expect(await store.find('c')).toMatchObject({ isRedeemed: true });
});

onEachDatabase(
  'a code works once, until it expires, and tells of a second use what to revoke',
  async ({ open }) => {
    const store = new AuthorizationCodeStore(await open());
    await store.insert(aCode('late', 'g1'), aGrant('g1'));
    expect(await store.redeem('late', at(60_000))).toBeNull();
    expect(await store.redeem('late', at(59_999))).toMatchObject({ code: { digest: 'late' } });
    expect(await store.redeem('late', at(59_999))).toEqual({ reused: true, grantId: 'g1' });
    expect(await store.redeem('late', at(90_000))).toEqual({ reused: true, grantId: 'g1' });
    expect(await store.redeem('none', at(0))).toBeNull();
  },
);

onEachDatabase('a code of a revoked grant gives nothing', async ({ open }) => {
  const dataSource = await open();
  const store = new AuthorizationCodeStore(dataSource);
  await store.insert(aCode('c', 'g'), aGrant('g'));
  await new GrantStore(dataSource).revoke({ userId: 'auth0|user' }, at(0));
  expect(await store.find('c')).toMatchObject({ isRevoked: true });
  expect(await store.redeem('c', at(0))).toBeNull();
  expect(await store.exchange(aCode('c', 'g'), tokensOf('c', 'g'), at(0))).toBeNull();
  expect(await new AccessTokenStore(dataSource).find('at c')).toBeNull();
});

onEachDatabase('a code and what is issued for it are one step', async ({ open }) => {
  const dataSource = await open();
  const store = new AuthorizationCodeStore(dataSource);
  const [access, refresh] = [new AccessTokenStore(dataSource), new RefreshTokenStore(dataSource)];
  const code = aCode('c', 'g');
  await store.insert(code, aGrant('g'), {
    accessToken: anAccessToken('beside', 'g'),
    refreshToken: aRefreshToken('taken', 'g'),
  });
  expect(await access.find('beside')).toMatchObject({ isRevoked: false });
  // a token that cannot be written leaves the code as it was
  const taken = { accessToken: anAccessToken('x', 'g'), refreshToken: aRefreshToken('taken', 'g') };
  await expect(store.exchange(code, taken, at(0))).rejects.toMatchObject({ name: 'DatabaseError' });
  expect(await store.find('c')).toMatchObject({ isRedeemed: false });
  expect(await access.find('x')).toBeNull();

  expect(await store.exchange(code, tokensOf('c', 'g'), at(0))).toBe(true);
  expect((await access.find('at c'))?.token).toEqual(anAccessToken('at c', 'g'));
  expect((await refresh.find('rt c'))?.token).toEqual(aRefreshToken('rt c', 'g'));
  expect(await store.exchange(code, tokensOf('again', 'g'), at(1))).toEqual({ reused: true, grantId: 'g' });
  expect(await access.find('at again')).toBeNull();
  expect(await store.exchange(aCode('none', 'g'), tokensOf('none', 'g'), at(1))).toBeNull();
});

onEachDatabase('of redemptions at once, at any instance, exactly one gets the code', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const stores = instances.map((dataSource) => new AuthorizationCodeStore(dataSource));
  for (let round = 0; round < 200; round += 1) {
    const [digest, grantId] = [`c${round}`, `g${round}`];
    await stores[0]!.insert(aCode(digest, grantId), aGrant(grantId));
    const told = await Promise.all(
      [0, 1, 2, 1].map((index) => stores[(round + index) % 3]!.redeem(digest, at(index))),
    );
    expect(told.filter((answer) => answer && 'code' in answer)).toHaveLength(1);
    expect(told.filter((answer) => answer && 'reused' in answer && answer.grantId === grantId)).toHaveLength(
      3,
    );
  }
});

onEachDatabase(
  'of exchanges at once exactly one leaves tokens, and those end when a loser revokes the grant',
  async ({ open }) => {
    const instances = await Promise.all([open(), open(), open()]);
    const stores = instances.map((dataSource) => new AuthorizationCodeStore(dataSource));
    const access = new AccessTokenStore(instances[0]);
    for (let round = 0; round < 200; round += 1) {
      const code = aCode(`c${round}`, `g${round}`);
      await stores[0]!.insert(code, aGrant(code.grantId));
      const told = await Promise.all(
        instances.map(async (dataSource, index) => {
          const answer = await stores[index]!.exchange(
            code,
            tokensOf(`${round}.${index}`, code.grantId),
            at(0),
          );
          // at every other code the first loser revokes while others are still at it
          if (round & 1 && answer !== null && answer !== true)
            await new GrantStore(dataSource).revoke({ grantId: answer.grantId }, at(0));
          return answer;
        }),
      );
      expect(told.filter((answer) => answer === true)).toHaveLength(1);
      for (const [index, answer] of told.entries()) {
        const found = await access.find(`at ${round}.${index}`);
        expect(found !== null).toBe(answer === true);
        if (found) expect(accessTokenState(found, at(1))).toBe(round & 1 ? 'revoked' : 'active');
      }
    }
  },
);

onEachDatabase(
  'pruning keeps a redeemed code for as long as its second use is to be noticed',
  async ({ open }) => {
    const store = new AuthorizationCodeStore(await open());
    for (let index = 0; index < 230; index += 1)
      await store.insert(aCode(`c${index}`, `g${index}`, { expiresAt: after(index) }), aGrant(`g${index}`));
    expect(await store.prune(at(219))).toBe(0);
    expect(await store.prune(at(3_600_000 + 219))).toBe(220);
    expect(await store.find('c219')).toBeNull();
    expect(await store.find('c220')).not.toBeNull();
  },
);

onEachDatabase('what no database can look up is no code, and no user to grant anything', async ({ open }) => {
  const store = new AuthorizationCodeStore(await open());
  for (const text of ['a\u0000', '\udc00a']) {
    expect(await store.find(text)).toBeNull();
    expect(await store.redeem(text, at(0))).toBeNull();
    await expect(store.insert(aCode('c', 'g'), aGrant('g', { userId: text }))).rejects.toMatchObject({
      code: 'invalid_body',
      errors: [{ pointer: '/user_id' }],
    });
  }
  expect(await store.find('c')).toBeNull();
});
