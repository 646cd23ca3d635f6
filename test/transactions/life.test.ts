import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { KEYS } from '../support/login-context.js';

interface View {
  readonly id: string;
  readonly status: string;
  readonly reason: string | null;
  readonly warnings: readonly { code: string }[];
  readonly result: {
    SAMLResponse: string;
    acsUrl: string;
    RelayState?: string;
    id_token?: string;
    access_token?: string;
    scope?: string;
  } | null;
  readonly samlResponse: Record<string, unknown>;
  readonly transaction?: View;
  readonly code?: string;
  readonly errors?: readonly { pointer: string; detail: string }[];
}

let server: TestServer;
const post = (body: unknown) => server.api<View>('POST', '/api/transactions', body);
const xmlOf = (view: View): string => Buffer.from(view.result!.SAMLResponse, 'base64').toString();
const claimsOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;

const ACS = 'https://sp.example.test/acs';
const user = { user_id: 'auth0|alice', email: 'alice@example.test', name: 'Alice' };
const saml = { protocol: 'samlp', client_id: 'sp', user };
const oidc = { protocol: 'oidc', client_id: 'app', user };

beforeAll(async () => {
  server = await startTestServer();
  await server.api('POST', '/api/v2/clients', {
    client_id: 'sp',
    name: 'SP',
    callbacks: [ACS, 'https://sp.example.test/second'],
    addons: { samlp: {} },
  });
  await server.api('POST', '/api/v2/clients', {
    client_id: 'half',
    name: 'Half',
    callbacks: [ACS],
    addons: { samlp: { cert: KEYS.other.cert } },
  });
  await server.api('POST', '/api/v2/clients', { client_id: 'app', name: 'App' });
  await server.api('POST', '/api/v2/users', {
    user_id: 'auth0|bob',
    email: 'bob@example.test',
    password: 'secret-of-bob',
  });
});
afterAll(() => server.close());

test('a login completed at once answers 201 with the response, and GET shows the same', async () => {
  const { status, body } = await post({ ...saml, saml: { RelayState: 'state & <more>' }, complete: true });
  expect(status).toBe(201);
  expect(body.status).toBe('completed');
  expect(body.result).toMatchObject({ acsUrl: ACS, RelayState: 'state & <more>' });
  expect(xmlOf(body)).toContain('auth0|alice');
  expect((await server.api<View>('GET', `/api/transactions/${body.id}`)).body).toEqual(body);
});

test('a pending login takes setters one by one, and completing it uses the last word of each', async () => {
  const { body: begun } = await post(saml);
  expect(begun.status).toBe('pending');
  const at = `/api/transactions/${begun.id}`;
  await server.api('PATCH', `${at}/saml-response`, {
    audience: 'https://first.example.test',
    issuer: 'urn:mine',
    attributes: { a: 'x', b: 2 },
  });
  await server.api('PATCH', `${at}/saml-response`, { audience: 'https://last.example.test', issuer: null });
  await server.api('PUT', `${at}/saml-response/attributes/${encodeURIComponent('urn:oid:1.2/3 ä')}`, {
    value: ['one', true, 3],
  });
  await server.api('PUT', `${at}/saml-response/attributes/c`, { value: 'gone' });
  await server.api('DELETE', `${at}/saml-response/attributes/c`);
  const { status, body } = await server.api<View>('POST', `${at}/complete`);
  expect(status).toBe(200);
  const xml = xmlOf(body);
  expect(xml).toContain('<saml:Audience>https://last.example.test</saml:Audience>');
  expect(xml).toContain('urn:auth0:mintmark</saml:Issuer>');
  expect(xml).toContain('Name="urn:oid:1.2/3 ä"');
  expect(xml).toContain('<saml:AttributeValue xsi:type="xs:double">2</saml:AttributeValue>');
  expect(xml).not.toContain('gone');
  expect(body.samlResponse).toMatchObject({
    audience: 'https://last.example.test',
    attributes: { a: 'x', b: 2 },
  });
});

