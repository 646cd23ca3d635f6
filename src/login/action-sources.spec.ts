import { expect, test } from 'vitest';
import type { Executed } from '../actions/executed.js';
import { noEffects, type Source } from '../tenant/effects.js';
import type { ActionsPart, TimelineEvent, Transaction } from '../tenant/transaction.js';
import {
  asItWouldBe,
  callIn,
  executionsOf,
  placeOf,
  sourcesIn,
  suspensionOf,
  switchOf,
} from './action-sources.js';
import { begunPart } from './actions/actions-part.js';
import { newTransaction } from './new-transaction.js';

const AT = '2026-11-21T10:00:00.000Z';
const SOURCE: Source = { action: 'Grant roles', file: 'grant-roles.js', line: 12, column: 3 };
const asked = (): NonNullable<ActionsPart['effects']> => {
  const effects = noEffects();
  effects.saml.settings.audience = 'urn:action';
  effects.idToken.customClaims['role'] = 'admin';
  return effects;
};

function login(part: Partial<ActionsPart>, more: Partial<Transaction> = {}): Transaction {
  const sources = { 'idToken.role': SOURCE, 'samlResponse.audience': SOURCE };
  return newTransaction({
    id: 'txn_1',
    protocol: 'samlp',
    clientId: 'sp',
    createdAt: AT,
    samlLayers: {},
    timeline: [],
    ...more,
    actions: { ...begunPart('post-login', []), state: 'ended', sources, ...part },
  });
}
const CONTINUATION = {
  digest: 'the-digest',
  url: 'https://other.example.test/?state=the-state',
  actionId: '1',
  actionName: 'Consent',
  expiresAt: '2026-11-21T11:00:00.000Z',
} as const;
const ran = (
  action: string,
  calls: readonly (readonly [call: string, line: number, threw?: string])[],
): TimelineEvent => ({
  name: 'action.executed',
  at: AT,
  detail: {
    ...({
      action,
      version: 1,
      file: `${action}.js`,
      handler: 'onExecutePostLogin',
      duration: 1,
      outcome: 'completed',
      calls: calls.map(([call, line, threw]) => ({
        call,
        args: [],
        line,
        column: 5,
        ...(threw !== undefined && { threw }),
      })),
      console: [],
    } satisfies Executed),
  },
});

test('what Actions asked for has a source once they have ended, and while they wait', () => {
  expect(sourcesIn(login({}))('idToken.role')).toEqual(SOURCE);
  expect(sourcesIn(login({}, { status: 'completed' }))('samlResponse.audience')).toEqual(SOURCE);
  expect(sourcesIn(login({ state: 'suspended' }, { status: 'suspended' }))('idToken.role')).toEqual(SOURCE);
  expect(sourcesIn(login({}))('idToken.other')).toBeUndefined();
  expect(sourcesIn(login({}))('toString')).toBeUndefined();
});

test('what has no effect has no source: of a denied login, of one that failed before its Actions ended, of one without any', () => {
  const without = [
    login({}, { status: 'denied' }),
    login({ state: 'suspended' }, { status: 'denied' }),
    login({ state: 'running' }, { status: 'failed' }),
    login({ state: 'running' }),
    { ...login({}), actions: null },
  ];
  for (const transaction of without) expect(sourcesIn(transaction)('idToken.role')).toBeUndefined();
});

test('a login that waits is shown with what was asked for so far, any other as it is', () => {
  const waiting = login({ state: 'suspended', effects: asked() }, { status: 'suspended' });
  expect(asItWouldBe(waiting)).toMatchObject({
    samlLayers: { action: { settings: { audience: 'urn:action' } } },
    idToken: { customClaims: { role: 'admin' } },
  });
  for (const status of ['pending', 'denied', 'failed'] as const) {
    const other = { ...waiting, status };
    expect(asItWouldBe(other)).toBe(other);
  }
});

test('who sent the browser away is told without the state and its digest, and only while it is away', () => {
  const part = { state: 'suspended', continuation: CONTINUATION } as const;
  const timeline = ['https://first.example.test/', 'https://other.example.test/'].map((to, index) => ({
    name: 'user.redirected',
    at: `2026-11-21T10:0${index}:00.000Z`,
    detail: { by: 'Consent', to },
  }));
  const suspended = suspensionOf(login(part, { status: 'suspended', timeline }));
  expect(suspended).toEqual({
    by: 'Consent',
    to: 'https://other.example.test/',
    since: '2026-11-21T10:01:00.000Z',
    expires_at: CONTINUATION.expiresAt,
  });
  expect(suspensionOf(login(part, { status: 'suspended' }))).toMatchObject({ to: null, since: null });
  expect(suspensionOf(login(part, { status: 'denied', timeline }))).toBeNull();
  expect(suspensionOf(login({}, { status: 'suspended', timeline }))).toBeNull();
});

test('each run is told with its instant, in order', () => {
  const timeline = [{ name: 'request.received', at: AT }, ran('one', []), ran('two', [])];
  expect(executionsOf({ timeline }).map(({ action, at }) => [action, at])).toEqual([
    ['one', AT],
    ['two', AT],
  ]);
});

test('the call that made the user another one is the last that was accepted in the run before the switch', () => {
  const setPrimary = 'api.authentication.setPrimaryUser';
  const timeline: TimelineEvent[] = [
    ran('link', [
      [setPrimary, 3],
      [setPrimary, 4],
      [setPrimary, 5, 'no'],
      ['api.cache.get', 6],
    ]),
    { name: 'user.switched', at: AT, detail: { from: 'a', to: 'b' } },
    ran('later', [[setPrimary, 9]]),
  ];
  expect(switchOf({ timeline })).toEqual({ action: 'link', file: 'link.js', line: 4, column: 5 });
  expect(switchOf({ timeline: timeline.slice(0, 1) })).toBeUndefined();
  expect(switchOf({ timeline: timeline.slice(1) })).toBeUndefined();
});

test('a source reads as a line of code', () => {
  expect(placeOf(SOURCE)).toBe('grant-roles.js:12');
  expect(placeOf({ ...SOURCE, line: null })).toBe('grant-roles.js');
  expect(callIn('idToken.setCustomClaim', SOURCE)).toBe('api.idToken.setCustomClaim in grant-roles.js:12');
});
