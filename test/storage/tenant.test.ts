import { expect } from 'vitest';
import { openDataSource } from '../../src/storage/data-source.js';
import { SettingsStore } from '../../src/storage/settings-store.js';
import { SigningKeyStore } from '../../src/storage/signing-key-store.js';
import { tenantSettingsSchema } from '../../src/tenant/tenant-settings.js';
import { onEachDatabase } from './each-database.js';
import { aKey, after } from './samples.js';

onEachDatabase('a new tenant has the default settings', async ({ open }) => {
  expect(await new SettingsStore(await open()).get()).toEqual(tenantSettingsSchema.parse({}));
});

onEachDatabase(
  'settings come back as they were put, on every instance, under a higher revision',
  async ({ open }) => {
    const here = new SettingsStore(await open());
    const there = new SettingsStore(await open());
    const before = await there.revision();
    const settings = tenantSettingsSchema.parse({
      name: 'acme',
      default_audience: 'urn:\u0000\u2028\ud800',
    });
    await here.put(settings);
    expect(await there.get()).toEqual(settings);
    expect(await there.revision()).toBeGreaterThan(before);
  },
);

onEachDatabase('reading changes no revision', async ({ open }) => {
  const dataSource = await open();
  const settings = new SettingsStore(dataSource);
  const keys = new SigningKeyStore(dataSource);
  await keys.insertFirst(aKey('k1'));
  const before = await settings.revision();
  await settings.get();
  await settings.adminTokenHash();
  await keys.list();
  await keys.current('RS256');
  await keys.insertFirst(aKey('k2'));
  expect(await settings.revision()).toBe(before);
});

onEachDatabase('of many instances that generate the admin token exactly one sets it', async ({ open }) => {
  const stores = (await Promise.all([open(), open()])).map((dataSource) => new SettingsStore(dataSource));
  expect(await stores[0]!.adminTokenHash()).toBeNull();
  const hashes = Array.from({ length: 8 }, (_, index) => `hash${index}`);
  const set = await Promise.all(hashes.map((hash, index) => stores[index % 2]!.setFirstAdminTokenHash(hash)));
  expect(set.filter(Boolean)).toHaveLength(1);
  expect(await stores[1]!.adminTokenHash()).toBe(hashes[set.indexOf(true)]);
  const before = await stores[0]!.revision();
  await stores[1]!.setAdminTokenHash('another');
  expect(await stores[0]!.adminTokenHash()).toBe('another');
  expect(await stores[0]!.revision()).toBeGreaterThan(before);
});

onEachDatabase('a signing key comes back as it was put in', async ({ open }) => {
  const store = new SigningKeyStore(await open());
  expect(await store.current('ES256')).toBeNull();
  const key = aKey('ec', { alg: 'ES256', certificatePem: null });
  expect(await store.insertFirst(key)).toEqual(key);
  expect(await store.current('ES256')).toEqual(key);
  expect(await store.current('RS256')).toBeNull();
  expect(await store.list()).toEqual([key]);
});

onEachDatabase(
  'of many instances that insert the first key one wins and all get that one',
  async ({ open }) => {
    const instances = await Promise.all([open(), open(), open()]);
    const winners = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        new SigningKeyStore(instances[index % 3]!).insertFirst(aKey(`k${index}`)),
      ),
    );
    expect(new Set(winners.map(({ kid }) => kid)).size).toBe(1);
    expect(await new SigningKeyStore(instances[0]).list()).toEqual([winners[0]]);
  },
);

onEachDatabase('a rotation keeps the old key published and is seen by every instance', async ({ open }) => {
  const here = await open();
  const there = await open();
  await new SigningKeyStore(here).insertFirst(aKey('first'));
  const withFirst = await new SettingsStore(there).revision();
  await new SigningKeyStore(here).insertFirst(aKey('ec', { alg: 'ES256' }));
  const before = await new SettingsStore(there).revision();
  expect(before).toBeGreaterThan(withFirst);
  await new SigningKeyStore(here).rotate(aKey('second', { createdAt: after(10) }));
  expect(await new SettingsStore(there).revision()).toBeGreaterThan(before);
  expect((await new SigningKeyStore(there).current('RS256'))?.kid).toBe('second');
  const listed = await new SigningKeyStore(there).list();
  expect(listed.map(({ kid, status }) => `${kid} ${status}`)).toEqual([
    'second current',
    'ec current',
    'first previous',
  ]);
});

onEachDatabase('a rotation without a key before it just makes the key current', async ({ open }) => {
  const store = new SigningKeyStore(await open());
  await store.rotate(aKey('imported'));
  expect((await store.current('RS256'))?.kid).toBe('imported');
});

onEachDatabase(
  'a key that is kept already, current or earlier, is refused and nothing changes',
  async ({ open }) => {
    const store = new SigningKeyStore(await open());
    await store.insertFirst(aKey('first'));
    await store.rotate(aKey('second'));
    const before = await store.list();
    for (const kid of ['first', 'second'])
      await expect(store.rotate(aKey(kid))).rejects.toMatchObject({ code: 'key_exists' });
    await expect(store.insertFirst(aKey('first', { alg: 'PS256' }))).rejects.toMatchObject({
      code: 'key_exists',
    });
    expect(await store.list()).toEqual(before);
  },
);

