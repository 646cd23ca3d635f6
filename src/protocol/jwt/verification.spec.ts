import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import * as fc from 'fast-check';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { expect, test } from 'vitest';
import { jwks, jwtCertificate, jwtKeys, keyFile, otherKey } from '../../../test/support/jwt-keys.js';
import type { Verification } from '../verification.js';
import type { JwtAlgorithm } from './algorithms.js';
import { decodeJwt } from './compact.js';
import { signJwt, type JwtSigningKey } from './sign.js';
import { verifyJwt, type JwtVerificationOptions } from './verification.js';

const now = new Date('2026-03-01T12:00:00Z');
const seconds = now.getTime() / 1000;
const claims = {
  iss: 'https://idp.example/',
  sub: 'auth0|jane',
  aud: 'app',
  iat: seconds,
  nbf: seconds,
  exp: seconds + 60,
  nonce: 'n',
};
const expected: JwtVerificationOptions = {
  keys: jwks,
  now,
  issuer: 'https://idp.example/',
  audience: 'app',
  nonce: 'n',
};
const issue = (more: Record<string, unknown> = {}, key: JwtSigningKey = jwtKeys.RS256): Promise<string> =>
  signJwt({ ...claims, ...more }, key);
const segment = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const failures = ({ steps }: Verification) => steps.filter(({ status }) => status === 'fail');
const verdict = async (jwt: string, options: Partial<JwtVerificationOptions> = {}) => {
  const verification = await verifyJwt(jwt, { ...expected, ...options });
  const [first] = failures(verification);
  expect(verification.valid).toBe(
    first === undefined &&
      verification.steps.some((s) => s.name === 'signature_value' && s.status === 'pass'),
  );
  for (const failure of failures(verification)) expect(failure.hint).toBeTruthy();
  return { verification, cause: first?.name, hint: first?.hint, detail: first?.detail };
};

test.each(Object.keys(jwtKeys) as JwtAlgorithm[])('a good %s token passes every step', async (alg) => {
  const { verification } = await verdict(await issue({}, jwtKeys[alg]));
  expect(verification.valid).toBe(true);
  expect(verification.steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'parse pass',
    'header pass',
    'key pass',
    'signature_value pass',
    'claims pass',
    'issuer pass',
    'audience pass',
    'issued_at pass',
    'not_before pass',
    'expiry pass',
    'nonce pass',
  ]);
});

test('a changed payload fails at the signature, even one that is no JSON any more', async () => {
  const [header, , signature] = (await issue()).split('.');
  for (const payload of [segment({ ...claims, sub: 'auth0|root' }), 'AAAA', ''])
    expect(await verdict(`${header}.${payload}.${signature}`)).toMatchObject({ cause: 'signature_value' });
});

test('nothing of an unverified payload is hidden, but the signature is the first to fail', async () => {
  const [header, , signature] = (await issue()).split('.');
  const { verification } = await verdict(`${header}.${segment({ ...claims, exp: 1 })}.${signature}`);
  expect(failures(verification).map(({ name }) => name)).toEqual(['signature_value', 'expiry']);
});

test('a token signed by another key under our kid fails at the signature', async () => {
  expect((await verdict(await issue({}, { ...otherKey, kid: jwtKeys.RS256.kid }))).cause).toBe(
    'signature_value',
  );
});

test('a token signed by another key under its own kid fails at the key, and the known kids are listed', async () => {
  const { cause, detail } = await verdict(await issue({}, otherKey));
  expect(cause).toBe('key');
  expect(detail).toContain(otherKey.kid);
  expect(detail).toContain(jwtKeys.RS256.kid);
});

test('an expired token fails at expiry, at the very second of exp', async () => {
  const jwt = await issue();
  expect((await verdict(jwt, { now: new Date(now.getTime() + 59_999) })).cause).toBeUndefined();
  const { cause, hint, detail } = await verdict(jwt, { now: new Date(now.getTime() + 60_000) });
  expect(cause).toBe('expiry');
  expect(hint).toContain('jwt_configuration.lifetime_in_seconds');
  expect(detail).toContain('2026-03-01T12:01:00.000Z');
});

test('a tolerance moves both ends of the validity', async () => {
  const early = { now: new Date(now.getTime() - 30_000) };
  const late = { now: new Date(now.getTime() + 89_000) };
  const jwt = await issue();
  expect((await verdict(jwt, early)).cause).toBe('issued_at');
  expect((await verdict(jwt, late)).cause).toBe('expiry');
  expect((await verdict(jwt, { ...early, clockToleranceInSeconds: 30 })).cause).toBeUndefined();
  expect((await verdict(jwt, { ...late, clockToleranceInSeconds: 30 })).cause).toBeUndefined();
});

