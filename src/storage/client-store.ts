import type { DataSource } from 'typeorm';
import type { Client } from '../tenant/client.js';
import { entityIdOfServiceProvider } from '../tenant/saml-addon.js';
import { TenantError } from '../tenant/tenant-error.js';
import { Database } from './database.js';
import { Documents, type Listing, type Page } from './documents.js';
import { lookupDigest } from './lookup-digest.js';

/** What a client is found by when its service provider names itself by its entity ID; `null` where it has none. */
function entityIdDigest({ addons: { samlp } }: Client): string | null {
  const entityId = samlp && entityIdOfServiceProvider(samlp);
  return entityId === undefined ? null : lookupDigest(entityId);
}

export class ClientStore {
  readonly #clients: Documents<Client>;

  constructor(dataSource: DataSource) {
    this.#clients = new Documents(new Database(dataSource), {
      name: 'clients',
      key: 'client_id',
      derived: { entity_id_digest: entityIdDigest },
    });
  }

  /** Oldest first. */
  list(page: Page): Promise<Listing<Client>> {
    return this.#clients.list(page);
  }

  get(clientId: string): Promise<Client | null> {
    return this.#clients.get(clientId);
  }

  /** Those of a service provider; oldest first. */
  findByEntityId(entityId: string): Promise<readonly Client[]> {
    return this.#clients.listBy('entity_id_digest', lookupDigest(entityId));
  }

  /** Throws `client_exists`. */
  async insert(client: Client): Promise<void> {
    if (!(await this.#clients.insert(client)))
      throw new TenantError(
        'client_exists',
        `there is a client ${client.client_id} already: PATCH it, or choose another client_id`,
      );
  }

  /** False where there is no such client. */
  replace(client: Client): Promise<boolean> {
    return this.#clients.replace(client);
  }

  upsert(client: Client): Promise<void> {
    return this.#clients.upsert(client);
  }

  /**
   * Writes what `change` makes of the client, and yields it; `null` where there is none.
   * `change` may be asked several times: concurrent changes follow one another, and none is lost.
   */
  update(clientId: string, change: (client: Client) => Client): Promise<Client | null> {
    return this.#clients.update(clientId, change);
  }

  /** False where there is no such client. */
  delete(clientId: string): Promise<boolean> {
    return this.#clients.delete(clientId);
  }
}
