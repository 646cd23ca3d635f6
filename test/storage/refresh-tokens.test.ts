import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'vitest';
import { AccessTokenStore } from '../../src/storage/access-token-store.js';
import { GrantStore } from '../../src/storage/grant-store.js';
import { RefreshTokenStore, type RotationOutcome } from '../../src/storage/refresh-token-store.js';
import { accessTokenState, refreshTokenState, type RefreshToken } from '../../src/tenant/grant.js';
import { onEachDatabase } from './each-database.js';
import { HARD_TEXTS, after } from './samples.js';
import { aGrant, aRefreshToken, anAccessToken, at, someDetails } from './token-samples.js';

const DAY_MS = 86_400_000;
const wasRotated = (outcome: RotationOutcome): boolean => outcome !== null && 'rotated' in outcome;

onEachDatabase('a refresh token comes back as it was put in, with its grant', async ({ open }) => {
  const dataSource = await open();
  const store = new RefreshTokenStore(dataSource);
  await new GrantStore(dataSource).insert(aGrant('g'), { endsAt: after(1) });
  const hard = HARD_TEXTS.join();
  const full = aRefreshToken('full', 'g', {
    lastExchangedAt: after(1),
    idleExpiresAt: after(2),
    details: someDetails({ metadata: { [hard]: hard }, device: { initialIp: '::1', lastUserAgent: hard } }),
  });
  const bare = aRefreshToken('bare', 'g', { id: 'rt_bare', expiresAt: null });
  for (const token of [full, bare]) {
    expect(await store.insert(token)).toBe(true);
    const found = { token, grant: aGrant('g'), isRevoked: false };
    expect(await store.find(token.digest)).toEqual(found);
    expect(await store.get(token.id)).toEqual(found);
  }
  for (const text of ['Full', 'full\u0000', '\ud800']) {
    expect(await store.find(text)).toBeNull();
    expect(await store.get(text)).toBeNull();
  }
});

/** A family on the grant of its name, begun with the token `<name>.1`. */
async function withFamilies(
  open: () => Promise<ConstructorParameters<typeof GrantStore>[0]>,
  ...names: readonly string[]
) {
  const dataSource = await open();
  const grants = new GrantStore(dataSource);
  for (const name of names)
    await grants.insert(aGrant(name), { refreshToken: aRefreshToken(`${name}.1`, name) });
  const store = new RefreshTokenStore(dataSource);
  const rotate = (from: string, to: string, milliseconds: number, leewayMs = 0) => {
    const [name] = from.split('.');
    return store.rotate({
      digest: from,
      next: aRefreshToken(to, name!, { createdAt: after(milliseconds) }),
      accessToken: anAccessToken(`at ${to}`, name!),
      now: at(milliseconds),
      leewayMs,
    });
  };
  const stateOf = async (digest: string, milliseconds: number, leewayMs = 0) => {
    const found = await store.find(digest);
    return found && refreshTokenState(found, at(milliseconds), leewayMs);
  };
  return { dataSource, grants, store, rotate, stateOf, access: new AccessTokenStore(dataSource) };
}

onEachDatabase('a rotated token is replaced, once, with what is issued for it', async ({ open }) => {
  const { store, rotate, stateOf, access } = await withFamilies(open, 'f');
  expect(await rotate('f.1', 'f.2', 10)).toEqual({ rotated: 'first' });
  expect(await store.find('f.1')).toMatchObject({ token: { status: 'rotated', rotatedAt: after(10) } });
  expect((await store.find('f.2'))?.token).toEqual(aRefreshToken('f.2', 'f', { createdAt: after(10) }));
  expect((await access.find('at f.2'))?.token).toEqual(anAccessToken('at f.2', 'f'));
  expect(await stateOf('f.1', 10)).toBe('reused');
  expect(await stateOf('f.2', 10)).toBe('active');

  expect(await rotate('f.1', 'f.x', 11)).toEqual({ reused: true, grantId: 'f' });
  expect(await store.find('f.x')).toBeNull();
  expect(await access.find('at f.x')).toBeNull();
  expect(await rotate('f.none', 'f.x', 11)).toBeNull();
  expect((await store.get('rt_f'))?.token.digest).toBe('f.2');
});

