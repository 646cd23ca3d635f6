/** `api.groups`: the user's groups, of which the event tells names, or names with ids (actions-api.md 10). */
import { isObject } from './arguments.js';
import { distinct, idFor, pageOf, soughtOf } from './membership.js';
import { getter, type ApiRun, type Member } from './member.js';

interface Group {
  readonly id: string;
  readonly name: string;
  /** Whatever else the event tells of it. */
  readonly [member: string]: unknown;
}

function groupOf(told: unknown): readonly Group[] {
  if (typeof told === 'string') return [{ id: idFor('grp', told), name: told }];
  if (!isObject(told) || typeof told['name'] !== 'string') return [];
  const { id, name } = told;
  return [{ ...told, id: typeof id === 'string' && id !== '' ? id : idFor('grp', name), name }];
}

const groupsOf = ({ event }: ApiRun): readonly Group[] => {
  const told: unknown = event.user?.['groups'];
  return Array.isArray(told) ? distinct(told.flatMap(groupOf)) : [];
};

function getUserGroups(run: ApiRun, [params]: readonly unknown[]) {
  const { items, next } = pageOf(groupsOf(run), params);
  return { groups: items, ...(next !== undefined && { next }) };
}

/** By what was asked for, be it an id or a name. Names are not unique, so several groups may match. */
function hasGroupMembership(run: ApiRun, [given]: readonly unknown[]) {
  const sought = soughtOf('groups', given, Infinity);
  const groups = groupsOf(run);
  const memberships = sought.map((wanted) => {
    const matches = groups
      .filter(({ id, name }) => id === wanted || name === wanted)
      .map(({ id, name, group_type: type }) => ({
        id,
        name,
        group_type: typeof type === 'string' ? type : 'tenant',
      }));
    return [wanted, matches.length > 0 ? { is_member: true, matches } : { is_member: false }] as const;
  });
  return { memberships: Object.fromEntries(memberships) };
}

export const GROUPS: readonly Member[] = [
  getter('groups.getUserGroups', getUserGroups, { answers: 'promise' }),
  getter('groups.hasGroupMembership', hasGroupMembership, { answers: 'promise' }),
];
