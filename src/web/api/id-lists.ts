/** Bodies that name others by their ids: `{"roles": ["rol_…"]}`. */
import { z } from 'zod';
import { permissionsSchema } from '../../tenant/role.js';

const ids = z
  .array(z.string('must be string').min(1, 'must NOT be empty').max(255), 'must be array')
  .min(1, 'must NOT be empty')
  .max(100, 'must NOT have more than 100 items');

export const rolesBodySchema = z.strictObject({ roles: ids });
export type RolesBody = z.infer<typeof rolesBodySchema>;
export const usersBodySchema = z.strictObject({ users: ids });
export type UsersBody = z.infer<typeof usersBodySchema>;
export const membersBodySchema = z.strictObject({ members: ids });
export type MembersBody = z.infer<typeof membersBodySchema>;

export const permissionsBodySchema = z.strictObject({
  permissions: permissionsSchema.min(1, 'must NOT be empty'),
});
export type PermissionsBody = z.infer<typeof permissionsBodySchema>;
