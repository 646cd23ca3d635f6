import { expect, test } from 'vitest';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { presentedToken } from './presented-token.js';

const shown = (authorization?: string, form?: string, query?: string) => {
  try {
    return presentedToken({
      authorization,
      form: new Map(form === undefined ? [] : [['access_token', form]]),
      query: new Map(query === undefined ? [] : [['access_token', query]]),
    });
  } catch (error) {
    return error instanceof OAuthError ? error.case : error;
  }
};
const bearer = { token: 'a.b-c_d~e+f/g=', scheme: 'Bearer' };

test('a token comes by the header, a form or a query', () => {
  expect(shown(`Bearer ${bearer.token}`)).toEqual(bearer);
  expect(shown(`bearer  ${bearer.token} `)).toEqual(bearer);
  expect(shown(undefined, bearer.token)).toEqual(bearer);
  expect(shown(undefined, undefined, bearer.token)).toEqual({ ...bearer, inQuery: true });
  expect(shown('DPoP t')).toEqual({ token: 't', scheme: 'DPoP' });
});

test.each([undefined, '', 'Basic YTpi', 'Bearerx', 'Digest bearer t'])('%s shows none', (authorization) => {
  expect(shown(authorization)).toBeUndefined();
});

test('one that comes twice is refused, be it the same', () => {
  expect(shown('Bearer t', 't')).toBe('parameter_twice');
  expect(shown('DPoP t', undefined, 't')).toBe('parameter_twice');
  expect(shown(undefined, 't', 't')).toBe('parameter_twice');
});

test.each(['Bearer', 'Bearer ', 'Bearer a b', 'Bearer a, Bearer b', 'DPoP a,b'])(
  'a header that says %s is malformed',
  (authorization) => {
    expect(shown(authorization)).toBe('parameter_invalid');
  },
);
