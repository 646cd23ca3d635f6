/** What a seed file may hold: all that a tenant starts with, in the shapes of the REST API. */
import { z } from 'zod';
import { seedActionSchema } from './seed-action.js';
import { ACTION_LIMITS } from './action.js';
import { clientGrantBodySchema } from './client-grant.js';
import { clientBodySchema } from './client.js';
import { connectionBodySchema } from './connection.js';
import { resourceServerBodySchema } from './resource-server.js';
import { roleNames, seedOrganizationSchema, seedRoleSchema } from './seed-authorization.js';
import { tenantSettingsSchema } from './tenant-settings.js';
import { userBodySchema } from './user.js';

const settings = tenantSettingsSchema.shape;

/** Only what the file names is set; so the defaults of the settings must not fill in the rest. */
const seedSettings = z.strictObject({
  name: settings.name.unwrap().optional(),
  friendly_name: settings.friendly_name,
  entity_id: settings.entity_id,
  unmapped_claim_prefix: settings.unmapped_claim_prefix.unwrap().optional(),
  default_audience: settings.default_audience,
  access_token_lifetime_in_seconds: settings.access_token_lifetime_in_seconds.unwrap().optional(),
  session_lifetime: settings.session_lifetime.unwrap().optional(),
  idle_session_lifetime: settings.idle_session_lifetime.unwrap().optional(),
  one_click_login: settings.one_click_login.unwrap().optional(),
  auto_login: settings.auto_login,
  actions_time_limit_in_seconds: settings.actions_time_limit_in_seconds.unwrap().optional(),
  keep_effects_of_failed_actions: settings.keep_effects_of_failed_actions.unwrap().optional(),
  authorization_response_iss_parameter_supported: settings.authorization_response_iss_parameter_supported
    .unwrap()
    .optional(),
  dpop_nonce_required: settings.dpop_nonce_required.unwrap().optional(),
  allowed_logout_urls: settings.allowed_logout_urls.unwrap().optional(),
  minimum_rsa_bits: settings.minimum_rsa_bits.unwrap().optional(),
  retention: settings.retention.unwrap().optional(),
} satisfies Record<keyof typeof settings, z.ZodType>);

export const seedSchema = z.strictObject({
  settings: seedSettings.default({}),
  resource_servers: z.array(resourceServerBodySchema, 'must be array').default([]),
  clients: z
    .array(clientBodySchema.extend({ client_id: clientBodySchema.shape.client_id.unwrap() }), 'must be array')
    .default([]),
  client_grants: z.array(clientGrantBodySchema, 'must be array').default([]),
  connections: z.array(connectionBodySchema, 'must be array').default([]),
  roles: z.array(seedRoleSchema, 'must be array').default([]),
  users: z
    .array(
      userBodySchema.extend({
        user_id: userBodySchema.shape.user_id.unwrap(),
        /** Names of roles; these and no others. */
        roles: roleNames.optional(),
      }),
      'must be array',
    )
    .default([]),
  organizations: z.array(seedOrganizationSchema, 'must be array').default([]),
  /** In each trigger they run in the order in which they stand here. */
  actions: z
    .array(seedActionSchema, 'must be array')
    .max(ACTION_LIMITS.actions, `must NOT have more than ${ACTION_LIMITS.actions} items`)
    .default([]),
});
export type Seed = z.infer<typeof seedSchema>;

/** JSON Schema 2020-12 of a seed file, for editors that complete and check YAML. */
export const seedJsonSchema = (): unknown => ({
  ...z.toJSONSchema(seedSchema, { io: 'input', unrepresentable: 'any' }),
  title: 'Seed file of Mintmark',
});
