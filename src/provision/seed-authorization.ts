/** APIs, client grants, connections, roles and organizations of a seed. Each is known by its name; its id is made once, and stays. */
import { randomBytes } from 'node:crypto';
import type { ClientGrantStore } from '../storage/client-grant-store.js';
import type { ConnectionStore } from '../storage/connection-store.js';
import type { OrganizationStore } from '../storage/organization-store.js';
import type { PermissionStore } from '../storage/permission-store.js';
import type { ResourceServerStore } from '../storage/resource-server-store.js';
import type { RoleStore } from '../storage/role-store.js';
import { clientGrantFrom, type ClientGrant } from '../tenant/client-grant.js';
import { connectionFrom, type Connection } from '../tenant/connection.js';
import { organizationFrom, type Organization } from '../tenant/organization.js';
import { resourceServerFrom } from '../tenant/resource-server-changes.js';
import type { ResourceServer } from '../tenant/resource-server.js';
import { roleFrom, type Permission, type Role } from '../tenant/role.js';
import type { SeedOrganization } from '../tenant/seed-authorization.js';
import type { Seed } from '../tenant/seed.js';
import { TenantError } from '../tenant/tenant-error.js';
import { ID_BYTES, prefixedId, type IdPrefix } from '../tenant/tenant-ids.js';
import { fullUserId } from '../tenant/user-changes.js';
import { ofEntry, reseeded, type Entry } from './seed-entry.js';

export interface AuthorizationStores {
  readonly resourceServers: ResourceServerStore;
  readonly clientGrants: ClientGrantStore;
  readonly connections: ConnectionStore;
  readonly roles: RoleStore;
  readonly permissions: PermissionStore;
  readonly organizations: OrganizationStore;
}

interface Identified {
  readonly id: string;
  readonly created_at: string;
  readonly updated_at: string;
}
interface Named<Value> extends Entry<Value> {
  /** For people. */
  readonly label: string;
  readonly find: () => Promise<Value | null>;
}

/** What the seed describes, made and checked, and not yet written. */
export interface PlannedAuthorization {
  readonly apis: readonly Named<ResourceServer>[];
  readonly grants: readonly Named<ClientGrant>[];
  readonly connections: readonly Named<Connection>[];
  readonly roles: readonly (Named<Role> & { readonly permissions: readonly Permission[] | undefined })[];
  readonly organizations: readonly (Named<Organization> & {
    readonly members: SeedOrganization['members'];
  })[];
}

const idOf = (prefix: IdPrefix): string => prefixedId(prefix, randomBytes(ID_BYTES));

/** Throws `seed_invalid`, also for an entry that is kept with another id. */
export async function planAuthorization(
  seed: Seed,
  { resourceServers, clientGrants, connections, roles, organizations }: AuthorizationStores,
  { file, now }: { readonly file: string; readonly now: Date },
): Promise<PlannedAuthorization> {
  const apis = seed.resource_servers.map((body): Named<ResourceServer> => {
    const label = `resource server "${body.identifier}"`;
    const value = ofEntry(`${file}: ${label}`, () =>
      resourceServerFrom(body, {
        now,
        id: randomBytes(12).toString('hex'),
        signingSecret: randomBytes(48).toString('base64url'),
      }),
    );
    return { label, body, value, find: () => resourceServers.findByIdentifier(body.identifier) };
  });
  const plan: PlannedAuthorization = {
    apis,
    grants: seed.client_grants.map((body): Named<ClientGrant> => {
      const { client_id: client, audience, subject_type: subject } = body;
      const label = `client grant of "${client}" for "${audience}"`;
      const api = apis.find(({ value }) => value.identifier === audience)!.value;
      const value = ofEntry(`${file}: ${label}`, () => clientGrantFrom(body, { now, api, id: idOf('cgr') }));
      return { label, body, value, find: () => clientGrants.find(client, audience, subject) };
    }),
    connections: seed.connections.map((body) => ({
      label: `connection "${body.name}"`,
      body,
      value: connectionFrom(body, { now, id: idOf('con') }),
      find: () => connections.findByName(body.name),
    })),
    roles: seed.roles.map(({ permissions, ...body }) => ({
      label: `role "${body.name}"`,
      body,
      permissions,
      value: roleFrom(body, { now, id: idOf('rol') }),
      find: () => roles.findByName(body.name),
    })),
    organizations: seed.organizations.map(({ members, ...body }) => ({
      label: `organization "${body.name}"`,
      body,
      members,
      value: organizationFrom(body, { now, id: idOf('org') }),
      find: () => organizations.findByName(body.name),
    })),
  };
  for (const { label, body, find } of Object.values(plan).flat() as Named<Identified>[]) {
    if (body['id'] === undefined) continue;
    const kept = await find();
    if (kept !== null && kept.id !== body['id'])
      throw new TenantError(
        'seed_invalid',
        `${file}: ${label}: it is kept with the id ${kept.id}, which never changes: leave the id out, or DELETE what is kept`,
      );
  }
  return plan;
}

