import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { errorAnswer, errorWords, resourceErrorAnswer } from './error-answer.js';
import { OAUTH_ERROR_CASES, OAuthError, type OAuthErrorCase } from './oauth-error.js';

const answer = (what: OAuthErrorCase, about = '') => new OAuthError(what, 'Our own words', { about });

/** The rows of table 4.8, as Auth0 answers them, and the status and error that RFC 6749 5.2 and its kin have instead. */
test.each<[OAuthErrorCase, string, number, string, string, number, string]>([
  ['code_unknown', '', 403, 'invalid_grant', 'Invalid authorization code', 400, 'invalid_grant'],
  ['code_used', '', 403, 'invalid_grant', 'Invalid authorization code', 400, 'invalid_grant'],
  ['code_expired', '', 403, 'invalid_grant', 'Invalid authorization code', 400, 'invalid_grant'],
  ['verifier_wrong', '', 403, 'invalid_grant', 'Failed to verify code verifier', 400, 'invalid_grant'],
  ['token_redirect_uri_missing', '', 400, 'invalid_request', 'Our own words', 400, 'invalid_request'],
  ['token_redirect_uri_differs', '', 403, 'invalid_grant', 'Our own words', 400, 'invalid_grant'],
  [
    'refresh_token_reused',
    '',
    403,
    'invalid_grant',
    'Unknown or invalid refresh token.',
    400,
    'invalid_grant',
  ],
  ['client_secret_wrong', '', 401, 'access_denied', 'Unauthorized', 401, 'invalid_client'],
  ['client_assertion_invalid', '', 401, 'invalid_client', 'Our own words', 401, 'invalid_client'],
  [
    'grant_not_allowed',
    'password',
    403,
    'unauthorized_client',
    "Grant type 'password' not allowed for the client.",
    400,
    'unauthorized_client',
  ],
  [
    'grant_unknown',
    'magic',
    403,
    'unsupported_grant_type',
    'Unsupported grant type: magic',
    400,
    'unsupported_grant_type',
  ],
  ['audience_unknown', 'urn:x', 403, 'access_denied', 'Service not found: urn:x', 400, 'invalid_target'],
  [
    'audience_missing',
    '',
    403,
    'access_denied',
    'No audience parameter was provided, and no default audience has been configured',
    400,
    'invalid_target',
  ],
  [
    'client_grant_missing',
    'urn:x',
    403,
    'access_denied',
    'Client is not authorized to access "urn:x". You need to create a "client-grant" associated to this API.',
    400,
    'invalid_target',
  ],
  [
    'scope_not_granted',
    'a b',
    403,
    'access_denied',
    'Client has not been granted scopes: a b',
    400,
    'invalid_scope',
  ],
  ['password_wrong', '', 403, 'invalid_grant', 'Wrong email or password.', 400, 'invalid_grant'],
  ['action_denied', '', 403, 'access_denied', 'Our own words', 400, 'access_denied'],
  ['mfa_needed', '', 403, 'mfa_required', 'Multifactor authentication required', 400, 'mfa_required'],
  ['mfa_pending', '', 400, 'authorization_pending', 'Our own words', 400, 'authorization_pending'],
  ['too_many_attempts', '', 429, 'too_many_attempts', 'Our own words', 429, 'too_many_attempts'],
  ['too_many_requests', '', 429, 'too_many_requests', 'Our own words', 429, 'too_many_requests'],
  [
    'dpop_nonce_needed',
    '',
    400,
    'use_dpop_nonce',
    'Authorization server requires nonce in DPoP proof',
    400,
    'use_dpop_nonce',
  ],
  // 4.6
  [
    'device_pending',
    '',
    403,
    'authorization_pending',
    'User has yet to authorize device code.',
    400,
    'authorization_pending',
  ],
  [
    'device_too_fast',
    '',
    429,
    'slow_down',
    'You are polling faster than the specified interval of 5 seconds.',
    400,
    'slow_down',
  ],
  ['device_code_expired', '', 403, 'expired_token', 'Our own words', 400, 'expired_token'],
  [
    'device_refused',
    '',
    403,
    'access_denied',
    'User cancelled the confirmation prompt.',
    400,
    'access_denied',
  ],
])('%s (%s) is told as Auth0 tells it, and strictly as the RFC does', (what, about, ...rest) => {
  const [status, error, text, strictStatus, strictError] = rest;
  expect(errorAnswer(answer(what, about), 'auth0', false)).toMatchObject({
    status,
    body: { error, error_description: text },
  });
  expect(errorAnswer(answer(what, about), 'strict', false)).toMatchObject({
    status: strictStatus,
    body: { error: strictError, error_description: 'Our own words' },
  });
});

test('where Auth0’s words stand in the description, ours are there too', () => {
  const { body } = errorAnswer(answer('client_secret_wrong'), 'auth0', false);
  expect(body).toEqual({
    error: 'access_denied',
    error_description: 'Unauthorized',
    error_detail: 'Our own words',
  });
  expect(errorAnswer(answer('client_assertion_invalid'), 'auth0', false).body).not.toHaveProperty(
    'error_detail',
  );
});

test('nothing of an answer is cached', () => {
  for (const { headers } of [
    errorAnswer(answer('code_used'), 'auth0', false),
    resourceErrorAnswer(undefined, 'Bearer'),
  ])
    expect(headers).toMatchObject({ 'Cache-Control': 'no-store', Pragma: 'no-cache' });
});

