/** What becomes of tokens that were issued for one and the same, and how many families a user may have. */
import * as fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { expect } from 'vitest';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { AuthorizationCodeStore } from '../../src/storage/authorization-code-store.js';
import { DeviceCodeStore } from '../../src/storage/device-code-store.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { MOST_REFRESH_TOKENS } from '../../src/storage/refresh-token-cap.js';
import { RefreshTokenStore, type RotationOutcome } from '../../src/storage/refresh-token-store.js';
import { accessTokenState, type Grant } from '../../src/tenant/grant.js';
import { onEachDatabase } from './each-database.js';
import { after } from './samples.js';
import { aCode, aDeviceCode, aGrant, anAccessToken, anIssuance, aRefreshToken, at } from './token-samples.js';

const LEEWAY_MS = 50;
const SLOW = 120_000;

/** A family on the grant `f`, begun with the token `1`. */
async function aFamily(open: () => Promise<DataSource>) {
  const dataSource = await open();
  await new GrantStore(dataSource).insert(aGrant('f'), { refreshToken: aRefreshToken('1', 'f') });
  const store = new RefreshTokenStore(dataSource);
  return async (from: string, to: string, milliseconds: number, leewayMs = LEEWAY_MS): Promise<string> =>
    wordOf(
      await store.rotate({
        digest: from,
        next: aRefreshToken(to, 'f', { createdAt: after(milliseconds) }),
        now: at(milliseconds),
        leewayMs,
      }),
    );
}

const wordOf = (outcome: RotationOutcome): string =>
  outcome === null ? 'null' : 'rotated' in outcome ? outcome.rotated : 'reused';

onEachDatabase('who asks again since the answer was lost goes on with what came then', async ({ open }) => {
  const rotate = await aFamily(open);
  expect(await rotate('1', 'lost', 100)).toBe('first');
  expect(await rotate('1', '2', 110)).toBe('again');
  expect(await rotate('2', '3', 1000)).toBe('first');
  expect(await rotate('3', '4', 2000)).toBe('first');
});

onEachDatabase(
  'two that refresh within the leeway of one another both go on, time after time',
  async ({ open }) => {
    const rotate = await aFamily(open);
    expect(await rotate('1', 'a2', 100)).toBe('first');
    expect(await rotate('1', 'b2', 100)).toBe('again');
    expect(await rotate('b2', 'b3', 1000)).toBe('first');
    expect(await rotate('a2', 'a3', 1049)).toBe('again');
    expect(await rotate('a3', 'a4', 2000)).toBe('first');
    expect(await rotate('b3', 'b4', 2049)).toBe('again');
  },
);

onEachDatabase(
  'of two that hold siblings, and do not come together, the second is found out',
  async ({ open }) => {
    const rotate = await aFamily(open);
    expect(await rotate('1', 'client', 100)).toBe('first');
    expect(await rotate('1', 'thief', 149)).toBe('again');
    expect(await rotate('client', 'client2', 1000)).toBe('first');
    expect(await rotate('thief', 'x', 1050)).toBe('reused');
  },
);

onEachDatabase(
  'siblings of siblings are found out too, and who comes twice within the leeway leaves the other behind',
  async ({ open }) => {
    const rotate = await aFamily(open);
    await rotate('1', 'client', 100);
    await rotate('1', 'thief', 101);
    expect(await rotate('client', 'client2', 1000)).toBe('first');
    expect(await rotate('thief', 'thief2', 1001)).toBe('again');
    expect(await rotate('thief2', 'thief3', 2000)).toBe('first');
    expect(await rotate('thief3', 'thief4', 2001)).toBe('first');
    // within the leeway, but of the generation before the last
    expect(await rotate('client2', 'x', 2002)).toBe('reused');
  },
);

onEachDatabase('with the leeway turned off siblings that are left are a reuse', async ({ open }) => {
  const rotate = await aFamily(open);
  await rotate('1', 'a', 100);
  await rotate('1', 'b', 100);
  expect(await rotate('a', 'a2', 110, 0)).toBe('first');
  expect(await rotate('b', 'x', 110, 0)).toBe('reused');
});

