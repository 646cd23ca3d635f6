import { expect } from 'vitest';
import { ClientGrantStore } from '../../src/storage/client-grant-store.js';
import { ClientStore } from '../../src/storage/client-store.js';
import { ConnectionStore } from '../../src/storage/connection-store.js';
import { OrganizationStore } from '../../src/storage/organization-store.js';
import { PermissionStore } from '../../src/storage/permission-store.js';
import { ResourceServerStore } from '../../src/storage/resource-server-store.js';
import { RoleStore } from '../../src/storage/role-store.js';
import { UserStore } from '../../src/storage/user-store.js';
import {
  clientGrantBodySchema,
  clientGrantFrom,
  type ClientGrant,
  type ClientGrantBody,
} from '../../src/tenant/client-grant.js';
import { connectionBodySchema, connectionFrom, type Connection } from '../../src/tenant/connection.js';
import {
  organizationBodySchema,
  organizationFrom,
  type Organization,
} from '../../src/tenant/organization.js';
import { resourceServerFrom } from '../../src/tenant/resource-server-changes.js';
import { resourceServerBodySchema, type ResourceServer } from '../../src/tenant/resource-server.js';
import { roleFrom, type Role } from '../../src/tenant/role.js';
import { onEachDatabase, type TestDatabase } from './each-database.js';
import { AT, HARD_TEXTS, aClient, aUser } from './samples.js';

const now = new Date(AT);
const FIRST = { page: 0, perPage: 50 };
const later = (milliseconds: number): Date => new Date(now.getTime() + milliseconds);

const anApi = (identifier: string, scopes: readonly string[] = [], at = now): ResourceServer =>
  resourceServerFrom(
    resourceServerBodySchema.parse({ identifier, scopes: scopes.map((value) => ({ value })) }),
    { now: at, id: `id-of-${identifier.replaceAll(/\W/g, '-')}`, signingSecret: 'secret' },
  );
const aGrant = (
  id: string,
  body: Partial<ClientGrantBody> & Pick<ClientGrant, 'client_id' | 'audience'>,
): ClientGrant =>
  clientGrantFrom(clientGrantBodySchema.parse(body), {
    now,
    api: anApi(body.audience, body.scope),
    id: `cgr_${id}`,
  });
const aConnection = (id: string, name: string, strategy = 'auth0'): Connection =>
  connectionFrom(connectionBodySchema.parse({ name, strategy }), { now, id: `con_${id}` });
const aRole = (id: string, name = id, at = now): Role => roleFrom({ name }, { now: at, id: `rol_${id}` });
const anOrganization = (id: string, name = id): Organization =>
  organizationFrom(organizationBodySchema.parse({ name }), { now, id: `org_${id}` });
const permission = (name: string, audience = 'urn:api') => ({
  permission_name: name,
  resource_server_identifier: audience,
});

async function stores(open: TestDatabase['open']) {
  const dataSource = await open();
  return {
    dataSource,
    clients: new ClientStore(dataSource),
    users: new UserStore(dataSource),
    apis: new ResourceServerStore(dataSource),
    grants: new ClientGrantStore(dataSource),
    connections: new ConnectionStore(dataSource),
    roles: new RoleStore(dataSource),
    permissions: new PermissionStore(dataSource),
    organizations: new OrganizationStore(dataSource),
  };
}
const idsIn = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id);

onEachDatabase('a resource server is found by id and by identifier, to the letter', async ({ open }) => {
  const { apis } = await stores(open);
  const api = anApi('https://api.test/', ['read']);
  await apis.insert(api);
  await apis.insert(anApi('https://api.test', [], later(1)));
  expect(await apis.get(api.id)).toEqual(api);
  expect(await apis.findByIdentifier('https://api.test/')).toEqual(api);
  expect(await apis.findByIdOrIdentifier(api.id)).toEqual(api);
  expect(await apis.findByIdOrIdentifier('https://api.test/')).toEqual(api);
  for (const other of ['HTTPS://api.test/', '', 'a\u0000', 'a\ud800'])
    expect(await apis.findByIdOrIdentifier(other)).toBeNull();
  expect((await apis.list(FIRST)).items.map(({ identifier }) => identifier)).toEqual([
    'https://api.test/',
    'https://api.test',
  ]);
});

