/** A user, in the shape of Auth0's Management API (`/api/v2/users`); unknown root fields are profile fields and are kept. */
import { z } from 'zod';

const json: z.ZodType = z.json('must be JSON');
const metadata = z.record(z.string(), json, 'must be object');
const userId = z
  .string('must be string')
  .min(1, 'must NOT be empty')
  .max(255, 'must NOT have more than 255 characters');
const line = z.string('must be string').max(2048, 'must NOT have more than 2048 characters');

export const identitySchema = z.looseObject({
  provider: z.string('must be string').max(128),
  user_id: z.union([z.string().max(255), z.number()]),
  connection: z.string('must be string').max(128),
  isSocial: z.boolean('must be boolean').default(false),
  access_token: z.string().max(4096).optional(),
  profileData: metadata.optional(),
});
export type Identity = z.infer<typeof identitySchema>;

const profile = {
  email: line.optional(),
  email_verified: z.boolean('must be boolean').optional(),
  username: line.optional(),
  name: line.optional(),
  given_name: line.optional(),
  family_name: line.optional(),
  nickname: line.optional(),
  picture: line.optional(),
  phone_number: line.optional(),
  phone_verified: z.boolean('must be boolean').optional(),
  blocked: z.boolean('must be boolean').optional(),
  identities: z.array(identitySchema, 'must be array').max(100).optional(),
  user_metadata: metadata.optional(),
  app_metadata: metadata.optional(),
};

/** What POST may write. `password` is stored as a hash and never answered. */
export const userBodySchema = z.looseObject({
  ...profile,
  user_id: userId.optional(),
  connection: z.string('must be string').max(128).default('Username-Password-Authentication'),
  password: z.string('must be string').min(1).max(1024).optional(),
});
/** What PATCH may write; `null` takes a root field away, metadata is merged by its top-level keys. */
export const userPatchSchema = z.looseObject({
  ...Object.fromEntries(Object.entries(profile).map(([name, schema]) => [name, schema.nullable()])),
  password: z.string('must be string').min(1).max(1024).optional(),
}) as unknown as z.ZodType<Record<string, unknown>>;
/** A profile given with a transaction instead of a stored user. */
export const inlineProfileSchema = z.looseObject({ ...profile, user_id: userId.optional() });

export type UserBody = z.infer<typeof userBodySchema>;

/** A profile as claims are read from it: known fields typed, others as they are. */
export type UserProfile = z.infer<typeof inlineProfileSchema> & {
  readonly created_at?: string;
  readonly updated_at?: string;
  /** When the password was changed last, as Auth0 names it; an ISO instant. */
  readonly last_password_reset?: string;
};

export type User = UserProfile & {
  readonly user_id: string;
  readonly identities: readonly Identity[];
  readonly user_metadata: Record<string, unknown>;
  readonly app_metadata: Record<string, unknown>;
  /** ISO instants. */
  readonly created_at: string;
  readonly updated_at: string;
};

/**
 * Whether the password was changed since: what was proved until then counts for nothing. Within the very millisecond it does not either;
 * whoever changes the password waits that out.
 */
export const isBeforePasswordReset = (
  { last_password_reset: reset }: UserProfile,
  provedAt: string,
): boolean => typeof reset === 'string' && Date.parse(provedAt) <= Date.parse(reset);
