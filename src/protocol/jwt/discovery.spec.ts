import { expect, test } from 'vitest';
import { discoveryDocument } from './discovery.js';

const document = discoveryDocument('https://idp.example/', ['RS256', 'ES256']);

test('issuer keeps its slash and the keys stand below it', () => {
  expect(document.issuer).toBe('https://idp.example/');
  expect(document.jwks_uri).toBe('https://idp.example/.well-known/jwks.json');
});

test('only what works is advertised: no endpoint, response type or grant that does not exist', () => {
  expect(Object.keys(document).filter((member) => member.endsWith('_endpoint'))).toEqual([
    'token_endpoint',
    'pushed_authorization_request_endpoint',
  ]);
  expect(document.response_types_supported).toEqual([]);
  expect(document.grant_types_supported).toEqual([
    'authorization_code',
    'refresh_token',
    'client_credentials',
  ]);
});

test('algorithms, scopes and claims are those of the tokens', () => {
  expect(document.id_token_signing_alg_values_supported).toEqual(['RS256', 'ES256']);
  expect(document.subject_types_supported).toEqual(['public']);
  expect(document.scopes_supported).toEqual(['openid', 'profile', 'email', 'offline_access']);
  expect(document.claims_supported).toEqual(
    'at_hash aud auth_time email email_verified exp family_name given_name iat iss middle_name name nickname nonce picture sid sub updated_at'.split(
      ' ',
    ),
  );
});
