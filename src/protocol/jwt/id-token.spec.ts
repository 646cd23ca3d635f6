import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JwtAlgorithm } from './algorithms.js';
import { CLAIMS_OF_SCOPE, halfHash, idTokenPayload, type IdTokenInput } from './id-token.js';
import { issuerOf } from './issuer.js';
import { SCOPE_OF_CLAIM } from './restricted-claims.js';

const bare: IdTokenInput = {
  issuer: 'https://idp.example/',
  subject: 'auth0|jane',
  clientId: 'app',
  now: new Date('2026-03-01T12:00:00.900Z'),
  lifetimeInSeconds: 36_000,
  authenticatedAt: new Date('2026-03-01T11:59:58.100Z'),
  grantedScopes: ['openid'],
  profile: {
    name: 'Jane',
    nickname: null,
    picture: 'https://x/p.png',
    updated_at: '2026-01-02T03:04:05.678Z',
    email: 'jane@example.com',
    email_verified: false,
    phone_number: '+1',
    app_metadata: { secret: 1 },
  },
  customClaims: {},
  alg: 'RS256',
};

test('the issuer ends in a slash, whatever the base URL does', () => {
  expect(issuerOf('https://idp.example')).toBe('https://idp.example/');
  expect(issuerOf('https://idp.example/')).toBe('https://idp.example/');
});

test('a bare ID token has the protocol’s claims in whole seconds, aud as a string, and no nonce nobody asked for', () => {
  expect(idTokenPayload(bare)).toStrictEqual({
    iss: 'https://idp.example/',
    sub: 'auth0|jane',
    aud: 'app',
    iat: 1772366400,
    exp: 1772402400,
    auth_time: 1772366398,
  });
});

test('nonce, sid and at_hash stand where they were given', () => {
  const payload = idTokenPayload({ ...bare, nonce: '', sessionId: 'sid_1', accessToken: 'token' });
  expect(payload).toMatchObject({ nonce: '', sid: 'sid_1', at_hash: halfHash('token', 'RS256') });
});

test('profile and email claims follow their scopes; what the profile lacks is left out', () => {
  const { iss, sub, aud, iat, exp, auth_time, ...profile } = idTokenPayload({
    ...bare,
    grantedScopes: ['openid', 'profile', 'email', 'phone'],
  });
  expect([iss, sub, aud, iat, exp, auth_time]).not.toContain(undefined);
  expect(profile).toStrictEqual({
    name: 'Jane',
    picture: 'https://x/p.png',
    updated_at: '2026-01-02T03:04:05.678Z',
    email: 'jane@example.com',
    email_verified: false,
  });
  expect(idTokenPayload({ ...bare, grantedScopes: ['openid', 'email'] })).not.toHaveProperty('name');
});

test('the scope that brings a profile claim is the scope that lets a custom one in', () => {
  for (const [scope, names] of Object.entries(CLAIMS_OF_SCOPE))
    for (const name of names) expect(SCOPE_OF_CLAIM.get(name)).toBe(scope);
});

test('a custom claim replaces the profile’s, and comes last otherwise', () => {
  const payload = idTokenPayload({
    ...bare,
    grantedScopes: ['openid', 'email'],
    customClaims: { 'https://example.com/x': null, email: 'alias@example.com' },
  });
  expect(payload['email']).toBe('alias@example.com');
  expect(Object.keys(payload).at(-1)).toBe('https://example.com/x');
});

test('no custom claim, however named, changes a claim of the protocol', () => {
  const full = { ...bare, nonce: 'n', sessionId: 's', accessToken: 't' };
  const protocol = idTokenPayload(full);
  const name = fc.oneof(fc.constantFrom(...Object.keys(protocol), '__proto__'), fc.string());
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.jsonValue())), (entries) => {
      const payload = idTokenPayload({ ...full, customClaims: Object.fromEntries(entries) });
      expect(payload).toMatchObject(protocol);
      expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
    }),
  );
});

// The examples of OIDC Core A.3 and A.4.
test('at_hash and c_hash are those of the examples in OIDC Core', () => {
  expect(halfHash('jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y', 'RS256')).toBe('77QmUPtjPfzWtF2AnpK9RQ');
  expect(halfHash('Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk', 'RS256')).toBe(
    'LDktKdoQak3Pk0cnXxCltA',
  );
});

test.each<[JwtAlgorithm, number]>([
  ['RS256', 16],
  ['PS256', 16],
  ['ES256', 16],
  ['EdDSA', 32],
])('at_hash beside %s is %i bytes, half of the hash of that signature', (alg, bytes) => {
  expect(Buffer.from(halfHash('token', alg), 'base64url')).toHaveLength(bytes);
});
