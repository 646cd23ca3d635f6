import { expect, test } from 'vitest';
import { apiRun, callMember } from '../../../test/support/api-run.js';
import { GROUPS } from './groups.js';

const ADMIN = { id: 'grp_c1c224b03cd9bc7b', name: 'Admin' };
const call = (name: string, groups: unknown, ...args: readonly unknown[]): unknown =>
  callMember(GROUPS, `groups.${name}`, apiRun({ event: { request: {}, user: { groups } } }), ...args);

test('each member answers a promise and asks for nothing', () => {
  expect(GROUPS.map(({ name, answers, hasEffect }) => [name, answers, hasEffect])).toEqual([
    ['groups.getUserGroups', 'promise', false],
    ['groups.hasGroupMembership', 'promise', false],
  ]);
});

test('groups are told by name, or with an id and whatever else there is to tell', () => {
  const told = { id: 'grp_1', name: 'Dev', external_id: 'x' };
  expect(call('getUserGroups', ['Admin', told, { name: 'Admin' }])).toEqual({ groups: [ADMIN, told] });
});

test.each([undefined, null, 'Admin', {}, [1, null, {}, { id: 'grp_1' }, { name: 1 }]])(
  'a user with %j as groups has none',
  (groups) => {
    expect(call('getUserGroups', groups)).toEqual({ groups: [] });
  },
);

test('an event without a user has no groups', () => {
  expect(callMember(GROUPS, 'groups.getUserGroups', apiRun())).toEqual({ groups: [] });
});

test('they come in pages', () => {
  expect(call('getUserGroups', ['Admin', 'Dev'], { take: 1 })).toEqual({ groups: [ADMIN], next: ADMIN.id });
  expect(call('getUserGroups', ['Admin', 'Dev'], { from: ADMIN.id })).toMatchObject({
    groups: [{ name: 'Dev' }],
  });
  expect(() => call('getUserGroups', ['Admin'], { take: 0 })).toThrow('"take" parameter');
});

test('membership is told by what was asked for, an id or a name', () => {
  const groups = [
    'Admin',
    { id: 'grp_1', name: 'Dev', group_type: 'connection' },
    { id: 'grp_2', name: 'Dev' },
  ];
  expect(call('hasGroupMembership', groups, ['Admin', 'grp_1', 'Dev', 'Sales'])).toEqual({
    memberships: {
      Admin: { is_member: true, matches: [{ ...ADMIN, group_type: 'tenant' }] },
      grp_1: { is_member: true, matches: [{ id: 'grp_1', name: 'Dev', group_type: 'connection' }] },
      Dev: {
        is_member: true,
        matches: [
          { id: 'grp_1', name: 'Dev', group_type: 'connection' },
          { id: 'grp_2', name: 'Dev', group_type: 'tenant' },
        ],
      },
      Sales: { is_member: false },
    },
  });
});

test('any name may be asked for', () => {
  const { memberships } = call('hasGroupMembership', [], ['__proto__']) as { memberships: object };
  expect(Object.entries(memberships)).toEqual([['__proto__', { is_member: false }]]);
});

test.each([undefined, null, [], 'Admin', [1], {}])('hasGroupMembership(%j) is refused', (groups) => {
  expect(() => call('hasGroupMembership', ['Admin'], groups)).toThrow(
    new Error('The "groups" parameter must be a non-empty array of strings.'),
  );
});
