/** What the two kinds of token share: NumericDate, and the order in which claims give way. */
import type { Claims } from './restricted-claims.js';

/** NumericDate: whole seconds since 1970 (RFC 7519 2). */
export const secondsOf = (instant: Date): number => Math.floor(instant.getTime() / 1000);

/** Protocol claims, then the profile's, then custom ones. A custom claim replaces a profile claim where it stands, and yields to the protocol. */
export const withCustomClaims = (protocol: Claims, profile: Claims, custom: Claims): Claims =>
  // fromEntries makes own members of every name, `__proto__` too.
  Object.fromEntries([
    ...Object.entries(protocol),
    ...Object.entries(profile),
    ...Object.entries(custom).filter(([name]) => !Object.hasOwn(protocol, name)),
  ]);
