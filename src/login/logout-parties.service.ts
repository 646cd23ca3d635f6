import { Injectable } from '@nestjs/common';
import { ClientStore } from '../storage/client-store.js';
import type { Client } from '../tenant/client.js';
import type { LogoutStep } from '../tenant/logout.js';
import type { SessionParticipant } from '../tenant/session.js';
import { clientNotSaml } from './begin.js';
import { CircumstancesService } from './circumstances.service.js';
import { LoginError } from './login-error.js';
import { stepOf } from './logout-chain.js';
import { partyOf, whyLeftOut, type LogoutParty } from './logout-party.js';
import { clientNamed } from './named-client.js';
import { BaseUrl } from './ports.js';
import { TenantService } from './tenant.service.js';

/** Finds the clients that take part in a logout, as they are configured now. */
@Injectable()
export class LogoutPartiesService {
  constructor(
    private readonly clients: ClientStore,
    private readonly tenants: TenantService,
    private readonly circumstances: CircumstancesService,
    private readonly baseUrl: BaseUrl,
  ) {}

  async find(clientId: string): Promise<LogoutParty | null> {
    const client = await this.clients.get(clientId);
    return client && this.#of(client);
  }

  /** The client that a path names. Throws LoginError `client_unknown`, `client_not_saml`. */
  async get(clientId: string): Promise<LogoutParty> {
    const client = await this.clients.get(clientId);
    if (client && !client.addons.samlp) throw clientNotSaml(clientId);
    if (client) return this.#of(client);
    throw new LoginError(
      'client_unknown',
      `The address names the client ${clientId}, and there is none: look at the service provider's single logout URL, or make the client.`,
    );
  }

  /** The client that an Issuer names. Throws SamlError `saml_issuer_unknown` where it is none, or one of several. */
  async named(issuer: string): Promise<LogoutParty> {
    const found = await this.clients.findByEntityId(issuer);
    return this.#of(clientNamed(issuer, found, '/samlp/<client_id>/logout'));
  }

  /** In the given order; whoever cannot be asked is left out from the start. */
  async stepsOf(participants: readonly SessionParticipant[]): Promise<LogoutStep[]> {
    const ids = [...new Set(participants.map(({ clientId }) => clientId))];
    const parties = new Map(await Promise.all(ids.map(async (id) => [id, await this.find(id)] as const)));
    return participants.map((participant) =>
      stepOf(participant, whyLeftOut(parties.get(participant.clientId) ?? null)),
    );
  }

  async #of(client: Client): Promise<LogoutParty> {
    return partyOf(client, this.circumstances.of(await this.tenants.current()), this.baseUrl.value);
  }
}
