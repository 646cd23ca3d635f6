import { expect, test } from 'vitest';
import { accessTokenPayload, type AccessTokenInput } from './access-token.js';

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
