import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { OAuthError } from './oauth-error.js';
import { readChallenge, verifyCodeVerifier, type CodeChallenge } from './pkce.js';

/** RFC 7636, Appendix B. */
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const failure = (run: () => unknown): OAuthError | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof OAuthError) return error;
    throw error;
  }
};
const s256: CodeChallenge = { challenge, method: 'S256' };

test('the example of RFC 7636 verifies', () => {
  expect(readChallenge(challenge, 'S256')).toEqual(s256);
  expect(failure(() => verifyCodeVerifier(s256, verifier))).toBeUndefined();
});

test('without a method a challenge is plain, and its own verifier', () => {
  const plain = readChallenge(verifier, undefined);
  expect(plain).toEqual({ challenge: verifier, method: 'plain' });
  expect(failure(() => verifyCodeVerifier(plain, verifier))).toBeUndefined();
});

test('any verifier in form verifies against its own hash, and none against another’s', () => {
  const verifiers = fc
    .string({
      unit: fc.constantFrom(...'ABCXYZabcxyz0189-._~'.split('')),
      minLength: 43,
      maxLength: 128,
    })
    .map((text) => ({ text, hash: createHash('sha256').update(text).digest('base64url') }));
  fc.assert(
    fc.property(verifiers, verifiers, (one, other) => {
      const issued = readChallenge(one.hash, 'S256');
      expect(failure(() => verifyCodeVerifier(issued, one.text))).toBeUndefined();
      if (other.text !== one.text)
        expect(failure(() => verifyCodeVerifier(issued, other.text))?.code).toBe('invalid_grant');
    }),
  );
});

test('neither a challenge without its verifier nor a verifier without a challenge passes', () => {
  expect(failure(() => verifyCodeVerifier(undefined, undefined))).toBeUndefined();
  expect(failure(() => verifyCodeVerifier(undefined, verifier))?.case).toBe('verifier_unexpected');
  expect(failure(() => verifyCodeVerifier(s256, undefined))?.case).toBe('verifier_missing');
});

test.each([
  ['a short verifier', s256, verifier.slice(1), '43 to 128'],
  ['a verifier with other characters', { challenge: `${verifier} `, method: 'plain' }, `${verifier} `, '43'],
  ['another verifier', s256, verifier.toLowerCase(), 'this very login'],
  ['the challenge as verifier', s256, challenge, 'the code_challenge itself'],
  ['a hash without its method', { challenge, method: 'plain' }, verifier, 'code_challenge_method=S256'],
] as const)('%s is refused, and the likely mistake is named', (_, issued, sent, reason) => {
  const error = failure(() => verifyCodeVerifier(issued, sent));
  expect(error).toMatchObject({ case: 'verifier_wrong', code: 'invalid_grant' });
  expect(error?.description).toContain(reason);
});

test.each([
  [undefined, 'S256', 'no code_challenge'],
  [challenge, 's256', "'s256'"],
  [challenge, 'S512', "'S512'"],
  [`${challenge}=`, 'S256', 'padding'],
  [challenge.slice(1), 'S256', '43'],
  ['short', undefined, '43 to 128'],
  ['x'.repeat(129), 'plain', '43 to 128'],
  [`${'x'.repeat(43)}/`, 'plain', 'letters'],
])('the challenge %s with method %s is refused: %s', (sent, method, reason) => {
  const error = failure(() => readChallenge(sent, method));
  expect(error).toMatchObject({ case: 'challenge_invalid', code: 'invalid_request' });
  expect(error?.description).toContain(reason);
});

test('no challenge is no challenge', () => {
  expect(readChallenge(undefined, undefined)).toBeUndefined();
});
