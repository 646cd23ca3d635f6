/** `api.roles`: the user's roles, which the event tells by name (actions-api.md 10). */
import { distinct, idFor, pageOf, soughtOf } from './membership.js';
import { getter, type ApiRun, type Member } from './member.js';

interface Role {
  readonly id: string;
  readonly name: string;
  readonly type: string;
}
const MOST_IDS = 100;
const MOST_NAMES = 50;

function rolesOf({ event }: ApiRun): readonly Role[] {
  const names: unknown = event.authorization?.roles;
  if (!Array.isArray(names)) return [];
  const texts = names.filter((name): name is string => typeof name === 'string');
  return distinct(texts.map((name) => ({ id: idFor('rol', name), name, type: 'tenant' })));
}

function getUserEffectiveRoles(run: ApiRun, [params]: readonly unknown[]) {
  const { items, next } = pageOf(rolesOf(run), params);
  return { roles: items, ...(next !== undefined && { next }) };
}

function getUserEffectiveRolesByIds(run: ApiRun, [given]: readonly unknown[]) {
  const ids = soughtOf('ids', given, MOST_IDS);
  return { roles: rolesOf(run).filter(({ id }) => ids.includes(id)) };
}

function getUserEffectiveRolesByNames(run: ApiRun, [given]: readonly unknown[]) {
  const names = soughtOf('names', given, MOST_NAMES);
  return { roles: rolesOf(run).filter(({ name }) => names.includes(name)) };
}

export const ROLES: readonly Member[] = [
  getter('roles.getUserEffectiveRoles', getUserEffectiveRoles, { answers: 'promise' }),
  getter('roles.getUserEffectiveRolesByIds', getUserEffectiveRolesByIds, { answers: 'promise' }),
  getter('roles.getUserEffectiveRolesByNames', getUserEffectiveRolesByNames, { answers: 'promise' }),
];
