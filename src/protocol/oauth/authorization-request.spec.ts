import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAuthorizationRequest, readClaims } from './authorization-request.js';
import { readParameters } from './parameters.js';

test('every parameter has its member', () => {
  const query = new URLSearchParams({
    client_id: 'app',
    response_type: 'code id_token',
    redirect_uri: 'https://app.example/cb',
    scope: 'openid  email openid',
    state: ' s ',
    nonce: 'n',
    response_mode: 'form_post',
    audience: 'urn:api',
    resource: 'urn:other',
    connection: 'db',
    organization: 'org_1',
    invitation: 'i',
    login_hint: 'jane',
    screen_hint: 'signup',
    prompt: 'login consent',
    max_age: '300',
    acr_values: 'a b',
    ui_locales: 'de en',
    claims_locales: 'fr',
    display: 'page',
    id_token_hint: 'h',
    claims: '{"userinfo":{"name":{"essential":true}}}',
    code_challenge: 'c',
    code_challenge_method: 'S256',
    dpop_jkt: 'j',
    request: 'r',
    request_uri: 'u',
    'ext-color': 'red',
    auth0Client: 'sdk',
  });
  expect(readAuthorizationRequest(readParameters(query.toString(), 'query'), ['x'])).toEqual({
    clientId: 'app',
    responseType: ['code', 'id_token'],
    redirectUri: 'https://app.example/cb',
    scope: ['openid', 'email'],
    state: ' s ',
    nonce: 'n',
    responseMode: 'form_post',
    audience: 'urn:api',
    resource: 'urn:other',
    connection: 'db',
    organization: 'org_1',
    invitation: 'i',
    loginHint: 'jane',
    screenHint: 'signup',
    prompt: ['login', 'consent'],
    maxAge: '300',
    acrValues: ['a', 'b'],
    uiLocales: ['de', 'en'],
    claimsLocales: ['fr'],
    display: 'page',
    idTokenHint: 'h',
    claims: { userinfo: new Map([['name', { essential: true, values: [] }]]), idToken: new Map() },
    codeChallenge: 'c',
    codeChallengeMethod: 'S256',
    dpopJkt: 'j',
    request: 'r',
    requestUri: 'u',
    extensions: { 'ext-color': 'red' },
    repeated: ['x'],
  });
});

test('what is absent has no member, and lists are empty', () => {
  expect(readAuthorizationRequest(new Map())).toEqual({
    responseType: [],
    scope: [],
    prompt: [],
    acrValues: [],
    uiLocales: [],
    claimsLocales: [],
    claims: { userinfo: new Map(), idToken: new Map() },
    extensions: {},
    repeated: [],
  });
});

test('a wish for a claim is read in each of its forms', () => {
  const { userinfo, idToken } = readClaims(
    '{"userinfo":{"email":null,"name":{"essential":true}},"id_token":{"acr":{"values":["a","b"]},"sub":{"value":"x"},"odd":7}}',
  );
  expect([...userinfo]).toEqual([
    ['email', { essential: false, values: [] }],
    ['name', { essential: true, values: [] }],
  ]);
  expect([...idToken]).toEqual([
    ['acr', { essential: false, values: ['a', 'b'] }],
    ['sub', { essential: false, values: ['x'] }],
    ['odd', { essential: false, values: [] }],
  ]);
});

test('whatever stands in claims, nothing is refused', () => {
  const claims = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => `{"userinfo":${json},"id_token":{"x":${json}}}`),
  );
  fc.assert(
    fc.property(claims, (text) => {
      const { userinfo, idToken } = readClaims(text);
      for (const { essential, values } of [...userinfo.values(), ...idToken.values()]) {
        expect(typeof essential).toBe('boolean');
        expect(Array.isArray(values)).toBe(true);
      }
    }),
  );
});
