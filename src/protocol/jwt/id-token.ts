/** The payload of an ID token (OIDC Core 2), in Auth0's dialect: profile claims stand in it, `updated_at` is an ISO string. */
import { createHash } from 'node:crypto';
import { organizationClaims } from './access-token.js';
import { SIGNING, type JwtAlgorithm } from './algorithms.js';
import { withCustomClaims, secondsOf } from './claims-set.js';
import { SCOPE_OF_CLAIM, type Claims } from './restricted-claims.js';

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
  /** Standard claims that are told whatever the scope (OIDC Core 5.5). */
  readonly requestedClaims?: readonly string[] | undefined;
  readonly profile: Claims;
  /** Admitted by restricted-claims.ts. */
  readonly customClaims: Claims;
  /** The one issued along, and what this ID token is signed with: they make `at_hash`. */
  readonly accessToken?: string | undefined;
  /** The code issued along makes `c_hash`. */
  readonly code?: string | undefined;
  /** Of the request; it makes `s_hash` (FAPI 1.0 Advanced 5.2.2.1). */
  readonly state?: string | undefined;
  readonly alg: JwtAlgorithm;
  readonly acr?: string | undefined;
  readonly amr?: readonly string[] | undefined;
  readonly organization?: { readonly id: string; readonly name?: string } | undefined;
  /** OIDC Core 5.1 has `updated_at` as a number; Auth0 sends ISO text. */
  readonly numericUpdatedAt?: boolean;
}

/** base64url of the left half of the token's hash, the hash being that of the signature (OIDC Core 3.1.3.6); `c_hash` is made alike. */
export function halfHash(token: string, alg: JwtAlgorithm): string {
  const digest = createHash(SIGNING[alg].tokenHash).update(token, 'ascii').digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}

/** A text that is no instant stays as it is. */
const shownUpdatedAt = (value: unknown): unknown => {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? value : Math.floor(time / 1000);
};

/** Names of those that the scopes let in, and then of others that are asked for one by one. */
const namesOf = ({ grantedScopes, requestedClaims = [] }: IdTokenInput): readonly string[] => [
  ...new Set([
    ...Object.entries(CLAIMS_OF_SCOPE)
      .filter(([scope]) => grantedScopes.includes(scope))
      .flatMap(([, names]): readonly string[] => names),
    ...requestedClaims.filter((name) => SCOPE_OF_CLAIM.has(name)),
  ]),
];

const profileClaims = (input: IdTokenInput): Claims =>
  Object.fromEntries(
    namesOf(input)
      .map((name): [string, unknown] => [name, input.profile[name]])
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) =>
        input.numericUpdatedAt && name === 'updated_at' ? [name, shownUpdatedAt(value)] : [name, value],
      ),
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
    ...(input.code !== undefined && { c_hash: halfHash(input.code, input.alg) }),
    ...(input.state !== undefined && { s_hash: halfHash(input.state, input.alg) }),
    ...(input.acr !== undefined && { acr: input.acr }),
    ...(input.amr !== undefined && { amr: input.amr }),
    ...organizationClaims(input.organization),
  };
  return withCustomClaims(protocol, profileClaims(input), input.customClaims);
}
