import { Injectable } from '@nestjs/common';
import { AccessTokenStore } from '../storage/access-token-store.js';
import { tokenDigest } from '../tenant/grant.js';
import { ActionsService, type RunOptions } from './actions/actions.service.js';
import { AuthorizationsService } from './authorizations.service.js';
import type { Circumstances, Tenant } from './circumstances.js';
import { PairReader } from './pair-reader.js';
import { Clock, Randomness } from './ports.js';

/** Hands the steps what they need from outside the transaction. */
@Injectable()
export class CircumstancesService {
  #pairs: PairReader | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly randomness: Randomness,
    private readonly actions: ActionsService,
    private readonly authorizations: AuthorizationsService,
    private readonly accessTokens: AccessTokenStore,
  ) {}

  /** `actions`, where another thing is to be done at that step than to run those that are bound. */
  of(tenant: Tenant, actions: RunOptions = {}): Circumstances {
    const { ofConfiguration, readCertificate } = this.pairReader(tenant);
    const circumstances: Circumstances = {
      tenant,
      clock: () => this.clock.now(),
      at: this.clock.now(),
      random: (count) => this.randomness.bytes(count),
      wasRevoked: async (token) => (await this.accessTokens.find(tokenDigest(token)))?.isRevoked === true,
      ...ofConfiguration,
      readCertificate,
      authorizations: this.authorizations,
      runActions: (transaction) => this.actions.run(transaction, circumstances, actions),
    };
    return circumstances;
  }

  /** What it remembers was long enough for the tenant's minimum, so another minimum begins anew. */
  pairReader({ settings: { minimum_rsa_bits: minimumRsaBits } }: Tenant): PairReader {
    if (this.#pairs?.minimumRsaBits !== minimumRsaBits) this.#pairs = new PairReader(minimumRsaBits);
    return this.#pairs;
  }
}
