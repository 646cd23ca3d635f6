/** Permissions are given to a role and to a user by the same body, and refused alike. */
import type { PermissionStore } from '../../storage/permission-store.js';
import type { ResourceServerStore } from '../../storage/resource-server-store.js';
import { unknownScope } from '../../tenant/client-grant.js';
import { invalidBody } from '../../tenant/invalid-body.js';
import type { Permission } from '../../tenant/role.js';
import { existing, named } from './existing.js';

/** Throws `invalid_body` naming what is not there, and as `existing` where the role or user has gone meanwhile. */
export async function grantPermissions(
  holder: 'role' | 'user',
  id: string,
  permissions: readonly Permission[],
  { store, apis }: { readonly store: PermissionStore; readonly apis: ResourceServerStore },
): Promise<void> {
  if (await store.grant(holder, id, permissions)) return;
  for (const [
    index,
    { resource_server_identifier: identifier, permission_name: name },
  ] of permissions.entries()) {
    const path = ['permissions', index, 'resource_server_identifier'];
    const api = named('resource_server', identifier, await apis.findByIdentifier(identifier), path);
    if (!api.scopes.some(({ value }) => value === name))
      throw invalidBody([
        { path: ['permissions', index, 'permission_name'], message: unknownScope(name, api) },
      ]);
  }
  existing(holder, id, null);
}
