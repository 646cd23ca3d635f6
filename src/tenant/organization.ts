/** An organization, its members and its connections, in the shapes of Auth0's Management API (`/api/v2/organizations`). */
import { z } from 'zod';
import { patched, patchSchema } from './patch.js';
import { prefixedIdSchema } from './tenant-ids.js';
import { webUrl } from './web-url.js';

const color = z.string('must be string').regex(/^#[0-9a-fA-F]{3,8}$/, 'must be a colour, like #0059d6');
const metadataName = z.string().max(255);
const metadataValue = z.string('must be string').max(255, 'must NOT have more than 255 characters');

/** What a caller may write. */
export const organizationBodySchema = z.strictObject({
  id: prefixedIdSchema('org').optional(),
  name: z
    .string('must be string')
    .regex(
      /^[a-z0-9][a-z0-9_-]{0,49}$/,
      'must be 1 to 50 lower-case letters, digits, hyphens or underscores, and begin with a letter or digit',
    )
    // `organization` of a request is an id or a name
    .refine((name) => !name.startsWith('org_'), 'must NOT begin with org_, as ids do'),
  display_name: z.string('must be string').min(1, 'must NOT be empty').max(255).optional(),
  branding: z
    .strictObject({
      logo_url: webUrl.optional(),
      colors: z.strictObject({ primary: color.optional(), page_background: color.optional() }).optional(),
    })
    .optional(),
  metadata: z
    .record(metadataName, metadataValue, 'must be object')
    .refine((metadata) => Object.keys(metadata).length <= 25, 'must NOT have more than 25 names')
    .default({}),
});
export type OrganizationBody = z.infer<typeof organizationBodySchema>;

const { id: _id, ...members } = organizationBodySchema.shape;
/** What PATCH may write; `null` takes it back. `metadata` replaces what is kept, as Auth0 has it. */
export const organizationPatchSchema = patchSchema(members);
export type OrganizationPatch = z.infer<typeof organizationPatchSchema>;

export interface Organization extends Omit<OrganizationBody, 'id' | 'display_name'> {
  readonly id: string;
  readonly display_name: string;
  /** ISO instants. */
  readonly created_at: string;
  readonly updated_at: string;
}

/** Without a name for people it goes by its own. */
export function organizationFrom(
  { id, display_name, ...body }: OrganizationBody,
  { now, ...otherwise }: { readonly now: Date; readonly id: string },
): Organization {
  const at = now.toISOString();
  return {
    id: id ?? otherwise.id,
    ...body,
    display_name: display_name ?? body.name,
    created_at: at,
    updated_at: at,
  };
}

export function patchedOrganization(
  organization: Organization,
  patch: OrganizationPatch,
  now: Date,
): Organization {
  const { created_at, updated_at: _, ...kept } = organization;
  const {
    id = organization.id,
    display_name,
    ...body
  } = organizationBodySchema.parse(patched<OrganizationBody>(kept, patch));
  return {
    id,
    ...body,
    display_name: display_name ?? body.name,
    created_at,
    updated_at: now.toISOString(),
  };
}

/** How a connection serves an organization. */
export const organizationConnectionSchema = z.strictObject({
  connection_id: z.string('must be string').min(1, 'must NOT be empty').max(128),
  /** Whether whoever logs in by it becomes a member. */
  assign_membership_on_login: z.boolean('must be boolean').default(false),
  show_as_button: z.boolean('must be boolean').default(true),
  is_signup_enabled: z.boolean('must be boolean').default(false),
});
export type OrganizationConnection = z.infer<typeof organizationConnectionSchema>;

const { connection_id: _connection, ...connectionMembers } = organizationConnectionSchema.shape;
/** What PATCH may write; `null` takes it back. */
export const organizationConnectionPatchSchema = patchSchema(connectionMembers);
export type OrganizationConnectionPatch = z.infer<typeof organizationConnectionPatchSchema>;
