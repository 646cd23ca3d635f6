/** Roles and organizations as a seed file names them: with what belongs to them, by names, since ids are made later. */
import { z } from 'zod';
import { organizationBodySchema } from './organization.js';
import { permissionsSchema, roleBodySchema } from './role.js';

const name = z.string('must be string').min(1, 'must NOT be empty').max(255);

export const roleNames = z.array(name, 'must be array').max(100, 'must NOT have more than 100 items');

export const seedRoleSchema = roleBodySchema.extend({
  /** These and no others. */
  permissions: permissionsSchema.optional(),
});

/** A user_id alone, or with the roles that the member has there. */
const member = z
  .union([
    name,
    z.strictObject({
      user_id: name,
      /** Names of roles; these and no others. */
      roles: roleNames.default([]),
    }),
  ])
  .transform((given) => (typeof given === 'string' ? { user_id: given, roles: [] } : given));

export const seedOrganizationSchema = organizationBodySchema.extend({
  /** These and no others. */
  members: z.array(member, 'must be array').max(10_000, 'must NOT have more than 10000 items').optional(),
});
export type SeedOrganization = z.infer<typeof seedOrganizationSchema>;
