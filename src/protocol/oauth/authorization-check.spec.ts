import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  checkAuthorizationRequest,
  RESPONSE_TYPES,
  type AuthorizationCheck,
  type AuthorizationClient,
  type AuthorizationRules,
} from './authorization-check.js';
import { readAuthorizationRequest } from './authorization-request.js';
import { collectParameters } from './parameters.js';

const client: AuthorizationClient = {
  callbacks: ['https://app.example/cb', 'https://spa.example/'],
  webOrigins: ['https://spa.example'],
  grantTypes: ['authorization_code', 'implicit'],
  isNative: false,
};
const usual = {
  client_id: 'app',
  response_type: 'code',
  redirect_uri: 'https://app.example/cb',
  scope: 'openid',
  state: 's',
  nonce: 'n',
};
type Sent = Readonly<Record<string, string | undefined>>;
type Changes = Partial<AuthorizationRules> & {
  readonly with?: Partial<AuthorizationClient>;
  readonly more?: string;
};

function check(sent: Sent = {}, { with: changes, more = '', ...rules }: Changes = {}): AuthorizationCheck {
  const members = Object.entries({ ...usual, ...sent }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const { parameters, repeated } = collectParameters(
    `${new URLSearchParams(members).toString()}${more}`,
    'query',
  );
  return checkAuthorizationRequest(readAuthorizationRequest(parameters, repeated), {
    client: { ...client, ...changes },
    dialect: 'auth0',
    ...rules,
  });
}
const passed = (sent: Sent = {}, changes: Changes = {}) => {
  const result = check(sent, changes);
  if (result.kind !== 'proceed') throw result.error;
  return result.checked;
};
/** How the check ends, in short: the way it is told, and the case. */
const refusal = (sent: Sent, changes: Changes = {}): string => {
  const result = check(sent, changes);
  return result.kind === 'proceed' ? 'proceed' : `${result.kind} ${result.error.case} ${result.error.code}`;
};

test('an ordinary request passes', () => {
  expect(passed()).toEqual({
    target: { redirectUri: 'https://app.example/cb', responseMode: 'query', state: 's' },
    responseType: 'code',
    returns: { code: true, token: false, idToken: false },
    protocol: 'oidc-basic-profile',
    sentRedirectUri: true,
    prompt: [],
  });
});

/** Table 2.2. */
test.each([
  ['code', 'query', 'oidc-basic-profile'],
  ['token', 'fragment', 'oidc-implicit-profile'],
  ['id_token', 'fragment', 'oidc-implicit-profile'],
  ['id_token token', 'fragment', 'oidc-implicit-profile'],
  ['code id_token', 'fragment', 'oidc-hybrid-profile'],
  ['code token', 'fragment', 'oidc-hybrid-profile'],
  ['code id_token token', 'fragment', 'oidc-hybrid-profile'],
])('%s in any order of its words is answered by %s, and is the %s', (type, mode, protocol) => {
  const orders = [type, type.split(' ').toReversed().join(' '), type.replace(/^(\S+) (.*)$/, '$2 $1')];
  for (const response_type of orders)
    expect(passed({ response_type })).toMatchObject({
      responseType: type,
      protocol,
      target: { responseMode: mode },
      returns: {
        code: type.includes('code'),
        token: /(^| )token/.test(type),
        idToken: type.includes('id_token'),
      },
    });
});

test.each<[string, Sent, Changes, string]>([
  ['no client_id', { client_id: undefined }, {}, 'parameter_missing invalid_request'],
  ['an unknown client', {}, { client: undefined }, 'authorization_client_unknown invalid_request'],
  [
    'a foreign redirect_uri',
    { redirect_uri: 'https://evil.example/' },
    {},
    'redirect_uri_not_registered invalid_request',
  ],
  [
    'a redirect_uri with a fragment',
    { redirect_uri: 'https://app.example/cb#x' },
    {},
    'redirect_uri_not_registered invalid_request',
  ],
  ['no redirect_uri', { redirect_uri: undefined }, {}, 'redirect_uri_missing invalid_request'],
  [
    'a request object instead',
    { redirect_uri: undefined, request: 'x' },
    {},
    'request_object request_not_supported',
  ],
  ['two client_ids', {}, { more: '&client_id=app' }, 'parameter_twice invalid_request'],
  [
    'two redirect_uris',
    {},
    { more: '&redirect_uri=https%3A%2F%2Fapp.example%2Fcb' },
    'parameter_twice invalid_request',
  ],
  ['a message for nobody', { response_mode: 'web_message' }, {}, 'web_origin_not_allowed invalid_request'],
  [
    'a script that was registered',
    { redirect_uri: 'javascript:alert(1)' },
    { with: { callbacks: ['javascript:alert(1)'] } },
    'redirect_uri_not_registered invalid_request',
  ],
])('with %s the browser is sent nowhere, whatever else is wrong', (_, sent, changes, expected) => {
  expect(refusal(sent, changes)).toBe(`page ${expected}`);
  expect(refusal({ ...sent, response_type: 'nonsense', prompt: 'none login' }, changes)).toBe(
    `page ${expected}`,
  );
});

test.each<[string, Sent, Changes, string]>([
  ['a parameter that stands twice', {}, { more: '&scope=email' }, 'parameter_twice invalid_request'],
  ['a request object', { request: 'x' }, {}, 'request_object request_not_supported'],
  ['a registration', { registration: '{}' }, {}, 'registration registration_not_supported'],
  ['a request_uri', { request_uri: 'https://app.example/r' }, {}, 'request_uri request_uri_not_supported'],
  [
    'a request_uri that nobody pushed',
    { request_uri: 'urn:ietf:params:oauth:request_uri:x' },
    {},
    'request_uri_unknown invalid_request_uri',
  ],
  [
    'a request_uri that is pushed itself',
    { request_uri: 'urn:ietf:params:oauth:request_uri:x' },
    { isPushed: true },
    'parameter_invalid invalid_request',
  ],
  [
    'a request that had to be pushed',
    {},
    { with: { requiresPushedRequest: true } },
    'pushed_request_required unauthorized_client',
  ],
  ['no response_type', { response_type: undefined }, {}, 'response_type_missing unsupported_response_type'],
  [
    'an unknown response_type',
    { response_type: 'cod' },
    {},
    'response_type_unknown unsupported_response_type',
  ],
  [
    'code without its grant',
    {},
    { with: { grantTypes: ['implicit'] } },
    'response_type_not_allowed unauthorized_client',
  ],
  [
    'a token without the implicit grant',
    { response_type: 'token' },
    { with: { grantTypes: ['authorization_code'] } },
    'response_type_not_allowed unauthorized_client',
  ],
  [
    'a hybrid without the implicit grant',
    { response_type: 'code id_token' },
    { with: { grantTypes: ['authorization_code'] } },
    'response_type_not_allowed unauthorized_client',
  ],
  ['an unknown response_mode', { response_mode: 'jwt' }, {}, 'response_mode_unknown invalid_request'],
  ['a scope in quotes', { scope: 'openid "x"' }, {}, 'scope_invalid invalid_scope'],
  [
    'both kinds of access',
    { scope: 'openid online_access offline_access' },
    {},
    'scopes_contradict invalid_request',
  ],
  [
    'an ID token without openid',
    { response_type: 'id_token', scope: 'email' },
    {},
    'openid_missing invalid_request',
  ],
  [
    'an ID token without nonce',
    { response_type: 'id_token', nonce: undefined },
    {},
    'nonce_missing invalid_request',
  ],
  [
    'a hybrid without nonce',
    { response_type: 'code id_token', nonce: undefined },
    {},
    'nonce_missing invalid_request',
  ],
  ['prompt=none and another', { prompt: 'none login' }, {}, 'prompt_invalid invalid_request'],
  ['an unknown prompt', { prompt: 'logn' }, {}, 'prompt_invalid invalid_request'],
  ['max_age in words', { max_age: 'ten' }, {}, 'max_age_invalid invalid_request'],
  ['a negative max_age', { max_age: '-1' }, {}, 'max_age_invalid invalid_request'],
  ['a fractional max_age', { max_age: '1.5' }, {}, 'max_age_invalid invalid_request'],
  ['a method without challenge', { code_challenge_method: 'S256' }, {}, 'challenge_invalid invalid_request'],
  [
    'no challenge where one must be',
    {},
    { with: { requiresPkce: true } },
    'challenge_missing invalid_request',
  ],
  [
    'a plain challenge where it will not do',
    { code_challenge: 'x'.repeat(43) },
    { with: { allowsPlainChallenge: false } },
    'challenge_invalid invalid_request',
  ],
  ['a thumbprint that is none', { dpop_jkt: 'x' }, {}, 'dpop_jkt_invalid invalid_request'],
  [
    'a resource that is no URI',
    { resource: 'api' },
    { dialect: 'strict' },
    'resource_invalid invalid_target',
  ],
  [
    'a resource with fragment',
    { resource: 'urn:x#y' },
    { dialect: 'strict' },
    'resource_invalid invalid_target',
  ],
  [
    'eleven pushed extensions',
    Object.fromEntries(Array.from({ length: 11 }, (__, index) => [`ext-${index}`, 'x'])),
    { isPushed: true },
    'parameter_invalid invalid_request',
  ],
])('%s is told to the client', (_, sent, changes, expected) => {
  expect(refusal(sent, changes)).toBe(`redirect ${expected}`);
  const result = check(sent, changes);
  expect(result).toMatchObject({ target: { redirectUri: 'https://app.example/cb', state: 's' } });
});

test.each<[string, Sent, Changes]>([
  ['no state', { state: undefined }, {}],
  ['no nonce for a code', { nonce: undefined }, {}],
  ['no nonce for code token', { nonce: undefined, response_type: 'code token' }, {}],
  ['OAuth without openid', { scope: 'read:mail' }, {}],
  ['no scope', { scope: undefined }, {}],
  ['two prompts', { prompt: 'login consent' }, {}],
  ['max_age 0', { max_age: '0' }, {}],
  ['an unknown parameter', { auth0Client: 'x', display: 'hologram', claims: '{' }, {}],
  ['a pushed request', {}, { isPushed: true, with: { requiresPushedRequest: true } }],
  ['an audience of any text', { audience: 'my api', resource: 'api' }, {}],
  [
    'eleven extensions by the browser',
    Object.fromEntries(Array.from({ length: 11 }, (__, i) => [`ext-${i}`, 'x'])),
    {},
  ],
  ['no challenge where no code comes', { response_type: 'token' }, { with: { requiresPkce: true } }],
])('%s is no reason to refuse', (_, sent, changes) => {
  expect(refusal(sent, changes)).toBe('proceed');
});

test('an error travels by the mode that was asked for, but never tokens’ errors by query', () => {
  const modeOf = (sent: Sent, changes: Changes = {}) => {
    const result = check({ prompt: 'none login', ...sent }, changes);
    return result.kind === 'redirect' ? result.target.responseMode : result.kind;
  };
  expect(modeOf({})).toBe('query');
  expect(modeOf({ response_type: 'token' })).toBe('fragment');
  expect(modeOf({ response_mode: 'form_post' })).toBe('form_post');
  expect(modeOf({ response_mode: 'fragment' })).toBe('fragment');
  expect(modeOf({ response_mode: 'nonsense' })).toBe('query');
  expect(modeOf({ response_mode: 'form_post' }, { more: '&response_mode=query' })).toBe('query');
  expect(modeOf({ response_mode: 'web_message', redirect_uri: 'https://spa.example/' })).toBe('web_message');
  expect(check({ response_type: 'id_token', response_mode: 'query' })).toMatchObject({
    kind: 'redirect',
    error: { case: 'response_mode_refused', code: 'invalid_request' },
    target: { responseMode: 'fragment' },
  });
});

test('a form reaches no app, so an app is told so by its own scheme', () => {
  const app = { callbacks: ['com.example.app:/cb'] };
  const sent = { redirect_uri: 'com.example.app:/cb' };
  expect(passed(sent, { with: app }).target).toMatchObject({ responseMode: 'query' });
  expect(check({ ...sent, response_mode: 'form_post' }, { with: app })).toMatchObject({
    kind: 'redirect',
    error: { case: 'response_mode_refused', code: 'invalid_request' },
    target: { responseMode: 'query', redirectUri: 'com.example.app:/cb' },
  });
  expect(refusal({ ...sent, response_mode: 'web_message' }, { with: app })).toContain('page');
});

test('FAPI 2 has codes only, and wants a redirect_uri though there is but one', () => {
  const fapi = { followsFapi2: true, callbacks: ['https://app.example/cb'] };
  expect(refusal({}, { with: fapi })).toBe('proceed');
  for (const response_type of ['token', 'id_token', 'code id_token'])
    expect(refusal({ response_type }, { with: fapi })).toBe(
      'redirect response_type_not_allowed unauthorized_client',
    );
  const without = { redirect_uri: undefined, scope: 'profile' };
  expect(refusal(without, { with: { callbacks: fapi.callbacks } })).toBe('proceed');
  expect(refusal(without, { with: fapi })).toBe('page redirect_uri_missing invalid_request');
});

test('a state that stands twice is not echoed', () => {
  const result = check({}, { more: '&state=t' });
  expect(result).toMatchObject({ kind: 'redirect', error: { case: 'parameter_twice' } });
  expect(result).not.toHaveProperty('target.state');
});

test('what was read on the way is handed on', () => {
  expect(
    passed({
      max_age: '300',
      prompt: 'login consent',
      resource: 'urn:api',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    }),
  ).toMatchObject({
    maxAgeInSeconds: 300,
    prompt: ['login', 'consent'],
    audience: 'urn:api',
    challenge: { method: 'S256' },
  });
  expect(passed({ audience: 'urn:first', resource: 'urn:api' }).audience).toBe('urn:first');
});

test('without openid, and with one callback, the redirect_uri may be left out; the token request need not have it then', () => {
  const one = { with: { callbacks: ['https://app.example/cb'] } };
  const checked = passed({ redirect_uri: undefined, scope: undefined }, one);
  expect(checked).toMatchObject({
    sentRedirectUri: false,
    target: { redirectUri: 'https://app.example/cb' },
  });
  expect(refusal({ redirect_uri: undefined }, one)).toContain('redirect_uri_missing');
  expect(
    refusal(
      { redirect_uri: undefined, scope: undefined },
      { with: { callbacks: ['https://*.example.com/'] } },
    ),
  ).toContain('redirect_uri_missing');
});

test('a redirect_uri that is nearly right is told what it should have been', () => {
  const result = check({ redirect_uri: 'https://app.example/cb/' });
  expect(result).toMatchObject({
    error: { description: expect.stringContaining("'https://app.example/cb' is") as string },
  });
});

test('a mistyped prompt is told what it may have meant, in characters that RFC 6749 allows', () => {
  const result = check({ prompt: 'logni' });
  expect(result).toMatchObject({ error: { description: expect.stringContaining("'login'") as string } });
});

test('a native application listens where it can, and others do not', () => {
  const loopback = { callbacks: ['http://127.0.0.1/cb'] };
  const sent = { redirect_uri: 'http://127.0.0.1:53124/cb' };
  expect(passed(sent, { with: { ...loopback, isNative: true } }).target.redirectUri).toBe(sent.redirect_uri);
  expect(refusal(sent, { with: loopback })).toContain('redirect_uri_not_registered');
});

test('whatever is sent: nothing is thrown, no error names more than RFC 6749 can spell, and a browser goes to a callback only', () => {
  const value = fc.oneof(
    fc.constantFrom(
      '',
      'code',
      'none',
      'id_token token',
      'openid',
      ...RESPONSE_TYPES,
      'query',
      'web_message',
      '-1',
    ),
    fc.constantFrom(
      'https://app.example/cb',
      'https://spa.example/',
      'https://evil.example/',
      'javascript:x',
    ),
    fc.string({ unit: 'binary' }),
  );
  const names = [
    'response_type',
    'redirect_uri',
    'scope',
    'state',
    'nonce',
    'response_mode',
    'prompt',
    'max_age',
  ];
  const more = [
    'code_challenge',
    'code_challenge_method',
    'claims',
    'request_uri',
    'dpop_jkt',
    'resource',
    'ext-x',
  ];
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...names, ...more), value),
      fc.array(fc.constantFrom(...names, 'client_id'), { maxLength: 1 }),
      (sent, repeated) => {
        const request = readAuthorizationRequest(new Map(Object.entries({ ...usual, ...sent })), repeated);
        const result = checkAuthorizationRequest(request, { client, dialect: 'strict' });
        if (result.kind !== 'page') {
          const { redirectUri } = result.kind === 'proceed' ? result.checked.target : result.target;
          expect(client.callbacks).toContain(redirectUri);
        }
        if (result.kind !== 'proceed')
          expect(result.error.description).toMatch(/^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
      },
    ),
    { numRuns: 1000 },
  );
});
