import { expect, test } from 'vitest';
import { patchedUser, userFrom } from './user-changes.js';
import { userBodySchema, userPatchSchema, type User } from './user.js';

const made = new Date('2026-03-01T12:00:00Z');
const later = new Date('2026-03-02T12:00:00Z');
const from = (body: object): User => userFrom(userBodySchema.parse(body), { now: made, id: '65e1' });
const patch = (user: User, body: object): User => patchedUser(user, userPatchSchema.parse(body), later);

test('a user without an id gets one of the connection, with the identity that goes with it', () => {
  expect(from({ email: 'jane@example.test', password: 'p' })).toEqual({
    user_id: 'auth0|65e1',
    email: 'jane@example.test',
    identities: [
      {
        provider: 'auth0',
        user_id: '65e1',
        connection: 'Username-Password-Authentication',
        isSocial: false,
      },
    ],
    user_metadata: {},
    app_metadata: {},
    created_at: '2026-03-01T12:00:00.000Z',
    updated_at: '2026-03-01T12:00:00.000Z',
  });
});

test.each([
  ['jane', 'auth0|jane', { provider: 'auth0', user_id: 'jane', connection: 'corporate', isSocial: false }],
  [
    'auth0|jane',
    'auth0|jane',
    { provider: 'auth0', user_id: 'jane', connection: 'corporate', isSocial: false },
  ],
  [
    'google-oauth2|1234',
    'google-oauth2|1234',
    { provider: 'google-oauth2', user_id: '1234', connection: 'google-oauth2', isSocial: true },
  ],
  [
    'samlp|corporate|jane',
    'samlp|corporate|jane',
    { provider: 'samlp', user_id: 'corporate|jane', connection: 'corporate', isSocial: false },
  ],
])('the user_id %s is kept as %s, and tells the identity', (asked, user_id, identity) => {
  expect(from({ user_id: asked, connection: 'corporate' })).toMatchObject({
    user_id,
    identities: [identity],
  });
});

test('identities that are given stay as they are', () => {
  const identities = [{ provider: 'oidc', user_id: 7, connection: 'x', isSocial: true, extra: 1 }];
  expect(from({ user_id: 'a', identities }).identities).toEqual(identities);
});

test('neither password nor connection is part of the profile, unknown fields are', () => {
  const user = from({
    password: 'hunter2',
    connection: 'c',
    verify_email: false,
    department: 'Mint',
    level: 3,
  });
  expect(user).toMatchObject({ department: 'Mint', level: 3 });
  for (const name of ['password', 'connection', 'verify_email']) expect(user).not.toHaveProperty(name);
  expect(JSON.stringify(user)).not.toContain('hunter2');
});

test('the instants of an imported user are kept', () => {
  expect(from({ created_at: '2020-01-01T00:00:00Z' })).toMatchObject({
    created_at: '2020-01-01T00:00:00.000Z',
    updated_at: '2020-01-01T00:00:00.000Z',
  });
  for (const created_at of ['yesterday', 5, '2020-13-01', {}])
    expect(() => from({ created_at })).toThrow(
      expect.objectContaining({
        code: 'invalid_body',
        errors: [expect.objectContaining({ pointer: '/created_at' })],
      }),
    );
});

test('a patch replaces root fields, and null takes one away', () => {
  const user = from({ email: 'a@example.test', nickname: 'a', department: 'Mint', level: [1] });
  const changed = patch(user, { nickname: 'b', department: null, email: null, level: [2], team: 'x' });
  expect(changed).toMatchObject({
    nickname: 'b',
    level: [2],
    team: 'x',
    updated_at: '2026-03-02T12:00:00.000Z',
  });
  expect(changed).not.toHaveProperty('department');
  expect(changed).not.toHaveProperty('email');
  expect(changed.created_at).toBe(user.created_at);
});

test('metadata is merged by its top-level names, deeper values are replaced', () => {
  const user = from({
    user_metadata: { language: 'en', address: { city: 'Bern', zip: '3000' } },
    app_metadata: { roles: ['a', 'b'] },
  });
  const changed = patch(user, {
    user_metadata: { language: null, address: { city: 'Basel' }, size: 1 },
    app_metadata: { plan: 'gold' },
  });
  expect(changed.user_metadata).toEqual({ address: { city: 'Basel' }, size: 1 });
  expect(changed.app_metadata).toEqual({ roles: ['a', 'b'], plan: 'gold' });
  expect(patch(user, { user_metadata: null }).user_metadata).toEqual({});
});

test('a metadata name like those of Object is a name', () => {
  const user = patch(from({}), { user_metadata: { constructor: 'x', toString: 'y' } });
  expect(Object.entries(user.user_metadata)).toEqual([
    ['constructor', 'x'],
    ['toString', 'y'],
  ]);
});

test.each(['user_id', 'identities', 'created_at', 'updated_at'])('%s cannot be patched', (name) => {
  const user = from({});
  const other = name === 'identities' ? [] : 'auth0|other';
  expect(() => patch(user, { nickname: 'x', [name]: other })).toThrow(
    expect.objectContaining({
      code: 'invalid_body',
      errors: [expect.objectContaining({ pointer: `/${name}` })],
    }),
  );
});

test('a user that was read may be sent back whole', () => {
  const user = from({ email: 'a@example.test', user_metadata: { a: 1 } });
  expect(patch(user, { ...user, nickname: 'new' })).toEqual({
    ...user,
    nickname: 'new',
    updated_at: '2026-03-02T12:00:00.000Z',
  });
});

test('password and connection in a patch reach no profile', () => {
  const user = patch(from({}), { password: 'hunter2', connection: 'c' });
  expect(user).not.toHaveProperty('password');
  expect(user).not.toHaveProperty('connection');
});
