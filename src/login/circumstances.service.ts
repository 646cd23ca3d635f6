import { Injectable } from '@nestjs/common';
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
  ) {}

  of(tenant: Tenant): Circumstances {
    const { ofConfiguration, readCertificate } = this.pairReader(tenant);
    return {
      tenant,
      at: this.clock.now(),
      random: (count) => this.randomness.bytes(count),
      ...ofConfiguration,
      readCertificate,
    };
  }

  /** What it remembers was long enough for the tenant's minimum, so another minimum begins anew. */
  pairReader({ settings: { minimum_rsa_bits: minimumRsaBits } }: Tenant): PairReader {
    if (this.#pairs?.minimumRsaBits !== minimumRsaBits) this.#pairs = new PairReader(minimumRsaBits);
    return this.#pairs;
  }
}
