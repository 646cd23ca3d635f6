/** `/debug/transactions` over HTTP: what programs read. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Inspection } from '../../src/login/inspection.js';
import { KEYS } from '../support/login-context.js';
import { ACS, AUDIENCE, startLoginServer, type LoginServer } from './demo-login.js';

let server: LoginServer;
beforeAll(async () => {
  server = await startLoginServer();
});
afterAll(() => server.close());

const inspect = async (id: string): Promise<Inspection> =>
  (await server.api<Inspection>('GET', `/debug/transactions/${id}`)).body;
const bytes = async (path: string): Promise<{ answer: Response; bytes: Buffer }> => {
  const answer = await fetch(`${server.baseUrl}${path}`);
  return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
};

test('shows what was issued, why, and that it verifies', async () => {
  const { id } = await server.login({ samlResponse: { attributes: { role: 'admin' } } });
  const { transaction, saml, configuration, timeline } = await inspect(id);
  expect(transaction).toMatchObject({ id, status: 'completed', client_id: 'sp' });
  expect(saml?.verification).toMatchObject({ valid: true });
  expect(saml?.summary).toMatchObject({ audience: AUDIENCE, recipient: ACS, destination: ACS });
  expect(configuration.settings).toMatchObject({
    audience: { value: AUDIENCE, layer: 'client' },
    recipient: { value: ACS, layer: 'default' },
  });
  expect(timeline.map(({ name }) => name)).toContain('saml.signed');
});

test('hands out the exact bytes of the response, as XML in which nothing runs', async () => {
  const { id, result } = await server.login({ samlResponse: { attributes: { 'é <x>': '\u2028 "&\r\n' } } });
  const { answer, bytes: xml } = await bytes(`/debug/transactions/${id}/response.xml`);
  expect(xml.toString('base64')).toBe(result.SAMLResponse);
  expect((await inspect(id)).saml?.xml).toBe(xml.toString('utf8'));
  expect(answer.headers.get('content-type')).toBe('application/xml');
  expect(answer.headers.get('content-disposition')).toBe(`inline; filename="${id}.response.xml"`);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; .*img-src data:; .*sandbox$/,
  );
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

test('hands out the assertion as it was before encryption', async () => {
  const { id } = await server.login({
    samlResponse: { encryptionCert: KEYS.sp.cert, encryptionPublicKey: KEYS.sp.publicKey },
  });
  const { answer, bytes: xml } = await bytes(`/debug/transactions/${id}/assertion.xml`);
  expect(answer.headers.get('content-type')).toBe('application/xml');
  expect(xml.toString('utf8')).toMatch(/^<saml:Assertion .*<\/saml:Assertion>$/s);
  const { saml } = await inspect(id);
  expect(saml?.assertionXml).toBe(xml.toString('utf8'));
  expect(saml?.xml).not.toContain('<saml:Assertion');
});

test('and as it stands on the wire where nothing is encrypted', async () => {
  const { id } = await server.login();
  const { bytes: xml } = await bytes(`/debug/transactions/${id}/assertion.xml`);
  expect((await inspect(id)).saml?.xml).toContain(xml.toString('utf8'));
});

test.each(['', '/response.xml', '/assertion.xml'])(
  'there is no such transaction: a problem, also for %s',
  async (below) => {
    const { status, headers, body } = await server.api('GET', `/debug/transactions/txn_nope${below}`);
    expect(status).toBe(404);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({ code: 'transaction_not_found' });
  },
);

test('there are no such bytes: a problem that says why', async () => {
  const pending = await server.login({ complete: false });
  const failed = await server.login({ user: { nickname: 'nobody' } });
  const oidc = await server.login({ protocol: 'oidc' });
  for (const [id, file] of [
    [pending.id, 'response.xml'],
    [pending.id, 'assertion.xml'],
    [failed.id, 'assertion.xml'],
    [oidc.id, 'response.xml'],
  ] as const) {
    const { status, body } = await server.api('GET', `/debug/transactions/${id}/${file}`);
    expect([status, body['code']]).toEqual([404, 'artefact_not_found']);
    expect(body['detail']).toContain(id);
  }
  expect((await bytes(`/debug/transactions/${failed.id}/response.xml`)).answer.status).toBe(200);
});

test('tells the cause of a failure, which the control API keeps to itself', async () => {
  const { id, status } = await server.login({ user: { nickname: 'nobody' } });
  expect(status).toBe('failed');
  expect((await inspect(id)).failure).toMatchObject({ code: 'saml_no_name_id' });
  expect((await server.api('GET', `/api/transactions/${id}`)).body).not.toHaveProperty('failure');
});

test('a response that was signed before the key was rotated still verifies', async () => {
  const before = await startLoginServer();
  try {
    const { id } = await before.login();
    expect((await before.api('POST', '/api/keys/rotate', {})).status).toBeLessThan(300);
    const { body } = await before.api<Inspection>('GET', `/debug/transactions/${id}`);
    expect(body.saml?.verification.valid).toBe(true);
    const after = await before.login();
    expect(after.result.SAMLResponse).toBeDefined();
    const { body: newer } = await before.api<Inspection>('GET', `/debug/transactions/${after.id}`);
    expect(newer.saml?.verification.valid).toBe(true);
    expect(newer.signedWith).not.toBe(body.signedWith);
  } finally {
    await before.close();
  }
});

test('no private key comes out, neither as JSON nor on a page', async () => {
  const { cert, key } = KEYS.other;
  await server.api('POST', '/api/v2/clients', {
    client_id: 'own-key',
    name: 'Own key',
    callbacks: [ACS],
    addons: { samlp: { cert, key } },
  });
  const lines = [key, KEYS.idp.key].flatMap((pem) => pem.split('\n').filter((line) => line.length === 64));
  expect(lines.length).toBeGreaterThan(20);
  for (const body of [{ client_id: 'own-key' }, { samlResponse: { cert, key } }])
    for (const complete of [true, false]) {
      const { id } = await server.login({ ...body, complete });
      for (const accept of ['application/json', 'text/html'])
        for (const path of [`/debug/transactions/${id}`, '/debug/transactions']) {
          const answer = await fetch(`${server.baseUrl}${path}`, { headers: { accept } });
          const shown = await answer.text();
          expect(answer.status).toBe(200);
          for (const line of lines) expect(shown).not.toContain(line);
        }
    }
});

test('lists the newest first, with the filters and the cursor of the control API', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 3; count++)
    ids.unshift((await server.login({ user: { ...ALICE_OF_LIST }, complete: count !== 1 })).id);
  const list = async (query: string): Promise<{ items: { id: string }[]; next: string | null }> =>
    (
      await server.api<{ items: { id: string }[]; next: string | null }>(
        'GET',
        `/debug/transactions?user_id=${encodeURIComponent(ALICE_OF_LIST.user_id)}&${query}`,
      )
    ).body;
  expect((await list('')).items.map(({ id }) => id)).toEqual(ids);
  expect((await list('status=pending')).items.map(({ id }) => id)).toEqual([ids[1]]);
  const first = await list('limit=2');
  expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  const second = await list(`limit=2&cursor=${first.next}`);
  expect(second).toMatchObject({ items: [{ id: ids[2] }], next: null });
});
const ALICE_OF_LIST = { user_id: 'auth0|of-the-list', email: 'list@example.test' };

test('an unknown filter is a problem that names the one that was meant', async () => {
  const { status, body } = await server.api('GET', '/debug/transactions?statu=failed');
  expect(status).toBe(400);
  expect(body).toMatchObject({ code: 'invalid_parameter' });
  expect(JSON.stringify(body)).toContain('status');
});
