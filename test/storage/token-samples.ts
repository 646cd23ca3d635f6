import type { DeviceCode } from '../../src/tenant/device-code.js';
import type {
  AccessToken,
  AuthorizationCode,
  Grant,
  Issuance,
  RefreshToken,
  RefreshTokenDetails,
} from '../../src/tenant/grant.js';
import { AT, after } from './samples.js';

export const at = (milliseconds: number): Date => new Date(after(milliseconds));

export const aGrant = (id: string, over: Partial<Grant> = {}): Grant => ({
  id,
  transactionId: 'txn_1',
  clientId: 'client',
  userId: 'auth0|user',
  sessionId: 'session',
  audience: 'https://api.example.test/',
  scope: 'openid offline_access',
  createdAt: AT,
  authenticatedAt: AT,
  ...over,
});

export const anIssuance = (over: Partial<Issuance> = {}): Issuance => ({
  user: { user_id: 'auth0|user' },
  scope: 'openid offline_access',
  now: null,
  tokenClient: { alg: 'RS256', idTokenLifetimeInSeconds: 36_000 },
  idToken: { customClaims: {} },
  accessToken: { customClaims: {}, scopes: {} },
  ...over,
});

export const aCode = (
  digest: string,
  grantId: string,
  over: Partial<AuthorizationCode> = {},
): AuthorizationCode => ({
  digest,
  transactionId: 'txn_1',
  grantId,
  clientId: 'client',
  expiresAt: after(60_000),
  redirectUri: null,
  issuance: anIssuance(),
  ...over,
});

export const someDetails = (over: Partial<RefreshTokenDetails> = {}): RefreshTokenDetails => ({
  resourceServers: [{ audience: 'https://api.example.test/', scope: 'openid offline_access' }],
  device: {},
  metadata: {},
  access: 'offline',
  rotating: true,
  idleLifetimeInSeconds: null,
  leewayInSeconds: 0,
  ...over,
});

export const aRefreshToken = (
  digest: string,
  grantId: string,
  over: Partial<RefreshToken> = {},
): RefreshToken => ({
  digest,
  id: `rt_${grantId}`,
  grantId,
  status: 'active',
  createdAt: AT,
  rotatedAt: null,
  lastExchangedAt: null,
  expiresAt: after(1_000_000),
  idleExpiresAt: null,
  details: someDetails(),
  ...over,
});

export const anAccessToken = (
  key: string,
  grantId: string | null,
  over: Partial<AccessToken> = {},
): AccessToken => ({
  key,
  grantId,
  clientId: 'client',
  userId: 'auth0|user',
  audience: 'https://api.example.test/',
  scope: 'openid',
  issuedAt: AT,
  expiresAt: after(100_000),
  customClaims: {},
  ...over,
});

export const aDeviceCode = (
  digest: string,
  userCode: string,
  over: Partial<DeviceCode> = {},
): DeviceCode => ({
  digest,
  userCode,
  clientId: 'client',
  status: 'pending',
  createdAt: AT,
  expiresAt: after(900_000),
  interval: 5,
  scope: 'openid',
  audience: null,
  grantId: null,
  issuance: null,
  ...over,
});
