/** What a seed names must stand in it too: a mistyped name would be found at the first login that needs it. */
import { jsonPointer, type Issue } from '../protocol/field-errors.js';
import type { FieldError } from '../protocol/mintmark-error.js';
import { didYouMean } from '../protocol/nearest-name.js';
import { clientGrantFaults, unknownScope } from './client-grant.js';
import { resourceServerFaults } from './resource-server-changes.js';
import type { Seed } from './seed.js';
import { fullUserId } from './user-changes.js';

type Path = readonly PropertyKey[];

/** The names of one list of the file. */
class Known {
  readonly #names: ReadonlySet<string>;

  constructor(
    private readonly list: keyof Seed,
    names: readonly string[],
  ) {
    this.#names = new Set(names);
  }

  /** Nothing, or what is wrong with a name that is not in the list. */
  check(name: string, path: Path, shown = name): FieldError[] {
    if (this.#names.has(name)) return [];
    const guess = didYouMean(shown, [...this.#names]);
    return [
      { pointer: jsonPointer(path), detail: `there is no "${shown}" in ${this.list} of this file${guess}` },
    ];
  }
}

const below = (path: Path, issues: readonly Issue[]): FieldError[] =>
  issues.map(({ path: steps = [], message }) => ({
    pointer: jsonPointer([...path, ...(steps as Path)]),
    detail: message,
  }));

/** Each name that stands for nothing, and what does not go together. */
export function strangers(seed: Seed): FieldError[] {
  const clients = new Known(
    'clients',
    seed.clients.map(({ client_id: id }) => id),
  );
  const users = new Known(
    'users',
    seed.users.map(({ user_id: id }) => fullUserId(id)),
  );
  const roles = new Known(
    'roles',
    seed.roles.map(({ name }) => name),
  );
  const apis = new Known(
    'resource_servers',
    seed.resource_servers.map(({ identifier }) => identifier),
  );
  const apiOf = (audience: string) => seed.resource_servers.find(({ identifier }) => identifier === audience);
  const inRoles = (names: readonly string[], path: Path): FieldError[] =>
    names.flatMap((name, index) => roles.check(name, [...path, index]));
  const each = <Item>(
    list: keyof Seed,
    items: readonly Item[],
    check: (item: Item, path: Path) => FieldError[],
  ) => items.flatMap((item, index) => check(item, [list, index]));

  return [
    ...each('resource_servers', seed.resource_servers, (api, path) => below(path, resourceServerFaults(api))),
    ...each('client_grants', seed.client_grants, (grant, path) => {
      const api = apiOf(grant.audience);
      return [
        ...clients.check(grant.client_id, [...path, 'client_id']),
        ...(api
          ? below(path, clientGrantFaults(grant, api))
          : apis.check(grant.audience, [...path, 'audience'])),
      ];
    }),
    ...each('connections', seed.connections, ({ enabled_clients: enabled = [] }, path) =>
      enabled.flatMap((id, index) => clients.check(id, [...path, 'enabled_clients', index])),
    ),
    ...each('roles', seed.roles, ({ permissions = [] }, path) =>
      permissions.flatMap(({ permission_name: name, resource_server_identifier: audience }, index) => {
        const at = [...path, 'permissions', index];
        const api = apiOf(audience);
        if (!api) return apis.check(audience, [...at, 'resource_server_identifier']);
        return api.scopes.some(({ value }) => value === name)
          ? []
          : [{ pointer: jsonPointer([...at, 'permission_name']), detail: unknownScope(name, api) }];
      }),
    ),
    ...each('users', seed.users, ({ roles: names = [] }, path) => inRoles(names, [...path, 'roles'])),
    ...each('organizations', seed.organizations, ({ members = [] }, path) =>
      members.flatMap(({ user_id: userId, roles: names }, index) => [
        ...users.check(fullUserId(userId), [...path, 'members', index], userId),
        ...inRoles(names, [...path, 'members', index, 'roles']),
      ]),
    ),
  ];
}
