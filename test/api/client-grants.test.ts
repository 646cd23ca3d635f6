import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClientGrant } from '../../src/tenant/client-grant.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const client_id of ['worker', 'web', 'other'])
    await server.api('POST', '/api/v2/clients', { client_id, name: client_id });
  for (const identifier of ['urn:api', 'urn:other'])
    await server.api('POST', '/api/v2/resource-servers', {
      identifier,
      scopes: [{ value: 'read' }, { value: 'write' }],
    });
});
afterAll(() => server.close());

const ROOT = '/api/v2/client-grants';
const create = async (body: object): Promise<ClientGrant> => {
  const answer = await server.api<ClientGrant>('POST', ROOT, { audience: 'urn:api', ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};

test('a grant is made, read, patched and deleted', async () => {
  const grant = await create({ client_id: 'worker', scope: ['read'] });
  expect(grant).toMatchObject({
    id: expect.stringMatching(/^cgr_[0-9a-f]{16}$/),
    client_id: 'worker',
    audience: 'urn:api',
    scope: ['read'],
    subject_type: 'client',
    allow_all_scopes: false,
    organization_usage: 'deny',
    allow_any_organization: false,
  });
  const path = `${ROOT}/${grant.id}`;
  expect((await server.api('GET', path)).body).toEqual(grant);
  const patched = await server.api('PATCH', path, {
    scope: ['write'],
    organization_usage: 'allow',
    allow_any_organization: true,
  });
  expect(patched).toMatchObject({
    status: 200,
    body: {
      scope: ['write'],
      organization_usage: 'allow',
      allow_any_organization: true,
      audience: 'urn:api',
    },
  });
  expect((await server.api('GET', path)).body).toEqual(patched.body);
  expect((await server.api('PATCH', path, { scope: null, allow_all_scopes: true })).body).toMatchObject({
    scope: [],
    allow_all_scopes: true,
  });
  expect((await server.api('DELETE', path)).status).toBe(204);
  for (const method of ['GET', 'DELETE', 'PATCH'])
    expect(await server.api(method, path, method === 'PATCH' ? {} : undefined)).toMatchObject({
      status: 404,
      body: { code: 'client_grant_not_found' },
    });
});

test('a client has one grant for an API and a subject type', async () => {
  await create({ client_id: 'web' });
  await create({ client_id: 'web', subject_type: 'user' });
  expect(await server.api('POST', ROOT, { client_id: 'web', audience: 'urn:api' })).toMatchObject({
    status: 409,
    body: { code: 'client_grant_exists' },
  });
});

test('grants are listed by audience, client and subject type', async () => {
  await create({ client_id: 'other', audience: 'urn:other' });
  const found = async (query: string): Promise<unknown> => {
    const { body } = await server.api<ClientGrant[]>('GET', `${ROOT}?${query}`);
    return body.map(({ client_id, audience, subject_type }) => `${client_id} ${audience} ${subject_type}`);
  };
  expect(await found('client_id=web')).toEqual(['web urn:api client', 'web urn:api user']);
  expect(await found('client_id=web&subject_type=user')).toEqual(['web urn:api user']);
  expect(await found('audience=urn:other')).toEqual(['other urn:other client']);
  expect(await found('audience=urn:other&client_id=web')).toEqual([]);
  expect(await found('client_id=%00')).toEqual([]);
  expect(
    (await server.api('GET', `${ROOT}?client_id=web&include_totals=true&per_page=1`)).body,
  ).toMatchObject({ total: 2, length: 1 });
  expect(await server.api('GET', `${ROOT}?subject_type=machine`)).toMatchObject({ status: 400 });
});

test.each<[string, object, string]>([
  ['an unknown client', { client_id: 'nobody', audience: 'urn:api' }, '/client_id'],
  ['an unknown API', { client_id: 'worker', audience: 'urn:nothing' }, '/audience'],
  [
    'a scope that the API does not have',
    { client_id: 'worker', audience: 'urn:api', scope: ['read', 'delete'] },
    '/scope/1',
  ],
  [
    'scopes beside all of them',
    { client_id: 'worker', audience: 'urn:api', scope: ['read'], allow_all_scopes: true },
    '/scope',
  ],
  [
    'an unknown subject type',
    { client_id: 'worker', audience: 'urn:api', subject_type: 'x' },
    '/subject_type',
  ],
  ['no audience', { client_id: 'worker' }, '/audience'],
])('%s is refused with the field at fault', async (_what, body, pointer) => {
  expect(await server.api('POST', ROOT, body)).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer }] },
  });
});

test('of a grant neither the client nor the API nor the subject type changes, and its scopes stay those of the API', async () => {
  const grant = await create({ client_id: 'worker', audience: 'urn:other' });
  for (const patch of [
    { client_id: 'web' },
    { audience: 'urn:api' },
    { subject_type: 'user' },
    { scope: ['delete'] },
    { organization_usage: 'maybe' },
  ])
    expect(await server.api('PATCH', `${ROOT}/${grant.id}`, patch), JSON.stringify(patch)).toMatchObject({
      status: 400,
      body: { code: 'invalid_body', errors: [{ pointer: expect.stringContaining(Object.keys(patch)[0]!) }] },
    });
  expect((await server.api('GET', `${ROOT}/${grant.id}`)).body).toEqual(grant);
});

test('a grant goes with its client, and with its API', async () => {
  await server.api('POST', '/api/v2/clients', { client_id: 'short', name: 'Short' });
  await server.api('POST', '/api/v2/resource-servers', { identifier: 'urn:short' });
  const one = await create({ client_id: 'short' });
  const two = await create({ client_id: 'worker', audience: 'urn:short' });
  await server.api('DELETE', '/api/v2/clients/short');
  await server.api('DELETE', '/api/v2/resource-servers/urn:short');
  for (const { id } of [one, two]) expect((await server.api('GET', `${ROOT}/${id}`)).status).toBe(404);
});
