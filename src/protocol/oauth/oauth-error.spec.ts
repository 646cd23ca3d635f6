import { expect, test } from 'vitest';
import { OAUTH_ERROR_CASES, OAuthError } from './oauth-error.js';

test('an error has the code of the RFCs and our finer name', () => {
  const error = new OAuthError('code_used', 'the code was redeemed before');
  expect(error).toMatchObject({
    name: 'OAuthError',
    code: 'invalid_grant',
    case: 'code_used',
    about: '',
    description: 'the code was redeemed before',
  });
});

test('an Action chooses the code of its denial', () => {
  expect(new OAuthError('action_denied', 'no').code).toBe('access_denied');
  expect(new OAuthError('action_denied', 'no', { code: 'invalid_scope' }).code).toBe('invalid_scope');
});

test('further members of the answer travel with the error, what caused it stays private', () => {
  const error = new OAuthError('mfa_needed', 'MFA', { extensions: { mfa_token: 't' }, cause: 'secret' });
  expect(error.extensions).toEqual({ mfa_token: 't' });
  expect(JSON.stringify(error)).not.toContain('secret');
});

test.each(OAUTH_ERROR_CASES)('%s has a code that RFC 6749 can spell', (each) => {
  expect(new OAuthError(each, 'x').code).toMatch(/^[a-z_]+$/);
});

test('of a long value no more comes back than tells which it was, but an Action’s words stay whole', () => {
  const long = 'x'.repeat(250_000);
  const error = new OAuthError('audience_unknown', `no API is called ${long}`, { about: long });
  expect([error.about.length, error.description.length]).toEqual([500, 2000]);
  expect(new OAuthError('action_denied', long).description).toBe(long);
});
