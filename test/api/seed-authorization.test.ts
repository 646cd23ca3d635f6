import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClientGrantStore } from '../../src/storage/client-grant-store.js';
import { OrganizationStore } from '../../src/storage/organization-store.js';
import { PermissionStore } from '../../src/storage/permission-store.js';
import { RoleStore } from '../../src/storage/role-store.js';
import { startTestServer, type TestServer } from '../support/server.js';

let folder: string;
let running: TestServer[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mintmark-seed-'));
  running = [];
});
afterEach(async () => {
  for (const server of running) await server.close();
  await rm(folder, { recursive: true });
});

/** A server on the one database of this test. */
async function start(yaml: string): Promise<TestServer> {
  const MINTMARK_SEED = join(folder, 'seed.yaml');
  await writeFile(MINTMARK_SEED, yaml);
  const server = await startTestServer({
    DATABASE_URL: `file:${join(folder, 'tenant.sqlite')}`,
    MINTMARK_SEED,
    MINTMARK_LOG_LEVEL: 'silent',
  });
  running.push(server);
  return server;
}

const SEED = `resource_servers:
  - identifier: urn:api
    scopes: [{ value: read }, { value: write }]
  - { identifier: urn:mac, signing_alg: HS256 }
clients:
  - { client_id: worker, name: Worker }
client_grants:
  - { client_id: worker, audience: urn:api, scope: [read] }
connections:
  - { name: corporate, strategy: samlp }
  - { name: Username-Password-Authentication, strategy: auth0, enabled_clients: [worker] }
roles:
  - name: Reader
    permissions: [{ permission_name: read, resource_server_identifier: urn:api }]
  - { name: Keeper }
users:
  - { user_id: ada, email: ada@test.test, roles: [Reader] }
  - { user_id: bob }
organizations:
  - id: org_acme
    name: acme
    members: [bob, { user_id: ada, roles: [Keeper] }]
`;

const LISTS = ['resource-servers', 'client-grants', 'connections', 'roles', 'organizations', 'users'];
const stored = async (server: TestServer): Promise<unknown> => {
  const answers: Record<string, unknown> = {};
  for (const list of [
    ...LISTS,
    'users/auth0%7Cada/roles',
    'users/auth0%7Cada/permissions',
    'organizations/org_acme/members',
    'organizations/org_acme/members/auth0%7Cada/roles',
  ])
    answers[list] = (await server.api('GET', `/api/v2/${list}`)).body;
  return answers;
};

test('a seed makes APIs, grants, connections, roles and organizations, with who has what', async () => {
  const { app, api } = await start(SEED);
  expect(await app.get(ClientGrantStore).find('worker', 'urn:api', 'client')).toMatchObject({
    scope: ['read'],
  });
  expect((await app.get(RoleStore).ofUser('auth0|ada')).map(({ name }) => name)).toEqual(['Reader']);
  expect(await app.get(PermissionStore).permissionsOf('auth0|ada', 'urn:api')).toEqual(['read']);
  const organizations = app.get(OrganizationStore);
  expect(await organizations.findByIdOrName('acme')).toMatchObject({ id: 'org_acme' });
  expect(await organizations.isMember('org_acme', 'auth0|bob')).toBe(true);
  expect((await api('GET', '/api/v2/organizations/org_acme/members/auth0%7Cada/roles')).body).toMatchObject([
    { name: 'Keeper' },
  ]);
  expect((await api('GET', '/api/v2/users/auth0%7Cada')).body).not.toHaveProperty('roles');
  // the one that is always there is laid over, not made anew
  expect((await api('GET', '/api/v2/connections?name=Username-Password-Authentication')).body).toMatchObject([
    { id: 'con_UserPasswordAuth', enabled_clients: ['worker'] },
  ]);
});

test('a seed that is applied twice changes nothing the second time: ids, dates and secrets stay', async () => {
  const before = await stored(await start(SEED));
  expect(await stored(await start(SEED))).toEqual(before);
});

test('instances that start at once with one seed agree', async () => {
  const instances = await Promise.all([start(SEED), start(SEED), start(SEED)]);
  const [first, ...others] = await Promise.all(instances.map(stored));
  for (const other of others) expect(other).toEqual(first);
});

test('at each start what a list names is set, and what the seed does not name stays', async () => {
  const first = await start(SEED);
  const keeper = (await first.api<{ id: string; name: string }[]>('GET', '/api/v2/roles')).body.find(
    ({ name }) => name === 'Keeper',
  )!;
  await first.api('POST', '/api/v2/users/auth0%7Cada/roles', { roles: [keeper.id] });
  await first.api('POST', '/api/v2/users/auth0%7Cbob/roles', { roles: [keeper.id] });
  await first.api('POST', '/api/v2/organizations', { name: 'by-hand' });
  await first.api('PATCH', '/api/v2/resource-servers/urn:api', { token_lifetime: 60 });

  const second = await start(
    SEED.replace('members: [bob, ', 'members: [').replace(
      '[{ value: read }, { value: write }]',
      '[{ value: read }]',
    ),
  );
  const names = async (path: string): Promise<unknown> =>
    (await second.api<{ name?: string; user_id?: string }[]>('GET', path)).body.map(
      ({ name, user_id: userId }) => userId ?? name,
    );
  expect(await names('/api/v2/users/auth0%7Cada/roles')).toEqual(['Reader']);
  expect(await names('/api/v2/users/auth0%7Cbob/roles')).toEqual(['Keeper']);
  expect(await names('/api/v2/organizations')).toEqual(['acme', 'by-hand']);
  expect(await names('/api/v2/organizations/org_acme/members')).toEqual(['auth0|ada']);
  expect((await second.api('GET', '/api/v2/resource-servers/urn:api')).body).toMatchObject({
    token_lifetime: 86_400,
    scopes: [{ value: 'read' }],
  });
});

test('an algorithm that is changed takes its secret along', async () => {
  await start(SEED);
  const { api } = await start(SEED.replace('signing_alg: HS256', 'signing_alg: PS256'));
  expect((await api('GET', '/api/v2/resource-servers/urn:mac')).body).not.toHaveProperty('signing_secret');
});

test('an id never changes, and nothing is written of a seed that wants it to', async () => {
  const server = await start(SEED);
  const before = await stored(server);
  await expect(
    start(SEED.replace('org_acme', 'org_other').replace('name: Worker', 'name: New')),
  ).rejects.toThrow(
    expect.objectContaining({
      code: 'seed_invalid',
      description: expect.stringContaining('organization "acme": it is kept with the id org_acme'),
    }),
  );
  expect(await stored(server)).toEqual(before);
  expect((await server.api('GET', '/api/v2/clients/worker')).body).toMatchObject({ name: 'Worker' });
});
