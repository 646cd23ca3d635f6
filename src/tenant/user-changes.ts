/** Makes users and changes them, as Auth0 does. */
import { isDeepStrictEqual } from 'node:util';
import { invalidBody } from './invalid-body.js';
import { patched, type Patch } from './patch.js';
import type { Identity, User, UserBody } from './user.js';

/** Providers that sign people in by an account of a social network; their connection bears the same name. */
const SOCIAL_PROVIDERS = new Set([
  'amazon',
  'apple',
  'facebook',
  'github',
  'google-oauth2',
  'linkedin',
  'twitter',
  'windowslive',
]);

/** Members that say how a user is to be written, and are no part of the profile. */
const INSTRUCTIONS = new Set([
  'connection',
  'password',
  'client_id',
  'verify_email',
  'verify_password',
  'verify_phone_number',
]);
const withoutInstructions = (body: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !INSTRUCTIONS.has(name)));

/** An id without a provider is one of the tenant's own users. */
export const fullUserId = (userId: string): string => (/^[\w-]+\|/.test(userId) ? userId : `auth0|${userId}`);

/**
 * `id` stands where the body names no user_id. One without `provider|` before it becomes `auth0|…`; without `identities` the user
 * has the one that the user_id and the connection tell. `created_at` and `updated_at` may be given, for responses that never change.
 * Throws `invalid_body` where they are no instants.
 */
export function userFrom(body: UserBody, { now, id }: { readonly now: Date; readonly id: string }): User {
  const { user_id: asked = id, identities, user_metadata, app_metadata, ...rest } = body;
  const user_id = fullUserId(asked);
  const created_at = instantIn(rest, 'created_at') ?? now.toISOString();
  const last_password_reset = instantIn(rest, 'last_password_reset');
  return {
    user_id,
    ...withoutInstructions(rest),
    ...(last_password_reset !== undefined && { last_password_reset }),
    identities: identities ?? [identityOf(user_id, body.connection)],
    user_metadata: user_metadata ?? {},
    app_metadata: app_metadata ?? {},
    created_at,
    updated_at: instantIn(rest, 'updated_at') ?? created_at,
  };
}

function identityOf(userId: string, connection: string): Identity {
  const [provider = '', ...local] = userId.split('|');
  const isSocial = SOCIAL_PROVIDERS.has(provider);
  return {
    provider,
    user_id: local.join('|'),
    connection: isSocial ? provider : connection,
    isSocial,
  };
}

function instantIn(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  const time = typeof value === 'string' && /^\d{4}-\d\d-\d\d(T.*Z)?$/.test(value) ? Date.parse(value) : NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw invalidBody([{ path: [name], message: 'must be an ISO 8601 instant, like 2026-01-31T12:00:00Z' }]);
}

/** What only the server writes, and why a PATCH does not. */
const FIXED: Readonly<Record<string, string>> = {
  user_id: 'cannot be changed: DELETE the user and make another',
  identities: 'cannot be changed: DELETE the user and make another with these identities',
  created_at: 'is written when the user is made and cannot be changed',
  updated_at: 'is written with each change and cannot be set',
  last_password_reset: 'is written with each new password and cannot be set',
};

/**
 * The user with what the patch says: `user_metadata` and `app_metadata` are merged by their top-level names, anything else replaces
 * what is kept; `null` takes a name away. Throws `invalid_body` for what cannot be changed, unless it is sent back as it is.
 */
export function patchedUser(user: User, patch: Readonly<Record<string, unknown>>, now: Date): User {
  const issues = Object.entries(FIXED)
    .filter(([name]) => patch[name] !== undefined && !isDeepStrictEqual(patch[name], user[name]))
    .map(([name, message]) => ({ path: [name], message }));
  if (issues.length > 0) throw invalidBody(issues);
  const { user_metadata, app_metadata, ...rest } = withoutInstructions(patch);
  return {
    ...patched<User>(user, rest),
    user_metadata: mergedMetadata(user.user_metadata, user_metadata),
    app_metadata: mergedMetadata(user.app_metadata, app_metadata),
    updated_at: now.toISOString(),
  };
}

const mergedMetadata = (kept: Record<string, unknown>, patch: unknown): Record<string, unknown> =>
  patch === null ? {} : patched(kept, (patch ?? {}) as Patch<typeof kept>);