onEachDatabase('of many instances that insert one identifier exactly one succeeds', async ({ open }) => {
  const instances = [await stores(open), await stores(open)];
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) =>
      instances[index % 2]!.apis.insert({ ...anApi('urn:api', ['read']), id: `id${index}` }),
    ),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected')
      expect(outcome.reason).toMatchObject({ code: 'resource_server_exists' });
  expect((await instances[0]!.apis.list(FIRST)).total).toBe(1);
});

onEachDatabase(
  'an id that is taken is refused, and the scopes that came with it are kept nowhere',
  async ({ open }) => {
    const { apis, dataSource } = await stores(open);
    const api = anApi('urn:api', ['read']);
    await apis.insert(api);
    await expect(apis.insert({ ...anApi('urn:new', ['write']), id: api.id })).rejects.toMatchObject({
      code: 'resource_server_exists',
    });
    expect(await apis.findByIdentifier('urn:new')).toBeNull();
    expect(await dataSource.query('SELECT value FROM scopes')).toEqual([{ value: 'read' }]);
  },
);

onEachDatabase('with a scope go its permissions, and those of the other scopes stay', async ({ open }) => {
  const { apis, roles, permissions, users } = await stores(open);
  const api = anApi('urn:api', ['read', 'write']);
  await apis.insert(api);
  await roles.insert(aRole('a'));
  await users.insert(aUser('auth0|ada'));
  expect(await permissions.grant('role', 'rol_a', [permission('read'), permission('write')])).toBe(true);
  expect(await permissions.grant('user', 'auth0|ada', [permission('write')])).toBe(true);
  await apis.update(api.id, (kept) => ({ ...kept, scopes: [{ value: 'read' }, { value: 'new' }] }));
  expect((await permissions.ofRole('rol_a')).map(({ permission_name: name }) => name)).toEqual(['read']);
  expect(await permissions.permissionsOf('auth0|ada', 'urn:api')).toEqual([]);
  expect(await permissions.grant('role', 'rol_a', [permission('write')])).toBe(false);
  expect(await permissions.grant('role', 'rol_a', [permission('new')])).toBe(true);
  await apis.delete(api.id);
  expect(await permissions.ofRole('rol_a')).toEqual([]);
});

onEachDatabase('concurrent changes of the scopes of an API lose none', async ({ open }) => {
  const instances = [await stores(open), await stores(open)];
  const { apis, roles, permissions } = instances[0]!;
  const api = anApi('urn:api');
  await apis.insert(api);
  await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      instances[index % 2]!.apis.update(api.id, (kept) => ({
        ...kept,
        scopes: [...kept.scopes, { value: `scope${index}` }],
      })),
    ),
  );
  const scopes = (await apis.get(api.id))!.scopes.map(({ value }) => value);
  expect(scopes.toSorted()).toEqual(Array.from({ length: 12 }, (_, index) => `scope${index}`).toSorted());
  await roles.insert(aRole('a'));
  expect(
    await permissions.grant(
      'role',
      'rol_a',
      scopes.map((name) => permission(name)),
    ),
  ).toBe(true);
});

