import { deflateRawSync } from 'node:zlib';
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KEYS } from '../support/login-context.js';
import { startTestServer, type TestServer } from '../support/server.js';

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { pointer: string; detail: string }[];
}
let server: TestServer;
const ACS = 'https://sp.example.test/acs';
const login = {
  protocol: 'samlp',
  client_id: 'sp',
  user: { user_id: 'auth0|alice', email: 'a@example.test' },
  complete: true,
};
const count = async (): Promise<number> =>
  (await server.api<{ items: unknown[] }>('GET', '/api/transactions?limit=100')).body.items.length;

beforeAll(async () => {
  server = await startTestServer();
  await server.api('POST', '/api/v2/clients', {
    client_id: 'sp',
    name: 'SP',
    callbacks: [ACS],
    addons: { samlp: {} },
  });
  await server.api('POST', '/api/v2/clients', { client_id: 'app', name: 'App' });
});
afterAll(() => server.close());

const short = generateKeyPairSync('rsa', { modulusLength: 512 })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const request = (
  inner: string,
  attributes = 'ID="_1" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"',
): string =>
  `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ${attributes}>${inner}</samlp:AuthnRequest>`;
const ISSUER = '<saml:Issuer>https://sp.example.test</saml:Issuer>';
const sent = (xml: string | Buffer): object => ({
  ...login,
  saml: { SAMLRequest: Buffer.from(xml as string).toString('base64') },
});
const setting = (samlResponse: object): object => ({ ...login, samlResponse });

