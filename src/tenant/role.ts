/** A role and the permissions that it gives, in the shapes of Auth0's Management API (`/api/v2/roles`). */
import { z } from 'zod';
import { patched, patchSchema } from './patch.js';
import { audienceText, scopeValue } from './scope-value.js';
import { prefixedIdSchema } from './tenant-ids.js';

/** What a caller may write. */
export const roleBodySchema = z.strictObject({
  id: prefixedIdSchema('rol').optional(),
  name: z
    .string('must be string')
    .trim()
    .min(1, 'must NOT be empty')
    .max(50, 'must NOT have more than 50 characters'),
  description: z.string('must be string').max(255, 'must NOT have more than 255 characters').optional(),
});
export type RoleBody = z.infer<typeof roleBodySchema>;

const { id: _id, ...members } = roleBodySchema.shape;
/** What PATCH may write; `null` takes the description away. */
export const rolePatchSchema = patchSchema(members);
export type RolePatch = z.infer<typeof rolePatchSchema>;

export interface Role extends Omit<RoleBody, 'id'> {
  readonly id: string;
  /** ISO instants. */
  readonly created_at: string;
  readonly updated_at: string;
}

export function roleFrom(
  { id, ...body }: RoleBody,
  { now, ...otherwise }: { readonly now: Date; readonly id: string },
): Role {
  const at = now.toISOString();
  return { id: id ?? otherwise.id, ...body, created_at: at, updated_at: at };
}

export const patchedRole = (role: Role, patch: RolePatch, now: Date): Role => ({
  ...patched<Role>(role, patch),
  updated_at: now.toISOString(),
});

/** A scope of an API, as what a role or a user may do. */
export const permissionSchema = z.strictObject({
  permission_name: scopeValue,
  resource_server_identifier: audienceText,
});
export type Permission = z.infer<typeof permissionSchema>;

export const permissionsSchema = z
  .array(permissionSchema, 'must be array')
  .max(1000, 'must NOT have more than 1000 items');