onEachDatabase('a grant is found by client, audience and subject type', async ({ open }) => {
  const { apis, clients, grants } = await stores(open);
  for (const id of ['one', 'two']) await clients.insert(aClient(id));
  for (const identifier of ['urn:a', 'urn:b']) await apis.insert(anApi(identifier, ['read']));
  const grant = aGrant('1', { client_id: 'one', audience: 'urn:a', scope: ['read'] });
  await grants.insert(grant);
  await grants.insert(aGrant('2', { client_id: 'one', audience: 'urn:a', subject_type: 'user' }));
  await grants.insert(aGrant('3', { client_id: 'two', audience: 'urn:a' }));
  await grants.insert(aGrant('4', { client_id: 'one', audience: 'urn:b' }));
  expect(await grants.find('one', 'urn:a', 'client')).toEqual(grant);
  expect(await grants.find('one', 'urn:a', 'user')).toMatchObject({ id: 'cgr_2' });
  expect(await grants.find('two', 'urn:b', 'client')).toBeNull();
  expect(await grants.find('a\u0000', 'urn:a', 'client')).toBeNull();
  expect(idsIn((await grants.list({ ...FIRST, client_id: 'one' })).items)).toEqual([
    'cgr_1',
    'cgr_2',
    'cgr_4',
  ]);
  expect(await grants.list({ page: 1, perPage: 2, audience: 'urn:a' })).toMatchObject({
    items: [{ id: 'cgr_3' }],
    total: 3,
  });
  await expect(grants.insert({ ...grant, id: 'cgr_5' })).rejects.toMatchObject({
    code: 'client_grant_exists',
  });
  await expect(grants.insert({ ...grant, id: 'cgr_6', client_id: 'nobody' })).rejects.toMatchObject({
    code: 'invalid_body',
  });
});

onEachDatabase('a grant goes with its client, and with its API', async ({ open }) => {
  const { apis, clients, grants } = await stores(open);
  for (const id of ['stays', 'goes']) await clients.insert(aClient(id));
  for (const identifier of ['urn:stays', 'urn:goes']) await apis.insert(anApi(identifier));
  await grants.insert(aGrant('1', { client_id: 'goes', audience: 'urn:stays' }));
  await grants.insert(aGrant('2', { client_id: 'stays', audience: 'urn:goes' }));
  await grants.insert(aGrant('3', { client_id: 'stays', audience: 'urn:stays' }));
  // written over, a client stays, and its grants with it
  await clients.upsert(aClient('stays', { name: 'Again' }));
  await clients.delete('goes');
  await apis.delete(anApi('urn:goes').id);
  expect(idsIn((await grants.list(FIRST)).items)).toEqual(['cgr_3']);
});

onEachDatabase('a tenant begins with one connection, whichever instance asks', async ({ open }) => {
  const [one, two] = await Promise.all([stores(open), stores(open)]);
  const { items, total } = await one.connections.list(FIRST);
  expect(total).toBe(1);
  expect(items[0]).toEqual({
    ...aConnection('UserPasswordAuth', 'Username-Password-Authentication'),
    created_at: items[0]!.created_at,
    updated_at: items[0]!.updated_at,
  });
  expect((await two.connections.list(FIRST)).items).toEqual(items);
  expect(await two.connections.findByName('Username-Password-Authentication')).toEqual(items[0]);
  expect(await one.connections.delete('con_UserPasswordAuth')).toBe(true);
  expect((await (await stores(open)).connections.list(FIRST)).total).toBe(0);
});

onEachDatabase('connections are found by name and strategy, and a name is taken once', async ({ open }) => {
  const { connections } = await stores(open);
  await connections.insert(aConnection('1', 'one', 'samlp'));
  await connections.insert(aConnection('2', 'two', 'samlp'));
  expect(idsIn((await connections.list({ ...FIRST, strategy: 'samlp' })).items)).toEqual(['con_1', 'con_2']);
  expect(idsIn((await connections.list({ ...FIRST, strategy: 'samlp', name: 'two' })).items)).toEqual([
    'con_2',
  ]);
  expect(await connections.findByName('Two')).toBeNull();
  expect(await connections.findByName('a\u0000')).toBeNull();
  await expect(connections.insert(aConnection('3', 'one'))).rejects.toMatchObject({
    code: 'connection_exists',
  });
});