onEachDatabase(
  'within the leeway the token before still works, and the one before that does not',
  async ({ open }) => {
    const { rotate, stateOf } = await withFamilies(open, 'f');
    expect(await rotate('f.1', 'f.2', 100, 50)).toEqual({ rotated: 'first' });
    expect(await stateOf('f.1', 149, 50)).toBe('again');
    expect(await rotate('f.1', 'f.2b', 149, 50)).toEqual({ rotated: 'again' });
    expect(await stateOf('f.2', 149, 50)).toBe('active');
    expect(await stateOf('f.2b', 149, 50)).toBe('active');
    // the leeway runs from the first rotation
    expect(await stateOf('f.1', 150, 50)).toBe('reused');
    expect(await rotate('f.1', 'f.x', 150, 50)).toEqual({ reused: true, grantId: 'f' });

    expect(await rotate('f.2b', 'f.3', 200, 1000)).toEqual({ rotated: 'first' });
    expect(await stateOf('f.1', 200, 1000)).toBe('reused');
    expect(await rotate('f.1', 'f.x', 200, 1000)).toEqual({ reused: true, grantId: 'f' });
    expect(await rotate('f.2b', 'f.3b', 200, 1000)).toEqual({ rotated: 'again' });
    expect(await rotate('f.3b', 'f.4', 201, 1000)).toEqual({ rotated: 'first' });
    expect(await stateOf('f.2b', 201, 1000)).toBe('reused');
    expect(await rotate('f.2b', 'f.x', 201, 1000)).toEqual({ reused: true, grantId: 'f' });
  },
);

onEachDatabase('a token that has expired, or was idle too long, is not replaced', async ({ open }) => {
  const { grants, store, rotate, stateOf } = await withFamilies(open);
  const tokens = {
    absolute: { expiresAt: after(100) },
    idle: { idleExpiresAt: after(100) },
    ever: { expiresAt: null },
  };
  for (const [name, over] of Object.entries(tokens))
    await grants.insert(aGrant(name), { refreshToken: aRefreshToken(`${name}.1`, name, over) });
  for (const name of ['absolute', 'idle']) {
    expect(await stateOf(`${name}.1`, 99)).toBe('active');
    expect(await stateOf(`${name}.1`, 100)).toBe('expired');
    expect(await rotate(`${name}.1`, `${name}.x`, 100)).toBeNull();
    expect(await store.find(`${name}.1`)).toMatchObject({ token: { status: 'active' } });
    expect(await rotate(`${name}.1`, `${name}.2`, 99)).toEqual({ rotated: 'first' });
  }
  expect(await rotate('absolute.1', 'absolute.x', 100, 1000)).toEqual({ reused: true, grantId: 'absolute' });
  expect(await stateOf('ever.1', 100 * DAY_MS)).toBe('active');
  expect(await rotate('ever.1', 'ever.2', 100 * DAY_MS)).toEqual({ rotated: 'first' });
});

onEachDatabase('a revoked family issues nothing more', async ({ open }) => {
  const { store, rotate, stateOf, access } = await withFamilies(open, 'f', 'g', 'h');
  await rotate('f.1', 'f.2', 1);
  // by a token that was replaced long ago too
  expect(await store.revoke('f.1', at(2))).toBe(true);
  expect(await store.revoke('f.2', at(2))).toBe(false);
  expect(await stateOf('f.2', 3)).toBe('revoked');
  expect(await rotate('f.2', 'f.3', 3)).toBeNull();
  expect(await store.find('f.3')).toBeNull();
  expect(accessTokenState((await access.find('at f.2'))!, at(3))).toBe('revoked');

  await rotate('g.1', 'g.2', 1);
  expect(await store.revokeId('rt_g', at(2))).toBe(true);
  expect(await stateOf('g.2', 3)).toBe('revoked');
  expect(accessTokenState((await access.find('at g.2'))!, at(3))).toBe('active');
  expect(await stateOf('h.1', 3)).toBe('active');
  for (const text of ['none', 'a\u0000']) {
    expect(await store.revoke(text, at(2))).toBe(false);
    expect(await store.revokeId(text, at(2))).toBe(false);
  }
});

