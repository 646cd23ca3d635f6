import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { jwtVerify, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { apiRun, callMember, RUN_NOW } from '../../../test/support/api-run.js';
import { refusal } from '../../../test/support/refusal.js';
import { signHs256 } from '../../protocol/jwt/hs256.js';
import type { ActionEvent } from '../event.js';
import type { ApiRun } from './member.js';
import { REDIRECT } from './redirect.js';

const jsonwebtoken = createRequire(import.meta.url)('jsonwebtoken') as {
  sign(payload: object, key: string, options?: object): string;
  verify(jwt: string, key: string, options?: object): unknown;
};

const secret = 'shared with the target';
const seconds = RUN_NOW / 1000;
const event: ActionEvent = {
  request: { ip: '203.0.113.7', hostname: 'idp.example.test', query: {}, body: {} },
  user: { user_id: 'auth0|jane' },
};
const call = (name: string, run: ApiRun, ...args: readonly unknown[]): unknown =>
  callMember(REDIRECT, `redirect.${name}`, run, ...args);
const encode = (options: unknown, run = apiRun({ event })): string =>
  call('encodeToken', run, options) as string;

/** What comes back to `/continue`; the claims are good unless told otherwise. */
const claims = {
  iat: seconds,
  exp: seconds + 60,
  iss: 'https://target.example.test/',
  sub: 'auth0|jane',
  state: 'the-state',
};
const continued = (query: Record<string, unknown>, body: Record<string, unknown> = {}): ApiRun =>
  apiRun({ handler: 'onContinuePostLogin', event: { ...event, request: { ...event.request, query, body } } });
const returned = (more: Record<string, unknown> = {}, signedWith = secret): ApiRun =>
  continued({ state: 'the-state', session_token: signHs256({ ...claims, ...more }, signedWith) });
const validate = (run: ApiRun, options: unknown = { secret }): unknown => call('validateToken', run, options);

test('only sendUserTo has an effect; the tokens’ secret is marked', () => {
  expect(
    REDIRECT.map(({ name, answers, hasEffect, secretArguments }) => [
      name,
      answers,
      hasEffect,
      secretArguments,
    ]),
  ).toEqual([
    ['redirect.sendUserTo', 'api', true, undefined],
    ['redirect.canRedirect', 'value', false, undefined],
    ['redirect.encodeToken', 'value', false, ['0.secret']],
    ['redirect.validateToken', 'value', false, ['0.secret']],
  ]);
});

test.each<[string, unknown, string]>([
  ['https://example.test', undefined, 'https://example.test/'],
  ['https://example.test', null, 'https://example.test/'],
  ['HTTPS://Example.TEST:443/a/../b?x=1#f', {}, 'https://example.test/b?x=1#f'],
  ['http://127.0.0.1:3001/', { query: undefined }, 'http://127.0.0.1:3001/'],
  [
    'https://example.test/?a=1',
    { query: { b: 'ä &=', c: 2, d: false } },
    'https://example.test/?a=1&b=%C3%A4+%26%3D&c=2&d=false',
  ],
  ['https://example.test/?a=1&a=2&b=3', { query: { a: 'new' } }, 'https://example.test/?a=new&b=3'],
])('sendUserTo(%s, %j) sends the browser there', (url, options, href) => {
  const run = apiRun({ event });
  call('sendUserTo', run, url, options);
  expect(run.wishes.redirect).toBe(href);
});

test('the last redirect wins', () => {
  const run = apiRun({ event });
  call('sendUserTo', run, 'https://one.example.test/');
  call('sendUserTo', run, 'https://two.example.test/');
  expect(run.wishes.redirect).toBe('https://two.example.test/');
});

test.each(['', 'example.test', '/relative', '//example.test/', 'https://', 'https://a b/'])(
  'sendUserTo(%j) throws what the URL parser throws',
  (url) => {
    const run = apiRun({ event });
    expect(() => call('sendUserTo', run, url)).toThrow(TypeError);
    expect(() => call('sendUserTo', run, url)).toThrow('Invalid URL');
    expect(run.wishes.redirect).toBeNull();
  },
);

test.each<[unknown, unknown, string]>([
  [undefined, undefined, 'Invalid URL: url must be string, an absolute URL, not undefined'],
  [{}, undefined, 'Invalid URL: url must be string, an absolute URL, not an object'],
  [Symbol('s'), undefined, 'Invalid URL: url must be string, an absolute URL, not Symbol(s)'],
  ['javascript:alert(1)', undefined, 'http: and https: URLs only, not javascript:'],
  ['data:text/html,x', undefined, 'http: and https: URLs only, not data:'],
  ['myapp://callback', undefined, 'http: and https: URLs only, not myapp:'],
  [
    'https://example.test/',
    { query: { a: undefined } },
    'query parameter "a" must be string, number or boolean, not undefined',
  ],
  [
    'https://example.test/',
    { query: { a: null } },
    'query parameter "a" must be string, number or boolean, not null',
  ],
  [
    'https://example.test/',
    { query: { a: ['b'] } },
    'query parameter "a" must be string, number or boolean, not an array',
  ],
  [
    'https://example.test/',
    { query: { a: Number.NaN } },
    'query parameter "a" must be string, number or boolean, not NaN',
  ],
])('sendUserTo(%s) is refused with a TypeError (%#)', (url, options, message) => {
  const run = apiRun({ event });
  expect(() => call('sendUserTo', run, url, options)).toThrow(TypeError);
  expect(() => call('sendUserTo', run, url, options)).toThrow(message);
  expect(run.wishes.redirect).toBeNull();
});

test.each<[unknown, string]>([
  ['a=1', 'options must be object'],
  [{ query: 'a=1' }, 'query must be object'],
  [{ params: {} }, 'options must NOT have additional properties: "params" is not one of query'],
])('options %j of sendUserTo are refused', (options, message) => {
  const run = apiRun({ event });
  expect(() => call('sendUserTo', run, 'https://example.test/', options)).toThrow(refusal(message));
  expect(run.wishes.redirect).toBeNull();
});

test('an Action that renders a form does not redirect', () => {
  const run = apiRun({ event });
  run.wishes.interactions.push({ kind: 'prompt', member: 'prompt.render', detail: {} });
  expect(() => call('sendUserTo', run, 'https://example.test/')).toThrow(
    new Error('Redirect and render commands cannot be used in the same action.'),
  );
  expect(run.wishes.redirect).toBeNull();
});

test.each<[Partial<ActionEvent>, boolean]>([
  [{}, true],
  [{ request: {} }, true],
  [{ request: { query: { prompt: 'login' } } }, true],
  [{ request: { query: { prompt: 'none' } } }, false],
  [{ request: { body: { prompt: 'none' } } }, true],
  ...['samlp', 'oidc-basic-profile', 'oauth2-device-code', 'oauth2-token-exchange'].map(
    (protocol): [Partial<ActionEvent>, boolean] => [{ transaction: { protocol } }, true],
  ),
  ...['oauth2-resource-owner', 'oauth2-refresh-token', 'oauth2-password', 'oauth2-webauthn'].map(
    (protocol): [Partial<ActionEvent>, boolean] => [{ transaction: { protocol } }, false],
  ),
])('canRedirect in %j is %s', (more, can) => {
  expect(call('canRedirect', apiRun({ event: { ...event, ...more } }))).toBe(can);
});

test('encodeToken signs iat, iss, sub, exp, ip and the payload, in this order; 900 seconds are the default', async () => {
  const jwt = encode({ secret, payload: { email: 'jane@example.test', nothing: undefined } });
  const expected = {
    iat: seconds,
    iss: 'idp.example.test',
    sub: 'auth0|jane',
    exp: seconds + 900,
    ip: '203.0.113.7',
    email: 'jane@example.test',
  };
  const read = jsonwebtoken.verify(jwt, secret, { algorithms: ['HS256'], clockTimestamp: seconds });
  expect(JSON.stringify(read)).toBe(JSON.stringify(expected));
  const { payload } = await jwtVerify(jwt, new TextEncoder().encode(secret), {
    algorithms: ['HS256'],
    currentDate: new Date(RUN_NOW),
    subject: 'auth0|jane',
    issuer: 'idp.example.test',
  });
  expect(payload).toEqual(expected);
});

test('the payload overrides every other claim, and the lifetime is in seconds', () => {
  const read = (options: object) =>
    jsonwebtoken.verify(encode({ secret, ...options }), secret, { ignoreExpiration: true });
  const all = { iat: 1, iss: 'x', sub: 'y', exp: 2, ip: 'z' };
  expect(read({ payload: all })).toEqual(all);
  expect(read({ payload: {}, expiresInSeconds: 10 })).toMatchObject({ exp: seconds + 10 });
  expect(read({ payload: {}, expiresInSeconds: -10 })).toMatchObject({ exp: seconds - 10 });
  expect(read({ payload: {}, expiresInSeconds: null })).toMatchObject({ exp: seconds + 900 });
});

test('the instant is whole seconds, and what the event does not tell is left out', () => {
  const run = apiRun({ event: { request: {} }, now: RUN_NOW + 999 });
  expect(
    jsonwebtoken.verify(encode({ secret, payload: {} }, run), secret, { ignoreExpiration: true }),
  ).toEqual({
    iat: seconds,
    exp: seconds + 900,
  });
});

test.each<[unknown, string]>([
  [undefined, 'options must be object'],
  [secret, 'options must be object'],
  [{ payload: {} }, 'secret must be a non-empty string'],
  [{ secret: '', payload: {} }, 'secret must be a non-empty string'],
  [{ secret: 1, payload: {} }, 'secret must be a non-empty string'],
  [{ secret }, 'payload must be object'],
  [{ secret, payload: 'a' }, 'payload must be object'],
  [{ secret, payload: [] }, 'payload must be object'],
  [{ secret, payload: { a: 1n } }, 'JSON cannot say a BigInt'],
  [{ secret, payload: {}, expiresInSeconds: '900' }, 'expiresInSeconds must be number'],
  [{ secret, payload: {}, expiresInSeconds: Number.NaN }, 'expiresInSeconds must be number'],
  [
    { secret, payload: {}, expiresIn: 900 },
    'options must NOT have additional properties: "expiresIn" is not one of secret, payload, expiresInSeconds; did you mean "expiresInSeconds"?',
  ],
])('encodeToken refuses its options (%#)', (options, message) => {
  expect(() => encode(options)).toThrow(message);
});

test('validateToken hands all claims back, of a token of ours, of jsonwebtoken and of jose', async () => {
  const all = { ...claims, answer: ['a', 1] };
  expect(validate(returned({ answer: ['a', 1] }))).toEqual(all);
  const theirs = jsonwebtoken.sign(all, secret);
  expect(validate(continued({ state: 'the-state', session_token: theirs }))).toEqual(all);
  const jose = await new SignJWT(all)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));
  expect(validate(continued({ state: 'the-state', session_token: jose }))).toEqual(all);
});