onEachDatabase('every text can be the name of a role, and is taken once', async ({ open }) => {
  const { roles } = await stores(open);
  const names = [...HARD_TEXTS, 'lone \ud800', 'lone \ud801'];
  for (const [index, name] of names.entries()) await roles.insert(aRole(`${index}`, name));
  for (const [index, name] of names.entries())
    expect(await roles.findByName(name)).toEqual(aRole(`${index}`, name));
  await expect(roles.insert(aRole('new', names[0]))).rejects.toMatchObject({ code: 'role_exists' });
  await expect(roles.update('rol_0', (kept) => ({ ...kept, name: names[1]! }))).rejects.toMatchObject({
    code: 'role_exists',
  });
  expect(await roles.get('rol_0')).toEqual(aRole('0', names[0]));
});

onEachDatabase('users have roles, each once, and lose them with either', async ({ open }) => {
  const { roles, users } = await stores(open);
  for (const id of ['auth0|ada', 'auth0|bob']) await users.insert(aUser(id));
  await roles.insert(aRole('young', 'young', later(1)));
  await roles.insert(aRole('old'));
  await roles.insert(aRole('other', 'other', later(2)));
  expect(await roles.assign(['auth0|bob'], ['rol_old'], now)).toBe(true);
  expect(await roles.assign(['auth0|ada', 'auth0|bob'], ['rol_young', 'rol_old'], later(1))).toBe(true);
  expect(idsIn(await roles.ofUser('auth0|ada'))).toEqual(['rol_old', 'rol_young']);
  expect(await roles.listOfUser('auth0|ada', { page: 1, perPage: 1 })).toMatchObject({
    items: [{ id: 'rol_young' }],
    total: 2,
  });
  expect((await roles.users('rol_old', FIRST)).items.map(({ user_id: id }) => id)).toEqual([
    'auth0|bob',
    'auth0|ada',
  ]);
  for (const [userIds, roleIds] of [
    [['auth0|ada', 'auth0|nobody'], ['rol_other']],
    [['auth0|ada'], ['rol_other', 'rol_nobody']],
    [['a\u0000'], ['rol_other']],
    [['auth0|ada'], ['a\ud800']],
  ] as const)
    expect(await roles.assign(userIds, roleIds, now)).toBe(false);
  expect((await roles.users('rol_other', FIRST)).total).toBe(0);
  await roles.unassign('auth0|ada', ['rol_old', 'rol_nobody', 'a\u0000']);
  expect(idsIn(await roles.ofUser('auth0|ada'))).toEqual(['rol_young']);
  expect(await roles.setOfUser('auth0|ada', ['rol_other', 'rol_old'], now)).toBe(true);
  expect(idsIn(await roles.ofUser('auth0|ada'))).toEqual(['rol_old', 'rol_other']);
  expect(await roles.setOfUser('auth0|ada', ['rol_nobody'], now)).toBe(false);
  expect(idsIn(await roles.ofUser('auth0|ada'))).toEqual(['rol_old', 'rol_other']);
  expect(await roles.setOfUser('auth0|ada', [], now)).toBe(true);
  expect(await roles.ofUser('auth0|ada')).toEqual([]);
  await roles.delete('rol_old');
  await users.delete('auth0|bob');
  await users.insert(aUser('auth0|bob'));
  expect(await roles.ofUser('auth0|bob')).toEqual([]);
  expect(await roles.ofUser('a\u0000')).toEqual([]);
});

