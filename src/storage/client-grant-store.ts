import type { DataSource } from 'typeorm';
import type { ClientGrant, SubjectType } from '../tenant/client-grant.js';
import { invalidBody } from '../tenant/invalid-body.js';
import { TenantError } from '../tenant/tenant-error.js';
import { DatabaseError } from './database.js';
import { DocumentStore } from './document-store.js';
import type { Listing, Page } from './documents.js';
import { lookupDigest } from './lookup-digest.js';
import type { SqlValue } from './statement.js';
import { isStorableKey } from './storable-key.js';

export interface ClientGrantFilters {
  readonly audience?: string | undefined;
  readonly client_id?: string | undefined;
  readonly subject_type?: SubjectType | undefined;
}

/** A grant goes with its client, and with its API. */
export class ClientGrantStore extends DocumentStore<ClientGrant> {
  constructor(dataSource: DataSource) {
    super(dataSource, {
      table: {
        name: 'client_grants',
        key: 'id',
        derived: {
          client_id: ({ client_id }) => client_id,
          audience_digest: ({ audience }) => lookupDigest(audience),
          subject_type: ({ subject_type }) => subject_type,
        },
      },
      taken: ({ client_id, audience, subject_type }) =>
        new TenantError(
          'client_grant_exists',
          `the client ${client_id} has a grant for ${audience} with the subject_type ${subject_type} already, or its id is taken: PATCH that one`,
        ),
    });
  }

  /** Oldest first. */
  async list({
    audience,
    client_id,
    subject_type,
    ...page
  }: ClientGrantFilters & Page): Promise<Listing<ClientGrant>> {
    if (client_id !== undefined && !isStorableKey(client_id)) return { items: [], total: 0 };
    const where: Record<string, SqlValue> = {
      ...(client_id !== undefined && { client_id }),
      ...(audience !== undefined && { audience_digest: lookupDigest(audience) }),
      ...(subject_type !== undefined && { subject_type }),
    };
    return this.listWhere(page, where);
  }

  async find(clientId: string, audience: string, subjectType: SubjectType): Promise<ClientGrant | null> {
    if (!isStorableKey(clientId)) return null;
    return this.documents.find({
      client_id: clientId,
      audience_digest: lookupDigest(audience),
      subject_type: subjectType,
    });
  }

  /** Throws `client_grant_exists`, and `invalid_body` where its client or its API is not there. */
  override async insert(grant: ClientGrant): Promise<void> {
    try {
      await super.insert(grant);
    } catch (error) {
      if (!(error instanceof DatabaseError && error.isMissingReference)) throw error;
      throw invalidBody([{ message: `there is no client ${grant.client_id}, or no API ${grant.audience}` }]);
    }
  }
}
