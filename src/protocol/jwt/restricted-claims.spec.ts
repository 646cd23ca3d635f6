import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { JwtError } from './jwt-error.js';
import {
  admitCustomClaims,
  dropForOpaqueToken,
  MAX_CUSTOM_CLAIMS_BYTES,
  RESTRICTED_CLAIMS,
  refuseScopeClaim,
  SCOPE_OF_CLAIM,
} from './restricted-claims.js';

const admit = (
  claims: Record<string, unknown>,
  more: Partial<Parameters<typeof admitCustomClaims>[0]> = {},
) => admitCustomClaims({ token: 'id_token', grantedScopes: ['openid'], ...more, claims });
const failure = (run: () => unknown): JwtError => {
  try {
    run();
  } catch (error) {
    if (error instanceof JwtError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

test('names of one’s own reach the token, namespaced or plain, in the order they were set', () => {
  const claims = { 'https://example.com/roles': ['a', 'b'], 'urn:example:x': 1, tier: 'gold', roles2: null };
  const { claims: admitted, dropped } = admit(claims);
  expect(JSON.stringify(admitted)).toBe(JSON.stringify(claims));
  expect(dropped).toEqual([]);
});

test('the 60 restricted names are left out of both tokens, each with its reason', () => {
  expect(RESTRICTED_CLAIMS.size).toBe(60);
  for (const token of ['id_token', 'access_token'] as const)
    for (const claim of RESTRICTED_CLAIMS) {
      const { claims, dropped } = admit({ [claim]: 'x', mine: 1 }, { token });
      expect(claims).toEqual({ mine: 1 });
      expect(dropped).toEqual([
        { token, claim, reason: expect.stringContaining('restricted claim') as string },
      ]);
    }
});

test.each(['sub', 'roles', 'permissions', 'groups', 'x5t#S256', 'internalService', 'cnf', 'uuid', 'org_id'])(
  'the name %s is restricted',
  (claim) => {
    expect(admit({ [claim]: 1 }).claims).toEqual({});
  },
);

test('names are compared letter for letter: Roles is nobody’s', () => {
  expect(admit({ Roles: 1, SUB: 2, constructor: 3, toString: 4 }).claims).toEqual({
    Roles: 1,
    SUB: 2,
    constructor: 3,
    toString: 4,
  });
});

test('scope throws and says that scopes are added one by one', () => {
  const error = failure(() => admit({ scope: 'openid' }, { token: 'access_token' }));
  expect(error.code).toBe('claim_scope_refused');
  expect(error.description).toContain('addScope');
  expect(error.errors[0]?.pointer).toBe('/accessToken/customClaims/scope');
  expect(failure(() => refuseScopeClaim('id_token', 'scope')).code).toBe('claim_scope_refused');
  expect(() => refuseScopeClaim('id_token', 'Scope')).not.toThrow();
});

test.each([
  'https://auth0.com/x',
  'http://auth0.com',
  'https://tenant.eu.auth0.com/roles',
  'https://AUTH0.com:8443/x',
  'https://auth0.com./x',
  'https://user@webtask.io/x',
  'http://a.webtask.run/x',
  'urn:auth0',
  'urn:auth0:tenant:claim',
  'URN:Auth0:x',
])('the namespace of %s is refused', (claim) => {
  const { claims, dropped } = admit({ [claim]: 1 });
  expect(claims).toEqual({});
  expect(dropped[0]?.reason).toContain('Auth0’s own');
});

test.each([
  'https://notauth0.com/x',
  'https://auth0.com.example.com/x',
  'https://auth0.com@example.com/x',
  'https://example.com/auth0.com',
  'urn:auth0x:y',
  'auth0.com',
  'https://',
])('the namespace of %s is free', (claim) => {
  expect(admit({ [claim]: 1 }).dropped).toEqual([]);
});

test('a profile claim needs the scope that covers it', () => {
  expect(SCOPE_OF_CLAIM.size).toBe(19);
  for (const [claim, scope] of SCOPE_OF_CLAIM) {
    const without = admit({ [claim]: 'x' });
    expect(without.claims).toEqual({});
    expect(without.dropped[0]?.reason).toContain(`the scope ${scope}`);
    expect(admit({ [claim]: 'x' }, { grantedScopes: ['openid', scope] }).claims).toEqual({ [claim]: 'x' });
  }
});

test('tokens for the Management API carry no custom claims, those for the tenant’s other APIs none with a plain name', () => {
  const claims = { tier: 1, 'https://example.com/tier': 2 };
  const at = (audience: string, token: 'id_token' | 'access_token' = 'access_token') =>
    admit(claims, { token, audience, issuer: 'https://idp.example/' }).claims;
  expect(at('https://idp.example/api/v2/')).toEqual({});
  expect(at('https://idp.example/mfa/')).toEqual({ 'https://example.com/tier': 2 });
  expect(at('https://idp.example/userinfo')).toEqual(claims);
  expect(at('https://api.example/')).toEqual(claims);
  expect(at('https://idp.example/api/v2/', 'id_token')).toEqual(claims);
});

test('null is a value; undefined leaves the claim out and says so', () => {
  const { claims, dropped } = admit({ a: null, b: undefined });
  expect(claims).toEqual({ a: null });
  expect(dropped).toEqual([
    { token: 'id_token', claim: 'b', reason: expect.stringContaining('undefined') as string },
  ]);
});

test('a claim named __proto__ is a claim like any other', () => {
  const asked = JSON.parse('{"__proto__":{"admin":true},"x":{"__proto__":1}}') as Record<string, unknown>;
  const { claims } = admit(asked);
  expect(JSON.stringify(claims)).toBe('{"__proto__":{"admin":true},"x":{"__proto__":1}}');
  expect(Object.getPrototypeOf(claims)).toBe(Object.prototype);
  expect((claims as { admin?: unknown }).admin).toBeUndefined();
});

const circle: unknown[] = [];
circle.push({ circle });
test.each<[string, unknown, string, string]>([
  ['a function', () => 1, '', 'a function'],
  ['a symbol', Symbol('s'), '', 'a symbol'],
  ['a bigint in an array', [1, 2n], '/1', 'a bigint'],
  ['NaN in a member', { 'a/b': { '~': Number.NaN } }, '/a~1b/~0', 'NaN'],
  ['Infinity', Number.POSITIVE_INFINITY, '', 'Infinity'],
  ['a hole', [1, undefined], '/1', 'undefined'],
  ['a Map', { m: new Map() }, '/m', 'an instance of Map'],
  ['an invalid Date', new Date('x'), '', 'an invalid Date'],
  ['a circle', circle, '/0/circle', 'a circle'],
])('a value that JSON cannot say is refused by the claim’s name: %s', (_, value, pointer, what) => {
  const error = failure(() => admit({ 'my claim': value }));
  expect(error.code).toBe('claim_not_json');
  expect(error.description).toContain('claim my claim');
  expect(error.description).toContain(what);
  expect(error.errors[0]?.pointer).toBe(`/idToken/customClaims/my claim${pointer}`);
});

test('a value nested a hundred thousand levels deep is refused, not a crash', () => {
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  expect(failure(() => admit({ deep })).description).toContain('nested deeper');
});

test('a value that a dropped claim holds is not looked at', () => {
  expect(admit({ sub: () => 1 }).dropped).toHaveLength(1);
});

test('dates become ISO instants, undefined members go, and the same object twice is no circle', () => {
  const shared = { a: 1 };
  expect(admit({ d: new Date(0), o: { a: undefined, b: 1 }, twice: [shared, shared] }).claims).toEqual({
    d: '1970-01-01T00:00:00.000Z',
    o: { b: 1 },
    twice: [{ a: 1 }, { a: 1 }],
  });
});

test('custom claims of one token may take 102 400 bytes of UTF-8 JSON, and not one more', () => {
  const overhead = Buffer.byteLength('{"c":""}');
  const fits = { c: 'ü'.repeat((MAX_CUSTOM_CLAIMS_BYTES - overhead) / 2) };
  expect(admit(fits).claims).toEqual(fits);
  const error = failure(() => admit({ c: `${fits.c}x` }));
  expect(error.code).toBe('claims_too_large');
  expect(error.description).toContain('102401');
});

test('a dropped claim takes no room', () => {
  expect(admit({ sub: 'x'.repeat(200_000) }).claims).toEqual({});
});

test('every custom claim of an opaque access token is listed as dropped', () => {
  expect(dropForOpaqueToken({ a: 1, b: 2 }).map(({ token, claim }) => [token, claim])).toEqual([
    ['access_token', 'a'],
    ['access_token', 'b'],
  ]);
});

test('every claim asked for is either in the token, as its JSON, or listed with a reason', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(...RESTRICTED_CLAIMS, ...SCOPE_OF_CLAIM.keys(), '__proto__', 'constructor'),
    fc.webUrl(),
  );
  const claims = fc.array(fc.tuple(name, fc.jsonValue())).map((entries) => Object.fromEntries(entries));
  const asked = claims.filter((set) => !Object.hasOwn(set, 'scope'));
  fc.assert(
    fc.property(asked, fc.subarray(['profile', 'email', 'phone']), (set, grantedScopes) => {
      const result = admit(set, { grantedScopes });
      const lost = new Set(result.dropped.map(({ claim }) => claim));
      expect(Object.keys(result.claims).length + lost.size).toBe(Object.keys(set).length);
      for (const [claim, value] of Object.entries(set)) {
        expect(Object.hasOwn(result.claims, claim)).toBe(!lost.has(claim));
        if (!lost.has(claim))
          expect(JSON.stringify(Object.getOwnPropertyDescriptor(result.claims, claim)?.value)).toBe(
            JSON.stringify(value),
          );
      }
    }),
  );
});