onEachDatabase(
  'what a user may do at an API is what their roles give, and what is their own',
  async ({ open }) => {
    const { apis, roles, permissions, users } = await stores(open);
    await apis.insert(anApi('urn:api', ['read', 'Write', 'delete']));
    await apis.insert(anApi('urn:other', ['read'], later(1)));
    for (const id of ['auth0|ada', 'auth0|bob']) await users.insert(aUser(id));
    for (const id of ['a', 'b', 'c']) await roles.insert(aRole(id));
    await permissions.set('role', 'rol_a', [permission('read')]);
    await permissions.set('role', 'rol_b', [permission('read'), permission('Write')]);
    await permissions.set('role', 'rol_c', [permission('delete')]);
    await permissions.grant('user', 'auth0|ada', [permission('read'), permission('read', 'urn:other')]);
    await roles.assign(['auth0|ada'], ['rol_a', 'rol_b'], now);
    expect(await permissions.permissionsOf('auth0|ada', 'urn:api')).toEqual(['Write', 'read']);
    expect(await permissions.permissionsOf('auth0|ada', 'urn:other')).toEqual(['read']);
    expect(await permissions.permissionsOf('auth0|ada', 'urn:none')).toEqual([]);
    expect(await permissions.permissionsOf('auth0|bob', 'urn:api')).toEqual([]);
    expect(await permissions.permissionsOf('a\u0000', 'urn:api')).toEqual([]);
    const all = await permissions.ofUser('auth0|ada');
    expect(
      all.map(({ resource_server_identifier: at, permission_name: name, roles: from }) => [
        at,
        name,
        from.map((role) => role?.id ?? 'own').toSorted(),
      ]),
    ).toEqual([
      ['urn:api', 'Write', ['rol_b']],
      ['urn:api', 'read', ['own', 'rol_a', 'rol_b']],
      ['urn:other', 'read', ['own']],
    ]);
    await permissions.revoke('role', 'rol_b', [permission('read'), permission('none')]);
    await permissions.revoke('user', 'auth0|ada', [permission('read', 'urn:other')]);
    expect(await permissions.permissionsOf('auth0|ada', 'urn:other')).toEqual([]);
    await roles.delete('rol_a');
    expect(await permissions.permissionsOf('auth0|ada', 'urn:api')).toEqual(['Write', 'read']);
    for (const [holder, id] of [
      ['role', 'rol_nobody'],
      ['user', 'auth0|nobody'],
      ['user', 'a\u0000'],
    ] as const)
      expect(await permissions.grant(holder, id, [permission('read')])).toBe(false);
    expect(await permissions.set('role', 'rol_b', [permission('read'), permission('none')])).toBe(false);
    expect((await permissions.ofRole('rol_b')).map(({ permission_name: name }) => name)).toEqual(['Write']);
  },
);

onEachDatabase('an organization is found by id and by name, whatever it is called now', async ({ open }) => {
  const { organizations } = await stores(open);
  const acme = anOrganization('1', 'acme');
  await organizations.insert(acme);
  await organizations.insert(anOrganization('2', 'other'));
  for (const text of ['org_1', 'acme']) expect(await organizations.findByIdOrName(text)).toEqual(acme);
  for (const text of ['org_acme', 'ACME', '', 'a\u0000', 'org_\u0000'])
    expect(await organizations.findByIdOrName(text)).toBeNull();
  await organizations.update('org_1', (kept) => ({ ...kept, name: 'new' }));
  expect(await organizations.findByIdOrName('acme')).toBeNull();
  expect(await organizations.findByIdOrName('new')).toMatchObject({ id: 'org_1' });
  await expect(organizations.update('org_1', (kept) => ({ ...kept, name: 'other' }))).rejects.toMatchObject({
    code: 'organization_exists',
  });
  await expect(organizations.insert(anOrganization('3', 'other'))).rejects.toMatchObject({
    code: 'organization_exists',
  });
});