test.each<[string, object, string, string | undefined]>([
  ['an unknown client', { ...login, client_id: 'nobody' }, 'client_not_found', '/client_id'],
  ['an unknown user', { ...login, user: { user_id: 'auth0|nobody' } }, 'user_not_found', '/user/user_id'],
  ['a client that is no SAML SP', { ...login, client_id: 'app' }, 'client_not_saml', '/client_id'],
  ['an unknown setting', setting({ audiense: 'x' }), 'invalid_body', '/samlResponse/audiense'],
  ['an unknown member', { ...login, clientid: 'x' }, 'invalid_body', '/clientid'],
  ['a wrong type', setting({ audience: 5 }), 'invalid_body', '/samlResponse/audience'],
  [
    'a string where a boolean belongs',
    setting({ signResponse: 'true' }),
    'invalid_body',
    '/samlResponse/signResponse',
  ],
  [
    'an over-long audience',
    setting({ audience: 'x'.repeat(2049) }),
    'invalid_body',
    '/samlResponse/audience',
  ],
  [
    'an over-long attribute value',
    setting({ attributes: { a: 'x'.repeat(2049) } }),
    'invalid_body',
    '/samlResponse/attributes/a',
  ],
  [
    'an object as attribute value',
    setting({ attributes: { a: { b: 1 } } }),
    'invalid_body',
    '/samlResponse/attributes/a',
  ],
  [
    'a null inside an array',
    setting({ attributes: { a: [null] } }),
    'invalid_body',
    '/samlResponse/attributes/a',
  ],
  [
    '101 attributes',
    setting({ attributes: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`a${i}`, 'x'])) }),
    'invalid_body',
    '/samlResponse/attributes',
  ],
  [
    'an illegal character in an attribute',
    setting({ attributes: { 'a/b': 'x\u0001' } }),
    'saml_illegal_characters',
    '/samlResponse/attributes/a~1b',
  ],
  [
    'an illegal character in the issuer',
    setting({ issuer: 'urn:\u0000' }),
    'saml_illegal_characters',
    '/samlResponse/issuer',
  ],
  [
    'an illegal character in an inline profile',
    { ...login, user: { user_id: 'u', nickname: '\ud800' } },
    'saml_illegal_characters',
    '/user/nickname',
  ],
  ['a blank audience', setting({ audience: '  ' }), 'saml_setting_invalid', '/samlResponse/audience'],
  [
    'half a signing pair',
    setting({ cert: KEYS.other.cert }),
    'saml_key_pair_incomplete',
    '/samlResponse/cert',
  ],
  ['the other half', setting({ key: KEYS.other.key }), 'saml_key_pair_incomplete', '/samlResponse/key'],
  [
    'half an encryption pair',
    setting({ encryptionPublicKey: KEYS.sp.publicKey }),
    'saml_key_pair_incomplete',
    '/samlResponse/encryptionPublicKey',
  ],
  [
    'a mismatched signing pair',
    setting({ cert: KEYS.other.cert, key: KEYS.idp.key }),
    'saml_key_pair_mismatch',
    '/samlResponse/cert',
  ],
  [
    'a mismatched encryption pair',
    setting({ encryptionCert: KEYS.other.cert, encryptionPublicKey: KEYS.sp.publicKey }),
    'saml_key_pair_mismatch',
    '/samlResponse/encryptionCert',
  ],
  [
    'an unparsable PEM',
    setting({ cert: 'nonsense!', key: KEYS.other.key }),
    'saml_pem_invalid',
    '/samlResponse/cert',
  ],
  [
    'a short RSA key',
    setting({ encryptionPublicKey: short }),
    'saml_key_too_short',
    '/samlResponse/encryptionPublicKey',
  ],
  [
    'a lifetime beyond all years',
    setting({ lifetimeInSeconds: 1e300 }),
    'saml_setting_invalid',
    '/samlResponse/lifetimeInSeconds',
  ],
  ['an instant that is none', { ...login, now: 'yesterday' }, 'invalid_body', '/now'],
  ['the year 0', { ...login, now: '0000-01-01T00:00:00Z' }, 'invalid_body', '/now'],
  ['a DOCTYPE', sent(`<!DOCTYPE x [<!ENTITY a "b">]>${request(ISSUER)}`), 'saml_xml_forbidden', undefined],
  ['two roots', sent(request(ISSUER) + request(ISSUER)), 'saml_xml_malformed', undefined],
  [
    'an unclosed tag',
    sent(request(ISSUER).replace('</samlp:AuthnRequest>', '')),
    'saml_xml_malformed',
    undefined,
  ],
  ['UTF-16', sent(Buffer.from(`\ufeff${request(ISSUER)}`, 'utf16le')), 'saml_message_undecodable', undefined],
  [
    'a byte that is not UTF-8',
    sent(Buffer.concat([Buffer.from(request('<saml:Issuer>')), Buffer.from([0xff])])),
    'saml_message_undecodable',
    undefined,
  ],
  [
    'a deflate bomb',
    sent(deflateRawSync(Buffer.alloc(20_000_000, 0x20))),
    'saml_message_too_large',
    undefined,
  ],
  [
    'a comment in Issuer',
    sent(request('<saml:Issuer>https://sp<!-- -->.evil.test</saml:Issuer>')),
    'saml_request_invalid',
    undefined,
  ],
  ['no Issuer', sent(request('')), 'saml_request_invalid', undefined],
  [
    'SAML 1.1',
    sent(request(ISSUER, 'ID="_1" Version="1.1" IssueInstant="2026-01-01T00:00:00Z"')),
    'saml_request_version',
    undefined,
  ],
  [
    'an ID that InResponseTo could not repeat',
    sent(request(ISSUER, 'ID="1&quot;" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"')),
    'saml_request_invalid',
    undefined,
  ],
  [
    'an unlisted ACS URL',
    sent(
      request(
        ISSUER,
        `ID="_1" Version="2.0" IssueInstant="2026-01-01T00:00:00Z" AssertionConsumerServiceURL="${ACS}/"`,
      ),
    ),
    'saml_acs_not_allowed',
    undefined,
  ],
  [
    'an artifact binding',
    sent(
      request(
        ISSUER,
        'ID="_1" Version="2.0" IssueInstant="2026-01-01T00:00:00Z" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"',
      ),
    ),
    'saml_request_binding',
    undefined,
  ],
  [
    'tokens for a user without an id',
    { protocol: 'oidc', client_id: 'app', user: { email: 'a@example.test' }, complete: true },
    'user_without_id',
    '/user/user_id',
  ],
  [
    'custom claims over 100 kB',
    {
      protocol: 'oidc',
      client_id: 'app',
      user: login.user,
      idToken: { customClaims: { 'https://x.test/y': 'x'.repeat(103_000) } },
      complete: true,
    },
    'claims_too_large',
    '/idToken/customClaims',
  ],
])('%s is a clear problem; nothing is stored', async (_, body, code, pointer) => {
  const before = await count();
  const { status, headers, body: problem } = await server.api<Problem>('POST', '/api/transactions', body);
  expect([problem.code, problem.detail]).toEqual([code, expect.stringMatching(/.{10}/)]);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(headers.get('content-type')).toContain('application/problem+json');
  if (pointer !== undefined) expect(problem.errors?.map((error) => error.pointer)).toContain(pointer);
  expect(await count()).toBe(before);
});