test('the token may be named otherwise; an empty name is the default', () => {
  const jwt = signHs256(claims, secret);
  const run = continued({ state: 'the-state', my_token: jwt, session_token: 'x' });
  expect(validate(run, { secret, tokenParameterName: 'my_token' })).toEqual(claims);
  const plain = continued({ state: 'the-state', session_token: jwt });
  for (const tokenParameterName of [undefined, null, ''])
    expect(validate(plain, { secret, tokenParameterName })).toEqual(claims);
});

test('the body lies over the query, for the token and for the state', () => {
  const jwt = signHs256({ ...claims, state: 'of-the-body' }, secret);
  const run = continued(
    { state: 'the-state', session_token: 'x' },
    { state: 'of-the-body', session_token: jwt },
  );
  expect(validate(run)).toMatchObject({ state: 'of-the-body' });
});

test.each<[Record<string, unknown>]>([[{}], [{ session_token: '' }], [{ token: 'x' }]])(
  'a request with %j names the parameter that is missing',
  (query) => {
    expect(() => validate(continued(query))).toThrow(
      new Error(
        "There is no parameter called 'session_token' available in either the POST body or query string.",
      ),
    );
    expect(() => validate(continued(query), { secret, tokenParameterName: 'constructor' })).toThrow(
      "There is no parameter called 'constructor'",
    );
  },
);