onEachDatabase(
  'members belong to an organization with their roles there, until either goes',
  async ({ open }) => {
    const { organizations, roles, users } = await stores(open);
    for (const id of ['auth0|ada', 'auth0|bob', 'auth0|eve']) await users.insert(aUser(id));
    for (const id of ['1', '2']) await organizations.insert(anOrganization(id));
    for (const id of ['a', 'b']) await roles.insert(aRole(id));
    const members = async (id: string): Promise<string[]> =>
      (await organizations.members(id, FIRST)).items.map(({ user_id: user }) => user);
    const rolesOf = async (id: string, user: string): Promise<string[]> =>
      idsIn((await organizations.memberRoles(id, user, FIRST)).items);

    expect(await organizations.addMembers('org_1', ['auth0|bob'], now)).toBe(true);
    expect(await organizations.addMembers('org_1', ['auth0|ada', 'auth0|bob'], later(1))).toBe(true);
    expect(await members('org_1')).toEqual(['auth0|bob', 'auth0|ada']);
    expect(await organizations.addMembers('org_1', ['auth0|eve', 'auth0|nobody'], now)).toBe(false);
    expect(await organizations.addMembers('org_none', ['auth0|eve'], now)).toBe(false);
    expect(await organizations.isMember('org_1', 'auth0|ada')).toBe(true);
    for (const [id, user] of [
      ['org_2', 'auth0|ada'],
      ['org_1', 'auth0|eve'],
      ['org_1', 'a\u0000'],
    ] as const)
      expect(await organizations.isMember(id, user)).toBe(false);
    expect(idsIn((await organizations.ofUser('auth0|ada', FIRST)).items)).toEqual(['org_1']);

    expect(await organizations.assignRoles('org_1', 'auth0|ada', ['rol_a', 'rol_b'])).toBe(true);
    expect(await organizations.assignRoles('org_1', 'auth0|eve', ['rol_a'])).toBe(false);
    expect(await organizations.assignRoles('org_1', 'auth0|ada', ['rol_none'])).toBe(false);
    expect(await rolesOf('org_1', 'auth0|ada')).toEqual(['rol_a', 'rol_b']);
    expect(await rolesOf('org_2', 'auth0|ada')).toEqual([]);
    expect(await roles.ofUser('auth0|ada')).toEqual([]);
    await organizations.unassignRoles('org_1', 'auth0|ada', ['rol_a', 'a\u0000']);
    expect(await rolesOf('org_1', 'auth0|ada')).toEqual(['rol_b']);

    const set = [
      { userId: 'auth0|eve', roleIds: ['rol_a'] },
      { userId: 'auth0|bob', roleIds: [] },
    ];
    expect(await organizations.setMembers('org_1', set, later(2))).toBe(true);
    expect(await members('org_1')).toEqual(['auth0|bob', 'auth0|eve']);
    expect(await rolesOf('org_1', 'auth0|eve')).toEqual(['rol_a']);
    expect(await organizations.setMembers('org_1', [{ userId: 'auth0|x', roleIds: [] }], now)).toBe(false);
    expect(await members('org_1')).toEqual(['auth0|bob', 'auth0|eve']);
    await organizations.removeMembers('org_1', ['auth0|eve', 'a\u0000']);
    await organizations.addMembers('org_1', ['auth0|eve'], now);
    expect(await rolesOf('org_1', 'auth0|eve')).toEqual([]);
    await users.delete('auth0|bob');
    expect(await members('org_1')).toEqual(['auth0|eve']);
    await organizations.delete('org_1');
    expect((await organizations.ofUser('auth0|eve', FIRST)).total).toBe(0);
  },
);

onEachDatabase('connections serve an organization, each with the settings put last', async ({ open }) => {
  const { connections, organizations } = await stores(open);
  await organizations.insert(anOrganization('1'));
  await connections.insert(aConnection('1', 'one', 'samlp'));
  const settings = {
    connection_id: 'con_1',
    assign_membership_on_login: true,
    show_as_button: true,
    is_signup_enabled: false,
  };
  expect(await organizations.putConnection('org_1', settings)).toBe(true);
  expect(await organizations.putConnection('org_1', { ...settings, show_as_button: false })).toBe(true);
  expect(await organizations.connections('org_1')).toEqual([
    { ...settings, show_as_button: false, connection: { name: 'one', strategy: 'samlp' } },
  ]);
  for (const [id, connection_id] of [
    ['org_2', 'con_1'],
    ['org_1', 'con_2'],
    ['org_1', 'a\u0000'],
  ] as const)
    expect(await organizations.putConnection(id, { ...settings, connection_id })).toBe(false);
  expect(await organizations.removeConnection('org_1', 'con_2')).toBe(false);
  expect(await organizations.removeConnection('org_1', 'a\u0000')).toBe(false);
  expect(await organizations.removeConnection('org_1', 'con_1')).toBe(true);
  await organizations.putConnection('org_1', settings);
  await connections.delete('con_1');
  expect(await organizations.connections('org_1')).toEqual([]);
});
