/** What post-login is told of a call of the token endpoint (actions-api.md 12). */
import type { ShownRefreshToken, Transaction } from '../tenant/transaction.js';
import type { JsonObject } from './merged.js';

const PASSWORD_REALM = 'http://auth0.com/oauth/grant-type/password-realm';

/** `event.transaction.protocol`; `undefined` where it is no such call. */
export function tokenCallProtocol({ protocol, oidc }: Transaction): string | undefined {
  if (protocol === 'refresh_token') return 'oauth2-refresh-token';
  if (protocol === 'password')
    return oidc?.grantType === PASSWORD_REALM ? 'oauth2-resource-owner' : 'oauth2-password';
  if (protocol === 'device_code') return 'oauth2-device-code';
  return protocol === 'token_exchange' ? 'oauth2-token-exchange' : undefined;
}

/** `event.refresh_token`. */
export function eventRefreshToken(token: ShownRefreshToken): JsonObject {
  const { device, resourceServers, metadata, access, rotating } = token.details;
  return {
    id: token.id,
    client_id: token.clientId,
    ...(token.userId !== null && { user_id: token.userId }),
    ...(token.sessionId !== null && { session_id: token.sessionId }),
    created_at: token.createdAt,
    ...(token.lastExchangedAt !== null && { last_exchanged_at: token.lastExchangedAt }),
    ...(token.expiresAt !== null && { expires_at: token.expiresAt }),
    ...(token.idleExpiresAt !== null && { idle_expires_at: token.idleExpiresAt }),
    rotating,
    resource_servers: resourceServers.map(({ audience, scope }) => ({
      ...(audience !== null && { audience }),
      scopes: scope,
    })),
    device: {
      ...(device.initialIp !== undefined && { initial_ip: device.initialIp }),
      ...(device.initialUserAgent !== undefined && { initial_user_agent: device.initialUserAgent }),
      ...(device.lastIp !== undefined && { last_ip: device.lastIp }),
      ...(device.lastUserAgent !== undefined && { last_user_agent: device.lastUserAgent }),
    },
    metadata,
    access,
  };
}
