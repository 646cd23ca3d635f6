/** What an application has to know of us and of itself to log users in. */
import type { DiscoveryDocument } from '../../../protocol/jwt/discovery.js';
import type { Client } from '../../../tenant/client.js';
import type { TokenEndpointAuthMethod } from '../../../tenant/oauth-client.js';
import { oauthSettingsOf } from '../../../tenant/oauth-settings.js';

export interface Application {
  readonly provider: DiscoveryDocument;
  /** The issuer without scheme and slashes, as Auth0's SDKs want it. */
  readonly domain: string;
  /** Whether https is spoken to us. */
  readonly isSecure: boolean;
  readonly clientId: string;
  /** The first callback. */
  readonly redirectUri: string;
  /** Its parts, where it is one of the web: native applications have schemes of their own. */
  readonly web: { readonly origin: string; readonly path: string } | null;
  /** How it proves who it is at the token endpoint. */
  readonly authMethod: TokenEndpointAuthMethod;
  readonly scope: string;
  /** Of ID tokens. */
  readonly alg: string;
  readonly speaksNotion: boolean;
}

/** Whether it is more than a SAML service provider: one that is says something of OAuth too. */
export const canSpeakOidc = (client: Client): boolean =>
  !client.addons.samlp ||
  client.grant_types !== undefined ||
  client.app_type !== undefined ||
  client.token_endpoint_auth_method !== undefined ||
  client.oauth_dialect !== undefined;

/** `null` where the client is no application, or where no browser could come back to it. */
export function applicationOf(client: Client, provider: DiscoveryDocument): Application | null {
  const [redirectUri] = client.callbacks;
  const { grantTypes, authMethods, dialect } = oauthSettingsOf(client);
  if (!canSpeakOidc(client) || redirectUri === undefined || !grantTypes.includes('authorization_code'))
    return null;
  const { protocol, host, pathname } = new URL(provider.issuer);
  const callback = new URL(redirectUri);
  return {
    provider,
    domain: `${host}${pathname.replace(/\/$/, '')}`,
    isSecure: protocol === 'https:',
    clientId: client.client_id,
    redirectUri,
    web: /^https?:$/.test(callback.protocol) ? { origin: callback.origin, path: callback.pathname } : null,
    // where either way to send a secret will do, the one that Auth0's SDKs know
    authMethod: authMethods.length > 1 ? 'client_secret_post' : authMethods[0]!,
    scope: `openid profile email${grantTypes.includes('refresh_token') ? ' offline_access' : ''}`,
    alg: client.jwt_configuration.alg,
    speaksNotion: dialect === 'notion',
  };
}

export const hasSecret = ({ authMethod }: Application): boolean =>
  authMethod === 'client_secret_post' || authMethod === 'client_secret_basic';
