/** Proof Key for Code Exchange (RFC 7636), and that nobody takes it away on the way (RFC 9700 2.1.1). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { quoted } from './description.js';
import { OAuthError } from './oauth-error.js';

export const CHALLENGE_METHODS = ['S256', 'plain'] as const;
export type ChallengeMethod = (typeof CHALLENGE_METHODS)[number];

/** What a code was issued with. */
export interface CodeChallenge {
  readonly challenge: string;
  readonly method: ChallengeMethod;
}

/** RFC 7636 4.1, 4.2: 43 to 128 unreserved characters. */
const WELL_FORMED = /^[A-Za-z0-9._~-]{43,128}$/;

/** The challenge of an authorization request; `undefined` where it has none. A method left out is `plain`. Errors: `challenge_invalid`. */
export function readChallenge(
  challenge: string | undefined,
  method: string | undefined,
): CodeChallenge | undefined {
  const refuse = (description: string): never => {
    throw new OAuthError('challenge_invalid', description);
  };
  if (challenge === undefined)
    return method === undefined
      ? undefined
      : refuse('there is a code_challenge_method but no code_challenge; send both or neither');
  const known = CHALLENGE_METHODS.find((each) => each === (method ?? 'plain'));
  if (!known)
    return refuse(
      `the code_challenge_method ${quoted(method ?? '')} is unknown; use S256 (in capitals) or plain`,
    );
  if (known === 'S256' && !/^[A-Za-z0-9_-]{43}$/.test(challenge))
    return refuse(
      'the code_challenge of S256 is the SHA-256 of the code_verifier in base64url without padding, 43 characters',
    );
  if (!WELL_FORMED.test(challenge))
    return refuse('the code_challenge has 43 to 128 characters, of letters, digits and - . _ ~');
  return { challenge, method: known };
}

const challengeOf = (verifier: string, method: ChallengeMethod): string =>
  method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url');

/** Compares without telling by its time how far the two are alike. */
const isSame = (one: string, other: string): boolean => {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
};

/**
 * Checks the verifier of a token request against what its code was issued with. Neither may be there without the other: else who steals a code
 * could leave PKCE out. Errors: `verifier_missing`, `verifier_unexpected`, `verifier_wrong`.
 */
export function verifyCodeVerifier(issued: CodeChallenge | undefined, verifier: string | undefined): void {
  if (!issued) {
    if (verifier === undefined) return;
    throw new OAuthError(
      'verifier_unexpected',
      'there is a code_verifier, but the code was issued without a code_challenge; send code_challenge and code_challenge_method to /authorize',
    );
  }
  if (verifier === undefined)
    throw new OAuthError(
      'verifier_missing',
      'the code was issued with a code_challenge; send the code_verifier that it was made from',
    );
  if (WELL_FORMED.test(verifier) && isSame(challengeOf(verifier, issued.method), issued.challenge)) return;
  throw new OAuthError('verifier_wrong', reasonOf(issued, verifier));
}

/** The likely mistake. */
function reasonOf({ challenge, method }: CodeChallenge, verifier: string): string {
  if (!WELL_FORMED.test(verifier))
    return 'the code_verifier does not belong to the code_challenge; a verifier has 43 to 128 characters, of letters, digits and - . _ ~';
  if (method === 'plain' && isSame(challengeOf(verifier, 'S256'), challenge))
    return 'the code_challenge is the SHA-256 of the code_verifier, but the request to /authorize said no code_challenge_method, which means plain; send code_challenge_method=S256';
  if (method === 'S256' && isSame(verifier, challenge))
    return 'the code_verifier is the code_challenge itself; send what the challenge was made from';
  return 'the code_verifier does not belong to the code_challenge; send the one that was made for this very login';
}