test('a mapped claim set to null is left out, and comes back when that is taken back', async () => {
  const { body: begun } = await post({ ...saml, seed: 's' });
  const name = encodeURIComponent('http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name');
  const at = `/api/transactions/${begun.id}`;
  await server.api('PUT', `${at}/saml-response/attributes/${name}`, { value: null });
  await server.api('DELETE', `${at}/saml-response/attributes/${name}`);
  expect(xmlOf((await server.api<View>('POST', `${at}/complete`)).body)).toContain('claims/name');
  const { body } = await post({
    ...saml,
    samlResponse: { attributes: { 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name': null } },
    complete: true,
  });
  expect(xmlOf(body)).not.toContain('claims/name"');
});

test('of many that complete one transaction at once exactly one issues, and the others get 409 with what it issued', async () => {
  const { body: begun } = await post(saml);
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => server.api<View>('POST', `/api/transactions/${begun.id}/complete`)),
  );
  const [issued, ...others] = answers.toSorted((a, b) => a.status - b.status);
  expect(issued!.status).toBe(200);
  for (const { status, body } of others) {
    expect(status).toBe(409);
    expect(body.code).toBe('transaction_finished');
    expect(body.transaction!.result).toEqual(issued!.body.result);
  }
});

test('settings written at the same moment lose nothing', async () => {
  const { body: begun } = await post(saml);
  const names = Array.from({ length: 30 }, (_, index) => `a${index}`);
  await Promise.all(
    names.map((name) =>
      server.api('PUT', `/api/transactions/${begun.id}/saml-response/attributes/${name}`, { value: name }),
    ),
  );
  const { body } = await server.api<View>('GET', `/api/transactions/${begun.id}`);
  expect(Object.keys(body.samlResponse['attributes'] as object).toSorted()).toEqual(names.toSorted());
});

test('a denied login is a Response with status Responder, the reason as text and no assertion', async () => {
  const { body: begun } = await post(saml);
  const { status, body } = await server.api<View>('POST', `/api/transactions/${begun.id}/deny`, {
    reason: 'not <today>',
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({ status: 'denied', reason: 'not <today>' });
  expect(xmlOf(body)).toContain('status:Responder');
  expect(xmlOf(body)).toContain('<samlp:StatusMessage>not &lt;today&gt;</samlp:StatusMessage>');
  expect(xmlOf(body)).not.toContain('Assertion ');
  expect(
    (await server.api<View>('PATCH', `/api/transactions/${begun.id}/saml-response`, { audience: 'x' }))
      .status,
  ).toBe(409);
});

test('the same now and seed give the same bytes, another seed does not', async () => {
  const request = { ...saml, now: '2020-02-29T12:00:00+01:00', seed: 'golden', complete: true };
  const [first, second, third] = await Promise.all([
    post(request),
    post(request),
    post({ ...request, seed: 'other' }),
  ]);
  expect(first.body.result).toEqual(second.body.result);
  expect(first.body.id).not.toBe(second.body.id);
  expect(xmlOf(third.body)).not.toBe(xmlOf(first.body));
  expect(xmlOf(first.body)).toContain('IssueInstant="2020-02-29T11:00:00.000Z"');
  const other = await startTestServer();
  await other.api('POST', '/api/v2/clients', {
    client_id: 'sp',
    name: 'SP',
    callbacks: [ACS],
    addons: { samlp: {} },
  });
  expect((await other.api<View>('POST', '/api/transactions', request)).body.result).toEqual(
    first.body.result,
  );
  await other.close();
});

test('tokens are reproducible but for their issuer, and carry claims, scopes and nonce', async () => {
  const request = {
    ...oidc,
    now: '2026-01-01T00:00:00Z',
    seed: 't',
    oidc: { scope: 'openid email read:x', audience: 'https://api.example.test/', nonce: 'n' },
  };
  const { body: begun } = await post(request);
  const at = `/api/transactions/${begun.id}`;
  await server.api('PUT', `${at}/id-token/custom-claims/${encodeURIComponent('https://example.com/role')}`, {
    value: { admin: true },
  });
  await server.api('PUT', `${at}/access-token/custom-claims/tier`, { value: 'gold' });
  await server.api('PUT', `${at}/access-token/custom-claims/sub`, { value: 'mallory' });
  await server.api('PUT', `${at}/access-token/scopes/write:x`);
  await server.api('DELETE', `${at}/access-token/scopes/read:x`);
  const { body } = await server.api<View>('POST', `${at}/complete`);
  expect(claimsOf(body.result!.id_token!)).toMatchObject({
    sub: 'auth0|alice',
    aud: 'app',
    nonce: 'n',
    iat: 1767225600,
    exp: 1767261600,
    auth_time: 1767225600,
    email: 'alice@example.test',
    'https://example.com/role': { admin: true },
  });
  expect(claimsOf(body.result!.access_token!)).toMatchObject({
    sub: 'auth0|alice',
    azp: 'app',
    scope: 'openid email write:x',
    tier: 'gold',
  });
  expect(body.result!.scope).toBe('openid email write:x');
  expect((await post({ ...request, complete: true })).body.result).toEqual(
    (await post({ ...request, complete: true })).body.result,
  );
});

test('the claim named scope is refused where it is set', async () => {
  const { body: begun } = await post(oidc);
  const { status, body } = await server.api<View>(
    'PUT',
    `/api/transactions/${begun.id}/id-token/custom-claims/scope`,
    { value: 'x' },
  );
  expect([status, body.code]).toEqual([400, 'claim_scope_refused']);
});

test('a half of a pair that the client brings along fails the login: an error Response, unsigned by the tenant, the cause in the debug view alone', async () => {
  const { status, body } = await post({
    ...saml,
    client_id: 'half',
    complete: true,
    samlResponse: { signResponse: true },
  });
  expect([status, body.status]).toEqual([201, 'failed']);
  expect(xmlOf(body)).toContain('status:Responder');
  expect(xmlOf(body)).not.toContain('Signature');
  expect(xmlOf(body)).not.toContain('cert');
});

test('a stored user without any probed claim fails the login and names the probes', async () => {
  const { body } = await post({
    ...saml,
    user: { user_id: 'auth0|bob' },
    samlResponse: { nameIdentifierProbes: ['nowhere', 'upon'] },
    complete: true,
  });
  expect(body).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('nowhere, upon') as string,
  });
  expect(xmlOf(body)).not.toContain('<saml:Assertion');
});

