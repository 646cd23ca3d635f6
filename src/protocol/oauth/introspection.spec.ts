import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { introspectionAnswer, type IntrospectionContext, type TokenRecord } from './introspection.js';

const now = new Date('2026-03-01T12:00:00Z');
const seconds = now.getTime() / 1000;
const at = (offset: number): Date => new Date((seconds + offset) * 1000);
const token: TokenRecord = {
  kind: 'access_token',
  clientId: 'app',
  scopes: ['openid', 'read:mail'],
  subject: 'auth0|jane',
  username: 'jane',
  audience: ['urn:api', 'https://idp.example/userinfo'],
  issuedAt: at(-60),
  notBefore: at(-60),
  expiresAt: at(60),
  jti: 'j-1',
  isRevoked: false,
  jkt: 'thumbprint',
};
const context: IntrospectionContext = {
  issuer: 'https://idp.example/',
  now,
  dialect: 'auth0',
  mayKnow: true,
};

test('of an active token all is said that is known', () => {
  expect(introspectionAnswer(token, context)).toEqual({
    active: true,
    scope: 'openid read:mail',
    client_id: 'app',
    username: 'jane',
    token_type: 'DPoP',
    exp: seconds + 60,
    iat: seconds - 60,
    nbf: seconds - 60,
    sub: 'auth0|jane',
    aud: ['urn:api', 'https://idp.example/userinfo'],
    iss: 'https://idp.example/',
    jti: 'j-1',
    cnf: { jkt: 'thumbprint' },
  });
});

test('what is not known is left out, and a refresh token has no type', () => {
  const bare = { clientId: 'app', scopes: [], issuedAt: at(-1), isRevoked: false } as const;
  expect(introspectionAnswer({ kind: 'refresh_token', ...bare }, context)).toEqual({
    active: true,
    scope: '',
    client_id: 'app',
    iat: seconds - 1,
    iss: 'https://idp.example/',
  });
  expect(introspectionAnswer({ kind: 'access_token', ...bare }, context)).toMatchObject({
    token_type: 'Bearer',
  });
});

test.each<[string, TokenRecord | undefined, Partial<IntrospectionContext>]>([
  ['unknown', undefined, {}],
  ['revoked', { ...token, isRevoked: true }, {}],
  ['expired at this very instant', { ...token, expiresAt: now }, {}],
  ['not valid yet', { ...token, notBefore: at(1) }, {}],
  ['somebody else’s', token, { mayKnow: false }],
])('of a token that is %s nothing is said but that it is not active', (_, record, changes) => {
  expect(introspectionAnswer(record, { ...context, ...changes })).toEqual({ active: false });
  expect(introspectionAnswer(record, { ...context, ...changes, dialect: 'notion', requestId: 'r' })).toEqual({
    active: false,
    request_id: 'r',
  });
});

test('in Notion’s dialect a token has a scope and an instant', () => {
  expect(introspectionAnswer(token, { ...context, dialect: 'notion', requestId: 'r' })).toEqual({
    active: true,
    scope: 'openid read:mail',
    iat: seconds - 60,
    request_id: 'r',
  });
});

test('whenever one asks, a token is active from its beginning until its end and not outside', () => {
  const offset = fc.integer({ min: -100, max: 100 });
  fc.assert(
    fc.property(offset, offset, offset, (asked, from, until) => {
      const record = { ...token, notBefore: at(from), expiresAt: at(until) };
      const { active } = introspectionAnswer(record, { ...context, now: at(asked) });
      expect(active).toBe(from <= asked && asked < until);
    }),
  );
});
