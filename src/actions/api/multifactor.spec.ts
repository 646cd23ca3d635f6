import { expect, test } from 'vitest';
import { apiRun, callMember, memberNamed } from '../../../test/support/api-run.js';
import { refusal } from '../../../test/support/refusal.js';
import type { ApiRun } from './member.js';
import { MULTIFACTOR } from './multifactor.js';

const enable = (run: ApiRun, ...args: readonly unknown[]): unknown =>
  callMember(MULTIFACTOR, 'multifactor.enable', run, ...args);
const duo = { host: 'api-1.duosecurity.test', ikey: 'DI1', skey: 'the duo secret' };

test('enable hands api back, and its secret is marked', () => {
  expect(memberNamed(MULTIFACTOR, 'multifactor.enable')).toMatchObject({
    answers: 'api',
    hasEffect: true,
    secretArguments: ['1.providerOptions.skey'],
  });
});

test.each(['any', 'duo', 'google-authenticator', 'guardian'])(
  '%s asks for a challenge at the end',
  (provider) => {
    const run = apiRun();
    enable(run, provider);
    expect(run.draft.multifactor).toEqual({ provider, options: null });
    enable(run, provider, { allowRememberBrowser: true });
    expect(run.draft.multifactor).toEqual({ provider, options: { allowRememberBrowser: true } });
    expect(run.wishes.interactions).toEqual([]);
  },
);

test('the last call wins, and none takes it back', () => {
  const run = apiRun();
  enable(run, 'guardian', { allowRememberBrowser: false });
  enable(run, 'any');
  expect(run.draft.multifactor).toEqual({ provider: 'any', options: null });
  enable(run, 'none');
  expect(run.draft.multifactor).toBeNull();
});

test('Duo’s options are kept without the secret key', () => {
  const run = apiRun();
  enable(run, 'duo', { providerOptions: { ...duo, username: 'jane' }, allowRememberBrowser: true });
  expect(run.draft.multifactor).toEqual({
    provider: 'duo',
    options: {
      allowRememberBrowser: true,
      providerOptions: { host: duo.host, ikey: duo.ikey, username: 'jane' },
    },
  });
  expect(JSON.stringify(run.draft)).not.toContain(duo.skey);
  enable(run, 'duo', { providerOptions: duo });
  expect(run.draft.multifactor?.options).toEqual({ providerOptions: { host: duo.host, ikey: duo.ikey } });
});

test('the harness’s habit of naming options without a value is no mistake', () => {
  const run = apiRun();
  enable(run, 'any', { allowRememberBrowser: undefined, providerOptions: undefined });
  expect(run.draft.multifactor).toEqual({ provider: 'any', options: {} });
});

const PROVIDERS = 'any, duo, google-authenticator, guardian or none';

test.each<[readonly unknown[], string]>([
  [[], `provider must be ${PROVIDERS}, not undefined`],
  [[null], `provider must be ${PROVIDERS}, not null`],
  [['Guardian'], `provider must be ${PROVIDERS}, not "Guardian"; did you mean "guardian"?`],
  [['any', true], 'options must be object'],
  [
    ['any', { allowRememberBrowsers: true }],
    'options must NOT have additional properties: "allowRememberBrowsers" is not one of allowRememberBrowser, providerOptions; did you mean "allowRememberBrowser"?',
  ],
  [['any', { allowRememberBrowser: 1 }], 'options.allowRememberBrowser must be boolean'],
  [['any', { providerOptions: duo }], 'options.providerOptions is for the provider duo only; any has none'],
  [['none', { providerOptions: duo }], 'options.providerOptions is for the provider duo only; none has none'],
  [['duo', { providerOptions: 'x' }], 'options.providerOptions must be object'],
  [['duo', { providerOptions: { ...duo, host: undefined } }], 'options.providerOptions.host must be string'],
  [['duo', { providerOptions: { ...duo, ikey: 1 } }], 'options.providerOptions.ikey must be string'],
  [
    ['duo', { providerOptions: { ...duo, skey: '' } }],
    'options.providerOptions.skey must NOT have fewer than 1 characters',
  ],
  [['duo', { providerOptions: { ...duo, username: 1 } }], 'options.providerOptions.username must be string'],
  [
    ['duo', { providerOptions: { ...duo, key: 'x' } }],
    'options.providerOptions must NOT have additional properties: "key" is not one of host, ikey, skey, username; did you mean "ikey"?',
  ],
])('enable(…%j) is refused, and changes nothing', (args, message) => {
  const run = apiRun();
  enable(run, 'guardian');
  expect(() => enable(run, ...args)).toThrow(refusal(message));
  expect(run.draft.multifactor).toEqual({ provider: 'guardian', options: null });
  expect(message).not.toContain(duo.skey);
});
