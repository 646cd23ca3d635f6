import { expect, test } from 'vitest';
import { clientFrom } from './client-changes.js';
import { clientBodySchema } from './client.js';
import { oauthSettingsOf, type OauthSettings } from './oauth-settings.js';

const settings = (body: object = {}): OauthSettings =>
  oauthSettingsOf(
    clientFrom(clientBodySchema.parse({ name: 'App', ...body }), {
      now: new Date(0),
      minimumRsaBits: 1024,
      clientId: 'app',
      clientSecret: 'secret',
    }),
  );

test('a client that says nothing has what Auth0 gives to a regular web application', () => {
  expect(settings()).toEqual({
    dialect: 'auth0',
    grantTypes: ['authorization_code', 'implicit', 'refresh_token', 'client_credentials'],
    authMethods: ['client_secret_basic', 'client_secret_post'],
    credentials: [],
    isConfidential: true,
    isFirstParty: true,
    oidcConformant: true,
    refreshToken: {
      rotation_type: 'non-rotating',
      expiration_type: 'non-expiring',
      leeway: 0,
      token_lifetime: 2_592_000,
      idle_token_lifetime: 2_592_000,
      infinite_token_lifetime: true,
      infinite_idle_token_lifetime: true,
    },
    backchannelLogoutUrls: [],
    backchannelLogoutInitiators: ['rp-logout', 'idp-logout'],
    requiresPushedAuthorizationRequests: false,
    requiresProofOfPossession: false,
    organizationUsage: 'deny',
    organizationRequireBehavior: 'no_prompt',
    defaultOrganizationId: null,
    complianceLevel: 'none',
  });
});

test.each<[object, string]>([
  [{ app_type: 'regular_web' }, 'authorization_code implicit refresh_token client_credentials'],
  [{ app_type: 'spa' }, 'authorization_code implicit refresh_token'],
  [{ app_type: 'native' }, 'authorization_code implicit refresh_token'],
  [{ app_type: 'non_interactive' }, 'client_credentials'],
  [{ token_endpoint_auth_method: 'none' }, 'authorization_code implicit refresh_token'],
  [{ oauth_dialect: 'strict' }, 'authorization_code refresh_token client_credentials'],
  [{ oauth_dialect: 'notion' }, 'authorization_code refresh_token'],
  [{ app_type: 'spa', grant_types: ['password'] }, 'password'],
  [{ grant_types: [] }, ''],
])('%j has the grants "%s"', (body, grants) => {
  expect(settings(body).grantTypes.join(' ')).toBe(grants);
});

test.each<[object, string, boolean]>([
  [{ app_type: 'spa' }, 'none', false],
  [{ app_type: 'native', token_endpoint_auth_method: 'client_secret_post' }, 'client_secret_post', true],
  [{ token_endpoint_auth_method: 'client_secret_basic' }, 'client_secret_basic', true],
  [{ token_endpoint_auth_method: 'private_key_jwt' }, 'private_key_jwt', true],
])('%j proves itself by %s', (body, methods, isConfidential) => {
  expect(settings(body)).toMatchObject({ authMethods: methods.split(' '), isConfidential });
});

test.each(['fapi1_adv_pkj_par', 'fapi2_sp_pkj_mtls'])(
  '%s proves itself by private_key_jwt alone',
  (level) => {
    const body = { compliance_level: level, token_endpoint_auth_method: 'client_secret_post' };
    expect(settings(body)).toMatchObject({ authMethods: ['private_key_jwt'], isConfidential: true });
  },
);

test.each<[object, object]>([
  [{ rotation_type: 'rotating' }, { expiration_type: 'expiring', infinite_token_lifetime: false }],
  [{ token_lifetime: 60 }, { expiration_type: 'expiring', token_lifetime: 60, idle_token_lifetime: 60 }],
  [{ idle_token_lifetime: 60 }, { infinite_idle_token_lifetime: false, infinite_token_lifetime: true }],
  [{ idle_token_lifetime: 60, infinite_idle_token_lifetime: true }, { infinite_idle_token_lifetime: true }],
  [{ infinite_token_lifetime: false }, { expiration_type: 'expiring', infinite_token_lifetime: false }],
])('refresh tokens of %j are %j', (refresh_token, expected) => {
  expect(settings({ refresh_token }).refreshToken).toMatchObject(expected);
});

test.each<[object, string]>([
  [{}, 'rotating'],
  [{ refresh_token: { rotation_type: 'non-rotating' } }, 'rotating'],
  [{ require_proof_of_possession: true }, 'rotating'],
  [{ require_proof_of_possession: true, refresh_token: { rotation_type: 'non-rotating' } }, 'non-rotating'],
  [{ token_endpoint_auth_method: 'client_secret_basic' }, 'non-rotating'],
  [{ oauth_dialect: 'auth0' }, 'non-rotating'],
])('refresh tokens of a strict and public client with %j are %s', (body, rotation_type) => {
  const isPublic = { token_endpoint_auth_method: 'none', oauth_dialect: 'strict' };
  expect(settings({ ...isPublic, ...body }).refreshToken).toMatchObject({ rotation_type });
});

test('a compliance level makes a client strict, unless it says how it is to be answered', () => {
  expect(settings({ compliance_level: 'fapi1_adv_pkj_par' }).dialect).toBe('strict');
  expect(settings({ compliance_level: 'fapi1_adv_pkj_par', oauth_dialect: 'auth0' }).dialect).toBe('auth0');
});

test('initiators of a back-channel logout are those that are selected, or all', () => {
  const of = (backchannel_logout_initiators: object): unknown =>
    settings({ oidc_logout: { backchannel_logout_initiators } }).backchannelLogoutInitiators;
  expect(of({ selected_initiators: ['session-revoked'] })).toEqual(['session-revoked']);
  expect(of({ mode: 'all', selected_initiators: ['rp-logout'] })).toBe('all');
  expect(of({})).toEqual(['rp-logout', 'idp-logout']);
});
