import type { DataSource } from 'typeorm';
import type { Connection } from '../tenant/connection.js';
import { TenantError } from '../tenant/tenant-error.js';
import { DocumentStore } from './document-store.js';
import type { Listing, Page } from './documents.js';
import type { SqlValue } from './statement.js';
import { isStorableKey } from './storable-key.js';

export interface ConnectionFilters {
  readonly name?: string | undefined;
  readonly strategy?: string | undefined;
}

export class ConnectionStore extends DocumentStore<Connection> {
  constructor(dataSource: DataSource) {
    super(dataSource, {
      table: {
        name: 'connections',
        key: 'id',
        derived: { name: ({ name }) => name, strategy: ({ strategy }) => strategy },
      },
      taken: ({ name, id }) =>
        new TenantError(
          'connection_exists',
          `there is a connection with the name ${name} or the id ${id} already: PATCH it, or choose another`,
        ),
    });
  }

  /** Oldest first. */
  async list({ name, strategy, ...page }: ConnectionFilters & Page): Promise<Listing<Connection>> {
    const where: Record<string, SqlValue> = {
      ...(name !== undefined && { name }),
      ...(strategy !== undefined && { strategy }),
    };
    if (!Object.values(where).every((value) => isStorableKey(String(value)))) return { items: [], total: 0 };
    return this.listWhere(page, where);
  }

  /** To the letter. */
  async findByName(name: string): Promise<Connection | null> {
    return (await this.list({ name, page: 0, perPage: 1 })).items[0] ?? null;
  }
}
