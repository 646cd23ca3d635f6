import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { MintmarkError } from '../protocol/mintmark-error.js';
import { SamlError } from '../protocol/saml/saml-error.js';
import { readSpMetadata, type SpMetadata } from '../protocol/saml/sp-metadata.js';
import { ClientStore } from '../storage/client-store.js';
import { SettingsStore } from '../storage/settings-store.js';
import type { ClientCircumstances } from '../tenant/client-changes.js';
import type { Client } from '../tenant/client.js';
import { entityIdOfServiceProvider } from '../tenant/saml-addon.js';
import { clientOfMetadata, clientWithMetadata, type SpImport } from '../tenant/sp-import.js';
import { TenantError } from '../tenant/tenant-error.js';
import { fetchMetadata } from './fetch-metadata.js';
import { Clock, Randomness } from './ports.js';

export type MetadataSource = { readonly xml: string } | { readonly url: string };
/** What is said beside the metadata. */
export interface ImportWishes {
  readonly name?: string | undefined;
  readonly client_id?: string | undefined;
}
export interface Imported extends SpImport {
  /** Whether the client was made; else it was there. */
  readonly created: boolean;
}

/** Takes in the metadata of service providers: one client an entity ID, however often and from however many sides it is imported. */
@Injectable()
export class ServiceProvidersService {
  constructor(
    private readonly clients: ClientStore,
    private readonly settings: SettingsStore,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {}

  /**
   * Throws TenantError `metadata_unreachable`, SamlError `saml_metadata_invalid` or what else its reading finds, and `client_exists`
   * where a `client_id` is asked for and another client has the entity ID.
   */
  async import(source: MetadataSource, wishes: ImportWishes = {}): Promise<Imported> {
    const xml = 'xml' in source ? source.xml : await fetchMetadata(source.url);
    try {
      return await this.#keep(readSpMetadata(xml.replace(/^\uFEFF/, '').trimStart()), wishes);
    } catch (error) {
      throw error instanceof SamlError ? pointedAt('xml' in source ? '/xml' : '/url', error) : error;
    }
  }

  async #keep(metadata: SpMetadata, { name, client_id: clientId }: ImportWishes): Promise<Imported> {
    const circumstances = await this.#circumstances();
    const [known] = await this.clients.findByEntityId(metadata.entityId);
    if (clientId !== undefined && known && known.client_id !== clientId)
      throw new TenantError(
        'client_exists',
        `the client ${known.client_id} has the entity ID ${metadata.entityId} already: leave client_id out to update it, or delete it first`,
        { errors: [{ pointer: '/client_id', detail: `must be ${known.client_id}, or be left out` }] },
      );
    const fixed = clientId ?? known?.client_id;
    if (fixed !== undefined) return this.#write(fixed, metadata, name, circumstances);
    for (let attempt = 0; ; attempt++) {
      const derived = derivedClientId(metadata.entityId, attempt);
      const taken = await this.clients.get(derived);
      if (!taken || entityIdOfServiceProvider(taken.addons.samlp ?? {}) === metadata.entityId)
        return this.#write(derived, metadata, name, circumstances);
    }
  }

  /** Updates, else inserts; whoever imports the same at the same time inserts the same client_id, and only one can. */
  async #write(
    clientId: string,
    metadata: SpMetadata,
    name: string | undefined,
    circumstances: ClientCircumstances,
  ): Promise<Imported> {
    for (;;) {
      let updated: SpImport | undefined;
      const change = (client: Client): Client =>
        (updated = clientWithMetadata(client, metadata, { name }, circumstances)).client;
      const kept = await this.clients.update(clientId, change);
      if (kept && updated) return { ...updated, client: kept, created: false };
      const made = clientOfMetadata(
        metadata,
        { name },
        {
          ...circumstances,
          clientId,
          clientSecret: this.randomness.bytes(48).toString('base64url'),
        },
      );
      try {
        await this.clients.insert(made.client);
        return { ...made, created: true };
      } catch (error) {
        if (!(error instanceof TenantError && error.code === 'client_exists')) throw error;
      }
    }
  }

  async #circumstances(): Promise<ClientCircumstances> {
    const { minimum_rsa_bits: minimumRsaBits } = await this.settings.get();
    return { now: this.clock.now(), minimumRsaBits };
  }
}

/** The same for everyone who imports the entity ID, so that the key of the table keeps a second client away; `attempt` where one is taken. */
const derivedClientId = (entityId: string, attempt: number): string =>
  createHash('sha256').update(`${entityId}\n${attempt}`).digest('hex').slice(0, 32);

/** What is wrong with the metadata is wrong with the member of the body that it came by. */
const pointedAt = (pointer: string, { code, description, cause }: MintmarkError): SamlError =>
  new SamlError(code as SamlError['code'], description, {
    cause,
    errors: [{ pointer, detail: description }],
  });