onEachDatabase('a token that stays notes its exchange, and what is issued with it', async ({ open }) => {
  const { store, access } = await withFamilies(open, 'f');
  const details = someDetails({ rotating: false, device: { lastIp: '127.0.0.2' }, metadata: { a: 'b' } });
  const expected = aRefreshToken('f.1', 'f', {
    lastExchangedAt: after(10),
    idleExpiresAt: after(500),
    details,
  });
  const touched = await store.touch(
    'f.1',
    at(10),
    ({ grant }) => {
      expect(grant).toEqual(aGrant('f'));
      return { idleExpiresAt: after(500), details };
    },
    anAccessToken('at', 'f'),
  );
  expect(touched).toEqual(expected);
  expect((await store.find('f.1'))?.token).toEqual(expected);
  expect(await access.find('at')).not.toBeNull();

  const ends = async (expiresAt: string) => {
    await store.touch('f.1', at(20), () => ({ expiresAt }));
    return (await store.find('f.1'))?.token.expiresAt;
  };
  expect(await ends(after(2_000_000))).toBe(after(1_000_000));
  expect(await ends(after(400))).toBe(after(400));
  expect(await ends(after(401))).toBe(after(400));
  expect(await store.touch('f.1', at(400), () => ({}), anAccessToken('late', 'f'))).toBeNull();
  expect(await store.touch('f.none', at(0), () => ({}))).toBeNull();
  expect(await access.find('late')).toBeNull();
});

onEachDatabase('what exchanges of one token at once note is not lost', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  await new GrantStore(instances[0]).insert(aGrant('g'), { refreshToken: aRefreshToken('t', 'g') });
  const names = Array.from({ length: 24 }, (_, index) => `n${String(index).padStart(2, '0')}`);
  await Promise.all(
    names.map((name, index) =>
      new RefreshTokenStore(instances[index % 3]!).touch(
        't',
        at(0),
        ({ token: { details } }) => ({
          details: { ...details, metadata: { ...details.metadata, [name]: 'x' } },
        }),
        anAccessToken(name, 'g'),
      ),
    ),
  );
  const found = await new RefreshTokenStore(instances[0]).find('t');
  expect(Object.keys(found!.token.details.metadata).toSorted()).toEqual(names);
  for (const name of names) expect(await new AccessTokenStore(instances[1]).find(name)).not.toBeNull();
});

onEachDatabase('a replaced or revoked token is not used as one that stays', async ({ open }) => {
  const { store, rotate, access } = await withFamilies(open, 'f');
  await rotate('f.1', 'f.2', 1);
  const issued = anAccessToken('x', 'f');
  expect(await store.touch('f.1', at(2), () => ({}), issued)).toEqual({ reused: true, grantId: 'f' });
  await store.revoke('f.2', at(2));
  expect(await store.touch('f.2', at(2), () => ({}), issued)).toBeNull();
  expect(await access.find('x')).toBeNull();
});

const listed = (found: readonly { readonly token: RefreshToken }[]): string =>
  found.map(({ token }) => token.digest).join(' ');

