/** The ManagementClient of node-auth0, unmodified, at `/api/v2`: each kind is made, read, changed, listed and deleted. */
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { startTrusting, type TrustingProcess } from '../support/trusting-process.js';
import type * as party from './auth0-management-party.js';

let server: TestServer;
let sdk: TrustingProcess<typeof party>;
let domain: string;
beforeAll(async () => {
  server = await startTestServer({ MINTMARK_TLS: 'self' });
  domain = new URL(server.baseUrl).host;
  sdk = await startTrusting(
    new URL('auth0-management-party.ts', import.meta.url),
    server.authority!.certificatePem,
  );
  await sdk.call('begin', { domain, token: 'nobody asks for it on loopback' });
});
afterAll(async () => {
  await sdk.stop();
  await server.close();
});

type Thing = Record<string, unknown>;
const ask = (path: string, ...given: readonly unknown[]): Promise<Thing> =>
  sdk.call('ask', path, ...given) as Promise<Thing>;
const all = (path: string, ...given: readonly unknown[]): Promise<readonly Thing[]> =>
  sdk.call('all', path, ...given) as Promise<readonly Thing[]>;

const API = 'https://things.example.test/';
const KINDS = {
  clients: {
    id: 'client_id',
    body: {
      name: 'Web',
      app_type: 'regular_web',
      callbacks: ['https://app.example.test/callback'],
      grant_types: ['authorization_code', 'client_credentials'],
      jwt_configuration: { alg: 'RS256', lifetime_in_seconds: 3600 },
      oidc_conformant: true,
    },
    change: { name: 'Web 2', refresh_token: { rotation_type: 'rotating', expiration_type: 'expiring' } },
  },
  connections: { id: 'id', body: { name: 'staff', strategy: 'auth0' }, change: { metadata: { a: 'b' } } },
  users: {
    id: 'user_id',
    body: {
      email: 'bob@example.test',
      password: 'correct horse battery',
      connection: 'Username-Password-Authentication',
      email_verified: true,
      app_metadata: { plan: 'gold' },
    },
    change: { name: 'Bob', user_metadata: { theme: 'dark' } },
  },
  resourceServers: {
    id: 'id',
    body: {
      identifier: API,
      name: 'Things',
      signing_alg: 'RS256',
      enforce_policies: true,
      token_dialect: 'access_token_authz',
      scopes: [{ value: 'read:things', description: 'Read' }],
    },
    change: { name: 'All things' },
  },
  roles: { id: 'id', body: { name: 'admin', description: 'May do all' }, change: { description: 'May' } },
  organizations: {
    id: 'id',
    body: { name: 'acme', display_name: 'Acme', metadata: { size: 'small' } },
    change: { display_name: 'ACME' },
  },
  actions: {
    id: 'id',
    body: {
      name: 'Greet',
      supported_triggers: [{ id: 'post-login', version: 'v3' }],
      code: 'exports.onExecutePostLogin = async () => {};',
      runtime: 'node22',
      dependencies: [],
      secrets: [],
    },
    change: { code: 'exports.onExecutePostLogin = async () => undefined;' },
  },
} as const;
type Kind = keyof typeof KINDS;

/** What it was made with; the rest is the server's. */
async function made(kind: Kind): Promise<{ readonly id: string; readonly thing: Thing }> {
  const thing = await ask(`${kind}.create`, KINDS[kind].body);
  return { id: thing[KINDS[kind].id] as string, thing };
}

test.each(Object.keys(KINDS) as Kind[])('%s are made, read, changed, listed and deleted', async (kind) => {
  const { password: _, ...body } = { password: undefined, ...KINDS[kind].body };
  const { change } = KINDS[kind];
  const { id, thing } = await made(kind);
  expect(thing).toMatchObject(kind === 'users' ? { email: body['email' as never] } : (body as Thing));
  expect(await ask(`${kind}.get`, id)).toEqual(thing);
  expect(await ask(`${kind}.update`, id, change)).toMatchObject(change);
  expect(await ask(`${kind}.get`, id)).toMatchObject(change);
  expect(await all(`${kind}.list`)).toContainEqual(expect.objectContaining({ [KINDS[kind].id]: id }));
  await ask(`${kind}.delete`, id);
  await expect(ask(`${kind}.get`, id)).rejects.toMatchObject({ name: 'NotFoundError', statusCode: 404 });
  expect(await all(`${kind}.list`)).not.toContainEqual(expect.objectContaining({ [KINDS[kind].id]: id }));
});

