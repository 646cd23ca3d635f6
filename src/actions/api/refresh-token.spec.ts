import { expect, test } from 'vitest';
import { apiRun, callMember, RUN_NOW } from '../../../test/support/api-run.js';
import { refusal } from '../../../test/support/refusal.js';
import type { ActionEvent } from '../event.js';
import type { ApiRun } from './member.js';
import { REFRESH_TOKEN } from './refresh-token.js';

const call = (name: string, run: ApiRun, ...args: readonly unknown[]): unknown =>
  callMember(REFRESH_TOKEN, `refreshToken.${name}`, run, ...args);
const exchanging = (more: ActionEvent['refresh_token'] = {}): ApiRun =>
  apiRun({
    event: {
      request: {},
      transaction: { protocol: 'oauth2-refresh-token' },
      refresh_token: { id: 'rt_1', ...more },
    },
  });
const loggingIn = (): ApiRun =>
  apiRun({ event: { request: {}, transaction: { protocol: 'oidc-basic-profile' } } });

test('each member hands api back', () => {
  const names = 'revoke setExpiresAt setIdleExpiresAt setMetadata deleteMetadata evictMetadata';
  expect(REFRESH_TOKEN.map(({ name, answers, hasEffect }) => [name, answers, hasEffect])).toEqual(
    names.split(' ').map((name) => [`refreshToken.${name}`, 'api', true]),
  );
});

test.each(['', 'stolen', 'x'.repeat(1024), '🜨'.repeat(1024)])('revoke denies the exchange', (reason) => {
  const run = exchanging();
  call('revoke', run, reason);
  expect(run.wishes.denial).toEqual({ by: 'refreshToken.revoke', code: 'access_denied', reason });
});

test.each<[unknown, string]>([
  [undefined, 'reason must be string'],
  [1, 'reason must be string'],
  ['x'.repeat(1025), 'reason must NOT have more than 1024 characters'],
])('revoke refuses its reason (%#)', (reason, message) => {
  const run = exchanging();
  expect(() => call('revoke', run, reason)).toThrow(refusal(message));
  expect(run.wishes.denial).toBeNull();
});

test('revoke is for refresh token exchanges only', () => {
  for (const run of [loggingIn(), apiRun()]) {
    expect(() => call('revoke', run, 'r')).toThrow(/there is one in a refresh token exchange only/);
    expect(run.wishes.denial).toBeNull();
  }
});

test('revoke is for online tokens too', () => {
  const run = exchanging({ access: 'online' });
  call('revoke', run, 'r');
  expect(run.wishes.denial?.reason).toBe('r');
});

test.each([
  ['setExpiresAt', 'expiresAt', 'absolute'],
  ['setIdleExpiresAt', 'idleExpiresAt', 'inactivity'],
] as const)(
  '%s takes the earliest of several instants, before the first token too',
  (name, effect, field) => {
    for (const run of [exchanging({ access: 'offline' }), loggingIn()]) {
      call(name, run, RUN_NOW + 2000);
      call(name, run, RUN_NOW + 1000);
      call(name, run, RUN_NOW + 3000);
      expect(run.draft.refreshToken).toEqual({ [effect]: RUN_NOW + 1000 });
      for (const none of [undefined, null, 0, Number.NaN])
        expect(() => call(name, run, none)).toThrow(
          new Error('Either inactivity or absolute expiration time must be provided'),
        );
      for (const other of ['2030-01-01', Infinity, 1n])
        expect(() => call(name, run, other)).toThrow(refusal(`${field} must be number`));
      expect(run.draft.refreshToken).toEqual({ [effect]: RUN_NOW + 1000 });
      call(name, run, -1);
      expect(run.draft.refreshToken).toEqual({ [effect]: -1 });
    }
  },
);

test('metadata lie over those of the token, whole in the draft, and the event tells them at once', () => {
  const run = exchanging({ metadata: { old: '1', other: '2' } });
  call('setMetadata', run, 'new', '3');
  call('setMetadata', run, 'other', null);
  expect(run.draft.refreshToken.metadata).toEqual({ old: '1', new: '3' });
  expect(run.event.refresh_token).toEqual({ id: 'rt_1', metadata: { old: '1', new: '3' } });
  call('deleteMetadata', run, 'old');
  expect(run.draft.refreshToken.metadata).toEqual({ new: '3' });
  expect(run.event.refresh_token?.metadata).toEqual({ new: '3' });
  call('evictMetadata', run);
  expect(run.draft.refreshToken.metadata).toEqual({});
  expect(run.event.refresh_token?.metadata).toEqual({});
});

test('metadata are kept for a token that is yet to come, and make none in the event', () => {
  const run = loggingIn();
  const before = structuredClone(run.event);
  call('setMetadata', run, 'a', '1');
  call('setMetadata', run, 'b', '2');
  call('deleteMetadata', run, 'a');
  expect(run.draft.refreshToken.metadata).toEqual({ b: '2' });
  call('evictMetadata', run);
  expect(run.draft.refreshToken.metadata).toEqual({});
  expect(run.event).toEqual(before);
});

test('deleting what is not there, and evicting nothing, changes nothing', () => {
  for (const run of [exchanging(), loggingIn()]) {
    const before = structuredClone(run.event);
    call('setMetadata', run, 'a', null);
    call('deleteMetadata', run, 'a');
    call('deleteMetadata', run, undefined);
    call('evictMetadata', run);
    expect(run.draft.refreshToken).toEqual({});
    expect(run.event).toEqual(before);
  }
});

test.each<[readonly unknown[], string]>([
  [['a.b', 'v'], 'Metadata keys may only include letters, numbers, underscores, or hyphens'],
  [['a', 'v\0'], 'Metadata values must not contain null bytes (\\x00)'],
  [['a', 1], 'Metadata value must be a string'],
  [[Symbol('a'), 'v'], 'Metadata key must be a string'],
])('setMetadata refuses its arguments (%#), and the next call is not refused', (args, flaw) => {
  const run = exchanging();
  expect(() => call('setMetadata', run, ...args)).toThrow(
    new Error(`Failed to set refresh token metadata: Invalid metadata: ${flaw}`),
  );
  expect(run.draft.refreshToken).toEqual({});
  expect(run.event.refresh_token).toEqual({ id: 'rt_1' });
  call('setMetadata', run, 'good', 'v');
  expect(run.draft.refreshToken.metadata).toEqual({ good: 'v' });
});

test.each<[string, readonly unknown[], string]>([
  ['setExpiresAt', [RUN_NOW], ''],
  ['setIdleExpiresAt', [RUN_NOW], ''],
  ['setMetadata', ['a', 'v'], 'Failed to set refresh token metadata: '],
  ['deleteMetadata', ['a'], ''],
  ['evictMetadata', [], ''],
])('%s is refused for an online token', (name, args, prefix) => {
  const run = exchanging({ access: 'online', metadata: { a: '1' } });
  expect(() => call(name, run, ...args)).toThrow(
    new Error(`${prefix}Cannot call ${name} on an online refresh token.`),
  );
  expect(run.draft.refreshToken).toEqual({});
  expect(run.event.refresh_token?.metadata).toEqual({ a: '1' });
});
