/** `POST /debug/verify`: a response or a token from anyone; the first step that fails is the true cause. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Verification } from '../../src/protocol/verification.js';
import { keyFile } from '../support/jwt-keys.js';
import { KEYS } from '../support/login-context.js';
import { ACS, API, AUDIENCE, startLoginServer, type LoginServer } from './demo-login.js';

let server: LoginServer;
let response: string;
let idToken: string;
let accessToken: string;
const NOW = '2026-06-01T12:00:00.000Z';
const LATER = '2026-06-03T12:00:00.000Z';

beforeAll(async () => {
  server = await startLoginServer();
  response = (await server.login({ now: NOW })).result.SAMLResponse;
  const tokens = (await server.login({ protocol: 'oidc', now: NOW, oidc: { audience: API, nonce: 'n-1' } }))
    .result;
  [idToken, accessToken] = [tokens.id_token, tokens.access_token];
});
afterAll(() => server.close());

type Verdict = Verification & Record<string, unknown>;
async function verify(body: Readonly<Record<string, unknown>>): Promise<Verdict> {
  const { status, body: verdict } = await server.api<Verdict>('POST', '/debug/verify', { now: NOW, ...body });
  expect(status).toBe(200);
  return verdict;
}
const cause = ({ valid, steps }: Verdict): string =>
  valid ? 'valid' : (steps.find(({ status }) => status === 'fail')?.name ?? 'unproven');

const changed = (change: (xml: string) => string, base64 = response): string => {
  const xml = Buffer.from(base64, 'base64').toString('utf8');
  expect(change(xml)).not.toBe(xml);
  return Buffer.from(change(xml)).toString('base64');
};

test('a response of this tenant verifies with what the SP expects', async () => {
  const verdict = await verify({
    SAMLResponse: response,
    issuer: 'urn:auth0:mintmark',
    audience: AUDIENCE,
    recipient: ACS,
    destination: ACS,
    inResponseTo: null,
  });
  expect(cause(verdict)).toBe('valid');
  expect(verdict['summary']).toMatchObject({ audience: AUDIENCE, nameId: { value: 'auth0|alice' } });
});

test.each<[string, string, () => Readonly<Record<string, unknown>>]>([
  [
    'digest',
    'a changed e-mail address',
    () => ({ SAMLResponse: changed((xml) => xml.replaceAll('alice@', 'admin@')) }),
  ],
  [
    'signature_position',
    'the Signature taken out',
    () => ({ SAMLResponse: changed((xml) => xml.replace(/<Signature [\s\S]*<\/Signature>/, '')) }),
  ],
  ['conditions', 'two days later', () => ({ SAMLResponse: response, now: LATER })],
  ['conditions', 'an hour too early', () => ({ SAMLResponse: response, now: '2026-06-01T11:00:00Z' })],
  ['audience', 'another audience', () => ({ SAMLResponse: response, audience: 'urn:another' })],
  [
    'recipient',
    'another recipient',
    () => ({ SAMLResponse: response, recipient: 'https://sp.example.test/b' }),
  ],
  ['destination', 'another destination', () => ({ SAMLResponse: response, destination: `${ACS}/` })],
  ['issuer', 'another issuer', () => ({ SAMLResponse: response, issuer: 'urn:another' })],
  [
    'in_response_to',
    'a request that it does not answer',
    () => ({ SAMLResponse: response, inResponseTo: '_q1' }),
  ],
  ['key', 'the certificate of another', () => ({ SAMLResponse: response, certificate: KEYS.other.cert })],
  ['decode', 'no base64', () => ({ SAMLResponse: 'näh' })],
  ['decode', 'still percent-encoded', () => ({ SAMLResponse: encodeURIComponent(response) })],
  ['parse', 'no XML', () => ({ SAMLResponse: Buffer.from('<a>').toString('base64') })],
  ['root', 'another document', () => ({ SAMLResponse: Buffer.from('<a/>').toString('base64') })],
])('%s is the cause: %s', async (name, _, body) => {
  expect(cause(await verify(body()))).toBe(name);
});

test('a response signed by another IdP fails at its key, and verifies with that one’s certificate', async () => {
  const { SAMLResponse } = (await server.login({ now: NOW, samlResponse: KEYS.other })).result;
  expect(cause(await verify({ SAMLResponse }))).toBe('key');
  expect(cause(await verify({ SAMLResponse, certificate: KEYS.other.cert }))).toBe('valid');
});

test('a skew that is allowed is allowed', async () => {
  const now = '2026-06-01T11:59:30Z';
  expect(cause(await verify({ SAMLResponse: response, now }))).toBe('conditions');
  expect(cause(await verify({ SAMLResponse: response, now, clockSkewInSeconds: 60 }))).toBe('valid');
});

test('the clock is the server’s unless it is told another', async () => {
  const { SAMLResponse } = (await server.login()).result;
  const { body } = await server.api<Verdict>('POST', '/debug/verify', { SAMLResponse });
  expect(cause(body)).toBe('valid');
});

test('an encrypted response: nothing is proven without the SP’s key, everything with it, and a wrong key says so', async () => {
  const { SAMLResponse } = (
    await server.login({
      now: NOW,
      samlResponse: { encryptionCert: KEYS.sp.cert, encryptionPublicKey: KEYS.sp.publicKey },
    })
  ).result;
  const blind = await verify({ SAMLResponse });
  expect(cause(blind)).toBe('unproven');
  expect(blind.steps.find(({ name }) => name === 'decryption')).toMatchObject({
    status: 'skipped',
    hint: expect.stringContaining('decryptionKey') as string,
  });
  expect(blind['summary']).toMatchObject({ encrypted: true, nameId: { value: null } });
  const seeing = await verify({ SAMLResponse, decryptionKey: KEYS.sp.key, audience: AUDIENCE });
  expect(cause(seeing)).toBe('valid');
  expect(seeing['summary']).toMatchObject({ nameId: { value: 'auth0|alice' } });
  expect(cause(await verify({ SAMLResponse, decryptionKey: KEYS.other.key }))).toBe('decryption');
  expect(cause(await verify({ SAMLResponse, decryptionKey: KEYS.sp.key, audience: 'urn:another' }))).toBe(
    'audience',
  );
});

test('the decryption key is never repeated', async () => {
  const line = KEYS.sp.key.split('\n')[3]!;
  const bodies = [
    { SAMLResponse: response, decryptionKey: KEYS.sp.key },
    { SAMLResponse: response, decryptionKey: KEYS.sp.key.replace('-----END', '') },
    { SAMLResponse: response, decryptionKey: KEYS.sp.key.slice(0, 600) },
    { SAMLResponse: response, certificate: KEYS.sp.key },
    { SAMLResponse: response, decryptionKey: KEYS.sp.key, typo: true },
    { jwt: idToken, decryptionKey: KEYS.sp.key },
    { jwt: idToken, certificate: KEYS.sp.key },
  ];
  for (const body of bodies) {
    const { body: answer } = await server.api('POST', '/debug/verify', body);
    expect(JSON.stringify(answer)).not.toContain(line);
  }
});

test('XML itself is taken too, as it stands in a log', async () => {
  const xml = Buffer.from(response, 'base64').toString('utf8');
  expect(cause(await verify({ SAMLResponse: `\n${xml}\n` }))).toBe('valid');
});

test('an ID token and an access token verify with the tenant’s keys', async () => {
  const issuer = `${server.baseUrl}/`;
  const verdict = await verify({ jwt: idToken, audience: 'app', issuer, nonce: 'n-1' });
  expect(cause(verdict)).toBe('valid');
  expect(verdict['payload']).toMatchObject({ sub: 'auth0|alice' });
  expect(verdict['header']).toMatchObject({ alg: 'RS256' });
  expect(cause(await verify({ jwt: accessToken, audience: API, issuer }))).toBe('valid');
  expect(cause(await verify({ jwt: idToken, certificate: KEYS.idp.cert }))).toBe('valid');
});

/** The token with another payload under the old signature. */
const forged = (jwt: string, claims: Readonly<Record<string, unknown>>): string => {
  const [header, payload, signature] = jwt.split('.') as [string, string, string];
  const was = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
  const is = Buffer.from(JSON.stringify({ ...was, ...claims })).toString('base64url');
  return `${header}.${is}.${signature}`;
};
/** Signed with the public key as if it were a secret. */
function confused(jwt: string): string {
  const [, payload] = jwt.split('.') as [string, string];
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');
  const mac = createHmac('sha256', KEYS.idp.cert).update(`${header}.${payload}`).digest('base64url');
  return `${header}.${payload}.${mac}`;
}