test.each([
  ['organizations', 'take'],
  ['clients', 'per_page'],
] as const)('it reads the list of %s to its end, page by page', async (kind, size) => {
  const names = ['one', 'two', 'three'];
  const ids = [];
  for (const name of names)
    ids.push((await ask(`${kind}.create`, { ...KINDS[kind].body, name }))[KINDS[kind].id]);
  expect((await all(`${kind}.list`, { [size]: 2 })).map(({ name }) => name)).toEqual(names);
  for (const id of ids) await ask(`${kind}.delete`, id);
});

test('lists are read by what Auth0 tells them apart by', async () => {
  const clients: Thing[] = [];
  for (const app_type of ['spa', 'native', 'regular_web'])
    clients.push(
      await ask('clients.create', { name: app_type, app_type, is_first_party: app_type !== 'spa' }),
    );
  const namesOf = async (kind: string, wishes: Thing) =>
    (await all(`${kind}.list`, wishes)).map(({ name }) => name);
  expect(await namesOf('clients', { is_global: false, app_type: 'spa,native' })).toEqual(['spa', 'native']);
  expect(await namesOf('clients', { is_first_party: false })).toEqual(['spa']);
  expect(await namesOf('clients', { is_global: true })).toEqual([]);
  // page by page, too
  expect(await namesOf('clients', { app_type: 'regular_web,native', per_page: 1 })).toEqual([
    'native',
    'regular_web',
  ]);
  for (const { client_id: id } of clients) await ask('clients.delete', id);

  const roles = [
    await ask('roles.create', { name: 'Editor' }),
    await ask('roles.create', { name: 'Reader' }),
  ];
  expect(await namesOf('roles', { name_filter: 'edit' })).toEqual(['Editor']);
  for (const { id } of roles) await ask('roles.delete', id);

  const apis: Thing[] = [];
  for (const name of ['one', 'two', 'three'])
    apis.push(await ask('resourceServers.create', { identifier: `urn:${name}`, name }));
  expect(await namesOf('resourceServers', { identifiers: 'urn:two' })).toEqual(['two']);
  expect(await namesOf('resourceServers', { identifiers: ['urn:one', 'urn:three'] })).toEqual([
    'one',
    'three',
  ]);
  for (const { id } of apis) await ask('resourceServers.delete', id);

  const connections: Thing[] = [];
  for (const strategy of ['samlp', 'oidc', 'waad'])
    connections.push(await ask('connections.create', { name: strategy, strategy }));
  expect(await namesOf('connections', { strategy: ['samlp', 'waad'] })).toEqual(['samlp', 'waad']);
  expect(await namesOf('connections', { strategy: 'oidc' })).toEqual(['oidc']);
  for (const { id } of connections) await ask('connections.delete', id);
});

test('what belongs together is put together and taken apart', async () => {
  const [{ id: clientId }, { id: userId }, { id: roleId }, { id: organizationId }, { id: connectionId }] =
    await Promise.all([
      made('clients'),
      made('users'),
      made('roles'),
      made('organizations'),
      made('connections'),
    ]);
  await made('resourceServers');
  const permissions = [{ permission_name: 'read:things', resource_server_identifier: API }];

  const grant = await ask('clientGrants.create', {
    client_id: clientId,
    audience: API,
    scope: ['read:things'],
  });
  expect(await all('clientGrants.list', { client_id: clientId })).toEqual([grant]);
  expect(await all('clientGrants.list', { allow_any_organization: 'true' })).toEqual([]);
  expect(await all('clientGrants.list', { allow_any_organization: 'false' })).toEqual([grant]);
  expect(await ask('clientGrants.update', grant['id'], { scope: [] })).toMatchObject({ scope: [] });
  await ask('clientGrants.delete', grant['id']);
  expect(await all('clientGrants.list', { take: 1 })).toEqual([]);

  await ask('roles.permissions.add', roleId, { permissions });
  await ask('users.roles.assign', userId, { roles: [roleId] });
  expect(await all('roles.permissions.list', roleId)).toMatchObject(permissions);
  expect(await all('users.roles.list', userId)).toMatchObject([{ id: roleId }]);
  expect(await all('roles.users.list', roleId)).toMatchObject([{ user_id: userId }]);
  expect(await all('users.permissions.list', userId)).toMatchObject(permissions);
  await ask('users.roles.delete', userId, { roles: [roleId] });
  expect(await all('users.permissions.list', userId)).toEqual([]);

  expect(await ask('organizations.getByName', 'acme')).toMatchObject({ id: organizationId });
  await ask('organizations.members.create', organizationId, { members: [userId] });
  await ask('organizations.members.roles.assign', organizationId, userId, { roles: [roleId] });
  expect(await all('organizations.members.list', organizationId)).toMatchObject([{ user_id: userId }]);
  expect(await all('organizations.members.roles.list', organizationId, userId)).toMatchObject([
    { id: roleId },
  ]);
  expect(await all('users.organizations.list', userId)).toMatchObject([{ id: organizationId }]);
  await ask('organizations.enabledConnections.add', organizationId, { connection_id: connectionId });
  expect(await all('organizations.enabledConnections.list', organizationId)).toMatchObject([
    { connection_id: connectionId, connection: { name: 'staff', strategy: 'auth0' } },
  ]);
  expect(await all('connections.list', { name: 'staff', strategy: ['auth0'] })).toHaveLength(1);
  expect(await ask('users.listUsersByEmail', { email: 'bob@example.test' })).toMatchObject([
    { user_id: userId },
  ]);
  expect(await all('users.sessions.list', userId)).toEqual([]);
  expect(await all('users.refreshToken.list', userId)).toEqual([]);
});

