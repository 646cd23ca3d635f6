/**
 * Storage owns the database: where it is, its tables, and one store for each thing that is kept. Stores take and give
 * the plain values of `tenant/`. It does not know what a login is, HTTP, or who asks.
 */
import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AccessTokenStore } from './access-token-store.js';
import { ActionCacheStore } from './action-cache-store.js';
import { ActionStore } from './action-store.js';
import { AuthorizationCodeStore } from './authorization-code-store.js';
import { ClientGrantStore } from './client-grant-store.js';
import { ClientStore } from './client-store.js';
import { ConnectionStore } from './connection-store.js';
import { openDataSource } from './data-source.js';
import { DeviceCodeStore } from './device-code-store.js';
import { GrantStore } from './grant-store.js';
import { LoginAttemptStore } from './login-attempt-store.js';
import { LogoutDeliveryStore } from './logout-delivery-store.js';
import { LogoutStore } from './logout-store.js';
import { OrganizationStore } from './organization-store.js';
import { PermissionStore } from './permission-store.js';
import { PushedRequestStore } from './pushed-request-store.js';
import { RefreshTokenStore } from './refresh-token-store.js';
import { ResourceServerStore } from './resource-server-store.js';
import { RoleStore } from './role-store.js';
import { SessionStore } from './session-store.js';
import { SettingsStore } from './settings-store.js';
import { SigningKeyStore } from './signing-key-store.js';
import { TlsKeyStore } from './tls-key-store.js';
import { TransactionStore } from './transaction-store.js';
import { UsedTokenIdStore } from './used-token-id-store.js';
import { UserStore } from './user-store.js';

const STORES = [
  ClientStore,
  UserStore,
  SigningKeyStore,
  SettingsStore,
  TlsKeyStore,
  TransactionStore,
  SessionStore,
  LogoutStore,
  LoginAttemptStore,
  ActionStore,
  ActionCacheStore,
  ResourceServerStore,
  ClientGrantStore,
  ConnectionStore,
  RoleStore,
  PermissionStore,
  OrganizationStore,
  GrantStore,
  AuthorizationCodeStore,
  RefreshTokenStore,
  AccessTokenStore,
  DeviceCodeStore,
  PushedRequestStore,
  UsedTokenIdStore,
  LogoutDeliveryStore,
];

@Module({})
export class StorageModule implements OnApplicationShutdown {
  readonly #dataSource: DataSource;

  constructor(@Inject(DataSource) dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /** The stores over the database at this URL, for every module; migrated before anybody gets one. */
  static forUrl(databaseUrl: string): DynamicModule {
    const providers: Provider[] = [
      { provide: DataSource, useFactory: () => openDataSource(databaseUrl) },
      ...STORES.map((Store) => ({
        provide: Store,
        useFactory: (dataSource: DataSource) => new Store(dataSource),
        inject: [DataSource],
      })),
    ];
    return { module: StorageModule, global: true, providers, exports: [DataSource, ...STORES] };
  }

  /** Nest calls it after the HTTP server has answered what was in flight. */
  async onApplicationShutdown(): Promise<void> {
    await this.#dataSource.destroy();
  }
}
