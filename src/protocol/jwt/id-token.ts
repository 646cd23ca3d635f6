/** The payload of an ID token (OIDC Core 2), in Auth0's dialect: profile claims stand in it, `updated_at` is an ISO string. */
import { createHash } from 'node:crypto';
import { SIGNING, type JwtAlgorithm } from './algorithms.js';
import { withCustomClaims, secondsOf } from './claims-set.js';
import type { Claims } from './restricted-claims.js';

/** What each scope brings into an ID token, where the profile has it. */
export const CLAIMS_OF_SCOPE = {
  profile: ['name', 'family_name', 'given_name', 'middle_name', 'nickname', 'picture', 'updated_at'],
  email: ['email', 'email_verified'],
} as const;

export interface IdTokenInput {
  /** With its trailing slash, see issuer.ts. */
  readonly issuer: string;
  readonly subject: string;
  /** The audience, as a string. */
  readonly clientId: string;
  readonly now: Date;
  readonly lifetimeInSeconds: number;
  readonly authenticatedAt: Date;
  readonly sessionId?: string;
  /** Only where the request had one: an RP refuses a nonce it did not send. */
  readonly nonce?: string;
  readonly grantedScopes: readonly string[];
  readonly profile: Claims;
  /** Admitted by restricted-claims.ts. */
  readonly customClaims: Claims;
  /** The one issued along, and what this ID token is signed with: they make `at_hash`. */
  readonly accessToken?: string;
  readonly alg: JwtAlgorithm;
}

/** base64url of the left half of the token's hash, the hash being that of the signature (OIDC Core 3.1.3.6); `c_hash` is made alike. */
export function halfHash(token: string, alg: JwtAlgorithm): string {
  const digest = createHash(SIGNING[alg].tokenHash).update(token, 'ascii').digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}

const profileClaims = (profile: Claims, grantedScopes: readonly string[]): Claims =>
  Object.fromEntries(
    Object.entries(CLAIMS_OF_SCOPE)
      .filter(([scope]) => grantedScopes.includes(scope))
      .flatMap(([, names]) => names.map((name): [string, unknown] => [name, profile[name]]))
      .filter(([, value]) => value !== undefined && value !== null),
  );

/** Claims in the order protocol, profile, custom. A custom claim stands in for a profile claim, never for one of the protocol. */
export function idTokenPayload(input: IdTokenInput): Claims {
  const iat = secondsOf(input.now);
  const protocol = {
    iss: input.issuer,
    sub: input.subject,
    aud: input.clientId,
    iat,
    exp: iat + input.lifetimeInSeconds,
    auth_time: secondsOf(input.authenticatedAt),
    ...(input.sessionId !== undefined && { sid: input.sessionId }),
    ...(input.nonce !== undefined && { nonce: input.nonce }),
    ...(input.accessToken !== undefined && { at_hash: halfHash(input.accessToken, input.alg) }),
  };
  return withCustomClaims(protocol, profileClaims(input.profile, input.grantedScopes), input.customClaims);
}
