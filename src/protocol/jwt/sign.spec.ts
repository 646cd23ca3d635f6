import { createPublicKey } from 'node:crypto';
import * as fc from 'fast-check';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { expect, test } from 'vitest';
import { jwks, jwtKeys, otherKey } from '../../../test/support/jwt-keys.js';
import { accessTokenPayload } from './access-token.js';
import type { JwtAlgorithm } from './algorithms.js';
import { decodeJwt } from './compact.js';
import { idTokenPayload } from './id-token.js';
import { JwtError } from './jwt-error.js';
import { admitCustomClaims } from './restricted-claims.js';
import { signJwt } from './sign.js';

const now = new Date('2026-03-01T12:00:00Z');
const issuer = 'https://idp.example/';
const algorithms = Object.keys(jwtKeys) as JwtAlgorithm[];
/** All that a relying party is given. */
const publicOnly = createLocalJWKSet(JSON.parse(JSON.stringify(jwks)) as JSONWebKeySet);
const golden = (name: string): string =>
  new URL(`../../../test/golden/jwt/${name}`, import.meta.url).pathname;

const accessTokenOf = (alg: JwtAlgorithm): Promise<string> =>
  signJwt(
    accessTokenPayload({
      issuer,
      subject: 'auth0|507f1f77bcf86cd799439011',
      audience: 'https://api.example/',
      clientId: 'app',
      now,
      lifetimeInSeconds: 86_400,
      grantedScopes: ['openid', 'profile', 'email', 'read:mail'],
      customClaims: { 'https://example.com/roles': ['admin', 'Ä 🜨'] },
      alg,
    }),
    jwtKeys[alg],
  );

/** An ID token beside a fixed access token: an ES256 or PS256 one would bring its own randomness into at_hash. */
const idTokenOf = (alg: JwtAlgorithm): Promise<string> => {
  const grantedScopes = ['openid', 'profile', 'email'];
  const { claims } = admitCustomClaims({
    token: 'id_token',
    claims: { 'https://example.com/roles': ['admin', 'Ä 🜨'], sub: 'somebody else', absent: null },
    grantedScopes,
  });
  return signJwt(
    idTokenPayload({
      issuer,
      subject: 'auth0|507f1f77bcf86cd799439011',
      clientId: 'app',
      now,
      lifetimeInSeconds: 36_000,
      authenticatedAt: new Date('2026-03-01T11:59:00Z'),
      sessionId: 'sid_1',
      nonce: 'n-0S6_WzA2Mj',
      grantedScopes,
      profile: {
        name: 'Jane Doe',
        nickname: 'jane',
        updated_at: '2026-01-02T03:04:05.678Z',
        email: 'jane@example.com',
        email_verified: true,
      },
      customClaims: claims,
      accessToken: 'an-access-token',
      alg,
    }),
    jwtKeys[alg],
  );
};

const parts = (jwt: string): string => `${JSON.stringify(decodeJwt(jwt), null, 2)}\n`;

test.each(algorithms)('%s tokens say what the golden files say', async (alg) => {
  const idToken = await idTokenOf(alg);
  const accessToken = await accessTokenOf(alg);
  await expect(parts(idToken)).toMatchFileSnapshot(golden(`${alg}.id-token.json`));
  await expect(parts(accessToken)).toMatchFileSnapshot(golden(`${alg}.access-token.json`));
});

test.each(['RS256', 'EdDSA'] as const)('%s tokens are the golden ones, byte for byte', async (alg) => {
  await expect(`${await idTokenOf(alg)}\n`).toMatchFileSnapshot(golden(`${alg}.id-token.jwt`));
  await expect(`${await accessTokenOf(alg)}\n`).toMatchFileSnapshot(golden(`${alg}.access-token.jwt`));
});

test.each(algorithms)('jose verifies %s tokens with the public JWKS alone', async (alg) => {
  const id = await jwtVerify(await idTokenOf(alg), publicOnly, {
    issuer,
    audience: 'app',
    currentDate: now,
    typ: 'JWT',
    requiredClaims: ['exp', 'iat', 'nonce'],
  });
  expect(id.payload['https://example.com/roles']).toEqual(['admin', 'Ä 🜨']);
  expect(id.payload['absent']).toBeNull();
  const access = await jwtVerify(await accessTokenOf(alg), publicOnly, {
    issuer,
    audience: 'https://api.example/',
    currentDate: now,
    algorithms: [alg],
  });
  expect(access.protectedHeader).toEqual({ alg, typ: 'JWT', kid: jwtKeys[alg].kid });
});

test('a token of another key is not verified', async () => {
  const forged = await signJwt({ sub: 'x' }, { ...otherKey, kid: jwtKeys.RS256.kid });
  await expect(jwtVerify(forged, publicOnly)).rejects.toThrow('signature verification failed');
});

test('typ is JWT unless another one is asked for', async () => {
  expect(decodeProtectedHeader(await signJwt({}, jwtKeys.EdDSA, 'at+jwt')).typ).toBe('at+jwt');
});

test('a key that cannot sign the algorithm is named, not used', async () => {
  const unfit = [
    { ...jwtKeys.RS256, alg: 'ES256' as const },
    { ...jwtKeys.ES256, alg: 'EdDSA' as const },
    { ...jwtKeys.RS256, privateKey: createPublicKey(jwtKeys.RS256.privateKey) },
  ];
  for (const key of unfit) {
    const error: unknown = await signJwt({}, key).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(JwtError);
    expect(error).toMatchObject({ code: 'jwt_key_unusable' });
  }
});

test('any JSON claim comes back identical through jose', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), fc.jsonValue(), async (name, value) => {
      const claims = Object.fromEntries([[`x${name}`, value]]);
      const { payload } = await jwtVerify(await signJwt(claims, jwtKeys.EdDSA), publicOnly);
      expect(JSON.stringify(payload)).toBe(JSON.stringify(claims));
    }),
  );
});