test('a token that is not valid yet fails at not_before', async () => {
  expect((await verdict(await issue({ nbf: seconds + 1 }))).cause).toBe('not_before');
});

test('a token for somebody else fails at the audience, and the hint names oidc.audience', async () => {
  for (const aud of ['other', ['other', 'third'], undefined, { app: true }, ['APP']]) {
    const { cause, hint } = await verdict(await issue({ aud }));
    expect(cause).toBe('audience');
    expect(hint).toContain('`oidc.audience`');
  }
  expect((await verdict(await issue({ aud: ['other', 'app'] }))).cause).toBeUndefined();
});

test('an issuer without its slash is told so', async () => {
  const { cause, hint } = await verdict(await issue({ iss: 'https://idp.example' }));
  expect(cause).toBe('issuer');
  expect(hint).toContain('trailing slash');
  expect((await verdict(await issue({ iss: 'https://other.example/' }))).hint).toContain('BASE_URL');
});

test('another nonce, or none, fails at the nonce', async () => {
  expect((await verdict(await issue({ nonce: 'm' }))).cause).toBe('nonce');
  expect((await verdict(await issue({ nonce: undefined }))).hint).toContain('`oidc.nonce`');
});

test('what was not expected and what the token lacks is skipped, not failed', async () => {
  const verification = await verifyJwt(await signJwt({}, jwtKeys.EdDSA), { keys: jwks, now });
  expect(verification.valid).toBe(true);
  expect(verification.steps.slice(5).map(({ status }) => status)).toEqual(Array(6).fill('skipped'));
});

test.each(['exp', 'iat', 'nbf'])('a %s in quotes is no NumericDate', async (name) => {
  const { hint } = await verdict(await issue({ [name]: String(seconds) }));
  expect(hint).toContain('seconds since 1970');
});

test('alg none is refused at the header, in any spelling, whatever the signature', async () => {
  for (const alg of ['none', 'None', 'nOnE'])
    for (const signature of ['', 'AAAA']) {
      const { cause, hint } = await verdict(`${segment({ alg })}.${segment(claims)}.${signature}`);
      expect(cause).toBe('header');
      expect(hint).toContain('without a signature');
    }
});

test('HS256 with the public key as the secret is refused at the header', async () => {
  const input = `${segment({ alg: 'HS256', typ: 'JWT', kid: jwtKeys.RS256.kid })}.${segment(claims)}`;
  const publicPem = createPublicKey(jwtKeys.RS256.privateKey).export({ type: 'spki', format: 'pem' });
  const forged = `${input}.${createHmac('sha256', publicPem).update(input).digest('base64url')}`;
  for (const keys of [jwks, publicPem.toString()]) {
    const { cause, hint } = await verdict(forged, { keys });
    expect(cause).toBe('header');
    expect(hint).toContain('shared secret');
  }
});

test.each<[string, Record<string, unknown>]>([
  ['an algorithm nobody knows', { alg: 'RS1' }],
  ['no algorithm', {}],
  ['an algorithm that is no string', { alg: ['RS256'] }],
  ['a name every object has', { alg: 'constructor' }],
  ['crit', { alg: 'RS256', crit: ['exp'], exp: 1 }],
  ['a kid that is no string', { alg: 'RS256', kid: 1 }],
])('a header with %s is refused at the header', async (_, header) => {
  expect((await verdict(`${segment(header)}.${segment(claims)}.AAAA`)).cause).toBe('header');
});

test('an algorithm that the key is not for is refused at the key', async () => {
  const asRsa = await issue({}, { ...jwtKeys.PS256, kid: jwtKeys.RS256.kid });
  expect((await verdict(asRsa)).cause).toBe('key');
  const bare = { keys: [{ ...jwks.keys[2], alg: undefined }] };
  const header = segment({ alg: 'RS256', kid: jwtKeys.ES256.kid });
  const { cause, detail } = await verdict(`${header}.${segment(claims)}.AAAA`, { keys: bare });
  expect(cause).toBe('key');
  expect(detail).toContain('RSA');
});

test('a key for encryption is not taken, nor one from the token’s own header', async () => {
  const encrypting = { keys: [{ ...jwks.keys[0], use: 'enc' }] };
  expect((await verdict(await issue(), { keys: encrypting })).cause).toBe('key');
  const jwk = createPublicKey(otherKey.privateKey).export({ format: 'jwk' });
  const input = `${segment({ alg: 'RS256', jwk })}.${segment(claims)}`;
  const signature = sign('sha256', Buffer.from(input), otherKey.privateKey).toString('base64url');
  expect((await verdict(`${input}.${signature}`)).cause).toBe('signature_value');
});