test('an unknown setting names the nearest one', async () => {
  const { body } = await server.api<Problem>('POST', '/api/transactions', setting({ lifetimeInSecond: 1 }));
  expect(body.detail).toContain('did you mean "lifetimeInSeconds"?');
});

test('a body over 1 MB is 413, broken JSON is 400, a form is 415', async () => {
  expect(
    (await server.api('POST', '/api/transactions', { ...login, user: { x: 'x'.repeat(1_100_000) } })).status,
  ).toBe(413);
  const raw = (body: string, type: string) =>
    fetch(`${server.baseUrl}/api/transactions`, { method: 'POST', body, headers: { 'content-type': type } });
  expect((await raw('{"a":', 'application/json')).status).toBe(400);
  expect((await raw('{"__proto__": {}}', 'application/json')).status).toBe(400);
  expect((await raw('a=b', 'application/x-www-form-urlencoded')).status).toBe(415);
});

test('a web page of another origin cannot reach the API, and its own name for us cannot either', async () => {
  const evil = await server.api<Problem>('POST', '/api/transactions', login, {
    origin: 'https://evil.example',
  });
  expect([evil.status, evil.body.code]).toEqual([403, 'cross_origin_refused']);
  const image = await server.api<Problem>('GET', '/debug/transactions', undefined, {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'no-cors',
  });
  expect(image.status).toBe(403);
});

test('a setter that is refused changes nothing', async () => {
  const { body } = await server.api<{ id: string }>('POST', '/api/transactions', {
    ...login,
    complete: undefined,
  });
  const path = `/api/transactions/${body.id}/saml-response`;
  for (const patch of [
    { audiense: 'x' },
    { audience: 5 },
    { cert: 'nonsense!' },
    { issuer: '\u0001' },
    { attributes: { a: {} } },
  ])
    expect((await server.api('PATCH', path, patch)).status).toBe(400);
  const { body: after } = await server.api<{ samlResponse: object }>('GET', `/api/transactions/${body.id}`);
  expect(after.samlResponse).toEqual({});
  expect((await server.api('PATCH', '/api/transactions/txn_none/saml-response', {})).status).toBe(404);
});

test('the hundred and first attribute set one by one is refused', async () => {
  const attributes = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, 'x']));
  const { body } = await server.api<{ id: string }>('POST', '/api/transactions', {
    ...setting({ attributes }),
    complete: false,
  });
  expect(
    (await server.api('PUT', `/api/transactions/${body.id}/saml-response/attributes/more`, { value: 'x' }))
      .status,
  ).toBe(400);
  expect(
    (await server.api('PUT', `/api/transactions/${body.id}/saml-response/attributes/a1`, { value: 'y' }))
      .status,
  ).toBe(200);
});
