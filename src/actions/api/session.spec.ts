import { expect, test } from 'vitest';
import { apiRun, callMember, RUN_NOW } from '../../../test/support/api-run.js';
import { refusal } from '../../../test/support/refusal.js';
import type { ActionEvent } from '../event.js';
import type { ApiRun } from './member.js';
import { SESSION } from './session.js';

const call = (name: string, run: ApiRun, ...args: readonly unknown[]): unknown =>
  callMember(SESSION, `session.${name}`, run, ...args);
const inSession = (more: ActionEvent['session'] = {}): ApiRun =>
  apiRun({ event: { request: {}, session: { id: 'sid_1', ...more } } });
const withoutSession = (): ApiRun => apiRun({ event: { request: {} } });

test('each member hands api back', () => {
  const names = 'revoke setExpiresAt setIdleExpiresAt setCookieMode setMetadata deleteMetadata evictMetadata';
  expect(SESSION.map(({ name, answers, hasEffect }) => [name, answers, hasEffect])).toEqual(
    names.split(' ').map((name) => [`session.${name}`, 'api', true]),
  );
});

test.each<[unknown, boolean]>([
  [undefined, false],
  [{}, false],
  [{ preserveRefreshTokens: undefined }, false],
  [{ preserveRefreshTokens: false }, false],
  [{ preserveRefreshTokens: true }, true],
])('revoke with %j denies the login', (options, preserveRefreshTokens) => {
  const run = inSession();
  call('revoke', run, 'stolen laptop', options);
  expect(run.wishes.denial).toEqual({
    by: 'session.revoke',
    code: 'access_denied',
    reason: 'stolen laptop',
    preserveRefreshTokens,
  });
});

test('a reason for revoke may be as long as it likes', () => {
  const run = inSession();
  call('revoke', run, 'x'.repeat(5000));
  expect(run.wishes.denial?.reason).toHaveLength(5000);
});

test.each<[readonly unknown[], string]>([
  [[], 'reason must be string'],
  [[1], 'reason must be string'],
  [['r', null], 'options must be object'],
  [['r', true], 'options must be object'],
  [['r', { preserveRefreshTokens: 'true' }], 'options.preserveRefreshTokens must be boolean'],
  [['r', { preserveRefreshTokens: null }], 'options.preserveRefreshTokens must be boolean'],
  [
    ['r', { preserveTokens: true }],
    'options must NOT have additional properties: "preserveTokens" is not one of preserveRefreshTokens; did you mean "preserveRefreshTokens"?',
  ],
])('revoke(…%j) is refused', (args, message) => {
  const run = inSession();
  expect(() => call('revoke', run, ...args)).toThrow(refusal(message));
  expect(run.wishes.denial).toBeNull();
});

test('revoke needs a session with an id', () => {
  for (const run of [
    withoutSession(),
    inSession({ id: '' }),
    apiRun({ event: { request: {}, session: {} } }),
  ]) {
    expect(() => call('revoke', run, 'r')).toThrow(/^Cannot revoke a session that does not exist/);
    expect(run.wishes.denial).toBeNull();
  }
});

test.each([
  ['setExpiresAt', 'expiresAt', 'absolute'],
  ['setIdleExpiresAt', 'idleExpiresAt', 'inactivity'],
] as const)('%s takes the earliest of several instants, and refuses what is none', (name, effect, field) => {
  const run = inSession();
  call(name, run, RUN_NOW + 2000);
  call(name, run, RUN_NOW + 1000);
  call(name, run, RUN_NOW + 3000);
  expect(run.draft.session).toEqual({ [effect]: RUN_NOW + 1000 });
  for (const none of [undefined, null, 0, Number.NaN, ''])
    expect(() => call(name, run, none)).toThrow(
      new Error('Either inactivity or absolute expiration time must be provided'),
    );
  for (const other of ['2030-01-01', {}, true, Infinity, 1n])
    expect(() => call(name, run, other)).toThrow(refusal(`${field} must be number`));
  expect(() => call(name, run, 1e300)).toThrow(`${field} must be an instant`);
  expect(run.draft.session).toEqual({ [effect]: RUN_NOW + 1000 });
  call(name, run, -1);
  expect(run.draft.session).toEqual({ [effect]: -1 });
});

test('the last cookie mode wins, and the event tells it', () => {
  const run = inSession({ cookie: { mode: 'persistent' } });
  call('setCookieMode', run, 'persistent');
  call('setCookieMode', run, 'non-persistent');
  expect(run.draft.session.cookieMode).toBe('non-persistent');
  expect(run.event.session?.cookie).toEqual({ mode: 'non-persistent' });
});

