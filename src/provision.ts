/** Gives the tenant what it must have before the first request is answered. */
import type { INestApplicationContext } from '@nestjs/common';
import type { Logger } from 'pino';
import { VARIABLES, type Config } from './config.js';
import { ActionDeploymentService } from './login/action-deployment.service.js';
import { Clock, Failures } from './login/ports.js';
import { SessionEndsService } from './login/session-ends.service.js';
import { provideAdminToken, type AdminToken } from './provision/admin-token.js';
import { applySeed, readSeed, type SeedStores } from './provision/seed.js';
import { provideTenantKeys, tenantKeyOf, type ProvidedKeys } from './provision/tenant-keys.js';
import { readTenantPair } from './provision/tenant-pair.js';
import { Sandbox } from './sandbox/sandbox.js';
import { ClientGrantStore } from './storage/client-grant-store.js';
import { ClientStore } from './storage/client-store.js';
import { ConnectionStore } from './storage/connection-store.js';
import { OrganizationStore } from './storage/organization-store.js';
import { PermissionStore } from './storage/permission-store.js';
import { ResourceServerStore } from './storage/resource-server-store.js';
import { RoleStore } from './storage/role-store.js';
import { SettingsStore } from './storage/settings-store.js';
import { SigningKeyStore } from './storage/signing-key-store.js';
import { UserStore } from './storage/user-store.js';
import { isLoopback } from './web/border/request-guard.js';

export interface Provisioned {
  /** `null` on loopback, where no token is asked for. */
  readonly adminToken: AdminToken | null;
  /** Whether the tenant had no key before. */
  readonly firstStart: boolean;
  readonly keys: ProvidedKeys;
  /** The seed that was applied. */
  readonly seeded: {
    readonly file: string;
    readonly clients: number;
    readonly users: number;
    readonly actions: number;
  } | null;
}

/**
 * Sees to keys, seed and admin token; at each start, and on any number of instances at once.
 * Throws StartError or TenantError, in sentences for the operator, where a file of theirs cannot be used.
 */
export async function provision(
  app: INestApplicationContext,
  config: Config,
  log: Logger,
): Promise<Provisioned> {
  const stores = {
    settings: app.get(SettingsStore),
    clients: app.get(ClientStore),
    users: app.get(UserStore),
    ends: app.get(SessionEndsService),
    actions: app.get(ActionDeploymentService),
    authorization: {
      resourceServers: app.get(ResourceServerStore),
      clientGrants: app.get(ClientGrantStore),
      connections: app.get(ConnectionStore),
      roles: app.get(RoleStore),
      permissions: app.get(PermissionStore),
      organizations: app.get(OrganizationStore),
    },
  };
  const keys = app.get(SigningKeyStore);
  app.get(Failures).report = (err, what) => log.error({ err }, what);
  const now = app.get(Clock).now();

  const pair = await readTenantPair(config.certsFolder);
  const seed = (await isSeedWanted(config, stores))
    ? await readSeed(config.seedFile!, (action) => stores.actions.tryPackages(action))
    : null;
  const commonName = seed?.seed.settings.name ?? (await stores.settings.get()).name;
  const imported = pair && { pair, key: tenantKeyOf(pair, { now, commonName }) };
  if (pair?.isExposed)
    log.warn(`${pair.keyFile} can be read by other users of this machine: chmod 600 ${pair.keyFile}`);
  const kept = await keys.list();

  const [provided] = await Promise.all([
    provideTenantKeys(keys, imported, { now, commonName }),
    seed && applySeed(seed, stores, { file: config.seedFile!, now }),
  ]);
  const replaced = kept.find(({ kid }) => kid === imported?.key.kid);
  if (replaced && replaced.certificatePem !== imported?.key.certificatePem)
    log.warn(
      `${pair!.certificateFile} is not the certificate that is kept for its key; a key is imported once, so the kept one stays`,
    );
  // Has workers ready before the first login waits for one; whether they come up is told at a login
  if (seed && seed.actions.length > 0)
    void app
      .get(Sandbox)
      .warm()
      .catch(() => undefined);
  return {
    // Last: a token that was made is lost if anything fails before it is shown.
    adminToken: isLoopback(config.host) ? null : await provideAdminToken(stores.settings, config.adminToken),
    firstStart: kept.length === 0,
    keys: provided,
    seeded: seed && {
      file: config.seedFile!,
      clients: seed.seed.clients.length,
      users: seed.seed.users.length,
      actions: seed.actions.length,
    },
  };
}

/** A seed that the operator names is applied at each start; the demo tenant only where there is nothing yet. */
async function isSeedWanted(config: Config, { clients, users }: SeedStores): Promise<boolean> {
  if (config.seedFile === null) return false;
  if (config.seedFile !== VARIABLES.MINTMARK_SEED.initial) return true;
  const [anyClients, anyUsers] = [
    await clients.list({ page: 0, perPage: 1 }),
    await users.list({ page: 0, perPage: 1 }),
  ];
  return anyClients.total + anyUsers.total === 0;
}
