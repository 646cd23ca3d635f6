import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import * as fc from 'fast-check';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { expect, test } from 'vitest';
import { jwtKeys } from '../../../test/support/jwt-keys.js';
import { ALL_DPOP_ALGORITHMS, verifyDpopProof, type DpopRules } from './dpop.js';
import { OAuthError } from './oauth-error.js';

const now = new Date('2026-03-01T12:00:00Z');
const seconds = now.getTime() / 1000;
const rules: DpopRules = { method: 'POST', url: 'https://idp.example/oauth/token', now };
const claims = { jti: 'j-1', htm: 'POST', htu: 'https://idp.example/oauth/token', iat: seconds };
const { privateKey } = jwtKeys.ES256;
const jwk = await exportJWK(createPublicKey(privateKey));
const proof = (more: object = {}, header: object = {}): Promise<string> =>
  new SignJWT({ ...claims, ...more })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(privateKey);
const refusal = async (sent: string, changes: Partial<DpopRules> = {}): Promise<string> => {
  try {
    await verifyDpopProof(sent, { ...rules, ...changes });
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    expect(error.description).toMatch(/^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
    return `${error.code}: ${error.description}`;
  }
  return 'accepted';
};

/** RFC 9449 4.1 and 7.1. */
const ofTheRfc = {
  token:
    'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg',
  jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
  accessToken: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU',
  ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo',
};

test('the proof of RFC 9449 verifies, and its key has the thumbprint that the RFC gives it', async () => {
  const at = { method: 'POST', url: 'https://server.example.com/token', now: new Date(1_562_262_616_000) };
  expect(await verifyDpopProof(ofTheRfc.token, at)).toMatchObject({
    jkt: ofTheRfc.jkt,
    jti: '-BwC3ESc6acc2lTc',
  });
});

test.each(ALL_DPOP_ALGORITHMS)('what jose signs with %s is accepted where it is allowed', async (alg) => {
  const pair = await generateKeyPair(alg, { extractable: true });
  const publicJwk: JWK = await exportJWK(pair.publicKey);
  const sent = await new SignJWT(claims)
    .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk: publicJwk })
    .sign(pair.privateKey);
  const verified = await verifyDpopProof(sent, { ...rules, algorithms: ALL_DPOP_ALGORITHMS });
  expect(verified).toEqual({
    jkt: await calculateJwkThumbprint(publicJwk),
    jti: 'j-1',
    expiresAt: new Date((seconds + 301) * 1000),
  });
  if (alg !== 'ES256') expect(await refusal(sent)).toContain(`its alg is '${alg}'`);
});

test('members of the jwk that are no part of the key change nothing of its thumbprint', async () => {
  const more = await proof({}, { jwk: { ...jwk, kid: 'k', use: 'sig' } });
  expect((await verifyDpopProof(more, rules)).jkt).toBe(await calculateJwkThumbprint(jwk));
});

test.each<[string, object, object, string]>([
  ['another typ', {}, { typ: 'JWT' }, "its typ is 'JWT'"],
  ['no typ', {}, { typ: undefined }, 'its typ is missing'],
  ['no key', {}, { jwk: undefined }, 'no jwk'],
  ['a key that is none', {}, { jwk: { kty: 'EC' } }, 'no public key'],
  ['an empty key', {}, { jwk: {} }, 'no public key'],
  ['no jti', { jti: undefined }, {}, 'its jti is missing'],
  ['an empty jti', { jti: '' }, {}, 'its jti is'],
  ['another method', { htm: 'GET' }, {}, "its htm is 'GET'"],
  ['a method in small letters', { htm: 'post' }, {}, "its htm is 'post'"],
  ['no method', { htm: undefined }, {}, 'its htm is missing'],
  ['another path', { htu: 'https://idp.example/userinfo' }, {}, 'its htu is'],
  ['http for https', { htu: 'http://idp.example/oauth/token' }, {}, 'its htu is'],
  ['another host', { htu: 'https://evil.example/oauth/token' }, {}, 'its htu is'],
  ['a path alone', { htu: '/oauth/token' }, {}, 'its htu is'],
  ['no URL', { htu: undefined }, {}, 'its htu is missing'],
  ['no instant', { iat: undefined }, {}, 'its iat is missing'],
  ['an instant in quotes', { iat: String(seconds) }, {}, 'its iat is'],
  ['an old one', { iat: seconds - 301 }, {}, '301 s ago'],
  ['one from the future', { iat: seconds + 31 }, {}, '31 s from now'],
])('%s is refused', async (_, more, header, reason) => {
  const found = await refusal(await proof(more, header));
  expect(found).toContain('invalid_dpop_proof: ');
  expect(found).toContain(reason);
});

