import { expect, test } from 'vitest';
import { apiRun, callMember } from '../../../test/support/api-run.js';
import { AUTHENTICATION } from './authentication.js';
import type { ApiRun } from './member.js';

const call = (name: string, run: ApiRun, ...args: readonly unknown[]): unknown =>
  callMember(AUTHENTICATION, `authentication.${name}`, run, ...args);
const refused = (name: string, ...args: readonly unknown[]): string => {
  const run = apiRun();
  const before = JSON.stringify([run.draft, run.wishes]);
  try {
    call(name, run, ...args);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    expect(JSON.stringify([run.draft, run.wishes])).toBe(before);
    return (error as Error).message;
  }
  throw new Error(`authentication.${name} was not refused`);
};

test('each member hands api back', () => {
  expect(AUTHENTICATION.map(({ name, answers, hasEffect }) => [name, answers, hasEffect])).toEqual(
    [
      'recordMethod',
      'setPrimaryUser',
      'challengeWith',
      'challengeWithAny',
      'enrollWith',
      'enrollWithAny',
    ].map((name) => [`authentication.${name}`, 'api', true]),
  );
});

test.each(['onContinuePostLogin', 'onExecutePostLogin'])(
  'recordMethod in %s remembers the method with the time of the transaction’s clock',
  (handler) => {
    const run = apiRun({ handler });
    call('recordMethod', run, 'https://mfa.example.test/otp');
    call('recordMethod', run, 'http://mfa.example.test/sms');
    const timestamp = '2026-01-01T00:00:00.000Z';
    expect(run.draft.methods).toEqual(
      ['https://mfa.example.test/otp', 'http://mfa.example.test/sms'].map((url) => ({
        name: url,
        url,
        timestamp,
      })),
    );
  },
);

test.each([
  undefined,
  null,
  1,
  '',
  'otp',
  '/otp',
  'ftp://example.test/',
  'javascript:alert(1)',
  'https://',
  {},
  Symbol('s'),
])('recordMethod refuses %j', (url) => {
  expect(refused('recordMethod', url)).toMatch(/^provider_url must be an http: or https: URL/);
});

test('setPrimaryUser names the user whom the tokens are for, once', () => {
  const run = apiRun();
  call('setPrimaryUser', run, 'auth0|primary');
  expect(run.draft.primaryUserId).toBe('auth0|primary');
  expect(() => call('setPrimaryUser', run, 'auth0|other')).toThrow(
    new Error('The primary user can only be altered once per transaction'),
  );
  expect(run.draft.primaryUserId).toBe('auth0|primary');
});

test('an id of 128 characters is long enough for setPrimaryUser', () => {
  const run = apiRun();
  call('setPrimaryUser', run, 'x'.repeat(128));
  expect(run.draft.primaryUserId).toHaveLength(128);
  expect(refused('setPrimaryUser', 'x'.repeat(129))).toBe(
    'The provided primary_user_id exceeds the maximum length.',
  );
});

test.each([undefined, null, '', 1, {}, ['auth0|x'], Symbol('s')])('setPrimaryUser refuses %j', (id) => {
  expect(refused('setPrimaryUser', id)).toBe('The provided primary_user_id must be a non-empty string');
});

const EVERY = ['otp', 'push-notification', 'phone', 'webauthn-platform', 'webauthn-roaming', 'recovery-code'];

test.each([
  ['challengeWith', 'challenge', [...EVERY, 'email']],
  ['enrollWith', 'enroll', EVERY],
])('%s takes each factor that there is', (name, kind, types) => {
  for (const type of types) {
    const run = apiRun();
    call(name, run, { type });
    expect(run.wishes.interactions).toEqual([
      { kind, member: `authentication.${name}`, detail: { factor: { type }, additionalFactors: [] } },
    ]);
    expect(run.draft.mfaCommands).toBe(1);
  }
});

test.each([
  ['challengeWithAny', 'challenge', [...EVERY, 'email']],
  ['enrollWithAny', 'enroll', EVERY],
])('%s takes all factors that there are', (name, kind, types) => {
  const run = apiRun();
  const factors = types.map((type) => ({ type }));
  call(name, run, factors);
  expect(run.wishes.interactions).toEqual([{ kind, member: `authentication.${name}`, detail: { factors } }]);
  expect(run.draft.mfaCommands).toBe(1);
});

test('push is another name of push-notification', () => {
  const run = apiRun();
  call('enrollWithAny', run, [{ type: 'push' }]);
  expect(run.wishes.interactions[0]?.detail).toEqual({ factors: [{ type: 'push-notification' }] });
});

test('options of factors, and additional factors, are kept; empty options are none', () => {
  const run = apiRun();
  call(
    'challengeWith',
    run,
    { type: 'push-notification', options: { otpFallback: false } },
    {
      additionalFactors: [
        { type: 'phone', options: { preferredMethod: 'both' } },
        { type: 'otp', options: {} },
      ],
    },
  );
  expect(run.wishes.interactions[0]?.detail).toEqual({
    factor: { type: 'push-notification', options: { otpFallback: false } },
    additionalFactors: [{ type: 'phone', options: { preferredMethod: 'both' } }, { type: 'otp' }],
  });
});

test.each(['sms', 'voice', 'both'])('a phone may prefer %s', (preferredMethod) => {
  const run = apiRun();
  call('enrollWith', run, { type: 'phone', options: { preferredMethod } }, { additionalFactors: [] });
  expect(run.wishes.interactions[0]?.detail).toMatchObject({ factor: { options: { preferredMethod } } });
});