test('the tenant is given a name for people', async () => {
  expect(await ask('tenants.settings.update', { friendly_name: 'Staging' })).toMatchObject({
    friendly_name: 'Staging',
  });
  expect(await ask('tenants.settings.get')).toMatchObject({ friendly_name: 'Staging', name: 'mintmark' });
});

test('an Action is deployed and bound', async () => {
  const { id } = await made('actions');
  expect(await ask('actions.deploy', id)).toMatchObject({ deployed: true, number: 1 });
  expect(await all('actions.versions.list', id)).toMatchObject([{ number: 1 }]);
  const bindings = [{ ref: { type: 'action_id', value: id }, display_name: 'Greet' }];
  await ask('actions.triggers.bindings.updateMany', 'post-login', { bindings });
  expect(await all('actions.triggers.bindings.list', 'post-login')).toMatchObject([{ action: { id } }]);
  await ask('actions.triggers.bindings.updateMany', 'post-login', { bindings: [] });
  await ask('actions.delete', id, { force: true });
});

test('a signing key is rotated, and the one before it revoked', async () => {
  const listed = () => ask('keys.signing.list') as unknown as Promise<readonly Thing[]>;
  const [old, ...none] = await listed();
  expect(none).toEqual([]);
  expect(old).toMatchObject({ current: true, next: false, previous: false, revoked: false });
  const { fingerprint } = new X509Certificate(old!['cert'] as string);
  expect(old).toMatchObject({ fingerprint, thumbprint: fingerprint.replaceAll(':', '') });
  const { kid } = old!;
  expect(await ask('keys.signing.get', kid)).toEqual(old);
  await expect(ask('keys.signing.revoke', kid)).rejects.toMatchObject({ statusCode: 400 });

  const next = await ask('keys.signing.rotate');
  expect(await ask('keys.signing.get', next['kid'])).toMatchObject({ ...next, current: true });
  expect(await ask('keys.signing.get', kid)).toMatchObject({ current: false, previous: true });
  expect(await ask('keys.signing.revoke', kid)).toEqual({ kid, cert: old!['cert'] });
  expect(await listed()).toMatchObject([
    { kid: next['kid'] },
    { kid, current: false, previous: false, revoked: true },
  ]);
  await expect(ask('keys.signing.revoke', 'none')).rejects.toMatchObject({ statusCode: 404 });
  await expect(ask('keys.signing.get', 'none')).rejects.toMatchObject({ statusCode: 404 });
});

test('it gets a token of its own, where the API and the grant are there as on a tenant of Auth0', async () => {
  const audience = `https://${domain}/api/v2/`;
  await ask('resourceServers.create', {
    identifier: audience,
    name: 'Management',
    scopes: [{ value: 'read:users' }],
  });
  const { client_id: clientId, client_secret: clientSecret } = await ask('clients.create', {
    name: 'Machine',
    app_type: 'non_interactive',
  });
  await ask('clientGrants.create', { client_id: clientId, audience, scope: ['read:users'] });
  await sdk.call('begin', { domain, clientId: clientId as string, clientSecret: clientSecret as string });
  expect(await ask('clients.get', clientId)).toMatchObject({ name: 'Machine' });

  const rotated = await ask('clients.rotateSecret', clientId);
  expect(rotated).toMatchObject({ client_id: clientId, name: 'Machine' });
  expect(rotated['client_secret']).toMatch(/^[\w-]{64}$/);
  expect(rotated['client_secret']).not.toBe(clientSecret);
  expect(await ask('clients.get', clientId)).toEqual(rotated);
  await sdk.call('begin', { domain, clientId: clientId as string, clientSecret: clientSecret as string });
  await expect(ask('clients.get', clientId)).rejects.toThrow();
  const client_secret = rotated['client_secret'] as string;
  await sdk.call('begin', { domain, clientId: clientId as string, clientSecret: client_secret });
  expect(await ask('clients.get', clientId)).toMatchObject({ name: 'Machine' });
  await expect(ask('clients.rotateSecret', 'nobody')).rejects.toMatchObject({ statusCode: 404 });
});
