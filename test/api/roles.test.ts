import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Role } from '../../src/tenant/role.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const user_id of ['auth0|ada', 'auth0|bob'])
    await server.api('POST', '/api/v2/users', { user_id, email: `${user_id.slice(6)}@test.test` });
  await server.api('POST', '/api/v2/resource-servers', {
    identifier: 'urn:api',
    name: 'The API',
    scopes: [{ value: 'read', description: 'Read it' }, { value: 'write' }],
  });
});
afterAll(() => server.close());

const ROOT = '/api/v2/roles';
const ADA = '/api/v2/users/auth0%7Cada';
let made = 0;
const create = async (body: object = {}): Promise<Role> => {
  const answer = await server.api<Role>('POST', ROOT, { name: `role ${made++}`, ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};
const READ = { permission_name: 'read', resource_server_identifier: 'urn:api' };
const WRITE = { permission_name: 'write', resource_server_identifier: 'urn:api' };
const idsOf = async (path: string): Promise<unknown> =>
  (await server.api<{ id?: string; user_id?: string }[]>('GET', path)).body.map(
    ({ id, user_id: userId }) => id ?? userId,
  );

test('a role is made, read, patched and deleted', async () => {
  const role = await create({ name: 'Engraver', description: 'Engraves' });
  expect(role).toMatchObject({ id: expect.stringMatching(/^rol_[0-9a-f]{16}$/), name: 'Engraver' });
  const path = `${ROOT}/${role.id}`;
  expect((await server.api('GET', path)).body).toEqual(role);
  const patched = await server.api('PATCH', path, { name: 'Assayer', description: null });
  expect(patched.body).toMatchObject({ id: role.id, name: 'Assayer' });
  expect(patched.body).not.toHaveProperty('description');
  expect((await server.api('GET', path)).body).toEqual(patched.body);
  expect((await server.api('DELETE', path)).status).toBe(204);
});

test('what is asked of a role that is not there is answered with that', async () => {
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['PATCH', '', {}],
    ['DELETE', '', undefined],
    ['GET', '/users', undefined],
    ['POST', '/users', { users: ['auth0|ada'] }],
    ['GET', '/permissions', undefined],
    ['POST', '/permissions', { permissions: [READ] }],
    ['DELETE', '/permissions', { permissions: [READ] }],
  ] as const)
    expect(await server.api(method, `${ROOT}/rol_nobody${path}`, body), `${method} ${path}`).toMatchObject({
      status: 404,
      body: { code: 'role_not_found' },
    });
});

test('roles are listed, and a name is taken once, also by a patch', async () => {
  const one = await create({ name: 'one' });
  const two = await create({ name: 'two' });
  expect(await idsOf(`${ROOT}?page=0`)).toEqual([one.id, two.id]);
  expect((await server.api('GET', `${ROOT}?include_totals=true&per_page=1&fields=name`)).body).toEqual({
    start: 0,
    limit: 1,
    length: 1,
    total: 2,
    roles: [{ name: 'one' }],
  });
  for (const answer of [
    await server.api('POST', ROOT, { name: 'one' }),
    await server.api('POST', ROOT, { name: 'three', id: two.id }),
    await server.api('PATCH', `${ROOT}/${two.id}`, { name: 'one' }),
  ])
    expect(answer).toMatchObject({ status: 409, body: { code: 'role_exists' } });
  expect((await server.api('GET', `${ROOT}/${two.id}`)).body).toEqual(two);
});

test.each<[string, object, string]>([
  ['no name', {}, '/name'],
  ['a blank name', { name: ' ' }, '/name'],
  ['a name that is too long', { name: 'x'.repeat(51) }, '/name'],
  ['an id of another kind', { name: 'a', id: 'org_1' }, '/id'],
  ['an unknown member', { name: 'a', permissions: [] }, '/permissions'],
])('a role with %s is refused with the field at fault', async (_what, body, pointer) => {
  expect(await server.api('POST', ROOT, body)).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer }] },
  });
});

test('users get a role by the role or by the user, and lose it', async () => {
  const role = await create();
  expect((await server.api('POST', `${ROOT}/${role.id}/users`, { users: ['auth0|ada'] })).status).toBe(200);
  expect(
    (await server.api('POST', '/api/v2/users/auth0%7Cbob/roles', { roles: [role.id, role.id] })).status,
  ).toBe(204);
  expect((await server.api('POST', `${ADA}/roles`, { roles: [role.id] })).status).toBe(204);
  expect((await server.api('GET', `${ROOT}/${role.id}/users`)).body).toEqual([
    { user_id: 'auth0|ada', email: 'ada@test.test' },
    { user_id: 'auth0|bob', email: 'bob@test.test' },
  ]);
  expect(
    (await server.api('GET', `${ROOT}/${role.id}/users?include_totals=true&per_page=1&page=1`)).body,
  ).toEqual({
    start: 1,
    limit: 1,
    length: 1,
    total: 2,
    users: [{ user_id: 'auth0|bob', email: 'bob@test.test' }],
  });
  expect((await server.api('GET', `${ADA}/roles`)).body).toEqual([role]);
  expect((await server.api('DELETE', `${ADA}/roles`, { roles: [role.id, 'rol_nobody'] })).status).toBe(204);
  expect((await server.api('GET', `${ADA}/roles`)).body).toEqual([]);
  expect(await idsOf(`${ROOT}/${role.id}/users`)).toEqual(['auth0|bob']);
  await server.api('DELETE', `${ROOT}/${role.id}`);
  expect((await server.api('GET', '/api/v2/users/auth0%7Cbob/roles')).body).toEqual([]);
});