test('challengeWith takes otpFallback where older pages put it, enrollWith does not', () => {
  const run = apiRun();
  call('challengeWith', run, { type: 'push-notification' }, { otpFallback: false });
  expect(run.wishes.interactions[0]?.detail).toMatchObject({ otpFallback: false });
  expect(refused('challengeWith', { type: 'push' }, { otpFallback: 'no' })).toBe(
    'options.otpFallback must be boolean',
  );
  expect(refused('enrollWith', { type: 'push' }, { otpFallback: false })).toContain('additional properties');
});

const CHALLENGES =
  'otp, email, push-notification, phone, webauthn-platform, webauthn-roaming or recovery-code';
const ENROLLMENTS = 'otp, push-notification, phone, webauthn-platform, webauthn-roaming or recovery-code';

test.each<[string, readonly unknown[], string]>([
  ['challengeWith', [], 'factor must be object'],
  ['challengeWith', ['otp'], 'factor must be object'],
  ['challengeWith', [[{ type: 'otp' }]], 'factor must be object'],
  ['challengeWith', [{}], `factor.type must be ${CHALLENGES}, not undefined`],
  ['challengeWith', [{ type: 'ot' }], `factor.type must be ${CHALLENGES}, not "ot"; did you mean "otp"?`],
  ['challengeWith', [{ type: 'toString' }], `factor.type must be ${CHALLENGES}, not "toString"`],
  [
    'enrollWith',
    [{ type: 'email' }],
    `factor.type must be ${ENROLLMENTS}: nobody can enroll with "email", it is only for challenges`,
  ],
  ['enrollWith', [{ type: 'sms' }], `factor.type must be ${ENROLLMENTS}, not "sms"`],
  [
    'challengeWith',
    [{ type: 'otp', option: {} }],
    'factor must NOT have additional properties: "option" is not one of type, options; did you mean "options"?',
  ],
  ['challengeWith', [{ type: 'phone', options: 'sms' }], 'factor.options must be object'],
  ['challengeWith', [{ type: 'otp', options: null }], 'factor.options must be object'],
  [
    'challengeWith',
    [{ type: 'phone', options: { preferredMethod: 'fax' } }],
    'factor.options.preferredMethod must be sms, voice or both, not "fax"',
  ],
  [
    'challengeWith',
    [{ type: 'push', options: { otpFallback: 'false' } }],
    'factor.options.otpFallback must be boolean',
  ],
  [
    'challengeWith',
    [{ type: 'push', options: { otpFallbackWhen: true } }],
    'factor.options must NOT have additional properties: "otpFallbackWhen" is not one of otpFallback; did you mean "otpFallback"?',
  ],
  [
    'challengeWith',
    [{ type: 'otp', options: { otpFallback: true } }],
    'factor.options must NOT have additional properties: a factor of type "otp" has no options',
  ],
  ['challengeWith', [{ type: 'otp' }, null], 'options must be object'],
  [
    'challengeWith',
    [{ type: 'otp' }, { additionalFactor: [] }],
    'options must NOT have additional properties: "additionalFactor" is not one of additionalFactors, otpFallback; did you mean "additionalFactors"?',
  ],
  [
    'challengeWith',
    [{ type: 'otp' }, { additionalFactors: { type: 'otp' } }],
    "options.additionalFactors must be array of factors, such as [{ type: 'otp' }]",
  ],
  [
    'enrollWith',
    [{ type: 'otp' }, { additionalFactors: [{ type: 'otp' }, { type: 'email' }] }],
    `options.additionalFactors[1].type must be ${ENROLLMENTS}: nobody can enroll with "email", it is only for challenges`,
  ],
  ['challengeWithAny', [], "factors must be array of factors, such as [{ type: 'otp' }]"],
  ['challengeWithAny', [{ type: 'otp' }], "factors must be array of factors, such as [{ type: 'otp' }]"],
  ['challengeWithAny', [[]], 'factors must NOT have fewer than 1 items'],
  ['enrollWithAny', [[]], 'factors must NOT have fewer than 1 items'],
  ['enrollWithAny', [['otp']], 'factors[0] must be object'],
  [
    'enrollWithAny',
    [[{ type: 'email' }]],
    `factors[0].type must be ${ENROLLMENTS}: nobody can enroll with "email", it is only for challenges`,
  ],
])('%s(…%j) is refused by the field at fault', (name, args, message) => {
  expect(refused(name, ...args)).toBe(message);
});

test('the fifth command of a login is an error, whichever it is, and counts across Actions', () => {
  const first = apiRun();
  call('challengeWith', first, { type: 'otp' });
  call('challengeWithAny', first, [{ type: 'otp' }]);
  const second = apiRun({ draft: first.draft });
  call('enrollWith', second, { type: 'otp' });
  call('enrollWithAny', second, [{ type: 'phone' }]);
  for (const [name, argument] of [
    ['challengeWith', { type: 'otp' }],
    ['challengeWithAny', [{ type: 'otp' }]],
    ['enrollWith', { type: 'otp' }],
    ['enrollWithAny', [{ type: 'otp' }]],
  ] as const)
    expect(() => call(name, second, argument)).toThrow(/^Only 4 challengeWith, .* commands are allowed/);
  expect(second.draft.mfaCommands).toBe(4);
  expect(second.wishes.interactions).toHaveLength(2);
});

test('a refused command is not counted', () => {
  const run = apiRun();
  expect(() => call('challengeWith', run, { type: 'nothing' })).toThrow('factor.type');
  expect(run.draft.mfaCommands).toBe(0);
});
