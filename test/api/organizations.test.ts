import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Organization } from '../../src/tenant/organization.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let role: { id: string };
beforeAll(async () => {
  server = await startTestServer();
  for (const user_id of ['auth0|ada', 'auth0|bob'])
    await server.api('POST', '/api/v2/users', { user_id, email: `${user_id.slice(6)}@test.test` });
  role = (await server.api<{ id: string }>('POST', '/api/v2/roles', { name: 'Keeper' })).body;
});
afterAll(() => server.close());

const ROOT = '/api/v2/organizations';
const ADA = 'auth0%7Cada';
let made = 0;
const create = async (body: object = {}): Promise<Organization> => {
  const answer = await server.api<Organization>('POST', ROOT, { name: `org${made++}`, ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};

test('an organization is made, read by id and by name, patched and deleted', async () => {
  const organization = await create({
    name: 'acme-mint_1',
    branding: { logo_url: 'https://acme.test/logo.png', colors: { primary: '#0059d6' } },
    metadata: { tier: 'gold' },
  });
  expect(organization).toMatchObject({
    id: expect.stringMatching(/^org_[0-9a-f]{16}$/),
    display_name: 'acme-mint_1',
    metadata: { tier: 'gold' },
  });
  const path = `${ROOT}/${organization.id}`;
  for (const each of [path, `${ROOT}/name/acme-mint_1`])
    expect((await server.api('GET', each)).body).toEqual(organization);
  expect((await server.api('GET', `${path}?fields=name`)).body).toEqual({ name: 'acme-mint_1' });
  const patched = await server.api('PATCH', path, {
    name: 'acme',
    display_name: 'Acme',
    branding: null,
    metadata: { a: 'b' },
  });
  expect(patched.body).toMatchObject({ name: 'acme', display_name: 'Acme', metadata: { a: 'b' } });
  expect(patched.body['metadata']).toEqual({ a: 'b' });
  expect(patched.body).not.toHaveProperty('branding');
  expect((await server.api('GET', `${ROOT}/name/acme`)).body).toEqual(patched.body);
  expect((await server.api('GET', `${ROOT}/name/acme-mint_1`)).status).toBe(404);
  expect((await server.api('DELETE', path)).status).toBe(204);
  expect((await server.api('GET', `${ROOT}/name/%00`)).status).toBe(404);
});

test('what is asked of an organization that is not there is answered with that', async () => {
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['PATCH', '', {}],
    ['DELETE', '', undefined],
    ['GET', '/members', undefined],
    ['POST', '/members', { members: ['auth0|ada'] }],
    ['DELETE', '/members', { members: ['auth0|ada'] }],
    ['GET', `/members/${ADA}/roles`, undefined],
    ['POST', `/members/${ADA}/roles`, { roles: ['rol_1'] }],
    ['DELETE', `/members/${ADA}/roles`, { roles: ['rol_1'] }],
    ['GET', '/enabled_connections', undefined],
    ['POST', '/enabled_connections', { connection_id: 'con_UserPasswordAuth' }],
    ['GET', '/enabled_connections/con_UserPasswordAuth', undefined],
    ['PATCH', '/enabled_connections/con_UserPasswordAuth', {}],
    ['DELETE', '/enabled_connections/con_UserPasswordAuth', undefined],
  ] as const)
    expect(await server.api(method, `${ROOT}/org_nobody${path}`, body), `${method} ${path}`).toMatchObject({
      status: 404,
      body: { code: 'organization_not_found' },
    });
});

test('organizations are listed, and a name is taken once, also by a patch', async () => {
  const one = await create({ name: 'one' });
  const two = await create({ name: 'two' });
  expect((await server.api('GET', ROOT)).body).toEqual([one, two]);
  expect((await server.api('GET', `${ROOT}?include_totals=true&page=1&per_page=1`)).body).toEqual({
    start: 1,
    limit: 1,
    length: 1,
    total: 2,
    organizations: [two],
  });
  for (const answer of [
    await server.api('POST', ROOT, { name: 'one' }),
    await server.api('POST', ROOT, { name: 'three', id: one.id }),
    await server.api('PATCH', `${ROOT}/${two.id}`, { name: 'one' }),
  ])
    expect(answer).toMatchObject({ status: 409, body: { code: 'organization_exists' } });
});

test.each<[string, object, string]>([
  ['no name', {}, '/name'],
  ['a name in capitals', { name: 'Acme' }, '/name'],
  ['a name that could be an id', { name: 'org_acme' }, '/name'],
  ['a name that is too long', { name: 'x'.repeat(51) }, '/name'],
  [
    'a colour that is none',
    { name: 'a', branding: { colors: { primary: 'red' } } },
    '/branding/colors/primary',
  ],
  ['a script as logo', { name: 'a', branding: { logo_url: 'javascript:alert(1)' } }, '/branding/logo_url'],
  ['metadata that is no text', { name: 'a', metadata: { a: {} } }, '/metadata/a'],
  ['an unknown member', { name: 'a', members: [] }, '/members'],
])('an organization with %s is refused with the field at fault', async (_what, body, pointer) => {
  expect(await server.api('POST', ROOT, body)).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer }] },
  });
});

