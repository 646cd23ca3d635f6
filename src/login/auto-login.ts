/** Whom a login is answered for without a page. */
import type { Client } from '../tenant/client.js';
import type { TenantSettings } from '../tenant/tenant-settings.js';
import type { User } from '../tenant/user.js';
import { LoginError } from './login-error.js';

/** A user_id: the client's, else the tenant's. */
export const autoLoginAt = (client: Client | null, settings: TenantSettings): string | undefined =>
  client?.auto_login ?? settings.auto_login;

export const isUsable = (user: User | null): user is User => user !== null && user.blocked !== true;

export const autoLoginUnusable = (userId: string, user: User | null): LoginError =>
  new LoginError(
    'auto_login_unusable',
    `auto_login names the user ${userId}, who ${user ? 'is blocked' : 'does not exist'}: GET /api/v2/users lists them`,
  );