test('the list is newest first, in pages, and filtered', async () => {
  const { body: begun } = await post({ ...oidc, user: { ...user, user_id: 'auth0|listed' } });
  // those of one millisecond are in the order of their ids
  await setTimeout(2);
  const { body: second } = await post({
    ...saml,
    user: { ...user, user_id: 'auth0|listed' },
    complete: true,
  });
  interface List {
    items: View[];
    next: string | null;
  }
  const page = (query: string) => server.api<List>('GET', `/api/transactions?${query}`);
  const { body: first } = await page('user_id=auth0%7Clisted&limit=1');
  expect(first.items.map(({ id }) => id)).toEqual([second.id]);
  const { body: rest } = await page(
    `user_id=auth0%7Clisted&limit=1&cursor=${encodeURIComponent(first.next!)}`,
  );
  expect([rest.items.map(({ id }) => id), rest.next]).toEqual([[begun.id], null]);
  expect(
    (await page('user_id=auth0%7Clisted&status=completed&protocol=samlp&client_id=sp')).body.items,
  ).toHaveLength(1);
  expect((await page('cursor=nonsense')).status).toBe(400);
  expect((await page('limit=0')).status).toBe(400);
});

test('a private key brought along is used and then not kept nor shown', async () => {
  const { body } = await post({
    ...saml,
    samlResponse: { cert: KEYS.other.cert, key: KEYS.other.key },
    complete: true,
  });
  expect(body.status).toBe('completed');
  expect(body.samlResponse['key']).toBe('(secret)');
  const secret = KEYS.other.key.split('\n')[3]!;
  for (const path of [`/api/transactions/${body.id}`, `/debug/transactions/${body.id}`])
    expect(JSON.stringify((await server.api('GET', path)).body)).not.toContain(secret);
  expect(body.warnings.map(({ code }) => code)).toContain('own_certificate');
});