test('users become members, are listed, and are removed with what they had there', async () => {
  const { id } = await create();
  const path = `${ROOT}/${id}/members`;
  expect((await server.api('POST', path, { members: ['auth0|ada', 'auth0|bob'] })).status).toBe(204);
  expect((await server.api('POST', path, { members: ['auth0|ada'] })).status).toBe(204);
  expect((await server.api('GET', path)).body).toEqual([
    { user_id: 'auth0|ada', email: 'ada@test.test' },
    { user_id: 'auth0|bob', email: 'bob@test.test' },
  ]);
  expect((await server.api('GET', `${path}?include_totals=true&per_page=1`)).body).toMatchObject({
    total: 2,
    members: [{ user_id: 'auth0|ada' }],
  });
  expect((await server.api('GET', `/api/v2/users/${ADA}/organizations`)).body).toMatchObject([{ id }]);
  await server.api('POST', `${path}/${ADA}/roles`, { roles: [role.id] });
  expect((await server.api('DELETE', path, { members: ['auth0|ada', 'auth0|nobody'] })).status).toBe(204);
  expect((await server.api('GET', path)).body).toMatchObject([{ user_id: 'auth0|bob' }]);
  await server.api('POST', path, { members: ['auth0|ada'] });
  expect((await server.api('GET', `${path}/${ADA}/roles`)).body).toEqual([]);
});

test('a user who is not there becomes no member, and nobody else of that list does', async () => {
  const { id } = await create();
  expect(
    await server.api('POST', `${ROOT}/${id}/members`, { members: ['auth0|ada', 'auth0|nobody'] }),
  ).toMatchObject({ status: 400, body: { code: 'invalid_body', errors: [{ pointer: '/members/1' }] } });
  expect((await server.api('GET', `${ROOT}/${id}/members`)).body).toEqual([]);
  for (const body of [{}, { members: [] }, { members: [''] }, { users: ['auth0|ada'] }])
    expect(await server.api('POST', `${ROOT}/${id}/members`, body)).toMatchObject({ status: 400 });
});

test('a member has roles in the organization, which are none elsewhere', async () => {
  const { id } = await create();
  await server.api('POST', `${ROOT}/${id}/members`, { members: ['auth0|ada'] });
  const path = `${ROOT}/${id}/members/${ADA}/roles`;
  expect((await server.api('POST', path, { roles: [role.id] })).status).toBe(204);
  expect((await server.api('GET', path)).body).toEqual([role]);
  expect((await server.api('GET', `/api/v2/users/${ADA}/roles`)).body).toEqual([]);
  expect(await server.api('POST', path, { roles: ['rol_nobody'] })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '/roles/0' }] },
  });
  expect((await server.api('DELETE', path, { roles: [role.id] })).status).toBe(204);
  expect((await server.api('GET', path)).body).toEqual([]);
  for (const [method, body] of [
    ['GET', undefined],
    ['POST', { roles: [role.id] }],
    ['DELETE', { roles: [role.id] }],
  ] as const)
    expect(await server.api(method, `${ROOT}/${id}/members/auth0%7Cbob/roles`, body)).toMatchObject({
      status: 404,
      body: { code: 'member_not_found' },
    });
});

test('a connection serves an organization, with settings of its own', async () => {
  const { id } = await create();
  const path = `${ROOT}/${id}/enabled_connections`;
  const connection_id = 'con_UserPasswordAuth';
  const enabled = {
    connection_id,
    assign_membership_on_login: true,
    show_as_button: true,
    is_signup_enabled: false,
    connection: { name: 'Username-Password-Authentication', strategy: 'auth0' },
  };
  expect(await server.api('POST', path, { connection_id, assign_membership_on_login: true })).toMatchObject({
    status: 201,
    body: enabled,
  });
  expect((await server.api('GET', path)).body).toEqual([enabled]);
  expect((await server.api('GET', `${path}/${connection_id}`)).body).toEqual(enabled);
  expect((await server.api('PATCH', `${path}/${connection_id}`, { show_as_button: false })).body).toEqual({
    ...enabled,
    show_as_button: false,
  });
  expect(await server.api('PATCH', `${path}/${connection_id}`, { connection_id: 'x' })).toMatchObject({
    status: 400,
  });
  expect(await server.api('POST', path, { connection_id: 'con_nobody' })).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer: '/connection_id' }] },
  });
  expect((await server.api('DELETE', `${path}/${connection_id}`)).status).toBe(204);
  for (const method of ['GET', 'PATCH', 'DELETE'])
    expect(
      await server.api(method, `${path}/${connection_id}`, method === 'PATCH' ? {} : undefined),
    ).toMatchObject({ status: 404, body: { code: 'connection_not_found' } });
});