test('a list of which one is not there is refused with it, and nobody gets anything', async () => {
  const role = await create();
  expect(
    await server.api('POST', `${ROOT}/${role.id}/users`, { users: ['auth0|ada', 'auth0|nobody'] }),
  ).toMatchObject({ status: 400, body: { code: 'invalid_body', errors: [{ pointer: '/users/1' }] } });
  expect(await server.api('POST', `${ADA}/roles`, { roles: [role.id, 'rol_nobody'] })).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer: '/roles/1' }] },
  });
  expect(await idsOf(`${ROOT}/${role.id}/users`)).toEqual([]);
  for (const id of ['a\u0000', 'a\ud800'])
    expect(await server.api('POST', `${ROOT}/${role.id}/users`, { users: [id] })).toMatchObject({
      status: 400,
    });
  for (const body of [{}, { users: [] }, { users: 'auth0|ada' }, { users: [5] }, { roles: [] }])
    expect(await server.api('POST', `${ROOT}/${role.id}/users`, body)).toMatchObject({ status: 400 });
});

test('a role gives permissions, and a user has them beside their own', async () => {
  const role = await create({ name: 'Reader' });
  const path = `${ROOT}/${role.id}/permissions`;
  expect((await server.api('POST', path, { permissions: [READ, WRITE] })).status).toBe(201);
  expect((await server.api('GET', path)).body).toEqual([
    { ...READ, resource_server_name: 'The API', description: 'Read it' },
    { ...WRITE, resource_server_name: 'The API' },
  ]);
  expect((await server.api('DELETE', path, { permissions: [WRITE] })).status).toBe(204);
  expect((await server.api('GET', `${path}?include_totals=true`)).body).toMatchObject({ total: 1 });

  await server.api('POST', `${ADA}/roles`, { roles: [role.id] });
  expect((await server.api('POST', `${ADA}/permissions`, { permissions: [READ, WRITE] })).status).toBe(201);
  const byRole = { source_id: role.id, source_name: 'Reader', source_type: 'ROLE' };
  const direct = { source_id: '', source_name: '', source_type: 'DIRECT' };
  const { body } = await server.api<{ permission_name: string; sources: unknown[] }[]>(
    'GET',
    `${ADA}/permissions`,
  );
  expect(body.map(({ permission_name: name }) => name)).toEqual(['read', 'write']);
  expect(body[0]!.sources).toHaveLength(2);
  expect(body[0]!.sources).toEqual(expect.arrayContaining([byRole, direct]));
  expect(body[1]!.sources).toEqual([direct]);
  expect((await server.api('DELETE', `${ADA}/permissions`, { permissions: [READ, WRITE] })).status).toBe(204);
  expect((await server.api('GET', `${ADA}/permissions`)).body).toMatchObject([
    { ...READ, sources: [byRole] },
  ]);
});

test('a permission that no API has is refused with the field at fault, and none is given', async () => {
  const role = await create();
  for (const path of [`${ROOT}/${role.id}/permissions`, '/api/v2/users/auth0%7Cbob/permissions']) {
    for (const [permissions, pointer] of [
      [[READ, { ...READ, permission_name: 'delete' }], '/permissions/1/permission_name'],
      [
        [READ, { ...READ, resource_server_identifier: 'urn:none' }],
        '/permissions/1/resource_server_identifier',
      ],
      [[{ permission_name: 'read' }], '/permissions/0/resource_server_identifier'],
      [[], '/permissions'],
    ] as const)
      expect(await server.api('POST', path, { permissions })).toMatchObject({
        status: 400,
        body: { code: 'invalid_body', errors: [{ pointer }] },
      });
    expect((await server.api('GET', path)).body).toEqual([]);
  }
});

test('what is asked of a user who is not there is answered with that', async () => {
  const role = await create();
  for (const [method, path, body] of [
    ['GET', 'roles', undefined],
    ['POST', 'roles', { roles: [role.id] }],
    ['DELETE', 'roles', { roles: [role.id] }],
    ['GET', 'permissions', undefined],
    ['POST', 'permissions', { permissions: [READ] }],
    ['DELETE', 'permissions', { permissions: [READ] }],
    ['GET', 'organizations', undefined],
  ] as const)
    for (const user of ['auth0%7Cnobody', '%00'])
      expect(await server.api(method, `/api/v2/users/${user}/${path}`, body)).toMatchObject({
        status: 404,
        body: { code: 'user_not_found' },
      });
});

test('with a scope go its permissions, and with a user what they had', async () => {
  const role = await create();
  await server.api('POST', '/api/v2/users', { user_id: 'auth0|short' });
  await server.api('POST', '/api/v2/users/auth0%7Cshort/roles', { roles: [role.id] });
  await server.api('POST', '/api/v2/users/auth0%7Cshort/permissions', { permissions: [READ] });
  await server.api('POST', '/api/v2/resource-servers', {
    identifier: 'urn:changing',
    scopes: [{ value: 'stays' }, { value: 'goes' }],
  });
  const of = (permission_name: string) => ({ permission_name, resource_server_identifier: 'urn:changing' });
  await server.api('POST', `${ROOT}/${role.id}/permissions`, { permissions: [of('stays'), of('goes')] });
  await server.api('PATCH', '/api/v2/resource-servers/urn:changing', { scopes: [{ value: 'stays' }] });
  expect((await server.api('GET', `${ROOT}/${role.id}/permissions`)).body).toMatchObject([of('stays')]);
  await server.api('DELETE', '/api/v2/users/auth0%7Cshort');
  expect((await server.api('GET', `${ROOT}/${role.id}/users`)).body).toEqual([]);
  await server.api('POST', '/api/v2/users', { user_id: 'auth0|short' });
  for (const path of ['roles', 'permissions'])
    expect((await server.api('GET', `/api/v2/users/auth0%7Cshort/${path}`)).body).toEqual([]);
});
