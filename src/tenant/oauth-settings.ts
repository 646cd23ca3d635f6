/** What holds for a client in OAuth: what it says, and Auth0's defaults where it is silent. Clients are stored as they were written. */
import type { Client } from './client.js';
import type { ClientCredential } from './client-credential.js';
import type { BackchannelLogoutInitiator, OauthDialect, TokenEndpointAuthMethod } from './oauth-client.js';

export interface RefreshTokenSettings {
  readonly rotation_type: 'rotating' | 'non-rotating';
  readonly expiration_type: 'expiring' | 'non-expiring';
  /** Seconds. */
  readonly leeway: number;
  readonly token_lifetime: number;
  readonly idle_token_lifetime: number;
  readonly infinite_token_lifetime: boolean;
  readonly infinite_idle_token_lifetime: boolean;
}

export interface OauthSettings {
  readonly dialect: OauthDialect;
  readonly grantTypes: readonly string[];
  /** Any of these; without a word from the client either way to send its secret. */
  readonly authMethods: readonly TokenEndpointAuthMethod[];
  /** The keys of private_key_jwt. */
  readonly credentials: readonly ClientCredential[];
  /** Whether it can keep a secret. */
  readonly isConfidential: boolean;
  readonly isFirstParty: boolean;
  readonly oidcConformant: boolean;
  readonly refreshToken: RefreshTokenSettings;
  readonly backchannelLogoutUrls: readonly string[];
  readonly backchannelLogoutInitiators: 'all' | readonly BackchannelLogoutInitiator[];
  readonly requiresPushedAuthorizationRequests: boolean;
  readonly requiresProofOfPossession: boolean;
  readonly organizationUsage: 'deny' | 'allow' | 'require';
  readonly organizationRequireBehavior: 'no_prompt' | 'pre_login_prompt' | 'post_login_prompt';
  /** Of client_credentials. */
  readonly defaultOrganizationId: string | null;
  readonly complianceLevel: NonNullable<Client['compliance_level']>;
}

type Public = Pick<
  Client,
  'app_type' | 'token_endpoint_auth_method' | 'client_authentication_methods' | 'compliance_level'
>;

function authMethodsOf(client: Public): readonly TokenEndpointAuthMethod[] {
  const { app_type: type, token_endpoint_auth_method: method, client_authentication_methods: keys } = client;
  // the levels with `pkj` in their name have no other
  if (keys !== undefined || client.compliance_level?.includes('_pkj_')) return ['private_key_jwt'];
  if (method !== undefined) return [method];
  return type === 'native' || type === 'spa' ? ['none'] : ['client_secret_basic', 'client_secret_post'];
}

/** As Auth0 gives them to a new application; the implicit grant, which RFC 9700 forbids, not where a client is strict. */
function grantTypesOf(client: Client, dialect: OauthDialect, isConfidential: boolean): readonly string[] {
  if (client.grant_types !== undefined) return client.grant_types;
  if (client.app_type === 'non_interactive') return ['client_credentials'];
  return [
    'authorization_code',
    ...(dialect === 'auth0' ? ['implicit'] : []),
    'refresh_token',
    ...(isConfidential && dialect !== 'notion' ? ['client_credentials'] : []),
  ];
}

/** Thirty days. */
const REFRESH_TOKEN_LIFETIME = 2_592_000;

/** RFC 9700 4.14.2: a token that no secret guards rotates, or is bound to a key, as every token of a client is that requires proofs. */
function rotationOf(client: Client, dialect: OauthDialect, isConfidential: boolean) {
  const { refresh_token: given = {}, require_proof_of_possession: isBound = false } = client;
  if (dialect !== 'strict' || isConfidential) return given.rotation_type ?? 'non-rotating';
  return isBound ? (given.rotation_type ?? 'rotating') : 'rotating';
}

function refreshTokenSettingsOf(
  { refresh_token: given = {} }: Pick<Client, 'refresh_token'>,
  rotation: RefreshTokenSettings['rotation_type'],
): RefreshTokenSettings {
  const expiration =
    given.expiration_type ??
    (rotation === 'rotating' || given.infinite_token_lifetime === false || given.token_lifetime !== undefined
      ? 'expiring'
      : 'non-expiring');
  const lifetime = given.token_lifetime ?? REFRESH_TOKEN_LIFETIME;
  return {
    rotation_type: rotation,
    expiration_type: expiration,
    leeway: given.leeway ?? 0,
    token_lifetime: lifetime,
    idle_token_lifetime: given.idle_token_lifetime ?? Math.min(lifetime, REFRESH_TOKEN_LIFETIME),
    infinite_token_lifetime: given.infinite_token_lifetime ?? expiration === 'non-expiring',
    infinite_idle_token_lifetime:
      given.infinite_idle_token_lifetime ?? given.idle_token_lifetime === undefined,
  };
}

const INITIATORS: readonly BackchannelLogoutInitiator[] = ['rp-logout', 'idp-logout'];

export function oauthSettingsOf(client: Client): OauthSettings {
  const complianceLevel = client.compliance_level ?? 'none';
  const dialect = client.oauth_dialect ?? (complianceLevel === 'none' ? 'auth0' : 'strict');
  const authMethods = authMethodsOf(client);
  const isConfidential = !authMethods.includes('none');
  const { backchannel_logout_urls: urls = [], backchannel_logout_initiators: initiators } =
    client.oidc_logout ?? {};
  return {
    dialect,
    grantTypes: grantTypesOf(client, dialect, isConfidential),
    authMethods,
    credentials: client.client_authentication_methods?.private_key_jwt.credentials ?? [],
    isConfidential,
    isFirstParty: client.is_first_party ?? true,
    oidcConformant: client.oidc_conformant ?? true,
    refreshToken: refreshTokenSettingsOf(client, rotationOf(client, dialect, isConfidential)),
    backchannelLogoutUrls: urls,
    backchannelLogoutInitiators:
      initiators?.mode === 'all' ? 'all' : (initiators?.selected_initiators ?? INITIATORS),
    requiresPushedAuthorizationRequests: client.require_pushed_authorization_requests ?? false,
    requiresProofOfPossession: client.require_proof_of_possession ?? false,
    organizationUsage: client.organization_usage ?? 'deny',
    organizationRequireBehavior: client.organization_require_behavior ?? 'no_prompt',
    defaultOrganizationId: client.default_organization?.organization_id ?? null,
    complianceLevel,
  };
}