test('who is told 429 is told when to come again', () => {
  const after = (error: OAuthError, dialect: 'auth0' | 'strict' = 'auth0') =>
    errorAnswer(error, dialect, false).headers['Retry-After'];
  const extensions = { retry_after_seconds: 29.2 };
  expect(after(new OAuthError('too_many_attempts', 'no', { extensions }))).toBe('30');
  expect(after(new OAuthError('too_many_requests', 'no', { extensions }), 'strict')).toBe('30');
  expect(after(answer('device_too_fast', '7'))).toBe('7');
  expect(after(answer('device_too_fast', '7'), 'strict')).toBeUndefined();
  expect(after(new OAuthError('password_wrong', 'no', { extensions }))).toBeUndefined();
});

test('only who tried Basic is challenged, and only strictly: the header hides the error from openid-client', () => {
  const challenge = (dialect: 'auth0' | 'strict' | 'notion', tried: boolean, what: OAuthErrorCase) =>
    errorAnswer(answer(what), dialect, tried).headers['WWW-Authenticate'];
  expect(challenge('strict', true, 'client_secret_wrong')).toMatch(/^Basic realm="/);
  expect(challenge('strict', false, 'client_secret_wrong')).toBeUndefined();
  expect(challenge('strict', true, 'code_used')).toBeUndefined();
  expect(challenge('auth0', true, 'client_secret_wrong')).toBeUndefined();
  expect(challenge('notion', true, 'client_secret_wrong')).toBeUndefined();
});

test('what an Action wrote is told verbatim, and strictly in the characters of RFC 6749', () => {
  const denial = new OAuthError('action_denied', 'Only "blue" träume');
  expect(errorWords(denial, 'auth0').error_description).toBe('Only "blue" träume');
  expect(errorWords(denial, 'strict').error_description).toBe("Only 'blue' tr?ume");
});

test('the code that an Action chose decides the status', () => {
  const denied = (code: 'invalid_scope' | 'invalid_request' | 'server_error') =>
    errorAnswer(new OAuthError('action_denied', 'no', { code }), 'auth0', false);
  expect(denied('invalid_scope')).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
  expect(denied('invalid_request')).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  expect(denied('server_error')).toMatchObject({ status: 500, body: { error: 'server_error' } });
});

test('further members are told, but replace none of the protocol', () => {
  const error = new OAuthError('mfa_needed', 'MFA', { extensions: { mfa_token: 't', error: 'none' } });
  expect(errorAnswer(error, 'strict', false).body).toEqual({
    mfa_token: 't',
    error: 'mfa_required',
    error_description: 'MFA',
  });
});

test('Notion’s errors are those of OAuth, with the request’s id; on demand the SDK understands them too', () => {
  const notion = { requestId: '0a0', apiErrors: false };
  expect(errorAnswer(answer('code_used'), 'notion', true, notion)).toEqual({
    status: 400,
    body: { error: 'invalid_grant', error_description: 'Our own words', request_id: '0a0' },
    headers: expect.objectContaining({ 'x-notion-request-id': '0a0' }) as object,
  });
  const apiErrors = { ...notion, apiErrors: true };
  expect(errorAnswer(answer('code_used'), 'notion', true, apiErrors).body).toMatchObject({
    object: 'error',
    status: 400,
    code: 'validation_error',
    message: 'Our own words',
    error: 'invalid_grant',
  });
  expect(errorAnswer(answer('client_unknown'), 'notion', true, apiErrors)).toMatchObject({
    status: 401,
    body: { code: 'unauthorized' },
  });
});

test.each<[OAuthErrorCase, number, string]>([
  ['token_invalid', 401, 'invalid_token'],
  ['token_expired', 401, 'invalid_token'],
  ['token_scope_missing', 403, 'insufficient_scope'],
  ['dpop_proof_invalid', 401, 'invalid_dpop_proof'],
  ['dpop_nonce_needed', 401, 'use_dpop_nonce'],
  ['parameters_contradict', 400, 'invalid_request'],
])('a resource answers %s with %d and a challenge', (what, status, error) => {
  expect(resourceErrorAnswer(answer(what), 'Bearer')).toMatchObject({
    status,
    body: { error },
    headers: { 'WWW-Authenticate': `Bearer error="${error}", error_description="Our own words"` },
  });
});

test('a resource names the scope that lacks, and says no more than its schemes where no token was shown', () => {
  expect(
    resourceErrorAnswer(answer('token_scope_missing', 'openid'), 'DPoP').headers['WWW-Authenticate'],
  ).toBe('DPoP error="insufficient_scope", error_description="Our own words", scope="openid", algs="ES256"');
  expect(resourceErrorAnswer(undefined, 'Bearer')).toMatchObject({
    status: 401,
    body: {},
    headers: { 'WWW-Authenticate': 'Bearer, DPoP algs="ES256"' },
  });
});

test('whatever the words, no header can be broken out of', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...OAUTH_ERROR_CASES),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      (what, description, about) => {
        const { headers } = resourceErrorAnswer(new OAuthError(what, description, { about }), 'Bearer');
        expect(headers['WWW-Authenticate'] ?? 'Bearer').toMatch(
          /^Bearer( error="[a-z_]+", error_description="[^"\\]*"(, scope="[^"\\]*")?)?$/,
        );
        expect(Object.values(headers).join('')).toMatch(/^[\x20-\x7e]*$/);
      },
    ),
  );
});
