import { expect, test } from 'vitest';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { jwks, jwtKeys } from '../../../test/support/jwt-keys.js';
import { accessTokenPayload, accessTokenType, type AccessTokenInput } from './access-token.js';
import { signJwt } from './sign.js';

const asked: AccessTokenInput = {
  issuer: 'https://idp.example/',
  subject: 'auth0|jane',
  audience: 'https://api.example/',
  clientId: 'app',
  now: new Date('2026-03-01T12:00:00Z'),
  lifetimeInSeconds: 86_400,
  grantedScopes: ['read:mail', 'write:mail'],
  customClaims: {},
  alg: 'RS256',
};

test('an access token names its API, its client as azp and its scopes, in Auth0’s order', () => {
  expect(JSON.stringify(accessTokenPayload(asked))).toBe(
    '{"iss":"https://idp.example/","sub":"auth0|jane","aud":"https://api.example/","iat":1772366400,"exp":1772452800,"scope":"read:mail write:mail","azp":"app"}',
  );
});

test('with openid it is for /userinfo too, provided that it is signed with RS256', () => {
  const openid = { ...asked, grantedScopes: ['openid'] };
  expect(accessTokenPayload(openid)['aud']).toEqual(['https://api.example/', 'https://idp.example/userinfo']);
  expect(accessTokenPayload({ ...openid, alg: 'ES256' })['aud']).toBe('https://api.example/');
  expect(accessTokenPayload({ ...openid, audience: 'https://idp.example/userinfo' })['aud']).toBe(
    'https://idp.example/userinfo',
  );
});

test('custom claims come last and leave the standard ones alone', () => {
  const payload = accessTokenPayload({ ...asked, customClaims: { scope: 'admin', azp: 'x', mine: [1] } });
  expect(payload).toMatchObject({ scope: 'read:mail write:mail', azp: 'app', mine: [1] });
  expect(Object.keys(payload).at(-1)).toBe('mine');
});

test('a token of a client alone says its grant to Auth0’s SDKs', () => {
  expect(accessTokenPayload({ ...asked, grantType: 'client-credentials' })['gty']).toBe('client-credentials');
});

test('in the dialect of RFC 9068 the client is client_id, the token has a jti and no gty, and jose accepts its typ', async () => {
  const profile: AccessTokenInput = {
    ...asked,
    grantType: 'password',
    rfc9068: { jti: 'j-1', authenticatedAt: new Date('2026-03-01T11:00:00Z'), amr: ['pwd'] },
  };
  const jwt = await signJwt(accessTokenPayload(profile), jwtKeys.RS256, accessTokenType(profile));
  const { payload } = await jwtVerify(jwt, createLocalJWKSet(jwks as unknown as JSONWebKeySet), {
    typ: 'at+jwt',
    issuer: asked.issuer,
    audience: asked.audience,
    requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
    currentDate: asked.now,
  });
  expect(payload).toEqual({
    iss: 'https://idp.example/',
    sub: 'auth0|jane',
    aud: 'https://api.example/',
    iat: 1_772_366_400,
    exp: 1_772_452_800,
    scope: 'read:mail write:mail',
    client_id: 'app',
    jti: 'j-1',
    auth_time: 1_772_362_800,
    amr: ['pwd'],
  });
  expect(accessTokenType(asked)).toBe('JWT');
});

test.each([{ rfc9068: { jti: 'j-1' } }, {}])(
  'both dialects say what else is known of the token (%j)',
  (dialect) => {
    const payload = accessTokenPayload({
      ...asked,
      ...dialect,
      permissions: ['read:mail'],
      organization: { id: 'org_1', name: 'acme' },
      dpopJkt: 'thumbprint',
      customClaims: { cnf: 'x', permissions: 'x' },
    });
    expect(payload).toMatchObject({
      permissions: ['read:mail'],
      org_id: 'org_1',
      org_name: 'acme',
      cnf: { jkt: 'thumbprint' },
    });
    expect(accessTokenPayload({ ...asked, organization: { id: 'org_1' } })).not.toHaveProperty('org_name');
  },
);

test('a token of RFC 9068 names its client and itself, and tells of the login instead of the grant', () => {
  const payload = accessTokenPayload({
    ...asked,
    grantType: 'password',
    rfc9068: { jti: 'one', authenticatedAt: new Date('2026-03-01T11:00:00Z'), acr: 'high', amr: ['pwd'] },
  });
  expect(payload).toMatchObject({
    client_id: 'app',
    jti: 'one',
    auth_time: 1772362800,
    acr: 'high',
    amr: ['pwd'],
  });
  expect(Object.keys(payload)).not.toContain('azp');
  expect(Object.keys(payload)).not.toContain('gty');
  expect([accessTokenType({ rfc9068: { jti: 'one' } }), accessTokenType({})]).toEqual(['at+jwt', 'JWT']);
});

test('permissions, the organization and the key stand in it where there are any', () => {
  const payload = accessTokenPayload({
    ...asked,
    permissions: [],
    organization: { id: 'org_1', name: 'acme' },
    dpopJkt: 'thumbprint',
  });
  expect(payload).toMatchObject({
    permissions: [],
    org_id: 'org_1',
    org_name: 'acme',
    cnf: { jkt: 'thumbprint' },
  });
});