test.each([undefined, {}])('without a session (%j) the cookie mode makes none', (session) => {
  const run = apiRun({ event: { request: {}, ...(session && { session }) } });
  call('setCookieMode', run, 'persistent');
  expect(run.draft.session.cookieMode).toBe('persistent');
  expect(run.event.session).toEqual(session);
});

test('a session that has no cookie yet gets one in the event', () => {
  const run = inSession();
  call('setCookieMode', run, 'persistent');
  expect(run.event.session).toEqual({ id: 'sid_1', cookie: { mode: 'persistent' } });
});

test.each<[unknown, string]>([
  [undefined, 'Cookie mode must be provided'],
  [null, 'Cookie mode must be provided'],
  ['', 'Cookie mode must be provided'],
  ['session', "Invalid cookie mode: session. Valid values are 'persistent' and 'non-persistent'."],
  [
    { mode: 'persistent' },
    "Invalid cookie mode: an object. Valid values are 'persistent' and 'non-persistent'.",
  ],
  [['persistent'], "Invalid cookie mode: an array. Valid values are 'persistent' and 'non-persistent'."],
  [Symbol('s'), "Invalid cookie mode: Symbol(s). Valid values are 'persistent' and 'non-persistent'."],
])('setCookieMode(%j) is refused', (mode, message) => {
  const run = inSession();
  expect(() => call('setCookieMode', run, mode)).toThrow(refusal(message));
  expect(run.draft.session).toEqual({});
  expect(run.event.session).toEqual({ id: 'sid_1' });
});

test('metadata lie over those of the session, whole in the draft, and the event tells them at once', () => {
  const run = inSession({ metadata: { old: '1', other: '2' } });
  call('setMetadata', run, 'new', '3');
  call('setMetadata', run, 'old', '4');
  call('setMetadata', run, 'other', null);
  expect(run.draft.session.metadata).toEqual({ old: '4', new: '3' });
  expect(run.event.session?.metadata).toEqual({ old: '4', new: '3' });
  call('deleteMetadata', run, 'old');
  expect(run.draft.session.metadata).toEqual({ new: '3' });
  expect(run.event.session?.metadata).toEqual({ new: '3' });
  call('evictMetadata', run);
  expect(run.draft.session.metadata).toEqual({});
  expect(run.event.session?.metadata).toEqual({});
  call('setMetadata', run, 'again', '5');
  expect(run.draft.session.metadata).toEqual({ again: '5' });
});

test('metadata of an earlier Action are built upon', () => {
  const first = inSession();
  call('setMetadata', first, 'a', '1');
  const second = apiRun({ event: first.event, draft: first.draft });
  call('setMetadata', second, 'b', '2');
  expect(second.draft.session.metadata).toEqual({ a: '1', b: '2' });
});

test('deleting a key that is not there changes nothing', () => {
  const run = inSession({ metadata: { a: '1' } });
  call('setMetadata', run, 'b', null);
  for (const key of ['b', undefined, 1, Symbol('a')]) call('deleteMetadata', run, key);
  expect(run.draft.session).toEqual({});
  expect(run.event.session).toEqual({ id: 'sid_1', metadata: { a: '1' } });
});

test.each<[readonly unknown[], string]>([
  [['a.b', 'v'], 'Metadata keys may only include letters, numbers, underscores, or hyphens'],
  [['a', 'v'.repeat(256)], 'All metadata values must be at most 255 characters long'],
  [['a', 1], 'Metadata value must be a string'],
  [['a'], 'Metadata value must be a string'],
  [[1, 'v'], 'Metadata key must be a string'],
  [['__proto__', 'v'], 'Metadata keys must not be __proto__'],
])('setMetadata(…%j) is refused, and the next call is not', (args, flaw) => {
  const run = inSession();
  expect(() => call('setMetadata', run, ...args)).toThrow(
    new Error(`Failed to set session metadata: Invalid metadata: ${flaw}`),
  );
  expect(run.draft.session).toEqual({});
  expect(run.event.session).toEqual({ id: 'sid_1' });
  call('setMetadata', run, 'good', 'v');
  expect(run.draft.session.metadata).toEqual({ good: 'v' });
});

test('without a session metadata are refused, and deleting or evicting them is nothing', () => {
  const run = withoutSession();
  expect(() => call('setMetadata', run, 'a', 'v')).toThrow(
    new Error('Failed to set session metadata: Cannot set metadata on a session that does not exist.'),
  );
  call('deleteMetadata', run, 'a');
  call('evictMetadata', run);
  expect(run.draft.session).toEqual({});
  expect(run.event).toEqual({ request: {} });
});
