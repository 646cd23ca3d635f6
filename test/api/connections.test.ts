import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_CONNECTION, type Connection } from '../../src/tenant/connection.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => void (server = await startTestServer()));
afterAll(() => server.close());

const ROOT = '/api/v2/connections';
let made = 0;
const create = async (body: object = {}): Promise<Connection> => {
  const answer = await server.api<Connection>('POST', ROOT, {
    name: `connection-${made++}`,
    strategy: 'auth0',
    ...body,
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};

test('an empty tenant has the connection of users with a password, of which every client makes use', async () => {
  const { body } = await server.api<Connection[]>('GET', `${ROOT}?name=${DEFAULT_CONNECTION}`);
  expect(body).toEqual([
    expect.objectContaining({
      id: 'con_UserPasswordAuth',
      strategy: 'auth0',
      realms: [DEFAULT_CONNECTION],
      is_domain_connection: false,
    }),
  ]);
  expect(body[0]).not.toHaveProperty('enabled_clients');
});

test('two instances on one database know the same connections', async () => {
  const second = await startTestServer({ DATABASE_URL: server.databaseUrl });
  expect((await second.api('GET', ROOT)).body).toEqual((await server.api('GET', ROOT)).body);
  await second.close();
});

test('a connection is made, read, patched and deleted', async () => {
  const connection = await create({
    name: 'google',
    strategy: 'google-oauth2',
    options: { client_id: 'x', nested: { scope: ['email'] } },
    enabled_clients: ['app'],
    metadata: { a: '1' },
  });
  expect(connection).toMatchObject({
    id: expect.stringMatching(/^con_[0-9a-f]{16}$/),
    realms: ['google'],
    options: { client_id: 'x', nested: { scope: ['email'] } },
  });
  const path = `${ROOT}/${connection.id}`;
  expect((await server.api('GET', path)).body).toEqual(connection);
  const patched = await server.api('PATCH', path, {
    display_name: 'Google',
    options: { client_id: 'y' },
    enabled_clients: null,
    metadata: { b: '2', a: null },
    is_domain_connection: true,
  });
  expect(patched).toMatchObject({
    status: 200,
    body: { display_name: 'Google', metadata: { b: '2' }, name: 'google', is_domain_connection: true },
  });
  expect(patched.body['options']).toEqual({ client_id: 'y' });
  expect(patched.body['metadata']).toEqual({ b: '2' });
  expect(patched.body).not.toHaveProperty('enabled_clients');
  expect((await server.api('GET', path)).body).toEqual(patched.body);
  expect((await server.api('DELETE', path)).status).toBe(204);
  for (const method of ['GET', 'DELETE', 'PATCH'])
    expect(await server.api(method, path, method === 'PATCH' ? {} : undefined)).toMatchObject({
      status: 404,
      body: { code: 'connection_not_found' },
    });
});

test('connections are listed by name and by strategy', async () => {
  await create({ name: 'corporate', strategy: 'samlp' });
  const names = async (query: string): Promise<unknown> =>
    (await server.api<Connection[]>('GET', `${ROOT}?${query}`)).body.map(({ name }) => name);
  expect(await names('strategy=samlp')).toEqual(['corporate']);
  expect(await names('name=corporate&strategy=auth0')).toEqual([]);
  expect(await names('name=Corporate')).toEqual([]);
  expect(await names('name=%00')).toEqual([]);
  expect((await server.api('GET', `${ROOT}?strategy=samlp&include_totals=true&fields=name`)).body).toEqual({
    start: 0,
    limit: 50,
    length: 1,
    total: 1,
    connections: [{ name: 'corporate' }],
  });
});

test('a name is taken once, and so is an id', async () => {
  const { name, id } = await create();
  for (const body of [{ name }, { name: 'another', id }])
    expect(await server.api('POST', ROOT, { strategy: 'auth0', ...body })).toMatchObject({
      status: 409,
      body: { code: 'connection_exists' },
    });
});

test.each<[string, object, string]>([
  ['no strategy', { name: 'a' }, '/strategy'],
  ['a name with a space', { name: 'a b', strategy: 'auth0' }, '/name'],
  ['a name that ends in a hyphen', { name: 'a-', strategy: 'auth0' }, '/name'],
  ['an id of another kind', { id: 'rol_1', name: 'a', strategy: 'auth0' }, '/id'],
  ['options that are a list', { name: 'a', strategy: 'auth0', options: [] }, '/options'],
  ['metadata that is no text', { name: 'a', strategy: 'auth0', metadata: { a: 1 } }, '/metadata/a'],
  ['an unknown member', { name: 'a', strategy: 'auth0', option: {} }, '/option'],
])('%s is refused with the field at fault', async (_what, body, pointer) => {
  expect(await server.api('POST', ROOT, body)).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer }] },
  });
});

test('neither the name of a connection changes, nor its strategy', async () => {
  const connection = await create();
  for (const patch of [{ name: 'other' }, { strategy: 'samlp' }, { id: 'con_1' }])
    expect(await server.api('PATCH', `${ROOT}/${connection.id}`, patch)).toMatchObject({ status: 400 });
  expect((await server.api('GET', `${ROOT}/${connection.id}`)).body).toEqual(connection);
});
