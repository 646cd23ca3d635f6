import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ResourceServer } from '../../src/tenant/resource-server.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => void (server = await startTestServer()));
afterAll(() => server.close());

const ROOT = '/api/v2/resource-servers';
let made = 0;
const create = async (body: object = {}): Promise<ResourceServer> => {
  const answer = await server.api<ResourceServer>('POST', ROOT, {
    identifier: `https://api${made++}.test/`,
    ...body,
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};
const at = (idOrIdentifier: string): string => `${ROOT}/${encodeURIComponent(idOrIdentifier)}`;

test('a resource server is made with the defaults of Auth0, read, patched and deleted', async () => {
  const api = await create({ identifier: 'https://reports.test/', scopes: [{ value: 'read:reports' }] });
  expect(api).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
    name: 'https://reports.test/',
    signing_alg: 'RS256',
    token_lifetime: 86_400,
    token_lifetime_for_web: 7_200,
    token_dialect: 'access_token',
    enforce_policies: false,
    allow_offline_access: false,
    subject_type_authorization: {
      user: { policy: 'allow_all' },
      client: { policy: 'require_client_grant' },
    },
    is_system: false,
  });
  expect(api).not.toHaveProperty('signing_secret');
  expect((await server.api('GET', at(api.id))).body).toEqual(api);

  const patched = await server.api<ResourceServer>('PATCH', at(api.id), {
    name: 'Reports',
    scopes: [{ value: 'write:reports', description: 'Change them' }],
    token_dialect: 'rfc9068_profile_authz',
    proof_of_possession: { mechanism: 'dpop', required: true },
  });
  expect(patched.status).toBe(200);
  expect(patched.body).toMatchObject({
    name: 'Reports',
    scopes: [{ value: 'write:reports', description: 'Change them' }],
    token_dialect: 'rfc9068_profile_authz',
    identifier: 'https://reports.test/',
  });
  expect((await server.api('GET', at(api.id))).body).toEqual(patched.body);
  const back = await server.api('PATCH', at(api.id), { token_dialect: null, proof_of_possession: null });
  expect(back.body['token_dialect']).toBe('access_token');
  expect(back.body).not.toHaveProperty('proof_of_possession');

  expect((await server.api('DELETE', at(api.id))).status).toBe(204);
  for (const method of ['GET', 'DELETE', 'PATCH'])
    expect(await server.api(method, at(api.id), method === 'PATCH' ? {} : undefined)).toMatchObject({
      status: 404,
      body: { code: 'resource_server_not_found' },
    });
});

test('a resource server is found by its identifier, to the letter, wherever it stands in a path', async () => {
  const api = await create({ identifier: 'urn:a b'.replace(' ', '/ü?#') });
  const path = at(api.identifier);
  expect((await server.api('GET', path)).body).toEqual(api);
  expect((await server.api('GET', at(api.identifier.toUpperCase()))).status).toBe(404);
  expect((await server.api('PATCH', path, { name: 'By identifier' })).body).toMatchObject({ id: api.id });
  expect((await server.api('DELETE', path)).status).toBe(204);
});

test('resource servers are listed page by page, with totals where they are asked for', async () => {
  const { body } = await server.api('GET', `${ROOT}?include_totals=true&per_page=1`);
  const before = body['total'] as number;
  const one = await create();
  const two = await create();
  const list = (await server.api<ResourceServer[]>('GET', ROOT)).body;
  expect(list.slice(before).map(({ id }) => id)).toEqual([one.id, two.id]);
  expect(
    (await server.api('GET', `${ROOT}?include_totals=true&per_page=1&page=${before}&fields=id`)).body,
  ).toEqual({ start: before, limit: 1, length: 1, total: before + 2, resource_servers: [{ id: one.id }] });
});

test('an identifier is taken once, and so is an id', async () => {
  const { identifier, id } = await create();
  for (const body of [{ identifier }, { identifier: 'urn:another', id }])
    expect(await server.api('POST', ROOT, body)).toMatchObject({
      status: 409,
      body: { code: 'resource_server_exists' },
    });
});

