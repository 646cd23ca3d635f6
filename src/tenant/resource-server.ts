/** A resource server: an API that access tokens are for, in the shape of Auth0's Management API (`/api/v2/resource-servers`). */
import { z } from 'zod';
import { patchSchema } from './patch.js';
import { audienceText, scopeValue } from './scope-value.js';

const RESOURCE_SERVER_ALGORITHMS = ['RS256', 'PS256', 'HS256'] as const;

export const TOKEN_DIALECTS = [
  'access_token',
  'access_token_authz',
  'rfc9068_profile',
  'rfc9068_profile_authz',
] as const;
export type TokenDialect = (typeof TOKEN_DIALECTS)[number];

/** Who gets tokens for the API at all. */
export const ACCESS_POLICIES = ['allow_all', 'deny_all', 'require_client_grant'] as const;
export type AccessPolicy = (typeof ACCESS_POLICIES)[number];

const LONGEST_LIFETIME = 2_592_000;
const lifetime = z
  .int('must be integer')
  .min(1, 'must be >= 1')
  .max(LONGEST_LIFETIME, `must be <= ${LONGEST_LIFETIME}`);
const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });
const yesOrNo = z.boolean('must be boolean');

const scopes = z
  .array(
    z.strictObject({
      value: scopeValue,
      description: z.string('must be string').max(500, 'must NOT have more than 500 characters').optional(),
    }),
    'must be array',
  )
  .max(1000, 'must NOT have more than 1000 items')
  .superRefine((list, context) => {
    const seen = new Set<string>();
    for (const [index, { value }] of list.entries())
      if (seen.has(value))
        context.addIssue({
          code: 'custom',
          path: [index, 'value'],
          message: `there is a scope "${value}" already`,
        });
      else seen.add(value);
  });

const policyOr = (policy: AccessPolicy) =>
  z.strictObject({ policy: oneOf(ACCESS_POLICIES).default(policy) }).default({ policy });

/** What a caller may write. */
export const resourceServerBodySchema = z.strictObject({
  id: z
    .string('must be string')
    .regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits or _ -')
    .optional(),
  /** The audience of its tokens; never changes. */
  identifier: audienceText,
  /** Its identifier, where it is left out. */
  name: z
    .string('must be string')
    .min(1, 'must NOT be empty')
    .max(200, 'must NOT have more than 200 characters')
    .optional(),
  scopes: scopes.default([]),
  signing_alg: oneOf(RESOURCE_SERVER_ALGORITHMS).default('RS256'),
  /** Of HS256; made where it is left out. */
  signing_secret: z
    .string('must be string')
    .min(32, 'must NOT have fewer than 32 characters (RFC 7518 3.2)')
    .max(1024, 'must NOT have more than 1024 characters')
    .optional(),
  /** Seconds that an access token lives, and one that a browser gets from the authorization endpoint. */
  token_lifetime: lifetime.default(86_400),
  token_lifetime_for_web: lifetime.optional(),
  /** With `_authz` a token holds `permissions`, if the policies are enforced; `rfc9068_profile` is the form of RFC 9068. */
  token_dialect: oneOf(TOKEN_DIALECTS).default('access_token'),
  /** Whether a user's scopes are cut to their permissions. */
  enforce_policies: yesOrNo.default(false),
  /** Whether there are refresh tokens for it. */
  allow_offline_access: yesOrNo.default(false),
  skip_consent_for_verifiable_first_party_clients: yesOrNo.default(true),
  /** Whether tokens for users, and for clients themselves, need a client grant. */
  subject_type_authorization: z
    .strictObject({ user: policyOr('allow_all'), client: policyOr('require_client_grant') })
    .default({ user: { policy: 'allow_all' }, client: { policy: 'require_client_grant' } }),
  proof_of_possession: z
    .strictObject({
      mechanism: z.literal('dpop', 'must be dpop: certificates of clients (mtls) are not read here'),
      required: yesOrNo.default(false),
    })
    .optional(),
});
export type ResourceServerBody = z.infer<typeof resourceServerBodySchema>;

const { id: _id, identifier: _identifier, name, ...members } = resourceServerBodySchema.shape;
/** What PATCH may write: any member but the id and the identifier; `null` takes it back. */
export const resourceServerPatchSchema = patchSchema({
  ...members,
  name,
  identifier: z
    .undefined('cannot be changed: tokens name it. Make another resource server, or leave it out here')
    .optional(),
});
export type ResourceServerPatch = z.infer<typeof resourceServerPatchSchema>;

export interface ResourceServer extends Omit<ResourceServerBody, 'id' | 'name' | 'token_lifetime_for_web'> {
  readonly id: string;
  readonly name: string;
  readonly token_lifetime_for_web: number;
  /** Auth0's own API is one; there is none here. */
  readonly is_system: boolean;
  /** ISO instants. */
  readonly created_at: string;
  readonly updated_at: string;
}
