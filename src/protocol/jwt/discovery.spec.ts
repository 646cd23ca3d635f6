import { expect, test } from 'vitest';
import { discoveryDocument } from './discovery.js';

const document = discoveryDocument('https://idp.example/', ['RS256', 'ES256']);

test('issuer keeps its slash and the keys stand below it', () => {
  expect(document.issuer).toBe('https://idp.example/');
  expect(document.jwks_uri).toBe('https://idp.example/.well-known/jwks.json');
});

test('only what works is advertised: no endpoint, response type or grant that does not exist', () => {
  expect(Object.keys(document).filter((member) => member.endsWith('_endpoint'))).toEqual([
    'authorization_endpoint',
    'token_endpoint',
    'device_authorization_endpoint',
    'pushed_authorization_request_endpoint',
    'userinfo_endpoint',
    'introspection_endpoint',
    'revocation_endpoint',
    'end_session_endpoint',
  ]);
  expect(document.response_types_supported).toContain('code id_token token');
  expect(document.response_modes_supported).toEqual(['query', 'fragment', 'form_post', 'web_message']);
  expect(document.code_challenge_methods_supported).toEqual(['S256', 'plain']);
  expect(document).toMatchObject({
    claims_parameter_supported: true,
    prompt_values_supported: ['none', 'login', 'select_account'],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  });
  expect(document.grant_types_supported).toEqual([
    'authorization_code',
    'implicit',
    'refresh_token',
    'client_credentials',
    'urn:ietf:params:oauth:grant-type:device_code',
    'urn:ietf:params:oauth:grant-type:token-exchange',
  ]);
});

test('algorithms, scopes and claims are those of the tokens', () => {
  expect(document.id_token_signing_alg_values_supported).toEqual(['RS256', 'ES256']);
  expect(document.subject_types_supported).toEqual(['public']);
  expect(document.scopes_supported).toEqual([
    'openid',
    'profile',
    'email',
    'address',
    'phone',
    'offline_access',
  ]);
  expect(document.claims_supported).toEqual(
    'address at_hash aud auth_time c_hash email email_verified exp family_name given_name iat iss middle_name name nickname nonce phone_number phone_number_verified picture s_hash sid sub updated_at'.split(
      ' ',
    ),
  );
});

test('that answers name their issuer is said only where they do', () => {
  expect(document).not.toHaveProperty('authorization_response_iss_parameter_supported');
  expect(discoveryDocument('https://idp.example/', ['RS256'], true)).toMatchObject({
    authorization_response_iss_parameter_supported: true,
  });
});
