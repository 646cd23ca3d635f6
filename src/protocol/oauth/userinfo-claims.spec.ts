import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { userinfoClaims, type UserinfoInput } from './userinfo-claims.js';

const profile = {
  user_id: 'auth0|jane',
  name: 'Jane Doe',
  nickname: 'jane',
  picture: 'https://cdn.example/jane.png',
  updated_at: '2026-03-01T12:00:00.000Z',
  email: 'jane@example.com',
  email_verified: true,
  phone_number: '+49 30 1',
  phone_number_verified: 'yes',
  address: 'Main Street 1',
  family_name: null,
  locale: '',
  app_metadata: { secret: true },
};
const input: UserinfoInput = {
  subject: 'auth0|jane',
  grantedScopes: ['openid', 'profile', 'email'],
  profile,
  customClaims: {},
  dialect: 'auth0',
};
const claims = (changes: Partial<UserinfoInput> = {}) => userinfoClaims({ ...input, ...changes });

test('the scopes profile and email bring what Auth0 says, and nothing empty', () => {
  expect(claims()).toEqual({
    sub: 'auth0|jane',
    name: 'Jane Doe',
    nickname: 'jane',
    picture: 'https://cdn.example/jane.png',
    updated_at: '2026-03-01T12:00:00.000Z',
    email: 'jane@example.com',
    email_verified: true,
  });
});

test('each scope brings its own claims', () => {
  expect(claims({ grantedScopes: ['openid'] })).toEqual({ sub: 'auth0|jane' });
  expect(Object.keys(claims({ grantedScopes: ['openid', 'email'] }))).toEqual([
    'sub',
    'email',
    'email_verified',
  ]);
  expect(Object.keys(claims({ grantedScopes: ['address', 'phone'] })).toSorted()).toEqual([
    'address',
    'phone_number',
    'phone_number_verified',
    'sub',
  ]);
});

test('the claims parameter brings what no scope does, but nothing that is no claim', () => {
  expect(
    claims({
      grantedScopes: ['openid'],
      requestedClaims: ['name', 'app_metadata', 'user_id', 'constructor'],
    }),
  ).toEqual({ sub: 'auth0|jane', name: 'Jane Doe' });
});

test('strictly every claim has the type of OpenID Connect, and is left out where it has not', () => {
  const grantedScopes = ['openid', 'profile', 'email', 'address', 'phone'];
  expect(claims({ grantedScopes, dialect: 'strict' })).toMatchObject({
    updated_at: 1_772_366_400,
    email_verified: true,
    address: { formatted: 'Main Street 1' },
  });
  expect(claims({ grantedScopes, dialect: 'strict' })).not.toHaveProperty('phone_number_verified');
});

test.each([
  ['2026-03-01T12:00:00.000Z', 1_772_366_400, '2026-03-01T12:00:00.000Z'],
  [1_772_366_400, 1_772_366_400, '2026-03-01T12:00:00.000Z'],
  [new Date('2026-03-01T12:00:00.999Z'), 1_772_366_400, '2026-03-01T12:00:00.999Z'],
  ['yesterday', undefined, 'yesterday'],
  [Infinity, undefined, Infinity],
])('updated_at %s is the number %s strictly and the text %s to Auth0’s SDKs', (updated_at, number, text) => {
  expect(claims({ profile: { updated_at }, dialect: 'strict' })['updated_at']).toBe(number);
  expect(claims({ profile: { updated_at } })['updated_at']).toBe(text);
});

test('custom claims of the ID token are there too, and sub is nobody’s to set', () => {
  expect(
    claims({ customClaims: { sub: 'root', name: 'J.', 'https://example.com/role': 'admin' } }),
  ).toMatchObject({ sub: 'auth0|jane', name: 'J.', 'https://example.com/role': 'admin' });
});

test('whatever the profile holds, strictly a claim is of its type', () => {
  const anyProfile = fc.dictionary(
    fc.constantFrom('name', 'updated_at', 'email', 'email_verified', 'phone_number_verified', '__proto__'),
    fc.anything(),
  );
  fc.assert(
    fc.property(anyProfile, (any) => {
      const said = claims({
        profile: any,
        grantedScopes: ['profile', 'email', 'phone'],
        dialect: 'strict',
      });
      for (const [name, type] of [
        ['sub', 'string'],
        ['name', 'string'],
        ['email', 'string'],
        ['updated_at', 'number'],
        ['email_verified', 'boolean'],
        ['phone_number_verified', 'boolean'],
      ] as const)
        if (said[name] !== undefined) expect(typeof said[name]).toBe(type);
    }),
  );
});
