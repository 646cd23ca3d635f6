import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { expect, test } from 'vitest';
import { jwks, jwtKeys } from '../../../test/support/jwt-keys.js';
import { signJwt } from '../jwt/sign.js';
import { LOGOUT_TOKEN_TYPES, logoutTokenPayload, type LogoutTokenInput } from './logout-token.js';

const input: LogoutTokenInput = {
  issuer: 'https://idp.example/',
  clientId: 'app',
  loggedOut: { sessionId: 's-1', subject: 'auth0|jane' },
  now: new Date('2026-03-01T12:00:00.900Z'),
  jti: 'j-1',
};
const iat = 1_772_366_400;

test('a logout token says which session of whom has ended, at whom, and when', () => {
  expect(logoutTokenPayload({ ...input, traceId: 't' })).toEqual({
    iss: 'https://idp.example/',
    sub: 'auth0|jane',
    aud: 'app',
    iat,
    exp: iat + 120,
    jti: 'j-1',
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    trace_id: 't',
    sid: 's-1',
  });
});

test('the session or the user alone will do, and a nonce is never there', () => {
  const bySession = logoutTokenPayload({ ...input, loggedOut: { sessionId: 's-1' } });
  expect(Object.keys(bySession)).toEqual(['iss', 'aud', 'iat', 'exp', 'jti', 'events', 'sid']);
  const byUser = logoutTokenPayload({ ...input, loggedOut: { subject: 'auth0|jane' }, lifetimeInSeconds: 5 });
  expect(Object.keys(byUser)).toEqual(['iss', 'sub', 'aud', 'iat', 'exp', 'jti', 'events']);
  expect(byUser['exp']).toBe(iat + 5);
});

test.each(LOGOUT_TOKEN_TYPES)('jose verifies it as %s, for the client and for nobody else', async (typ) => {
  const jwt = await signJwt(logoutTokenPayload(input), jwtKeys.RS256, typ);
  const keys = createLocalJWKSet(jwks as unknown as JSONWebKeySet);
  const options = {
    typ,
    issuer: input.issuer,
    requiredClaims: ['jti', 'events', 'iat'],
    currentDate: input.now,
  };
  const { payload } = await jwtVerify(jwt, keys, { ...options, audience: 'app' });
  expect(payload).toEqual(logoutTokenPayload(input));
  await expect(jwtVerify(jwt, keys, { ...options, audience: 'other' })).rejects.toThrow('aud');
});
