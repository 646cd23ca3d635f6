import { expect } from 'vitest';
import { TransactionStore } from '../../src/storage/transaction-store.js';
import { UserStore } from '../../src/storage/user-store.js';
import { onEachDatabase } from './each-database.js';
import { HARD_TEXTS, aTransaction, aUser, after } from './samples.js';

onEachDatabase('a user comes back as it was put in, unknown fields and all', async ({ open }) => {
  const store = new UserStore(await open());
  const user = aUser('auth0|1', {
    email: 'Ada@Example.com',
    identities: [{ provider: 'auth0', user_id: '1', connection: 'Users', isSocial: false }],
    user_metadata: { nested: [1, null, { deep: true }], '': 'empty name' },
    department: 'Analytical Engines',
  });
  await store.insert(user);
  expect(await store.get('auth0|1')).toEqual(user);
});

onEachDatabase('every text of a profile comes back unchanged, and is found as an email', async ({ open }) => {
  const store = new UserStore(await open());
  for (const [index, text] of HARD_TEXTS.entries()) {
    const user = aUser(`u${index}`, { email: text, name: text, user_metadata: { [text]: text } });
    await store.insert(user);
    expect(await store.findByEmail(text)).toEqual([user]);
  }
});

onEachDatabase('user_ids with spaces, bars, quotes and any script are told apart', async ({ open }) => {
  const store = new UserStore(await open());
  const ids = [
    'CORP\\ada',
    'corp\\ada',
    "o'brien",
    'ada lovelace ',
    'ada lovelace',
    'é',
    'e\u0301',
    '🪙',
    '%',
    '?',
  ];
  for (const id of ids) await store.insert(aUser(id));
  for (const id of ids) expect((await store.get(id))?.user_id).toBe(id);
});

onEachDatabase('an email is found whatever its case, oldest user first', async ({ open }) => {
  const store = new UserStore(await open());
  const younger = aUser('younger', { email: 'ada@example.com', created_at: after(5) });
  const older = aUser('older', { email: 'Ada@Example.COM' });
  await store.insert(younger);
  await store.insert(older);
  await store.insert(aUser('other', { email: 'bob@example.com' }));
  await store.insert(aUser('without'));
  expect(await store.findByEmail('ADA@example.com')).toEqual([older, younger]);
  expect(await store.findByEmail('nobody@example.com')).toEqual([]);
});

onEachDatabase('an email is found by what it was changed to, not by what it was', async ({ open }) => {
  const store = new UserStore(await open());
  await store.insert(aUser('ada', { email: 'old@example.com' }));
  await store.update('ada', (user) => ({ ...user, email: 'new@example.com' }));
  expect(await store.findByEmail('old@example.com')).toEqual([]);
  expect(await store.findByEmail('new@example.com')).toHaveLength(1);
});

onEachDatabase('an email of 2048 characters of any script is kept and found', async ({ open }) => {
  const store = new UserStore(await open());
  const email = Array.from({ length: 2048 }, (_, index) => String.fromCodePoint(0x4e00 + index)).join('');
  await store.insert(aUser('ada', { email }));
  expect(await store.findByEmail(email)).toHaveLength(1);
});

onEachDatabase('emails that differ only in a lone surrogate are told apart', async ({ open }) => {
  const store = new UserStore(await open());
  await store.insert(aUser('high', { email: 'a\ud800@example.com' }));
  expect(await store.findByEmail('a\ud801@example.com')).toEqual([]);
});

onEachDatabase('a user_id that is taken is refused and the first user stays', async ({ open }) => {
  const store = new UserStore(await open());
  await store.insert(aUser('ada', { name: 'first' }), 'hash of the first');
  await expect(store.insert(aUser('ada', { name: 'second' }), 'other')).rejects.toMatchObject({
    code: 'user_exists',
  });
  expect((await store.get('ada'))?.name).toBe('first');
  expect(await store.passwordHash('ada')).toBe('hash of the first');
});

onEachDatabase('a password is kept apart from the user', async ({ open }) => {
  const store = new UserStore(await open());
  await store.insert(aUser('ada'));
  expect(await store.passwordHash('ada')).toBeNull();
  expect(await store.setPasswordHash('ada', 'hash')).toBe(true);
  expect(await store.passwordHash('ada')).toBe('hash');
  expect(JSON.stringify(await store.get('ada'))).not.toContain('hash');
  expect(await store.setPasswordHash('nobody', 'hash')).toBe(false);
  expect(await store.passwordHash('nobody')).toBeNull();
  await store.setPasswordHash('ada', null);
  expect(await store.passwordHash('ada')).toBeNull();
});

onEachDatabase('writing a user leaves the password alone; deleting takes it away', async ({ open }) => {
  const store = new UserStore(await open());
  await store.insert(aUser('ada'), 'hash');
  await store.replace(aUser('ada', { name: 'replaced' }));
  await store.update('ada', (user) => ({ ...user, nickname: 'updated' }));
  await store.upsert(aUser('ada', { name: 'upserted' }));
  expect(await store.passwordHash('ada')).toBe('hash');
  await store.upsert(aUser('ada'), 'other hash');
  expect(await store.passwordHash('ada')).toBe('other hash');
  await store.delete('ada');
  await store.insert(aUser('ada'));
  expect(await store.passwordHash('ada')).toBeNull();
});

