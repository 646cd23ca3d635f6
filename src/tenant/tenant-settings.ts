/** What holds for the whole tenant; every member has a default, so a first start needs none. */
import { z } from 'zod';
import { patched, patchSchema } from './patch.js';
import { logoutUrl } from './web-url.js';

/** They become attribute names and Issuers: no white space, and nothing XML cannot carry. */
const uriText = z
  .string('must be string')
  .refine(
    (text) => !/[\s\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(text),
    'must be a URI, without spaces and control characters',
  );

const hours = z.number('must be number').positive('must be > 0').max(8760, 'must be <= 8760');

/** A user_id. */
export const autoLogin = z.string('must be string').min(1, 'must NOT be empty').max(255);

export const tenantSettingsSchema = z.strictObject({
  /** The tenant's name: `event.tenant.id`, and part of the default entity_id. */
  name: z
    .string('must be string')
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens')
    .default('mintmark'),
  /** What people call the tenant. Kept for whoever asks; no page shows it. */
  friendly_name: z.string('must be string').max(256).optional(),
  /** The IdP's entityID; unset it is `urn:auth0:<name>`. */
  entity_id: uriText.min(1).max(1024).optional(),
  /** Put before the name of a claim that has no mapping. On Auth0's own wire it reads http://schemas.auth0.com/ (plural). */
  unmapped_claim_prefix: uriText.max(256).default('http://schema.auth0.com/'),
  /** The audience of an access token when a transaction names none; unset, such an access token is opaque. */
  default_audience: z.string('must be string').min(1).max(2048).optional(),
  /** Seconds an access token lives. */
  access_token_lifetime_in_seconds: z.int('must be integer').min(1).max(2_592_000).default(86_400),
  /** Hours a session lives at most, and so long without a login in it; as Auth0 names them. */
  session_lifetime: hours.default(168),
  idle_session_lifetime: hours.default(72),
  /** The login page offers the stored users, each by one button, without a password. */
  one_click_login: z.boolean('must be boolean').default(false),
  /** The user_id that every browser login is answered for, without a page; a client may name another. */
  auto_login: autoLogin.optional(),
  /** Seconds that all Actions of a trigger have together; an absence of the user between them does not count. */
  actions_time_limit_in_seconds: z
    .number('must be number')
    .min(0.1, 'must be >= 0.1')
    .max(300, 'must be <= 300')
    .default(20),
  /** What the Actions before one that failed wrote to user metadata and cache is kept, or not; of a denial it always is. */
  keep_effects_of_failed_actions: z.boolean('must be boolean').default(false),
  /** Whether answers of /authorize name their issuer (RFC 9207); those to a strict client always do. */
  authorization_response_iss_parameter_supported: z.boolean('must be boolean').default(false),
  /** Whether a DPoP proof must hold a nonce that this server gave out (RFC 9449 8). */
  dpop_nonce_required: z.boolean('must be boolean').default(false),
  /** Where /v2/logout and /oidc/logout may send a browser that comes without a client. */
  allowed_logout_urls: z.array(logoutUrl, 'must be array').max(100).default([]),
  /** RSA keys below it are refused; below 2048 bits they warn. */
  minimum_rsa_bits: z.int('must be integer').min(512).max(16_384).default(1024),
  /** Kept transactions, so many of each status; the older ones beyond either cap are deleted. Of sessions and logouts no more are kept, either. */
  retention: z
    .strictObject({
      days: z.number('must be number').positive().max(3650).default(7),
      transactions: z.int('must be integer').min(1).max(10_000_000).default(10_000),
    })
    .default({ days: 7, transactions: 10_000 }),
});
export type TenantSettings = z.infer<typeof tenantSettingsSchema>;

const { retention, ...members } = tenantSettingsSchema.shape;
/** What PATCH may write: any member, `null` sets it back to its default; one cap of `retention` may be changed without the other. */
export const tenantSettingsPatchSchema = patchSchema({
  ...members,
  retention: patchSchema(retention.unwrap().shape).optional(),
});
export type TenantSettingsPatch = z.infer<typeof tenantSettingsPatchSchema>;

export const patchedSettings = (
  settings: TenantSettings,
  { retention: caps, ...patch }: TenantSettingsPatch,
): TenantSettings =>
  tenantSettingsSchema.parse({
    ...patched(settings, patch),
    retention: caps === null ? undefined : patched(settings.retention, caps ?? {}),
  });

export const entityIdOf = (settings: TenantSettings): string =>
  settings.entity_id ?? `urn:auth0:${settings.name}`;