test.each([
  { htu: 'https://idp.example/oauth/token?x=1#y' },
  { htu: 'HTTPS://IDP.example:443/oauth/token' },
  { iat: seconds - 300 },
  { iat: seconds + 30 },
])('%j is accepted', async (more) => {
  expect(await refusal(await proof(more))).toBe('accepted');
});

test('the query of the request does not count', async () => {
  expect(await refusal(await proof(), { url: 'https://idp.example/oauth/token?x=1' })).toBe('accepted');
});

test('a private key in the header is refused, and not repeated', async () => {
  const secret = await exportJWK(privateKey);
  const found = await refusal(await proof({}, { jwk: secret }));
  expect(found).toContain("the private member 'd'");
  expect(found).not.toContain(secret.d);
});

test('a key that did not sign, or that is for another algorithm, is refused', async () => {
  const other = await generateKeyPair('ES256', { extractable: true });
  expect(await refusal(await proof({}, { jwk: await exportJWK(other.publicKey) }))).toContain(
    'does not verify',
  );
  const rsa = await exportJWK(createPublicKey(jwtKeys.RS256.privateKey));
  expect(await refusal(await proof({}, { jwk: rsa }))).toContain('not a key for ES256');
});

test('a short RSA key, crit, and what jose would not sign are refused', async () => {
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${segment({ alg: 'RS256', typ: 'dpop+jwt', jwk: short.publicKey.export({ format: 'jwk' }) })}.${segment(claims)}`;
  const sent = `${input}.${sign('sha256', Buffer.from(input), short.privateKey).toString('base64url')}`;
  expect(await refusal(sent, { algorithms: ALL_DPOP_ALGORITHMS })).toContain('2048 bits');
  const under = (header: object) => `${segment({ typ: 'dpop+jwt', jwk, ...header })}.${segment(claims)}.AAAA`;
  expect(await refusal(under({ alg: 'none' }))).toContain("its alg is 'none'");
  expect(await refusal(under({ alg: 'HS256' }))).toContain("its alg is 'HS256'");
  expect(await refusal(under({ alg: 'HS256' }), { algorithms: ['HS256', 'none'] })).toContain('its alg is');
  expect(await refusal(under({ alg: 'ES256', crit: ['x'] }))).toContain('crit');
});

test('at a resource the proof is bound to the token that it comes with', async () => {
  expect(createHash('sha256').update(ofTheRfc.accessToken).digest('base64url')).toBe(ofTheRfc.ath);
  const accessToken = ofTheRfc.accessToken;
  expect(await refusal(await proof({ ath: ofTheRfc.ath }), { accessToken })).toBe('accepted');
  expect(await refusal(await proof({ ath: ofTheRfc.ath }), { accessToken: 'other' })).toContain(
    'its ath is not',
  );
  expect(await refusal(await proof(), { accessToken })).toContain('its ath is missing');
});

test('where a nonce is demanded, one that was given out is taken and any other asked for again', async () => {
  const nonces = ['current', 'before'];
  for (const nonce of nonces) expect(await refusal(await proof({ nonce }), { nonces })).toBe('accepted');
  expect(await refusal(await proof(), { nonces })).toBe(
    'use_dpop_nonce: Authorization server requires nonce in DPoP proof',
  );
  expect(await refusal(await proof({ nonce: 'older' }), { nonces })).toContain('use_dpop_nonce: ');
  expect(await refusal(await proof({ nonce: 'whatever' }))).toBe('accepted');
});

test('whatever is sent, or changed in what was sent, it is refused by name', async () => {
  const good = await proof();
  const header = good.split('.')[0]!;
  const anything = fc.oneof(
    fc.string(),
    fc.json().map((json) => `${Buffer.from(json).toString('base64url')}.e30.AAAA`),
    fc.json().map((json) => `${header}.${Buffer.from(json).toString('base64url')}.AAAA`),
    fc
      .tuple(fc.nat(good.length - 1), fc.constantFrom(...'AZaz09-_.'.split('')))
      .map(([at, put]) => good.slice(0, at) + put + good.slice(at + 1)),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (sent) => {
      if (sent !== good) expect(await refusal(sent)).toContain('invalid_dpop_proof: ');
    }),
    { numRuns: 300 },
  );
});
