/** `event.user` and `event.connection`: who logs in, and where they are known. */
import { hash } from 'node:crypto';
import type { Transaction } from '../tenant/transaction.js';
import type { UserProfile } from '../tenant/user.js';
import type { JsonObject } from './merged.js';

/** A profile that was given with a transaction may hold anything. */
const SECRETS: ReadonlySet<string> = new Set(['password', 'password_hash']);
/** Auth0 shows Actions no tokens of the providers behind it. */
const TOKENS: ReadonlySet<string> = new Set(['access_token', 'access_token_secret', 'refresh_token']);

const without = (members: JsonObject, names: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([name]) => !names.has(name)));

/** The profile, with what every user of Auth0 has. One that was given with a transaction is as old as that. */
export function eventUser({ user, now, createdAt }: Transaction): JsonObject {
  const profile: JsonObject = user ?? {};
  const madeAt = profile['created_at'] ?? now ?? createdAt;
  return {
    ...without(profile, SECRETS),
    created_at: madeAt,
    updated_at: profile['updated_at'] ?? madeAt,
    email_verified: profile['email_verified'] ?? false,
    user_metadata: profile['user_metadata'] ?? {},
    app_metadata: profile['app_metadata'] ?? {},
    identities: (user?.identities ?? []).map((identity) => ({
      ...without(identity, TOKENS),
      // code written for Auth0 reads either
      userId: identity.user_id,
    })),
    enrolledFactors: profile['enrolledFactors'] ?? [],
  };
}

/** Of auth0 unless an identity, or the user_id, says otherwise. */
export const providerOf = (user: UserProfile | null): string =>
  user?.identities?.[0]?.provider ?? /^([^|]+)\|/.exec(user?.user_id ?? '')?.[1] ?? 'auth0';

const DATABASE = 'Username-Password-Authentication';

export function eventConnection(user: UserProfile | null): JsonObject {
  const strategy = providerOf(user);
  const name = user?.identities?.[0]?.connection ?? (strategy === 'auth0' ? DATABASE : strategy);
  // connections are names here; their ids are made of them, so that they stay the same
  return { id: `con_${hash('sha256', name, 'hex').slice(0, 16)}`, name, strategy, metadata: {} };
}