onEachDatabase('an earlier key is revoked for good, and the current one is not', async ({ open }) => {
  const [here, there] = [await open(), await open()];
  const store = new SigningKeyStore(here);
  await store.insertFirst(aKey('first'));
  await expect(store.revoke('first')).rejects.toMatchObject({
    code: 'key_is_current',
    description: expect.stringContaining('POST /api/keys/rotate {"alg": "RS256"}') as string,
  });
  await store.rotate(aKey('second'));
  const before = await new SettingsStore(there).revision();
  expect(await new SigningKeyStore(there).revoke('first')).toMatchObject({ kid: 'first', status: 'revoked' });
  expect(await new SettingsStore(here).revision()).toBeGreaterThan(before);
  expect(await store.revoke('first')).toMatchObject({ status: 'revoked' });
  expect((await store.list()).map(({ kid, status }) => `${kid} ${status}`)).toEqual([
    'second current',
    'first revoked',
  ]);
  await expect(store.rotate(aKey('first'))).rejects.toMatchObject({ code: 'key_exists' });
  for (const kid of ['none', '\u0000'])
    await expect(store.revoke(kid)).rejects.toMatchObject({ code: 'key_not_found' });
});

onEachDatabase('concurrent rotations follow one another and leave one current key', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  await new SigningKeyStore(instances[0]).insertFirst(aKey('k'));
  await Promise.all(
    Array.from({ length: 9 }, (_, index) =>
      new SigningKeyStore(instances[index % 3]!).rotate(aKey(`k${index}`)),
    ),
  );
  const keys = await new SigningKeyStore(instances[0]).list();
  expect(keys).toHaveLength(10);
  expect(keys.filter(({ status }) => status === 'current')).toHaveLength(1);
});

onEachDatabase('a key never shows in the error of a database that fails', async ({ open }) => {
  const dataSource = await open();
  const store = new SigningKeyStore(dataSource);
  await dataSource.query('DROP TABLE signing_keys');
  const failure: Error = await store.rotate(aKey('lost')).then(
    () => expect.fail('the table is gone'),
    (error: Error) => error,
  );
  expect(failure.name).toBe('DatabaseError');
  const shown = [failure.message, failure.stack, JSON.stringify(failure), String(failure.cause)].join('\n');
  expect(shown).not.toContain('private lost');
  expect(shown).toContain('signing_keys');
});

onEachDatabase('of concurrent changes of the settings none is lost', async ({ open }) => {
  const stores = (await Promise.all([open(), open()])).map((dataSource) => new SettingsStore(dataSource));
  const changes = Array.from({ length: 12 }, (_, index) => `-${index}`);
  await Promise.all(
    changes.map((change, index) =>
      stores[index % 2]!.update((kept) => ({
        ...kept,
        unmapped_claim_prefix: `${kept.unmapped_claim_prefix}${change}`,
      })),
    ),
  );
  const { unmapped_claim_prefix: prefix } = await stores[0]!.get();
  for (const change of changes) expect(`${prefix}-`).toContain(`${change}-`);
});

onEachDatabase('a change of the settings that changes nothing is no new revision', async ({ open }) => {
  const store = new SettingsStore(await open());
  await store.update((kept) => ({ ...kept, name: 'acme' }));
  const before = await store.revision();
  expect(await store.update((kept) => ({ ...kept, name: 'acme' }))).toMatchObject({ name: 'acme' });
  expect(await store.revision()).toBe(before);
});

onEachDatabase('an admin token is taken back only while it is the one that is kept', async ({ open }) => {
  const store = new SettingsStore(await open());
  await store.setFirstAdminTokenHash('first');
  await store.clearAdminTokenHash('other');
  expect(await store.adminTokenHash()).toBe('first');
  await store.clearAdminTokenHash('first');
  expect(await store.adminTokenHash()).toBeNull();
  expect(await store.setFirstAdminTokenHash('second')).toBe(true);
});

onEachDatabase(
  'of many instances that ask for the key of secrets one makes it, for all',
  async ({ open }) => {
    const stores = (await Promise.all([open(), open()])).map((dataSource) => new SettingsStore(dataSource));
    const keys = await Promise.all(Array.from({ length: 8 }, (_, index) => stores[index % 2]!.secretsKey()));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
    expect(keys[0]).toHaveLength(32);
    await stores[0]!.put(tenantSettingsSchema.parse({ name: 'acme' }));
    expect(await stores[1]!.secretsKey()).toEqual(keys[0]);
  },
);

onEachDatabase('no two tenants have one key of secrets', async ({ open }) => {
  const another = await openDataSource('file::memory:');
  try {
    const key = await new SettingsStore(another).secretsKey();
    expect(await new SettingsStore(await open()).secretsKey()).not.toEqual(key);
  } finally {
    await another.destroy();
  }
});
