import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserStore } from '../../src/storage/user-store.js';
import { verifyPassword } from '../../src/tenant/password.js';
import type { User } from '../../src/tenant/user.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => void (server = await startTestServer()));
afterAll(() => server.close());

const pathOf = (userId: string): string => `/api/v2/users/${encodeURIComponent(userId)}`;
const create = async (body: object): Promise<User> => {
  const answer = await server.api<User>('POST', '/api/v2/users', body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};

test('a user is made, read, patched and deleted', async () => {
  const made = await create({ email: 'jane@example.test', connection: 'db', department: 'Mint' });
  expect(made.user_id).toMatch(/^auth0\|[0-9a-f]{24}$/);
  expect(made.identities).toEqual([
    { provider: 'auth0', user_id: made.user_id.slice(6), connection: 'db', isSocial: false },
  ]);
  const path = pathOf(made.user_id);
  expect((await server.api('GET', path)).body).toEqual(made);
  const patched = await server.api<User>('PATCH', path, {
    department: null,
    user_metadata: { language: 'en' },
  });
  expect(patched.body).not.toHaveProperty('department');
  expect(patched.body.user_metadata).toEqual({ language: 'en' });
  expect((await server.api('GET', path)).body).toEqual(patched.body);
  expect((await server.api('DELETE', path)).status).toBe(204);
  for (const method of ['GET', 'DELETE'])
    expect(await server.api(method, path)).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
  expect(await server.api('PATCH', path, {})).toMatchObject({ status: 404 });
});

test('users are listed with totals and fields, and found by email whatever its case', async () => {
  for (const name of ['u1', 'u2']) await create({ user_id: `auth0|${name}`, email: `${name}@Example.test` });
  expect((await server.api('GET', '/api/v2/users?include_totals=true&fields=user_id')).body).toEqual({
    start: 0,
    limit: 50,
    length: 2,
    total: 2,
    users: [{ user_id: 'auth0|u1' }, { user_id: 'auth0|u2' }],
  });
  const found = await server.api<User[]>('GET', '/api/v2/users-by-email?email=U2%40example.TEST');
  expect(found.body.map(({ user_id }) => user_id)).toEqual(['auth0|u2']);
  expect((await server.api('GET', '/api/v2/users-by-email?email=nobody@example.test')).body).toEqual([]);
});

test.each(['q=email:"a"', 'search_engine=v3', 'sort=name:1'])(
  'a search (%s) is refused, not silently ignored',
  async (query) => {
    expect(await server.api('GET', `/api/v2/users?${encodeURI(query)}`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_parameter', detail: expect.stringContaining('users-by-email') },
    });
  },
);

test.each<[string, object, string]>([
  ['a wrong type', { email: 5 }, '/email'],
  ['an over-long name', { name: 'a'.repeat(2049) }, '/name'],
  ['metadata that is no object', { user_metadata: [] }, '/user_metadata'],
  ['an empty password', { password: '' }, '/password'],
  [
    'identities without a provider',
    { identities: [{ user_id: 'x', connection: 'c' }] },
    '/identities/0/provider',
  ],
  ['a user_id no database can look up', { user_id: 'auth0|\u0000' }, '/user_id'],
  ['an impossible instant', { created_at: 'yesterday' }, '/created_at'],
])('%s is refused with the field at fault, and nothing is stored', async (_what, body, pointer) => {
  const before = (await server.api('GET', '/api/v2/users?include_totals=true')).body['total'];
  expect(await server.api('POST', '/api/v2/users', body)).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer }] },
  });
  expect((await server.api('GET', '/api/v2/users?include_totals=true')).body['total']).toBe(before);
});

test('a user_id is taken once, with or without its prefix', async () => {
  await create({ user_id: 'auth0|taken' });
  expect(await server.api('POST', '/api/v2/users', { user_id: 'taken' })).toMatchObject({
    status: 409,
    body: { code: 'user_exists' },
  });
});

test('what cannot be patched is refused by name, and the rest of that patch with it', async () => {
  const { user_id } = await create({ nickname: 'old' });
  expect(
    await server.api('PATCH', pathOf(user_id), { nickname: 'new', user_id: 'x', identities: [] }),
  ).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer: '/user_id' }, { pointer: '/identities' }] },
  });
  expect((await server.api('GET', pathOf(user_id))).body['nickname']).toBe('old');
});

test('a password is kept as a hash, changed by a patch, and never answered', async () => {
  const made = await create({ user_id: 'auth0|pw', email: 'pw@example.test', password: 'first-password' });
  const store = server.app.get(UserStore);
  const first = (await store.passwordHash('auth0|pw'))!;
  expect(await verifyPassword('first-password', first)).toBe(true);
  const patched = await server.api('PATCH', pathOf('auth0|pw'), {
    password: 'second-password',
    nickname: 'p',
  });
  const second = (await store.passwordHash('auth0|pw'))!;
  expect(await verifyPassword('second-password', second)).toBe(true);
  // A patch of anything else leaves it.
  const renamed = await server.api('PATCH', pathOf('auth0|pw'), { nickname: 'q' });
  expect(await store.passwordHash('auth0|pw')).toBe(second);
  const said = JSON.stringify([
    made,
    patched.body,
    renamed.body,
    (await server.api('GET', pathOf('auth0|pw'))).body,
    (await server.api('GET', '/api/v2/users')).body,
    (await server.api('GET', '/api/v2/users-by-email?email=pw@example.test')).body,
  ]);
  for (const secret of ['first-password', 'second-password', 'scrypt', first, second])
    expect(said).not.toContain(secret);
});

test('of concurrent patches of a user none is lost', async () => {
  const { user_id } = await create({});
  const names = Array.from({ length: 20 }, (_, index) => `m${index}`);
  const answers = await Promise.all(
    names.map((name) => server.api('PATCH', pathOf(user_id), { user_metadata: { [name]: 1 }, [name]: name })),
  );
  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
  const { body } = await server.api<User & Record<string, unknown>>('GET', pathOf(user_id));
  expect(Object.keys(body.user_metadata).toSorted()).toEqual(names.toSorted());
  for (const name of names) expect(body[name]).toBe(name);
});