const CLAIMS = ['iat', 'exp', 'sub', 'iss', 'state'] as const;

test.each(CLAIMS)('a token without %s, or with one of the wrong type, is refused', (claim) => {
  for (const value of [undefined, null, '', [], {}, true])
    expect(() => validate(returned({ [claim]: value }))).toThrow(
      /^The session token is invalid: Missing or invalid standard claims/,
    );
});

test('iss may be anyone', () => {
  expect(validate(returned({ iss: 'whoever' }))).toMatchObject({ iss: 'whoever' });
});

test.each<[string, ApiRun, string]>([
  ['another secret', returned({}, 'another secret'), 'Failed signature validation'],
  ['exp now', returned({ exp: seconds }), 'The token has expired'],
  ['exp long ago', returned({ exp: seconds - 1 }), 'The token has expired'],
  ['nbf later', returned({ nbf: seconds + 1 }), 'The token is not active yet (nbf)'],
  ['an unreadable nbf', returned({ nbf: 'later' }), 'Missing or invalid standard claims'],
  ['another state', returned({ state: 'x' }), 'State in the token does not match the /continue state'],
  [
    'a state, where the request has none',
    continued({ session_token: signHs256(claims, secret) }),
    'State in the token does not match the /continue state',
  ],
  ['another sub', returned({ sub: 'auth0|mallory' }), 'The sub claim does not match the user_id'],
  [
    'alg none',
    continued({ session_token: jsonwebtoken.sign(claims, '', { algorithm: 'none' }) }),
    'its alg is "none"',
  ],
  [
    'alg HS512',
    continued({ session_token: jsonwebtoken.sign(claims, secret, { algorithm: 'HS512' }) }),
    'its alg is "HS512"',
  ],
  ['no JWT', continued({ session_token: 'abc' }), 'a signed JWT has 3 parts between dots'],
  [
    'several tokens',
    continued({ session_token: ['a', 'b'] }),
    "the parameter 'session_token' was sent more than once",
  ],
])('a token with %s is refused', (_what, run, reason) => {
  expect(() => validate(run)).toThrow(`The session token is invalid: ${reason}`);
});