test('without a kid every fitting key is tried', async () => {
  const input = `${segment({ alg: 'RS256' })}.${segment(claims)}`;
  const signature = sign('sha256', Buffer.from(input), otherKey.privateKey).toString('base64url');
  const other = { ...createPublicKey(otherKey.privateKey).export({ format: 'jwk' }), kid: 'other' };
  const { verification } = await verdict(`${input}.${signature}`, { keys: { keys: [...jwks.keys, other] } });
  expect(verification.valid).toBe(true);
});

test('a certificate or a public key in PEM stands for the JWKS, whatever the kid', async () => {
  const jwt = await issue({}, { ...jwtKeys.RS256, kid: 'unknown' });
  const publicPem = createPublicKey(jwtKeys.RS256.privateKey).export({ type: 'spki', format: 'pem' });
  for (const keys of [jwtCertificate, publicPem.toString()])
    expect((await verdict(jwt, { keys })).verification.valid).toBe(true);
  expect((await verdict(jwt, { keys: keyFile('saml-other.crt.pem') })).cause).toBe('signature_value');
  const ec = createPublicKey(jwtKeys.ES256.privateKey).export({ type: 'spki', format: 'pem' });
  expect((await verdict(jwt, { keys: ec.toString() })).cause).toBe('key');
  for (const keys of ['', 'nonsense', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])
    expect((await verdict(jwt, { keys })).cause).toBe('key');
});

test('a private key given as PEM is refused and not repeated', async () => {
  const { cause, verification } = await verdict(await issue(), { keys: keyFile('jwt-rsa.key.pem') });
  expect(cause).toBe('key');
  expect(JSON.stringify(verification)).not.toContain('MII');
});