/** The rule: a generation is replaced at once, by whoever of it comes first; for the leeway it works on, and nothing older does. */
onEachDatabase(
  'whatever is rotated when, each generation is replaced once, and works on for the leeway only',
  async ({ open }) => {
    const dataSource = await open();
    const [grants, store] = [new GrantStore(dataSource), new RefreshTokenStore(dataSource)];
    let family = 0;
    const steps = fc.array(fc.record({ whose: fc.nat(), wait: fc.integer({ min: 0, max: 80 }) }), {
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const grantId = `g${++family}`;
        await grants.insert(aGrant(grantId), { refreshToken: aRefreshToken(`${grantId}.0`, grantId) });
        const generations = [0];
        let [newest, replacedAt, now] = [0, 0, 0];
        for (const { whose, wait } of taken) {
          now += wait;
          const index = whose % generations.length;
          const generation = generations[index]!;
          const isNewest = generation === newest;
          const isLate = generation < newest - 1 || now - replacedAt >= LEEWAY_MS;
          const outcome = await store.rotate({
            digest: `${grantId}.${index}`,
            next: aRefreshToken(`${grantId}.${generations.length}`, grantId, { createdAt: after(now) }),
            now: at(now),
            leewayMs: LEEWAY_MS,
          });
          expect(wordOf(outcome)).toBe(isNewest ? 'first' : isLate ? 'reused' : 'again');
          if (!isNewest && isLate) return;
          if (isNewest) [newest, replacedAt] = [newest + 1, now];
          generations.push(newest);
        }
      }),
      { numRuns: 150 },
    );
  },
  SLOW,
);

onEachDatabase(
  'of a thousand at once within the leeway all get one, and of those thousand, later, one goes on',
  async ({ open }) => {
    const stores = (await Promise.all([open(), open(), open()])).map(
      (dataSource) => [new RefreshTokenStore(dataSource), new AccessTokenStore(dataSource)] as const,
    );
    await new GrantStore(await open()).insert(aGrant('f'), { refreshToken: aRefreshToken('1', 'f') });
    const thousandfold = async (
      from: (index: number) => string,
      to: string,
      milliseconds: number,
    ): Promise<readonly string[]> =>
      (
        await Promise.all(
          Array.from({ length: 1000 }, (_, index) =>
            stores[index % 3]![0].rotate({
              digest: from(index),
              next: aRefreshToken(`${to}${index}`, 'f'),
              accessToken: anAccessToken(`${to}${index}`, 'f'),
              now: at(milliseconds),
              leewayMs: 1000,
            }),
          ),
        )
      ).map(wordOf);
    const count = (words: readonly string[], word: string): number =>
      words.filter((each) => each === word).length;

    const siblings = await thousandfold(() => '1', 's', 0);
    expect([count(siblings, 'first'), count(siblings, 'again')]).toEqual([1, 999]);
    // each of them comes, within the leeway of the first that does: they are one generation
    const cousins = await thousandfold((index) => `s${index}`, 't', 10_000);
    expect([count(cousins, 'first'), count(cousins, 'again')]).toEqual([1, 999]);
    expect(wordOf(await rotated(stores[0]![0], 't0', 'u', 20_000))).toBe('first');
    const late = await thousandfold((index) => (index === 0 ? 's0' : `t${index}`), 'v', 21_000);
    expect(count(late, 'reused')).toBe(1000);
    expect(await stores[1]![1].find('v7')).toBeNull();
    const issued = await stores[2]![1].find('t7');
    expect(accessTokenState(issued!, at(21_000))).toBe('active');
    const active = await (
      await open()
    ).query<{ digest: string }[]>(`SELECT digest FROM refresh_tokens WHERE status = 'active'`);
    expect(active).toEqual([{ digest: 'u' }]);
  },
  SLOW,
);

const rotated = (store: RefreshTokenStore, from: string, to: string, milliseconds: number) =>
  store.rotate({ digest: from, next: aRefreshToken(to, 'f'), now: at(milliseconds), leewayMs: 1000 });