test('with HS256 there is a secret, made or given, and it goes with the algorithm', async () => {
  const api = await create({ signing_alg: 'HS256' });
  expect(api.signing_secret).toMatch(/^[\w-]{64}$/);
  const own = 'a secret that is long enough to sign';
  expect((await server.api('PATCH', at(api.id), { signing_secret: own })).body['signing_secret']).toBe(own);
  expect((await server.api('PATCH', at(api.id), { name: 'Same' })).body['signing_secret']).toBe(own);
  expect((await server.api('PATCH', at(api.id), { signing_alg: 'PS256' })).body).not.toHaveProperty(
    'signing_secret',
  );
});

test('what a browser gets never lives longer than the rest', async () => {
  const api = await create({ token_lifetime: 600 });
  expect(api.token_lifetime_for_web).toBe(600);
  const shorter = await server.api('PATCH', at(api.id), { token_lifetime: 60 });
  expect(shorter.body['token_lifetime_for_web']).toBe(60);
  const longer = await server.api('PATCH', at(api.id), { token_lifetime: 900 });
  expect(longer.body['token_lifetime_for_web']).toBe(60);
});

test.each<[string, object, string]>([
  ['no identifier', { name: 'a' }, '/identifier'],
  ['an identifier with a space', { identifier: 'urn:a b' }, '/identifier'],
  ['a scope twice', { identifier: 'urn:x', scopes: [{ value: 'a' }, { value: 'a' }] }, '/scopes/1/value'],
  ['a scope with a space', { identifier: 'urn:x', scopes: [{ value: 'a b' }] }, '/scopes/0/value'],
  ['an algorithm that is none of an API', { identifier: 'urn:x', signing_alg: 'none' }, '/signing_alg'],
  ['a short secret', { identifier: 'urn:x', signing_alg: 'HS256', signing_secret: 'x' }, '/signing_secret'],
  [
    'a secret without HS256',
    { identifier: 'urn:x', signing_secret: 'a secret that is long enough to sign' },
    '/signing_secret',
  ],
  [
    'a browser that outlives the rest',
    { identifier: 'urn:x', token_lifetime: 60, token_lifetime_for_web: 61 },
    '/token_lifetime_for_web',
  ],
  ['a lifetime beyond the cap', { identifier: 'urn:x', token_lifetime: 2_592_001 }, '/token_lifetime'],
  ['an unknown dialect', { identifier: 'urn:x', token_dialect: 'opaque' }, '/token_dialect'],
  [
    'mutual TLS',
    { identifier: 'urn:x', proof_of_possession: { mechanism: 'mtls' } },
    '/proof_of_possession/mechanism',
  ],
  ['an unknown member', { identifier: 'urn:x', scope: [] }, '/scope'],
])('%s is refused with the field at fault, and nothing is stored', async (_what, body, pointer) => {
  const before = (await server.api('GET', ROOT)).body;
  expect(await server.api('POST', ROOT, body)).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer }] },
  });
  expect((await server.api('GET', ROOT)).body).toEqual(before);
});

test('a refused patch leaves the resource server as it was; its identifier never changes', async () => {
  const api = await create({ token_lifetime: 600 });
  for (const patch of [
    { identifier: 'urn:other' },
    { id: 'other' },
    { is_system: true },
    { token_lifetime_for_web: 601 },
    { scopes: [{ value: '' }] },
    { signing_secret: 'a secret that is long enough to sign' },
  ])
    expect(await server.api('PATCH', at(api.id), patch), JSON.stringify(patch)).toMatchObject({
      status: 400,
    });
  expect((await server.api('GET', at(api.id))).body).toEqual(api);
});

test('a query that is not understood is refused', async () => {
  expect(await server.api('GET', `${ROOT}?per_page=1000`)).toMatchObject({
    status: 400,
    body: { code: 'invalid_parameter' },
  });
});
