/** A client: a SAML SP and/or an OIDC client, in the shape of Auth0's Management API (`/api/v2/clients`). */
import { z } from 'zod';
import { notionSettingsSchema } from './notion-client.js';
import { oauthClientMembers, oidcLogoutMembers, refreshTokenMembers } from './oauth-client.js';
import { patchSchema } from './patch.js';
import { samlAddonSchema } from './saml-addon.js';
import { autoLogin } from './tenant-settings.js';
import { callbackUrl, logoutUrl, originUrl } from './web-url.js';

/** Algorithms an ID or access token can be signed with (RFC 7518 3.1, RFC 8037). */
export const TOKEN_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

const listOf = (url: z.ZodType<string, string>) => z.array(url, 'must be array').max(100);

const clientId = z
  .string('must be string')
  .regex(/^[\w.~-]{1,64}$/, 'must be 1 to 64 letters, digits or . _ ~ -')
  // of a path a browser or proxy takes them away, so no URL would name the client
  .refine((id) => id !== '.' && id !== '..', 'must NOT be . or ..')
  // /samlp/metadata and /samlp/logout are every client's
  .refine((id) => id !== 'metadata' && id !== 'logout', 'must NOT be metadata or logout');

/** What a caller may write. */
export const clientBodySchema = z.strictObject({
  client_id: clientId.optional(),
  client_secret: z.string().min(1).max(256).optional(),
  name: z.string('must be string').min(1, 'must NOT be empty').max(256),
  description: z.string().max(140).optional(),
  app_type: z.enum(['native', 'spa', 'regular_web', 'non_interactive']).optional(),
  /** Allowed ACS URLs and redirect URIs; the first is the default. */
  callbacks: listOf(callbackUrl).default([]),
  allowed_logout_urls: listOf(logoutUrl).default([]),
  web_origins: listOf(originUrl).default([]),
  ...oauthClientMembers,
  jwt_configuration: z
    .strictObject({
      /** Seconds an ID token lives. */
      lifetime_in_seconds: z.int().min(1).max(2_592_000).default(36_000),
      alg: z
        .enum(TOKEN_ALGORITHMS, { error: `must be one of ${TOKEN_ALGORITHMS.join(', ')}` })
        .default('RS256'),
    })
    .default({ lifetime_in_seconds: 36_000, alg: 'RS256' }),
  client_metadata: z.record(z.string().max(255), z.string().max(255)).default({}),
  addons: z.strictObject({ samlp: samlAddonSchema.optional() }).default({}),
  /** The user_id that browser logins at this client are answered for, without a page; over the tenant's. */
  auto_login: autoLogin.optional(),
});
export type ClientBody = z.infer<typeof clientBodySchema>;

const { client_id: _, ...members } = clientBodySchema.shape;
/**
 * What PATCH may write: any member but the id; `null` takes an optional one away and sets any other back to its default.
 * `addons.samlp`, `jwt_configuration`, `client_metadata`, `refresh_token`, `oidc_logout` and `notion` are patched member by member in
 * their turn, so that one setting can be changed without naming the others.
 */
export const clientPatchSchema = patchSchema({
  ...members,
  client_secret: members.client_secret.unwrap(),
  jwt_configuration: patchSchema(members.jwt_configuration.unwrap().shape).optional(),
  client_metadata: z.record(z.string().max(255), z.string().max(255).nullable()).optional(),
  addons: patchSchema({ samlp: patchSchema(samlAddonSchema.shape).optional() }).optional(),
  refresh_token: patchSchema(refreshTokenMembers).optional(),
  oidc_logout: patchSchema(oidcLogoutMembers).optional(),
  notion: patchSchema(notionSettingsSchema.shape).optional(),
});
export type ClientPatch = z.infer<typeof clientPatchSchema>;

export interface Client extends Omit<ClientBody, 'client_id' | 'client_secret'> {
  readonly client_id: string;
  readonly client_secret: string;
  /** ISO instants. */
  readonly created_at: string;
  readonly updated_at: string;
}