onEachDatabase('concurrent changes of one user, and of its password, lose nothing', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  await new UserStore(instances[0]).insert(aUser('ada'));
  await Promise.all([
    ...Array.from({ length: 24 }, (_, index) =>
      new UserStore(instances[index % 3]!).update('ada', (user) => ({
        ...user,
        user_metadata: { ...user.user_metadata, [`key${index}`]: index },
      })),
    ),
    new UserStore(instances[1]).setPasswordHash('ada', 'hash'),
  ]);
  const store = new UserStore(instances[2]);
  expect(Object.keys((await store.get('ada'))!.user_metadata)).toHaveLength(24);
  expect(await store.passwordHash('ada')).toBe('hash');
});

onEachDatabase('users are listed page by page, with the total', async ({ open }) => {
  const store = new UserStore(await open());
  for (let index = 0; index < 7; index += 1)
    await store.insert(aUser(`user${index}`, { created_at: after(-index) }));
  const { items, total } = await store.list({ page: 1, perPage: 3 });
  expect(items.map(({ user_id }) => user_id)).toEqual(['user3', 'user2', 'user1']);
  expect(total).toBe(7);
});

onEachDatabase('a user_id that no database can look up is never found and never stored', async ({ open }) => {
  const store = new UserStore(await open());
  for (const id of ['a\u0000b', 'a\udfff']) {
    const refusal = { code: 'invalid_body', errors: [{ pointer: '/user_id' }] };
    await expect(store.insert(aUser(id))).rejects.toMatchObject(refusal);
    await expect(store.upsert(aUser(id))).rejects.toMatchObject(refusal);
    expect(await store.get(id)).toBeNull();
    expect(await store.passwordHash(id)).toBeNull();
    expect(await store.setPasswordHash(id, 'hash')).toBe(false);
  }
  expect((await store.list({ page: 0, perPage: 5 })).total).toBe(0);
});

onEachDatabase('logins at once are told numbers of their own', async ({ open }) => {
  const instances = await Promise.all([open(), open(), open()]);
  for (const id of ['ada', 'bob']) await new UserStore(instances[0]).insert(aUser(id));
  const counts = await Promise.all(
    Array.from({ length: 24 }, (_, index) => new UserStore(instances[index % 3]!).countLogin('ada')),
  );
  expect(counts.toSorted((one, other) => one! - other!)).toEqual(counts.map((_, index) => index + 1));
  expect(await new UserStore(instances[1]).countLogin('bob')).toBe(1);
});

onEachDatabase(
  'the first count takes in the completed transactions of the user, and no later one',
  async ({ open }) => {
    const dataSource = await open();
    const [users, transactions] = [new UserStore(dataSource), new TransactionStore(dataSource)];
    await users.insert(aUser('ada'));
    const kinds = [
      { status: 'completed' },
      { status: 'completed' },
      { status: 'pending' },
      { status: 'denied' },
      { status: 'completed', userId: 'bob' },
    ] as const;
    for (const [index, over] of kinds.entries())
      await transactions.insert(aTransaction(`t${index}`, { userId: 'ada', ...over }));
    // whoever asks what the next one is counts nothing
    for (let asked = 0; asked < 2; asked++) expect(await users.nextLoginsCount('ada')).toBe(3);
    expect(await users.countLogin('ada')).toBe(3);
    expect(await users.nextLoginsCount('ada')).toBe(4);
    await transactions.insert(aTransaction('later', { userId: 'ada', status: 'completed' }));
    expect(await users.countLogin('ada')).toBe(4);
  },
);

onEachDatabase('a count is lost by no change of the user, and changes nothing of them', async ({ open }) => {
  const store = new UserStore(await open());
  await store.insert(aUser('ada'), 'hash');
  expect(await store.countLogin('ada')).toBe(1);
  expect(await store.get('ada')).toEqual(aUser('ada'));
  await store.update('ada', (user) => ({ ...user, name: 'Ada' }));
  await store.upsert(aUser('ada'));
  await store.replace(aUser('ada', { name: 'Countess' }));
  expect(await store.countLogin('ada')).toBe(2);
  expect(await store.passwordHash('ada')).toBe('hash');
});

onEachDatabase('logins of nobody who is stored are not counted', async ({ open }) => {
  const store = new UserStore(await open());
  for (const id of ['nobody', 'a\u0000', '\udc00a']) {
    expect(await store.countLogin(id)).toBeNull();
    expect(await store.nextLoginsCount(id)).toBeNull();
  }
  await store.insert(aUser('ada'));
  await store.countLogin('ada');
  await store.delete('ada');
  expect(await store.countLogin('ada')).toBeNull();
});