test('a login without a user takes no token', () => {
  const run = returned();
  expect(() => validate({ ...run, event: { request: run.event.request } })).toThrow('The sub claim');
});

test('encodeToken’s own token, sent back with the state in it, is valid until it expires', () => {
  const jwt = encode({ secret, payload: { state: 'the-state' } });
  const run = continued({ state: 'the-state', session_token: jwt });
  expect(validate({ ...run, now: RUN_NOW + 899_999 })).toMatchObject({ sub: 'auth0|jane' });
  expect(() => validate({ ...run, now: RUN_NOW + 900_000 })).toThrow('The token has expired');
});

test('encodeToken’s own token, sent back unchanged, has no state and is refused', () => {
  const jwt = encode({ secret, payload: {} });
  expect(() => validate(continued({ state: 'the-state', session_token: jwt }))).toThrow(
    'Missing or invalid standard claims',
  );
});

test.each<[unknown, string]>([
  [undefined, 'options must be object'],
  [{}, 'secret must be a non-empty string'],
  [{ secret: '' }, 'secret must be a non-empty string'],
  [{ secret, tokenParameterName: 1 }, 'tokenParameterName must be string'],
  [
    { secret, tokenParameter: 'x' },
    'options must NOT have additional properties: "tokenParameter" is not one of secret, tokenParameterName; did you mean "tokenParameterName"?',
  ],
])('validateToken refuses its options %j', (options, message) => {
  expect(() => call('validateToken', returned(), options)).toThrow(message);
});

test('whatever comes back as token is refused by the same prefix, and shows no secret', () => {
  const jwt = signHs256(claims, 'another secret');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ minLength: 1 }),
        fc.jsonValue().filter((value) => value !== null && value !== ''),
        fc.nat(jwt.length).map((at) => jwt.slice(0, at) || '.'),
      ),
      (token) => {
        let message = '';
        try {
          validate(continued({ state: 'the-state', session_token: token }));
        } catch (error) {
          message = (error as Error).message;
        }
        expect(message).toMatch(/^The session token is invalid: ./);
        expect(message).not.toContain(secret);
      },
    ),
  );
});
