/** What OAuth and OpenID Connect need to know of a client: members of Auth0's `/api/v2/clients`, and two of ours. All may be left out. */
import { z } from 'zod';
import { clientCredentialSchema } from './client-credential.js';
import { notionSettingsSchema } from './notion-client.js';
import { originUrl, webUrl } from './web-url.js';

const yesOrNo = z.boolean('must be boolean');
const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });
const seconds = z.int('must be integer').min(1, 'must be >= 1').max(31_557_600, 'must be <= 31557600');

export const TOKEN_ENDPOINT_AUTH_METHODS = [
  'none',
  'client_secret_post',
  'client_secret_basic',
  'private_key_jwt',
] as const;
export type TokenEndpointAuthMethod = (typeof TOKEN_ENDPOINT_AUTH_METHODS)[number];

/** Ours: whose wire a client is answered in. */
export const OAUTH_DIALECTS = ['auth0', 'strict', 'notion'] as const;
export type OauthDialect = (typeof OAUTH_DIALECTS)[number];

export const BACKCHANNEL_LOGOUT_INITIATORS = [
  'rp-logout',
  'idp-logout',
  'password-changed',
  'session-expired',
  'session-revoked',
  'account-deleted',
  'email-identifier-changed',
] as const;
export type BackchannelLogoutInitiator = (typeof BACKCHANNEL_LOGOUT_INITIATORS)[number];

export const refreshTokenMembers = {
  rotation_type: oneOf(['rotating', 'non-rotating']).optional(),
  expiration_type: oneOf(['expiring', 'non-expiring']).optional(),
  /** Seconds that a rotated token still works. */
  leeway: z.int('must be integer').min(0, 'must be >= 0').max(31_557_600, 'must be <= 31557600').optional(),
  token_lifetime: seconds.optional(),
  idle_token_lifetime: seconds.optional(),
  infinite_token_lifetime: yesOrNo.optional(),
  infinite_idle_token_lifetime: yesOrNo.optional(),
};
type RefreshTokenBody = z.infer<z.ZodObject<typeof refreshTokenMembers>>;

const refreshToken = z.strictObject(refreshTokenMembers).superRefine((given, context) => {
  const fault = refreshTokenFault(given);
  if (fault) context.addIssue({ code: 'custom', path: [fault[0]], message: fault[1] });
});

function refreshTokenFault(given: RefreshTokenBody): readonly [keyof RefreshTokenBody, string] | undefined {
  const { rotation_type: rotation, expiration_type: expiration } = given;
  if (rotation === 'rotating' && expiration === 'non-expiring')
    return ['expiration_type', 'must be expiring where rotation_type is rotating'];
  if (expiration === 'expiring' && given.infinite_token_lifetime === true)
    return ['infinite_token_lifetime', 'must be false where expiration_type is expiring'];
  const { token_lifetime: whole, idle_token_lifetime: idle } = given;
  if (whole !== undefined && idle !== undefined && idle > whole)
    return ['idle_token_lifetime', `must be <= token_lifetime, which is ${whole}`];
  return undefined;
}

export const oidcLogoutMembers = {
  backchannel_logout_urls: z.array(webUrl, 'must be array').max(100).optional(),
  /** Which ends of a session are told: all, or the selected ones. */
  backchannel_logout_initiators: z
    .strictObject({
      mode: oneOf(['custom', 'all']).default('custom'),
      selected_initiators: z.array(oneOf(BACKCHANNEL_LOGOUT_INITIATORS), 'must be array').max(20).optional(),
    })
    .optional(),
};

export const oauthClientMembers = {
  grant_types: z.array(z.string().max(128)).max(32).optional(),
  token_endpoint_auth_method: oneOf(TOKEN_ENDPOINT_AUTH_METHODS).optional(),
  client_authentication_methods: z
    .strictObject({
      private_key_jwt: z.strictObject({
        credentials: z
          .array(clientCredentialSchema, 'must be array')
          .min(1, 'must NOT be empty')
          .max(10, 'must NOT have more than 10 items'),
      }),
    })
    .optional(),
  is_first_party: yesOrNo.optional(),
  oidc_conformant: yesOrNo.optional(),
  refresh_token: refreshToken.optional(),
  oidc_logout: z.strictObject(oidcLogoutMembers).optional(),
  require_pushed_authorization_requests: yesOrNo.optional(),
  /** Whether its tokens must be bound to a key (DPoP). */
  require_proof_of_possession: yesOrNo.optional(),
  organization_usage: oneOf(['deny', 'allow', 'require']).optional(),
  organization_require_behavior: oneOf(['no_prompt', 'pre_login_prompt', 'post_login_prompt']).optional(),
  default_organization: z
    .strictObject({
      organization_id: z.string('must be string').min(1, 'must NOT be empty').max(128),
      flows: z
        .array(oneOf(['client_credentials']), 'must be array')
        .min(1, 'must NOT be empty')
        .max(1),
    })
    .optional(),
  compliance_level: oneOf([
    'none',
    'fapi1_adv_pkj_par',
    'fapi1_adv_mtls_par',
    'fapi2_sp_pkj_mtls',
    'fapi2_sp_mtls_mtls',
  ]).optional(),
  oauth_dialect: oneOf(OAUTH_DIALECTS).optional(),
  /** Origins that browsers may call from, beside those of the callbacks. */
  allowed_origins: z.array(originUrl, 'must be array').max(100).optional(),
  initiate_login_uri: webUrl.optional(),
  /** What Notion's answers tell of it. */
  notion: notionSettingsSchema.optional(),
};
