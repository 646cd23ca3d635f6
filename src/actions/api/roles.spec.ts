import { expect, test } from 'vitest';
import { apiRun, callMember } from '../../../test/support/api-run.js';
import { ROLES } from './roles.js';

const ADMIN = { id: 'rol_c1c224b03cd9bc7b', name: 'Admin', type: 'tenant' };
const call = (name: string, roles: unknown, ...args: readonly unknown[]): unknown =>
  callMember(
    ROLES,
    `roles.${name}`,
    apiRun({ event: { request: {}, authorization: { roles: roles as readonly string[] } } }),
    ...args,
  );

test('each member answers a promise and asks for nothing', () => {
  expect(ROLES.map(({ name, answers, hasEffect }) => [name, answers, hasEffect])).toEqual(
    ['getUserEffectiveRoles', 'getUserEffectiveRolesByIds', 'getUserEffectiveRolesByNames'].map((name) => [
      `roles.${name}`,
      'promise',
      false,
    ]),
  );
});

test('the roles are those of the event, with an id of their own', () => {
  expect(call('getUserEffectiveRoles', ['Admin', 'Editor', 'Admin'])).toMatchObject({
    roles: [
      ADMIN,
      { id: expect.stringMatching(/^rol_[0-9a-f]{16}$/) as unknown, name: 'Editor', type: 'tenant' },
    ],
  });
  expect(call('getUserEffectiveRoles', ['Admin'])).toEqual({ roles: [ADMIN] });
});

test('they come in pages', () => {
  const first = call('getUserEffectiveRoles', ['Admin', 'Editor'], { take: 1 });
  expect(first).toEqual({ roles: [ADMIN], next: ADMIN.id });
  expect(call('getUserEffectiveRoles', ['Admin', 'Editor'], { take: 1, from: ADMIN.id })).toMatchObject({
    roles: [{ name: 'Editor' }],
  });
  expect(() => call('getUserEffectiveRoles', ['Admin'], { take: 101 })).toThrow('"take" parameter');
  expect(() => call('getUserEffectiveRoles', ['Admin'], null)).toThrow('params must be object');
});

test.each([undefined, null, 'Admin', {}, [1, null]])('an event with %j as roles has none', (roles) => {
  expect(call('getUserEffectiveRoles', roles)).toEqual({ roles: [] });
});

test('an event without authorization has no roles', () => {
  expect(callMember(ROLES, 'roles.getUserEffectiveRoles', apiRun())).toEqual({ roles: [] });
});

test('roles are found by id and by name, and by nothing else', () => {
  expect(call('getUserEffectiveRolesByIds', ['Admin', 'Editor'], ['rol_x', ADMIN.id])).toEqual({
    roles: [ADMIN],
  });
  expect(call('getUserEffectiveRolesByIds', ['Admin'], ['Admin'])).toEqual({ roles: [] });
  expect(call('getUserEffectiveRolesByNames', ['Admin', 'Editor'], ['Admin', 'x'])).toEqual({
    roles: [ADMIN],
  });
  expect(call('getUserEffectiveRolesByNames', ['Admin'], [ADMIN.id])).toEqual({ roles: [] });
});

test.each([
  ['getUserEffectiveRolesByIds', 'ids', 100],
  ['getUserEffectiveRolesByNames', 'names', 50],
] as const)('%s takes a list with something in it, and not too long', (name, parameter, most) => {
  for (const none of [undefined, [], 'Admin', [1]])
    expect(() => call(name, ['Admin'], none)).toThrow(
      new Error(`The "${parameter}" parameter must be a non-empty array of strings.`),
    );
  expect(
    call(
      name,
      ['Admin'],
      Array.from({ length: most }, () => 'x'),
    ),
  ).toEqual({ roles: [] });
  expect(() =>
    call(
      name,
      ['Admin'],
      Array.from({ length: most + 1 }, () => 'x'),
    ),
  ).toThrow(new Error(`The "${parameter}" parameter must have at most ${most} items.`));
});
