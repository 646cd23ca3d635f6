/** What /userinfo says of a user: `sub`, and the claims that the granted scopes and the `claims` parameter ask for (OIDC Core 5.3, 5.4). */
import { secondsOf, withCustomClaims } from '../jwt/claims-set.js';
import { SCOPE_OF_CLAIM, type Claims } from '../jwt/restricted-claims.js';
import type { Dialect } from './dialect.js';

/** Auth0's own, which stands in no specification. */
const SCOPES = new Map([...SCOPE_OF_CLAIM, ['nickname', 'profile']]);

export interface UserinfoInput {
  /** That of the ID token. */
  readonly subject: string;
  readonly grantedScopes: readonly string[];
  /** Names that the `claims` parameter asks for. */
  readonly requestedClaims?: Iterable<string>;
  readonly profile: Claims;
  /** Those of the ID token, admitted by restricted-claims.ts. */
  readonly customClaims: Claims;
  /** Auth0 tells `updated_at` as an ISO instant, OIDC Core 5.1 as a number. */
  readonly dialect: Dialect;
}

/** A claim as OIDC Core 5.1 types it; `undefined` where it cannot be. */
function strictly(name: string, value: unknown): unknown {
  if (name === 'updated_at') {
    if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
    const instant = new Date(value instanceof Date || typeof value === 'string' ? value : Number.NaN);
    return Number.isNaN(instant.getTime()) ? undefined : secondsOf(instant);
  }
  if (name.endsWith('_verified')) return typeof value === 'boolean' ? value : undefined;
  if (name === 'address') return typeof value === 'string' ? { formatted: value } : value;
  return typeof value === 'string' ? value : undefined;
}

/** What a profile holds may be a Date, or seconds where a seed file says so. */
function asAuth0(name: string, value: unknown): unknown {
  if (name !== 'updated_at') return value;
  const instant =
    value instanceof Date ? value : new Date(typeof value === 'number' ? value * 1000 : Number.NaN);
  return Number.isNaN(instant.getTime()) ? value : instant.toISOString();
}

/** Claims in the order `sub`, profile, custom. A custom claim stands in for one of the profile, never for `sub`. */
export function userinfoClaims(input: UserinfoInput): Claims {
  const requested = new Set(input.requestedClaims);
  const typed = input.dialect === 'strict' ? strictly : asAuth0;
  const profile = [...SCOPES]
    .filter(([name, scope]) => input.grantedScopes.includes(scope) || requested.has(name))
    .map(([name]) => [name, Object.hasOwn(input.profile, name) ? input.profile[name] : undefined] as const)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => [name, typed(name, value)] as const)
    .filter(([, value]) => value !== undefined);
  return withCustomClaims({ sub: input.subject }, Object.fromEntries(profile), input.customClaims);
}
