/** Verifies the JWT by which a client authenticates with its private key (RFC 7523 3, `private_key_jwt` of OIDC Core 9). */
import { decodeJwt } from '../jwt/compact.js';
import type { TrustedKeys } from '../jwt/verification-key.js';
import { verifyJwt } from '../jwt/verification.js';
import { describable, quoted } from './description.js';
import { OAuthError } from './oauth-error.js';

/** What discovery lists as `token_endpoint_auth_signing_alg_values_supported`. */
export const CLIENT_ASSERTION_ALGORITHMS = ['RS256', 'RS384', 'PS256', 'PS384', 'ES256', 'ES384'] as const;

/** Auth0's bounds. */
const MOST_BYTES = 2048;
const LONGEST_LIFE_IN_SECONDS = 300;
const CLOCK_TOLERANCE_IN_SECONDS = 10;
const LONGEST_JTI = 255;

export interface ClientAssertionRules {
  readonly clientId: string;
  /** The public keys that the client registered. */
  readonly keys: TrustedKeys;
  /** With its slash. */
  readonly issuer: string;
  /** Some clients address the assertion to the token endpoint, or to the URL that they send it to (RFC 7523 3, RFC 9126 2). */
  readonly endpoints: readonly string[];
  /** FAPI 2 wants the issuer alone, as one text. */
  readonly audienceIsIssuer?: boolean;
  readonly now: Date;
}

/** Kept by the caller until `expiresAt`, so that the assertion serves once. */
export interface VerifiedClientAssertion {
  readonly jti: string;
  readonly expiresAt: Date;
}

const invalid = (detail: string): OAuthError =>
  new OAuthError('client_assertion_invalid', `the client_assertion is not accepted: ${detail}`);

/** Any text that names us as the audience. */
const audiencesOf = ({ issuer, endpoints, audienceIsIssuer }: ClientAssertionRules): readonly string[] =>
  audienceIsIssuer ? [issuer] : [issuer, issuer.replace(/\/$/, ''), ...endpoints];

const shown = (value: unknown): string =>
  value === undefined ? 'missing' : quoted(typeof value === 'string' ? value : JSON.stringify(value));

/** Errors: `client_assertion_invalid`, which says what is wrong with it. */
export async function verifyClientAssertion(
  assertion: string,
  rules: ClientAssertionRules,
): Promise<VerifiedClientAssertion> {
  const bytes = Buffer.byteLength(assertion);
  if (bytes > MOST_BYTES) throw invalid(`it has ${bytes} bytes, at most ${MOST_BYTES} are read`);
  const { header, payload } = decodeJwt(assertion);
  const alg = header?.['alg'];
  if (header && !CLIENT_ASSERTION_ALGORITHMS.some((each) => each === alg))
    throw invalid(`its alg is ${shown(alg)}; use one of ${CLIENT_ASSERTION_ALGORITHMS.join(', ')}`);

  const { steps } = await verifyJwt(assertion, {
    keys: rules.keys,
    now: rules.now,
    clockToleranceInSeconds: CLOCK_TOLERANCE_IN_SECONDS,
  });
  const failure = steps.find(({ status }) => status === 'fail');
  if (failure) throw invalid(describable(failure.detail));

  const { iss, sub, aud, exp, jti } = payload!;
  for (const [name, value] of [
    ['iss', iss],
    ['sub', sub],
  ] as const)
    if (value !== rules.clientId)
      throw invalid(`its ${name} is ${shown(value)}, and must be the client_id ${quoted(rules.clientId)}`);
  const allowed = audiencesOf(rules);
  const named: readonly unknown[] = Array.isArray(aud) && !rules.audienceIsIssuer ? aud : [aud];
  if (!named.some((each) => allowed.some((audience) => audience === each)))
    throw invalid(`its aud is ${shown(aud)}; address it to ${allowed.map(quoted).join(' or ')}`);
  if (typeof exp !== 'number') throw invalid('it has no exp; give it one, a few minutes ahead at most');
  const ahead = exp - rules.now.getTime() / 1000;
  if (ahead > LONGEST_LIFE_IN_SECONDS + CLOCK_TOLERANCE_IN_SECONDS)
    throw invalid(`its exp is ${Math.round(ahead)} s ahead, at most ${LONGEST_LIFE_IN_SECONDS} are allowed`);
  if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_JTI)
    throw invalid(`its jti is ${shown(jti)}; give each assertion a jti of its own, which serves once`);
  // it is taken within the tolerance, so it is remembered as long
  return { jti, expiresAt: new Date((exp + CLOCK_TOLERANCE_IN_SECONDS) * 1000) };
}