onEachDatabase(
  'who rotates siblings at once does not wait for another for ever, and one of them is first',
  async ({ open }) => {
    const instances = await Promise.all([open(), open(), open()]);
    const stores = instances.map((dataSource) => new RefreshTokenStore(dataSource));
    for (let round = 0; round < 100; round += 1) {
      const grantId = `g${round}`;
      await new GrantStore(instances[0]).insert(aGrant(grantId), {
        refreshToken: aRefreshToken(`${round}`, grantId),
      });
      const rotate = async (instance: number, from: string, to: string, milliseconds: number) =>
        wordOf(
          await stores[instance]!.rotate({
            digest: `${round}${from}`,
            next: aRefreshToken(`${round}${to}`, grantId),
            now: at(milliseconds),
            leewayMs: milliseconds < 10 ? 5 : 0,
          }),
        );
      for (const sibling of ['a', 'b', 'c']) await rotate(0, '', sibling, 1);
      const told = await Promise.all(
        ['a', 'b', 'c'].map((sibling, instance) => rotate(instance, sibling, `${sibling}2`, 20)),
      );
      expect(told.toSorted()).toEqual(['first', 'reused', 'reused']);
    }
  },
);

const familyOf = (index: number, over: Partial<Grant> = {}) => {
  const createdAt = after(index);
  return [
    aGrant(`g${index}`, { createdAt, ...over }),
    { refreshToken: aRefreshToken(`t${index}`, `g${index}`, { createdAt }) },
  ] as const;
};

async function livingOf(store: RefreshTokenStore, userId = 'auth0|user'): Promise<readonly string[]> {
  const found = await store.list({ userId, clientId: 'client' }, at(10_000));
  return found.map(({ token }) => token.digest).toSorted();
}

onEachDatabase('with one more than a user may have of a client the oldest ends', async ({ open }) => {
  const dataSource = await open();
  const [grants, store, access] = [
    new GrantStore(dataSource),
    new RefreshTokenStore(dataSource),
    new AccessTokenStore(dataSource),
  ];
  await grants.insert(...familyOf(9001, { clientId: 'other' }));
  await grants.insert(...familyOf(9002, { userId: 'auth0|other' }));
  await grants.insert(aGrant('ended'), {
    refreshToken: aRefreshToken('ended', 'ended', { createdAt: after(500), idleExpiresAt: after(501) }),
  });
  for (let index = 0; index < MOST_REFRESH_TOKENS; index += 1) await grants.insert(...familyOf(1000 + index));
  // a family counts once
  await store.rotate({
    digest: 't1000',
    next: aRefreshToken('t1000b', 'g1000'),
    accessToken: anAccessToken('at1000', 'g1000'),
    now: at(2000),
    leewayMs: 0,
  });
  await grants.insert(aGrant('bare'));
  expect(await livingOf(store)).toHaveLength(MOST_REFRESH_TOKENS);
  expect(await livingOf(store)).toContain('t1000b');

  await grants.insert(...familyOf(2001));
  const living = await livingOf(store);
  expect(living).toHaveLength(MOST_REFRESH_TOKENS);
  expect(living).not.toContain('t1000b');
  expect(living).toEqual(expect.arrayContaining(['t1001', 't2001']));
  // its access tokens live to their end
  expect(accessTokenState((await access.find('at1000'))!, at(2002))).toBe('active');
  expect(await livingOf(store, 'auth0|other')).toEqual(['t9002']);
  expect(await store.list({ clientId: 'other' }, at(10_000))).toHaveLength(1);
});