onEachDatabase(
  'of each family that is alive one token is listed, the one begun last first',
  async ({ open }) => {
    const { grants, store, rotate } = await withFamilies(open, 'a', 'b', 'c');
    await grants.insert(aGrant('other', { userId: 'auth0|other', sessionId: 's2', clientId: 'c2' }), {
      refreshToken: aRefreshToken('other.1', 'other'),
    });
    await grants.insert(aGrant('ended'), {
      refreshToken: aRefreshToken('ended.1', 'ended', { expiresAt: after(5) }),
    });
    await grants.insert(aGrant('idle'), {
      refreshToken: aRefreshToken('idle.1', 'idle', { idleExpiresAt: after(5) }),
    });
    await rotate('a.1', 'a.2', 1, 50);
    await rotate('a.1', 'a.2b', 2, 50);
    await store.revoke('b.1', at(3), 'refresh_tokens');
    expect(listed(await store.list({ userId: 'auth0|user' }, at(4)))).toBe('idle.1 ended.1 c.1 a.2b');
    expect(listed(await store.list({ userId: 'auth0|user' }, at(5)))).toBe('c.1 a.2b');
    expect(listed(await store.list({ clientId: 'c2' }, at(5)))).toBe('other.1');
    expect(listed(await store.list({ sessionId: 's2', userId: 'auth0|other' }, at(5)))).toBe('other.1');
    expect(listed(await store.list({ sessionId: 's2', userId: 'auth0|user' }, at(5)))).toBe('');
    expect(await store.list({ userId: 'a\u0000' }, at(5))).toEqual([]);
  },
);

onEachDatabase('of rotations at once, at any instance, exactly one wins', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const stores = instances.map((dataSource) => new RefreshTokenStore(dataSource));
  const [grants, access] = [new GrantStore(instances[0]), new AccessTokenStore(instances[0])];
  for (let round = 0; round < 200; round += 1) {
    const grantId = `g${round}`;
    await grants.insert(aGrant(grantId), { refreshToken: aRefreshToken(`${round}`, grantId) });
    const told = await Promise.all(
      [0, 1, 2, 1].map((instance, index) =>
        stores[(round + instance) % 3]!.rotate({
          digest: `${round}`,
          next: aRefreshToken(`${round}.${index}`, grantId),
          accessToken: anAccessToken(`${round}.${index}`, grantId),
          now: at(index),
          leewayMs: 0,
        }),
      ),
    );
    expect(told.filter(wasRotated)).toEqual([{ rotated: 'first' }]);
    expect(told.filter((outcome) => !wasRotated(outcome))).toEqual(
      Array.from({ length: 3 }, () => ({ reused: true, grantId })),
    );
    for (const [index, outcome] of told.entries()) {
      expect((await stores[0]!.find(`${round}.${index}`)) !== null).toBe(wasRotated(outcome));
      expect((await access.find(`${round}.${index}`)) !== null).toBe(wasRotated(outcome));
    }
  }
});

onEachDatabase(
  'of rotations at once within the leeway one is the first, and the others get siblings',
  async ({ open }) => {
    const instances = await Promise.all([open(), open(), open()]);
    const grants = new GrantStore(instances[0]);
    for (let round = 0; round < 100; round += 1) {
      const grantId = `g${round}`;
      await grants.insert(aGrant(grantId), { refreshToken: aRefreshToken(`${round}`, grantId) });
      const told = await Promise.all(
        instances.map((dataSource, index) =>
          new RefreshTokenStore(dataSource).rotate({
            digest: `${round}`,
            next: aRefreshToken(`${round}.${index}`, grantId),
            now: at(0),
            leewayMs: 1000,
          }),
        ),
      );
      expect(
        told.map((outcome) => (outcome && 'rotated' in outcome ? outcome.rotated : 'none')).toSorted(),
      ).toEqual(['again', 'again', 'first']);
    }
  },
);

onEachDatabase(
  'a token and its successor can be rotated at once, and neither waits for the other for ever',
  async ({ open }) => {
    const instances = await Promise.all([open(), open(), open()]);
    const stores = instances.map((dataSource) => new RefreshTokenStore(dataSource));
    for (let round = 0; round < 100; round += 1) {
      const grantId = `g${round}`;
      const rotate = (instance: number, from: string, to: string) =>
        stores[instance]!.rotate({
          digest: `${round}.${from}`,
          next: aRefreshToken(`${round}.${to}`, grantId),
          now: at(1),
          leewayMs: 1000,
        });
      await new GrantStore(instances[0]).insert(aGrant(grantId), {
        refreshToken: aRefreshToken(`${round}.1`, grantId),
      });
      await rotate(0, '1', '2');
      const told = await Promise.all([rotate(0, '1', '2b'), rotate(1, '2', '3'), rotate(2, '1', '2c')]);
      expect(told[1]).toEqual({ rotated: 'first' });
      for (const outcome of [told[0], told[2]])
        expect([{ rotated: 'again' }, { reused: true, grantId }]).toContainEqual(outcome);
      expect(await rotate(2, '1', 'x')).toEqual({ reused: true, grantId });
    }
  },
);

