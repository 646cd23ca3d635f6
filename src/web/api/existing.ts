/** What a path or a body names must be there; each refusal says where the like of it is listed. */
import { invalidBody } from '../../tenant/invalid-body.js';
import { TenantError } from '../../tenant/tenant-error.js';

const KINDS = {
  client: '/api/v2/clients',
  user: '/api/v2/users',
  resource_server: '/api/v2/resource-servers',
  client_grant: '/api/v2/client-grants',
  connection: '/api/v2/connections',
  role: '/api/v2/roles',
  organization: '/api/v2/organizations',
} as const;
type Kind = keyof typeof KINDS;

const missing = (kind: Kind, id: string): string =>
  `there is no ${kind.replace('_', ' ')} ${id}; GET ${KINDS[kind]} lists them`;

/** Throws the `…_not_found` of its kind where there is none. */
export function existing<Value>(kind: Kind, id: string, value: Value | null): Value {
  if (value === null) throw new TenantError(`${kind}_not_found`, missing(kind, id));
  return value;
}

/** What the body names at this path. Throws `invalid_body` where there is none. */
export function named<Value>(
  kind: Kind,
  id: string,
  value: Value | null,
  path: readonly PropertyKey[],
): Value {
  if (value === null) throw invalidBody([{ path, message: missing(kind, id) }]);
  return value;
}

/** For a list of the body that was refused since one of it is not there: throws `invalid_body` naming it. */
export async function refuseMissing(
  kind: Kind,
  ids: readonly string[],
  { member, get }: { readonly member: string; readonly get: (id: string) => Promise<unknown> },
): Promise<void> {
  for (const [index, id] of ids.entries()) named(kind, id, await get(id), [member, index]);
}