onEachDatabase('by a code and by a device too', async ({ open }) => {
  const dataSource = await open();
  const [grants, store] = [new GrantStore(dataSource), new RefreshTokenStore(dataSource)];
  for (let index = 0; index < MOST_REFRESH_TOKENS; index += 1) await grants.insert(...familyOf(1000 + index));

  const codes = new AuthorizationCodeStore(dataSource);
  const [grant, tokens] = familyOf(2001);
  await codes.insert(aCode('code', grant.id), grant);
  expect(await livingOf(store)).toContain('t1000');
  expect(await codes.exchange({ digest: 'code', grantId: grant.id }, tokens, at(2001))).toBe(true);
  expect(await livingOf(store)).toHaveLength(MOST_REFRESH_TOKENS);
  expect(await livingOf(store)).not.toContain('t1000');

  const devices = new DeviceCodeStore(dataSource);
  const [deviceGrant, deviceTokens] = familyOf(2002);
  const device = aDeviceCode('device', 'BCDFGHJK');
  await devices.insert(device);
  await devices.approve(device, deviceGrant, anIssuance(), at(2002));
  expect(await devices.redeem({ digest: 'device', grantId: deviceGrant.id }, deviceTokens, at(2002))).toBe(
    true,
  );
  expect(await livingOf(store)).toHaveLength(MOST_REFRESH_TOKENS);
  expect(await livingOf(store)).not.toContain('t1001');

  await grants.insert(aGrant('bare', { createdAt: after(2003) }));
  await store.insert(aRefreshToken('late', 'bare', { createdAt: after(2003) }));
  expect(await livingOf(store)).toHaveLength(MOST_REFRESH_TOKENS);
  expect(await livingOf(store)).not.toContain('t1002');
});

onEachDatabase(
  'of many that begin at once so many are left, and nobody waits for ever for one who revokes',
  async ({ open }) => {
    const instances = await Promise.all([open(), open(), open()]);
    const grants = instances.map((dataSource) => new GrantStore(dataSource));
    const store = new RefreshTokenStore(instances[0]);
    for (let index = 0; index < MOST_REFRESH_TOKENS; index += 1)
      await grants[0]!.insert(...familyOf(1000 + index, { sessionId: `s${index % 20}` }));
    const begin = (index: number) => grants[index % 3]!.insert(...familyOf(index));
    await Promise.all(Array.from({ length: 60 }, (_, index) => begin(2000 + index)));
    expect(await livingOf(store)).toHaveLength(MOST_REFRESH_TOKENS);
    expect(await livingOf(store)).not.toContain('t1059');
    expect(await livingOf(store)).toEqual(expect.arrayContaining(['t1060', 't2000', 't2059']));

    await Promise.all(
      Array.from({ length: 60 }, (_, index) => [
        begin(3000 + index),
        grants[(index + 1) % 3]!.revoke({ sessionId: `s${index % 20}` }, at(4000)),
      ]).flat(),
    );
    const living = await livingOf(store);
    expect(living.length).toBeLessThanOrEqual(MOST_REFRESH_TOKENS);
    // those of the sessions are gone, and none that began after
    expect(living).toEqual(
      Array.from({ length: 120 }, (_, index) => `t${index < 60 ? 2000 + index : 2940 + index}`),
    );
  },
  SLOW,
);

onEachDatabase('a list goes on after a cursor, and metadata stays with what is alive', async ({ open }) => {
  const dataSource = await open();
  const [grants, store] = [new GrantStore(dataSource), new RefreshTokenStore(dataSource)];
  for (const index of [1, 2, 3, 4]) await grants.insert(...familyOf(index));
  // two of one instant
  await grants.insert(aGrant('same', { createdAt: after(2) }), {
    refreshToken: aRefreshToken('same', 'same', { createdAt: after(2) }),
  });
  const page = async (take: number, last?: string) => {
    const [createdAt, id] = [at(2).getTime(), `rt_${last}`];
    const found = await store.list({ userId: 'auth0|user' }, at(10), {
      take,
      after: last === undefined ? undefined : { createdAt, id },
    });
    return found.map(({ token }) => token.digest);
  };
  expect(await page(3)).toEqual(['t4', 't3', 'same']);
  expect(await page(3, 'same')).toEqual(['t2', 't1']);
  expect(await page(1, 'g2')).toEqual(['t1']);

  const metadataOf = async (digest: string) => (await store.find(digest))?.token.details.metadata;
  expect(await store.setMetadata('rt_g1', { a: 'b' }, at(10))).toBe(true);
  expect([await metadataOf('t1'), await metadataOf('t2')]).toEqual([{ a: 'b' }, {}]);
  await store.revokeId('rt_g1', at(11));
  expect(await store.setMetadata('rt_g1', { c: 'd' }, at(12))).toBe(false);
  expect(await store.setMetadata('rt_none', {}, at(12))).toBe(false);
  expect(await metadataOf('t1')).toEqual({ a: 'b' });
});
