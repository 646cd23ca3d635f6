import type { DataSource } from 'typeorm';
import type { ResourceServer } from '../tenant/resource-server.js';
import { TenantError } from '../tenant/tenant-error.js';
import { DocumentStore } from './document-store.js';
import type { Listing, Page } from './documents.js';
import { lookupDigest } from './lookup-digest.js';
import type { Statement } from './statement.js';

/**
 * Each scope has a row beside the document, to which permissions refer: with a scope go the permissions, and with a resource server its
 * scopes, its permissions and its client grants.
 */
export class ResourceServerStore extends DocumentStore<ResourceServer> {
  constructor(dataSource: DataSource) {
    super(dataSource, {
      table: {
        name: 'resource_servers',
        key: 'id',
        derived: { identifier_digest: ({ identifier }) => lookupDigest(identifier) },
      },
      taken: ({ identifier, id }) =>
        new TenantError(
          'resource_server_exists',
          `there is a resource server with the identifier ${identifier} or the id ${id} already: PATCH it, or choose another`,
        ),
    });
  }

  /** Oldest first. */
  list(page: Page): Promise<Listing<ResourceServer>> {
    return this.listWhere(page, {});
  }

  /** To the letter. */
  async findByIdentifier(identifier: string): Promise<ResourceServer | null> {
    const [found] = await this.documents.listBy('identifier_digest', lookupDigest(identifier));
    return found ?? null;
  }

  /** By its id, else by its identifier. */
  async findByIdOrIdentifier(text: string): Promise<ResourceServer | null> {
    return (await this.get(text)) ?? this.findByIdentifier(text);
  }

  protected override written(api: ResourceServer, kept: ResourceServer | null): readonly Statement[] {
    const audience = lookupDigest(api.identifier);
    const had = new Set(kept?.scopes.map(({ value }) => value));
    const has = new Set(api.scopes.map(({ value }) => value));
    const statement = (sql: string) => (value: string) => ({ sql, values: [audience, value] });
    return [
      ...[...had]
        .filter((value) => !has.has(value))
        .map(statement('DELETE FROM scopes WHERE audience_digest = ? AND value = ?')),
      ...[...has]
        .filter((value) => !had.has(value))
        .map(statement('INSERT INTO scopes (audience_digest, value) VALUES (?, ?) ON CONFLICT DO NOTHING')),
    ];
  }
}
