import { Injectable } from '@nestjs/common';
import { ClientStore } from '../storage/client-store.js';
import type { Client } from '../tenant/client.js';
import { TenantError } from '../tenant/tenant-error.js';
import { identityProviderOf, type IdentityProvider } from './identity-provider.js';
import { BaseUrl } from './ports.js';
import { TenantService } from './tenant.service.js';

/** What service providers are told of us, under the settings and keys as they are now. */
@Injectable()
export class IdentityProviderService {
  constructor(
    private readonly clients: ClientStore,
    private readonly tenants: TenantService,
    private readonly baseUrl: BaseUrl,
  ) {}

  /** To all of them alike: at the URLs where the Issuer of a request names the client. */
  shared(): Promise<IdentityProvider> {
    return this.#of(null);
  }

  /** To the service provider of one client. Throws `client_not_found`. */
  async ofClient(clientId: string): Promise<{ idp: IdentityProvider; client: Client }> {
    const client = await this.clients.get(clientId);
    if (!client)
      throw new TenantError(
        'client_not_found',
        `there is no client ${clientId}; GET /api/v2/clients lists them`,
      );
    return { client, idp: await this.#of(client) };
  }

  async #of(client: Client | null): Promise<IdentityProvider> {
    const { settings } = await this.tenants.current();
    const keys = await this.tenants.publishedKeys();
    return identityProviderOf(client, { settings, keys, baseUrl: this.baseUrl.value });
  }
}
