/** What `POST /api/transactions` and its sub-resources take. */
import { z } from 'zod';
import { ACTION_LIMITS } from '../tenant/action.js';
import { samlResponseSchema } from '../tenant/saml-addon.js';
import { inlineProfileSchema } from '../tenant/user.js';

const line = z.string('must be string').max(2048, 'must NOT have more than 2048 characters');

/** RFC 6749 3.3 `scope-token`; Auth0 allows 1 to 280 characters. */
export const scopeSchema = z
  .string('must be string')
  .regex(
    /^[\x21\x23-\x5B\x5D-\x7E]{1,280}$/,
    'must be 1 to 280 printable ASCII characters without space, " and \\',
  );

export const claimValueSchema: z.ZodType = z.json('must be a JSON value');
const customClaims = z.record(z.string().min(1).max(1024), claimValueSchema, 'must be object');

/** An instant of the years 1 to 9999, the range of xs:dateTime. */
const instant = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 instant with a zone, like 2026-01-31T12:00:00Z' })
  .refine((text) => {
    const time = Date.parse(text);
    return time >= Date.parse('0001-01-01T00:00:00Z') && time <= Date.parse('9999-12-31T23:59:59.999Z');
  }, 'must lie in the years 1 to 9999');

/** As many as an Action of its own may have: they are looked for in all that it says. */
const hasFewSecrets = ({ secrets }: Readonly<Record<string, unknown>>): boolean => {
  const values = typeof secrets === 'object' && secrets !== null ? Object.values(secrets) : [];
  return (
    values.length <= ACTION_LIMITS.secrets &&
    values.every((value) => typeof value !== 'string' || value.length <= ACTION_LIMITS.secretValue)
  );
};

export const transactionBodySchema = z.strictObject({
  /** `client_credentials`: an exchange of the client's own; the trigger credentials-exchange runs in it. */
  protocol: z.enum(['samlp', 'oidc', 'client_credentials'], {
    error: 'must be samlp, oidc or client_credentials',
  }),
  client_id: line,
  /** `{"user_id": …}` alone names a stored user; anything more is a profile of its own. Nobody, with client_credentials. */
  user: inlineProfileSchema.optional(),
  saml: z
    .strictObject({
      /** base64, deflated or not, as it stands in a form or a query once that is decoded. */
      SAMLRequest: z.string('must be string').min(1, 'must NOT be empty').optional(),
      RelayState: z
        .string('must be string')
        .max(16_384, 'must NOT have more than 16384 characters')
        .optional(),
    })
    .optional(),
  oidc: z
    .strictObject({
      /** Space-separated; default `openid profile email`. */
      scope: line.optional(),
      audience: line.min(1, 'must NOT be empty').optional(),
      nonce: line.optional(),
    })
    .optional(),
  /** Scopes that the client may get, with client_credentials; without it those that are asked for. */
  client_grant: z.strictObject({ scope: z.array(scopeSchema, 'must be array').max(1000) }).optional(),
  samlResponse: samlResponseSchema.optional(),
  idToken: z.strictObject({ customClaims: customClaims.optional() }).optional(),
  accessToken: z
    .strictObject({
      customClaims: customClaims.optional(),
      /** `true` adds a scope, `false` takes it away; a list adds them all. */
      scopes: z
        .union(
          [z.record(scopeSchema, z.boolean()), z.array(scopeSchema)],
          'must be a list of scopes, or an object of scope to true or false',
        )
        .optional(),
    })
    .optional(),
  /** Partial `event`, merged over the one that Actions see. */
  event: z
    .record(z.string(), claimValueSchema, 'must be object')
    .refine(hasFewSecrets, {
      path: ['secrets'],
      error: `must NOT have more than ${ACTION_LIMITS.secrets} secrets of ${ACTION_LIMITS.secretValue} characters`,
    })
    .optional(),
  /** The transaction's clock; it follows the server's when absent. */
  now: instant.optional(),
  /** Makes every id of this transaction's artefacts reproducible. */
  seed: z
    .string('must be string')
    .min(1, 'must NOT be empty')
    .max(256, 'must NOT have more than 256 characters')
    .optional(),
  /** Completes it in the same call. */
  complete: z.boolean('must be boolean').optional(),
});
export type TransactionBody = z.infer<typeof transactionBodySchema>;

/** `PATCH …/saml-response`: settings are merged, `null` takes one back. */
export const samlResponsePatchSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(samlResponseSchema.shape).map(([name, schema]) => [name, schema.nullable()]),
  ) as {
    [Name in keyof typeof samlResponseSchema.shape]: z.ZodNullable<(typeof samlResponseSchema.shape)[Name]>;
  },
);
export type SamlResponsePatch = z.infer<typeof samlResponsePatchSchema>;

export const denyBodySchema = z.strictObject({
  reason: z
    .string('must be string')
    .max(1024, 'must NOT have more than 1024 characters')
    .default('Access denied.'),
});
