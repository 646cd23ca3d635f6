import { Injectable } from '@nestjs/common';
import { Clock } from '../login/ports.js';
import { TenantService } from '../login/tenant.service.js';
import type { Tenant } from '../login/circumstances.js';
import type { Dialect } from '../protocol/oauth/dialect.js';
import { ALL_DPOP_ALGORITHMS, DPOP_ALGORITHMS, verifyDpopProof } from '../protocol/oauth/dpop.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { UsedTokenIdStore } from '../storage/used-token-id-store.js';
import { dpopNonces } from './dpop-nonce.js';

export interface ProvenRequest {
  /** Of the endpoint, below the issuer. */
  readonly path: string;
  readonly dialect: Dialect;
  readonly method?: string;
  /** At a resource: the token that the proof must name. */
  readonly accessToken?: string;
}

/** Says which key a request proves to have (RFC 9449 4). */
@Injectable()
export class DpopProofsService {
  constructor(
    private readonly usedTokenIds: UsedTokenIdStore,
    private readonly tenants: TenantService,
    private readonly clock: Clock,
  ) {}

  /**
   * The thumbprint of the key; `undefined` where the request has no proof. Errors: those of `verifyDpopProof`, and `dpop_proof_invalid` for
   * one that came before.
   */
  async keyOf(
    proof: string | undefined,
    { path, dialect, method = 'POST', accessToken }: ProvenRequest,
  ): Promise<string | undefined> {
    if (proof === undefined) return undefined;
    const tenant = await this.tenants.current();
    const now = this.clock.now();
    const { jkt, jti, expiresAt } = await verifyDpopProof(proof, {
      method,
      url: `${tenant.issuer}${path}`,
      now,
      algorithms: dialect === 'strict' ? ALL_DPOP_ALGORITHMS : DPOP_ALGORITHMS,
      ...(accessToken !== undefined && { accessToken }),
      ...(tenant.settings.dpop_nonce_required && { nonces: noncesOf(tenant, now) }),
    });
    if (await this.usedTokenIds.use({ kind: 'dpop', owner: jkt, jti }, expiresAt, now)) return jkt;
    throw new OAuthError(
      'dpop_proof_invalid',
      'the DPoP proof is not accepted: one with this jti came before; make one for each request',
    );
  }

  /** The nonce that the next proof is to hold; `undefined` where none must. */
  async nonce(): Promise<string | undefined> {
    const tenant = await this.tenants.current();
    return tenant.settings.dpop_nonce_required ? noncesOf(tenant, this.clock.now())[0] : undefined;
  }
}

const noncesOf = ({ jwtKeys }: Tenant, now: Date) => dpopNonces(jwtKeys.ES256.privateKey, now);
