import { afterAll, beforeAll, expect, test } from 'vitest';
import { tenantSettingsSchema, type TenantSettings } from '../../src/tenant/tenant-settings.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => void (server = await startTestServer()));
afterAll(() => server.close());
const path = '/api/v2/tenants/settings';

test('settings are read, patched, and set back by null', async () => {
  expect((await server.api('GET', path)).body).toEqual(tenantSettingsSchema.parse({}));
  const patched = await server.api<TenantSettings>('PATCH', path, {
    name: 'acme',
    default_audience: 'urn:api',
  });
  expect(patched.body).toEqual(tenantSettingsSchema.parse({ name: 'acme', default_audience: 'urn:api' }));
  expect((await server.api('GET', path)).body).toEqual(patched.body);
  const back = await server.api('PATCH', path, { name: null, default_audience: null });
  expect(back.body).toEqual(tenantSettingsSchema.parse({}));
});

test('a setting counts from the next login on', async () => {
  await server.api('POST', '/api/v2/clients', {
    client_id: 'sp',
    name: 'SP',
    callbacks: ['https://sp.test/acs'],
    addons: { samlp: {} },
  });
  const issuer = async (): Promise<string> => {
    const { body } = await server.api<{ result: { SAMLResponse: string } }>('POST', '/api/transactions', {
      protocol: 'samlp',
      client_id: 'sp',
      user: { user_id: 'auth0|a', name: 'A' },
      complete: true,
    });
    return /<saml:Issuer[^>]*>([^<]*)</.exec(Buffer.from(body.result.SAMLResponse, 'base64').toString())![1]!;
  };
  expect(await issuer()).toBe('urn:auth0:mintmark');
  await server.api('PATCH', path, { entity_id: 'urn:my:idp' });
  expect(await issuer()).toBe('urn:my:idp');
  await server.api('PATCH', path, { entity_id: null });
});

test.each<[object, string]>([
  [{ name: 'Upper' }, '/name'],
  [{ nam: 'x' }, '/nam'],
  [{ retention: { days: 0 } }, '/retention/days'],
  [{ minimum_rsa_bits: 1.5 }, '/minimum_rsa_bits'],
])('%j is refused with the field at fault', async (body, pointer) => {
  const before = (await server.api('GET', path)).body;
  expect(await server.api('PATCH', path, body)).toMatchObject({
    status: 400,
    body: { code: 'invalid_body', errors: [{ pointer }] },
  });
  expect((await server.api('GET', path)).body).toEqual(before);
});

test('of concurrent patches none is lost', async () => {
  const patches: Partial<TenantSettings>[] = [
    { name: 'raced' },
    { entity_id: 'urn:raced' },
    { default_audience: 'urn:raced:api' },
    { unmapped_claim_prefix: 'urn:raced:claim:' },
    { minimum_rsa_bits: 2048 },
    { access_token_lifetime_in_seconds: 60 },
  ];
  await Promise.all(patches.map((patch) => server.api('PATCH', path, patch)));
  expect((await server.api('GET', path)).body).toMatchObject(Object.assign({}, ...patches));
});

test('transactions beyond the cap are gone as soon as it is set, and again when more have come', async () => {
  const begin = () =>
    server.api<{ id: string }>('POST', '/api/transactions', {
      protocol: 'samlp',
      client_id: 'sp',
      user: { user_id: 'auth0|a', name: 'A' },
    });
  const kept = async (): Promise<number> =>
    (await server.api<{ items: unknown[] }>('GET', '/api/transactions?limit=100&status=pending')).body.items
      .length;
  for (let index = 0; index < 5; index++) await begin();
  await server.api('PATCH', path, { retention: { transactions: 3 } });
  expect(await kept()).toBe(3);
  const { id } = (await begin()).body;
  await expect.poll(kept).toBe(3);
  expect((await server.api('GET', `/api/transactions/${id}`)).status).toBe(200);
});
