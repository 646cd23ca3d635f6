import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '../../src/tenant/client.js';
import { keyFile } from '../support/jwt-keys.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => void (server = await startTestServer()));
afterAll(() => server.close());

const create = async (body: object): Promise<Client> => {
  const answer = await server.api<Client>('POST', '/api/v2/clients', { name: 'SP', ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
};

test('a client is made, read, patched and deleted', async () => {
  const made = await create({
    callbacks: ['https://sp.test/acs'],
    addons: { samlp: { audience: 'urn:sp' } },
  });
  expect(made.client_id).toMatch(/^[0-9a-f]{32}$/);
  expect(made.client_secret).toMatch(/^[\w-]{64}$/);
  const path = `/api/v2/clients/${made.client_id}`;
  expect((await server.api('GET', path)).body).toEqual(made);

  const patched = await server.api<Client>('PATCH', path, { addons: { samlp: { signResponse: true } } });
  expect(patched.status).toBe(200);
  expect(patched.body.addons.samlp).toEqual({ audience: 'urn:sp', signResponse: true });
  expect((await server.api('GET', path)).body).toEqual(patched.body);

  const deleted = await server.api('DELETE', path);
  expect(deleted.status).toBe(204);
  expect(deleted.body).toBeUndefined();
  for (const method of ['GET', 'DELETE'])
    expect(await server.api(method, path)).toMatchObject({ status: 404, body: { code: 'client_not_found' } });
  expect(await server.api('PATCH', path, {})).toMatchObject({ status: 404 });
});

test('clients are listed page by page, with totals where they are asked for', async () => {
  for (const name of ['list-a', 'list-b', 'list-c']) await create({ client_id: name });
  const all = await server.api<Client[]>('GET', '/api/v2/clients');
  expect(all.body.map(({ client_id }) => client_id)).toEqual(['list-a', 'list-b', 'list-c']);
  const page = await server.api(
    'GET',
    '/api/v2/clients?page=1&per_page=2&include_totals=true&fields=client_id',
  );
  expect(page.body).toEqual({ start: 2, limit: 2, length: 1, total: 3, clients: [{ client_id: 'list-c' }] });
});

test('a client_id is taken once', async () => {
  await create({ client_id: 'taken' });
  expect(await server.api('POST', '/api/v2/clients', { client_id: 'taken', name: 'again' })).toMatchObject({
    status: 409,
    body: { code: 'client_exists' },
  });
});

test.each<[string, unknown, string, string]>([
  ['no name', {}, 'invalid_body', '/name'],
  ['a wrong type', { name: 5 }, 'invalid_body', '/name'],
  ['an unknown member', { name: 'a', callback: [] }, 'invalid_body', '/callback'],
  ['a script as callback', { name: 'a', callbacks: ['javascript:alert(1)'] }, 'invalid_body', '/callbacks/0'],
  [
    'an unknown algorithm',
    { name: 'a', jwt_configuration: { alg: 'none' } },
    'invalid_body',
    '/jwt_configuration/alg',
  ],
  [
    'an unknown setting',
    { name: 'a', addons: { samlp: { audiense: 'x' } } },
    'invalid_body',
    '/addons/samlp/audiense',
  ],
  [
    'a blank audience',
    { name: 'a', addons: { samlp: { audience: ' ' } } },
    'saml_',
    '/addons/samlp/audience',
  ],
  ['a broken PEM', { name: 'a', addons: { samlp: { cert: 'x' } } }, 'saml_pem_invalid', '/addons/samlp/cert'],
  [
    'halves of two pairs',
    {
      name: 'a',
      addons: { samlp: { cert: keyFile('saml-other.crt.pem'), key: keyFile('saml-idp.key.pem') } },
    },
    'saml_key_pair_mismatch',
    '/addons/samlp/cert',
  ],
  ['a list', [], 'invalid_body', ''],
])('%s is refused with the field at fault, and nothing is stored', async (_what, body, code, pointer) => {
  const before = (await server.api('GET', '/api/v2/clients?include_totals=true')).body['total'];
  const answer = await server.api<{ code: string; errors: { pointer: string }[] }>(
    'POST',
    '/api/v2/clients',
    body,
  );
  expect(answer.status).toBe(400);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body.code).toContain(code);
  expect(answer.body.errors[0]!.pointer).toBe(pointer);
  expect((await server.api('GET', '/api/v2/clients?include_totals=true')).body['total']).toBe(before);
});

test('a refused patch leaves the client as it was', async () => {
  const path = `/api/v2/clients/${(await create({ addons: { samlp: { audience: 'urn:sp' } } })).client_id}`;
  const before = (await server.api('GET', path)).body;
  for (const patch of [
    { name: null },
    { name: 'new', addons: { samlp: { key: 'no PEM' } } },
    { name: 'new', client_id: 'other' },
    { name: 'new', addons: { samlp: { audience: 5 } } },
  ])
    expect(await server.api('PATCH', path, patch), JSON.stringify(patch)).toMatchObject({ status: 400 });
  expect((await server.api('GET', path)).body).toEqual(before);
});

test('a private key goes in and never comes out, yet it signs', async () => {
  const pair = { cert: keyFile('saml-other.crt.pem'), key: keyFile('saml-other.key.pem') };
  const answers: unknown[] = [];
  const made = await create({
    client_id: 'own-key',
    callbacks: ['https://sp.test/acs'],
    addons: { samlp: pair },
  });
  const path = '/api/v2/clients/own-key';
  answers.push(made, (await server.api('GET', path)).body, (await server.api('GET', '/api/v2/clients')).body);
  // Sent back as it was shown, the key stays.
  answers.push((await server.api('PATCH', path, { addons: made.addons })).body);
  answers.push(
    (await server.api('PATCH', path, { addons: { samlp: { key: keyFile('saml-idp.key.pem') } } })).body,
  );
  const login = await server.api<{ status: string; result: { SAMLResponse: string } }>(
    'POST',
    '/api/transactions',
    {
      protocol: 'samlp',
      client_id: 'own-key',
      user: { user_id: 'auth0|x', email: 'x@example.test' },
      complete: true,
    },
  );
  answers.push(login.body);
  expect(JSON.stringify(answers)).not.toContain('PRIVATE KEY');
  expect(JSON.stringify(answers)).not.toContain(pair.key.split('\n')[3]);
  expect(login.body.status).toBe('completed');
  expect(Buffer.from(login.body.result.SAMLResponse, 'base64').toString()).toContain(
    pair.cert.replaceAll(/-----.*-----|\n/g, ''),
  );
});

test('of concurrent patches none is lost', async () => {
  const path = `/api/v2/clients/${(await create({})).client_id}`;
  const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
  await Promise.all(names.map((name) => server.api('PATCH', path, { client_metadata: { [name]: name } })));
  const { body } = await server.api<Client>('GET', path);
  expect(Object.keys(body.client_metadata).toSorted()).toEqual(names.toSorted());
});
