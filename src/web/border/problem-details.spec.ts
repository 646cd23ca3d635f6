import { expect, test } from 'vitest';
import { MintmarkError } from '../../protocol/mintmark-error.js';
import { problemOf, statusOf } from './problem-details.js';

class AnyError extends MintmarkError {}

test.each([
  ['invalid_body', 400],
  ['saml_setting_invalid', 400],
  ['claim_not_json', 400],
  ['cursor_invalid', 400],
  ['admin_token_required', 401],
  ['cross_origin_refused', 403],
  ['client_not_found', 404],
  ['transaction_not_found', 404],
  ['transaction_finished', 409],
  ['user_exists', 409],
  ['secret_unreadable', 409],
  ['body_too_large', 413],
  ['content_type_unsupported', 415],
  ['host_not_ours', 421],
  ['toString', 400],
])('%s is HTTP %i', (code, status) => {
  expect(statusOf(code)).toBe(status);
});

test('members of the standard are not overwritten by those of an error', () => {
  expect(
    problemOf(
      new AnyError('transaction_finished', 'It is completed.', {
        cause: new Error('private'),
        errors: [{ pointer: '/a', detail: 'b' }],
        extensions: { status: 200, result: { SAMLResponse: 'PHg+' } },
      }),
    ),
  ).toEqual({
    type: 'urn:mintmark:problem:transaction_finished',
    title: 'Transaction finished',
    status: 409,
    code: 'transaction_finished',
    detail: 'It is completed.',
    errors: [{ pointer: '/a', detail: 'b' }],
    result: { SAMLResponse: 'PHg+' },
  });
});

test('abbreviations keep their capitals in a title', () => {
  expect(problemOf(new AnyError('saml_pem_invalid', '')).title).toBe('SAML pem invalid');
});
