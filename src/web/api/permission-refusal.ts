import { unknownScope } from '../../tenant/client-grant.js';
import { invalidBody } from '../../tenant/invalid-body.js';
import type { Permission } from '../../tenant/role.js';
import type { ResourceServer } from '../../tenant/resource-server.js';
import { named } from './existing.js';

/** For permissions that were refused since one of them is not there: throws `invalid_body` naming it. */
export async function refuseMissingPermission(
  permissions: readonly Permission[],
  findApi: (identifier: string) => Promise<ResourceServer | null>,
): Promise<void> {
  for (const [
    index,
    { resource_server_identifier: identifier, permission_name: name },
  ] of permissions.entries()) {
    const path = ['permissions', index, 'resource_server_identifier'];
    const api = named('resource_server', identifier, await findApi(identifier), path);
    if (!api.scopes.some(({ value }) => value === name))
      throw invalidBody([
        { path: ['permissions', index, 'permission_name'], message: unknownScope(name, api) },
      ]);
  }
}