onEachDatabase('a revocation during a rotation leaves nothing active', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  const grants = instances.map((dataSource) => new GrantStore(dataSource));
  const stores = instances.map((dataSource) => new RefreshTokenStore(dataSource));
  const access = new AccessTokenStore(instances[0]);
  const outcomes = new Set<boolean>();
  for (let round = 0; round < 240; round += 1) {
    const [grantId, userId, sessionId] = [`g${round}`, `u${round}`, `s${round}`];
    await grants[0]!.insert(aGrant(grantId, { userId, sessionId }), {
      refreshToken: aRefreshToken(`${round}`, grantId),
      accessToken: anAccessToken(`${round}`, grantId),
    });
    const revocations: readonly (() => Promise<number | boolean>)[] = [
      () => grants[1]!.revoke({ grantId }, at(0)),
      () => grants[1]!.revoke({ userId }, at(0)),
      () => grants[1]!.revoke({ sessionId }, at(0)),
      () => stores[1]!.revoke(`${round}`, at(0)),
    ];
    const late = async <Result>(turns: number, run: () => Promise<Result>): Promise<Result> => {
      for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      return run();
    };
    const [outcome] = await Promise.all([
      late((round >> 2) & 3, () =>
        stores[0]!.rotate({
          digest: `${round}`,
          next: aRefreshToken(`${round}.next`, grantId),
          accessToken: anAccessToken(`${round}.next`, grantId),
          now: at(0),
          leewayMs: 0,
        }),
      ),
      late((round >> 4) & 3, revocations[round & 3]!),
    ]);
    outcomes.add(wasRotated(outcome));
    for (const digest of [`${round}`, `${round}.next`]) {
      const found = await stores[2]!.find(digest);
      if (found) expect(refreshTokenState(found, at(1), 1000)).toBe('revoked');
      const issued = await access.find(digest);
      if (issued) expect(accessTokenState(issued, at(1))).toBe('revoked');
    }
    expect(await stores[2]!.list({ userId }, at(1))).toEqual([]);
  }
  // both orders were seen, or the rounds proved nothing
  expect(outcomes).toEqual(new Set([true, false]));
});

onEachDatabase(
  'pruning deletes what is over, and keeps what was replaced for as long as its reuse is to be noticed',
  async ({ open }) => {
    const { grants, store, rotate } = await withFamilies(open, 'f');
    for (let index = 0; index < 130; index += 1)
      await grants.insert(aGrant(`g${index}`), {
        refreshToken: aRefreshToken(`g${index}.1`, `g${index}`, { idleExpiresAt: after(1000 + index) }),
      });
    await grants.insert(aGrant('ever'), {
      refreshToken: aRefreshToken('ever.1', 'ever', { expiresAt: null }),
    });
    await rotate('f.1', 'f.2', 5);
    await rotate('ever.1', 'ever.2', 5);
    expect(await store.prune(at(1119))).toBe(120);
    expect(await store.find('g119.1')).toBeNull();
    expect(await store.find('g120.1')).not.toBeNull();
    expect(await store.prune(at(1_000_000))).toBe(12);
    expect(await store.prune(at(5 + 30 * DAY_MS - 1))).toBe(0);
    expect(await store.find('ever.1')).toMatchObject({ token: { status: 'rotated' } });
    expect(await store.prune(at(5 + 30 * DAY_MS))).toBe(2);
  },
);