test('an RSA key below 2048 bits is refused at the key: others would refuse it too', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  // jose would not sign with it
  const input = `${segment({ alg: 'RS256', kid: 'short' })}.${segment(claims)}`;
  const jwt = `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
  const { cause, detail } = await verdict(jwt, {
    keys: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'short' }] },
  });
  expect(cause).toBe('key');
  expect(detail).toContain('1024 bits');
});

test('an ECDSA signature in DER is recognised', async () => {
  const input = `${segment({ alg: 'ES256', kid: jwtKeys.ES256.kid })}.${segment(claims)}`;
  const der = sign('sha256', Buffer.from(input), jwtKeys.ES256.privateKey).toString('base64url');
  expect(await verdict(`${input}.${der}`)).toMatchObject({
    cause: 'signature_value',
    hint: expect.stringContaining('DER') as string,
  });
});

test.each<[string, (jwt: string) => string, string]>([
  ['nothing', () => '', 'copy the whole token'],
  ['an opaque token', () => 'v0pAqu3', 'oidc.audience'],
  ['an encrypted token', (jwt) => `${jwt}.a.b`, 'JWE'],
  ['a token cut after the payload', (jwt) => jwt.split('.').slice(0, 2).join('.'), 'copy the whole token'],
  ['a Bearer header', (jwt) => `Bearer ${jwt}`, 'Authorization scheme'],
  ['a wrapped token', (jwt) => `${jwt.slice(0, 40)}\n${jwt.slice(40)}`, 'one line'],
  ['padding', (jwt) => `${jwt}==`, 'copy the whole token'],
  ['a header that is no JSON', (jwt) => `AAAA${jwt.slice(4)}`, 'copy the whole token'],
  ['a header that is no object', (jwt) => `W10${jwt.slice(jwt.indexOf('.'))}`, 'copy the whole token'],
])('%s fails at parse, with what to do', async (_, mangle, remedy) => {
  const { cause, hint, verification } = await verdict(mangle(await issue()));
  expect(cause).toBe('parse');
  expect(hint).toContain(remedy);
  expect(verification.steps.slice(1).every(({ status }) => status === 'skipped')).toBe(true);
});

test('signed content that is no claims set fails at claims', async () => {
  const input = `${segment({ alg: 'EdDSA', kid: jwtKeys.EdDSA.kid })}.${segment([1])}`;
  const signature = sign(null, Buffer.from(input), jwtKeys.EdDSA.privateKey).toString('base64url');
  expect((await verdict(`${input}.${signature}`)).cause).toBe('claims');
});

test('decoding for display shows what can be read and checks nothing', async () => {
  expect(decodeJwt(await issue())).toEqual({
    header: { alg: 'RS256', typ: 'JWT', kid: jwtKeys.RS256.kid },
    payload: claims,
  });
  expect(decodeJwt('%.AAAA.x')).toEqual({ header: null, payload: null });
});

test('changing any one character of a token makes it invalid', async () => {
  const jwts = await Promise.all(Object.values(jwtKeys).map((key) => issue({}, key)));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...jwts),
      fc.nat(),
      fc.constantFrom(...'ABCDEFwxyz0189-_.+/= \n'.split('')),
      async (jwt, at, character) => {
        const index = at % jwt.length;
        fc.pre(jwt[index] !== character);
        const { verification, cause } = await verdict(jwt.slice(0, index) + character + jwt.slice(index + 1));
        expect(verification.valid).toBe(false);
        expect(['parse', 'header', 'key', 'signature_value']).toContain(cause);
      },
    ),
    { numRuns: 400 },
  );
});

test('no text, header, payload or key makes it throw', async () => {
  const json = fc.oneof(
    fc.jsonValue(),
    fc.object({ key: fc.constantFrom('alg', 'kid', 'crit', 'b64', 'exp', 'aud') }),
  );
  const header = fc.record(
    {
      alg: fc.constantFrom('RS256', 'PS512', 'ES256', 'ES512', 'EdDSA', 'Ed25519', 'HS256', '__proto__'),
      kid: fc.oneof(fc.string(), fc.constantFrom(...jwks.keys.map(({ kid }) => kid))),
      b64: fc.boolean(),
      typ: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const token = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.base64String(), { maxLength: 5 }).map((segments) => segments.join('.')),
    fc
      .tuple(fc.oneof(header, json), json, fc.uint8Array({ maxLength: 300 }))
      .map(([h, p, s]) => `${segment(h)}.${segment(p)}.${Buffer.from(s).toString('base64url')}`),
  );
  const mangledKey = fc.record(
    {
      kty: fc.constantFrom('RSA', 'EC', 'OKP', 'oct', 'AKP'),
      kid: fc.string(),
      crv: fc.constantFrom('P-256', 'Ed25519', 'Ed448', 'secp256k1'),
      n: fc.base64String(),
      e: fc.base64String(),
      x: fc.base64String(),
      y: fc.base64String(),
    },
    { requiredKeys: [] },
  );
  const keys = fc.oneof(
    fc.constant(jwks),
    fc.string(),
    fc.record({ keys: fc.array(fc.oneof(mangledKey, fc.jsonValue())) }),
    fc.jsonValue() as fc.Arbitrary<never>,
  );
  await fc.assert(
    fc.asyncProperty(token, keys, async (jwt, trusted) => {
      const { valid, steps } = await verifyJwt(jwt, { ...expected, keys: trusted });
      expect(valid).toBe(false);
      expect(steps).toHaveLength(11);
      expect(steps.some(({ status }) => status === 'fail')).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('well-signed tokens with any claims are valid exactly when jose says so', async () => {
  const publicOnly = createLocalJWKSet(JSON.parse(JSON.stringify(jwks)) as JSONWebKeySet);
  const instant = fc.oneof(
    fc.integer({ min: -3, max: 3 }).map((offset) => seconds + offset),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.jsonValue(),
  );
  const set = fc.record(
    {
      iss: fc.constantFrom('https://idp.example/', 'https://idp.example', 1, null),
      aud: fc.oneof(fc.constantFrom('app', 'other'), fc.array(fc.constantFrom('app', 'b')), fc.jsonValue()),
      exp: instant,
      nbf: instant,
      // jose looks at the age of a token only when asked for a maximum, so iat stays in the past here.
      iat: fc.integer({ min: 0, max: seconds }),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(set, fc.integer({ min: 0, max: 2 }), async (payload, tolerance) => {
      const jwt = await signJwt(payload, jwtKeys.EdDSA);
      const { issuer, audience } = expected;
      const ours = await verifyJwt(jwt, {
        keys: jwks,
        now,
        issuer: issuer!,
        audience: audience!,
        clockToleranceInSeconds: tolerance,
      });
      const theirs = await jwtVerify(jwt, publicOnly, {
        issuer: issuer!,
        audience: audience!,
        currentDate: now,
        clockTolerance: tolerance,
      }).then(
        () => true,
        () => false,
      );
      expect(ours.valid).toBe(theirs);
    }),
    { numRuns: 300 },
  );
});