export async function writeApis({ apis }: PlannedAuthorization, stores: AuthorizationStores): Promise<void> {
  for (const api of apis) await keep(stores.resourceServers, api);
}

/** Once there are the clients. Yields the ids of the roles by their names. */
export async function writeGrantsAndRoles(
  { grants, connections, roles }: PlannedAuthorization,
  stores: AuthorizationStores,
): Promise<ReadonlyMap<string, string>> {
  for (const grant of grants) await keep(stores.clientGrants, grant);
  for (const connection of connections) await keep(stores.connections, connection);
  const ids = new Map<string, string>();
  for (const { permissions, ...role } of roles) {
    const { id, name } = await keep(stores.roles, role);
    ids.set(name, id);
    if (permissions) sure(await stores.permissions.set('role', id, permissions), role.label);
  }
  return ids;
}

/** Once there are the users and the roles. Only what the seed lists is set. */
export async function writeAssignments(
  seed: Seed,
  { organizations }: PlannedAuthorization,
  stores: AuthorizationStores,
  { roleIds, now }: { readonly roleIds: ReadonlyMap<string, string>; readonly now: Date },
): Promise<void> {
  const idsOf = (names: readonly string[]): string[] => names.map((name) => roleIds.get(name)!);
  for (const { user_id: userId, roles } of seed.users)
    if (roles) sure(await stores.roles.setOfUser(fullUserId(userId), idsOf(roles), now), `user "${userId}"`);
  for (const { members, ...organization } of organizations) {
    const { id } = await keep(stores.organizations, organization);
    if (!members) continue;
    const set = members.map(({ user_id: userId, roles }) => ({
      userId: fullUserId(userId),
      roleIds: idsOf(roles),
    }));
    sure(await stores.organizations.setMembers(id, set, now), organization.label);
  }
}

interface Kept<Value> {
  insert(value: Value): Promise<void>;
  update(id: string, change: (value: Value) => Value): Promise<Value | null>;
}

/** Inserts, or lays over what is there; another instance may be at it with the same seed. */
async function keep<Value extends Identified>(store: Kept<Value>, entry: Named<Value>): Promise<Value> {
  const overKept = async (): Promise<Value | null> => {
    const kept = await entry.find();
    return (
      kept &&
      store.update(kept.id, (now) => reseeded(now, { ...entry, value: { ...entry.value, id: kept.id } }))
    );
  };
  const updated = await overKept();
  if (updated) return updated;
  try {
    await store.insert(entry.value);
    return entry.value;
  } catch (error) {
    const other = error instanceof TenantError && error.code.endsWith('_exists') ? await overKept() : null;
    // else its id is another's
    if (other) return other;
    throw error;
  }
}

/** What was just written was deleted by somebody else before it was used. */
function sure(isWritten: boolean, label: string): void {
  if (!isWritten)
    throw new TenantError('seed_invalid', `${label}: what it refers to was deleted meanwhile; start again`);
}
