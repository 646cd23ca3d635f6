import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { expect, test } from 'vitest';
import { jwks, jwtKeys, otherKey } from '../../../test/support/jwt-keys.js';
import {
  CLIENT_ASSERTION_ALGORITHMS,
  verifyClientAssertion,
  type ClientAssertionRules,
} from './client-assertion.js';
import { OAuthError } from './oauth-error.js';

const jsonwebtoken = createRequire(import.meta.url)('jsonwebtoken') as {
  sign(payload: object, key: unknown, options?: object): string;
};
const now = new Date('2026-03-01T12:00:00Z');
const seconds = now.getTime() / 1000;
const rules: ClientAssertionRules = {
  clientId: 'app',
  keys: jwks,
  issuer: 'https://idp.example/',
  endpoints: ['https://idp.example/oauth/token', 'https://idp.example/oauth/par'],
  now,
};
const claims = {
  iss: 'app',
  sub: 'app',
  aud: 'https://idp.example/',
  jti: 'j-1',
  iat: seconds,
  exp: seconds + 60,
};
const { kid, privateKey } = jwtKeys.RS256;
const signed = (more: Readonly<Record<string, unknown>> = {}, header: object = {}): Promise<string> =>
  new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: 'RS256', kid, ...header }).sign(privateKey);
const refusal = async (assertion: string, changes: Partial<ClientAssertionRules> = {}): Promise<string> => {
  try {
    await verifyClientAssertion(assertion, { ...rules, ...changes });
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    expect(error).toMatchObject({ case: 'client_assertion_invalid', code: 'invalid_client' });
    expect(error.description).toMatch(/^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
    return error.description;
  }
  return 'accepted';
};

test.each(CLIENT_ASSERTION_ALGORITHMS)('what jose signs with %s is accepted', async (alg) => {
  const pair = await generateKeyPair(alg, { extractable: true });
  const keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k', use: 'sig' }] };
  const sign = (key: CryptoKey) => new SignJWT(claims).setProtectedHeader({ alg, kid: 'k' }).sign(key);
  expect(await verifyClientAssertion(await sign(pair.privateKey), { ...rules, keys })).toEqual({
    jti: 'j-1',
    expiresAt: new Date((seconds + 70) * 1000),
  });
  const foreign = await generateKeyPair(alg, { extractable: true });
  expect(await refusal(await sign(foreign.privateKey), { keys })).toContain('does not verify');
});

test('what jsonwebtoken signs is accepted', async () => {
  const jwt = jsonwebtoken.sign(claims, privateKey, { algorithm: 'RS256', keyid: kid });
  expect(await refusal(jwt)).toBe('accepted');
});

test.each([
  'https://idp.example/',
  'https://idp.example',
  'https://idp.example/oauth/token',
  ['https://other.example/', 'https://idp.example/'],
])('it may be addressed to %s', async (aud) => {
  expect(await refusal(await signed({ aud }))).toBe('accepted');
});

test('where the issuer is demanded, nothing else will do, not even a list with it', async () => {
  const strict = { audienceIsIssuer: true };
  expect(await refusal(await signed(), strict)).toBe('accepted');
  for (const aud of ['https://idp.example', 'https://idp.example/oauth/token', ['https://idp.example/']])
    expect(await refusal(await signed({ aud }), strict)).toContain('its aud is');
});

test.each<[string, Readonly<Record<string, unknown>>, string]>([
  ['another issuer', { iss: 'other' }, "its iss is 'other'"],
  ['another subject', { sub: 'other' }, "its sub is 'other'"],
  ['another audience', { aud: 'https://other.example/' }, 'its aud is'],
  ['no audience', { aud: undefined }, 'its aud is missing'],
  ['no expiry', { exp: undefined }, 'no exp'],
  ['an expiry in quotes', { exp: String(seconds + 60) }, 'not a number'],
  ['an expiry long ahead', { exp: seconds + 311 }, '311 s ahead'],
  ['an expiry past', { exp: seconds - 10 }, 'expired'],
  ['an issue in the future', { iat: seconds + 11 }, 'in the future'],
  ['a beginning in the future', { nbf: seconds + 11 }, 'not valid yet'],
  ['no jti', { jti: undefined }, 'its jti is missing'],
  ['an empty jti', { jti: '' }, 'jti'],
  ['a jti that is no text', { jti: 7 }, "its jti is '7'"],
  ['too long a jti', { jti: 'x'.repeat(256) }, 'jti'],
])('%s is refused', async (_, more, reason) => {
  expect(await refusal(await signed(more))).toContain(reason);
});

test('clocks may differ by ten seconds', async () => {
  for (const more of [
    { exp: seconds - 9 },
    { iat: seconds + 10 },
    { nbf: seconds + 10 },
    { exp: seconds + 310 },
  ])
    expect(await refusal(await signed(more))).toBe('accepted');
});

test('neither a secret nor nothing, nor a key of its own, is a signature', async () => {
  const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  expect(await refusal(`${segment({ alg: 'none' })}.${segment(claims)}.`)).toContain("its alg is 'none'");
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
  const mac = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', kid })
    .sign(Buffer.from(publicPem));
  expect(await refusal(mac)).toContain("its alg is 'HS256'");
  const jwk = await exportJWK(createPublicKey(otherKey.privateKey));
  const own = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid, jwk })
    .sign(otherKey.privateKey);
  expect(await refusal(own)).toContain('does not verify');
});

test('an algorithm that is not offered is refused, though the key would verify it', async () => {
  const { privateKey: key, publicKey } = generateKeyPairSync('ed25519');
  const jwt = await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA' }).sign(key);
  expect(await refusal(jwt, { keys: { keys: [publicKey.export({ format: 'jwk' })] } })).toContain('EdDSA');
});

test('what is too large is not read', async () => {
  expect(await refusal(await signed({ padding: 'x'.repeat(2000) }))).toContain('2048');
});

test('whatever is sent, or changed in what was sent, it is refused by name', async () => {
  const good = await signed();
  const anything = fc.oneof(
    fc.string(),
    fc.string().map((text) => `e30.${Buffer.from(text).toString('base64url')}.`),
    fc
      .tuple(fc.nat(good.length - 1), fc.constantFrom(...'AZaz09-_.'.split('')))
      .map(([at, put]) => good.slice(0, at) + put + good.slice(at + 1)),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (jwt) => {
      if (jwt !== good) expect(await refusal(jwt)).not.toBe('accepted');
    }),
    { numRuns: 300 },
  );
});