test.each<[string, string, () => Readonly<Record<string, unknown>>]>([
  ['signature_value', 'a changed sub', () => ({ jwt: forged(idToken, { sub: 'auth0|admin' }) })],
  ['header', 'a MAC made with the public key', () => ({ jwt: confused(idToken) })],
  ['expiry', 'two days later', () => ({ jwt: idToken, now: LATER })],
  ['issued_at', 'an hour too early', () => ({ jwt: idToken, now: '2026-06-01T11:00:00Z' })],
  ['audience', 'another audience', () => ({ jwt: idToken, audience: 'another' })],
  ['issuer', 'another issuer', () => ({ jwt: idToken, issuer: 'https://idp.example.test/' })],
  ['nonce', 'another nonce', () => ({ jwt: idToken, nonce: 'n-2' })],
  ['signature_value', 'the certificate of another', () => ({ jwt: idToken, certificate: KEYS.other.cert })],
  ['key', 'a key of another kind', () => ({ jwt: idToken, certificate: keyFile('saml-ec.crt.pem') })],
  ['parse', 'half a token', () => ({ jwt: idToken.slice(0, 100) })],
])('%s is the cause of a token: %s', async (name, _, body) => {
  expect(cause(await verify(body()))).toBe(name);
});

test.each<[string, string, () => unknown]>([
  ['', 'nothing to verify', () => ({})],
  ['', 'two things at once', () => ({ SAMLResponse: response, jwt: idToken })],
  ['/SAMLResponse', 'an empty response', () => ({ SAMLResponse: '' })],
  ['/SAMLRespons', 'a misspelt member', () => ({ SAMLRespons: response })],
  ['/nonce', 'a nonce for SAML', () => ({ SAMLResponse: response, nonce: 'n' })],
  ['/recipient', 'a recipient for a token', () => ({ jwt: idToken, recipient: ACS })],
  ['/certificate', 'a certificate that is none', () => ({ SAMLResponse: response, certificate: 'x' })],
  ['/certificate', 'a key that is none, for a token', () => ({ jwt: idToken, certificate: 'x' })],
  [
    '/certificate',
    'a public key, for SAML',
    () => ({ SAMLResponse: response, certificate: KEYS.sp.publicKey }),
  ],
  [
    '/decryptionKey',
    'a certificate in place of the key',
    () => ({ SAMLResponse: response, decryptionKey: KEYS.sp.cert }),
  ],
  ['/now', 'no instant', () => ({ SAMLResponse: response, now: 'yesterday' })],
  ['/clockSkewInSeconds', 'a negative skew', () => ({ SAMLResponse: response, clockSkewInSeconds: -1 })],
  ['/audience', 'a number as audience', () => ({ SAMLResponse: response, audience: 1 })],
])('a body that makes no sense is a problem at %j: %s', async (pointer, _, body) => {
  const { status, headers, body: problem } = await server.api('POST', '/debug/verify', body());
  expect(status).toBe(400);
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(problem).toMatchObject({ code: 'invalid_body' });
  expect((problem['errors'] as { pointer: string }[]).map((error) => error.pointer)).toContain(pointer);
});
