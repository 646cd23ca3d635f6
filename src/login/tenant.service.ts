import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { MintmarkError } from '../protocol/mintmark-error.js';
import { decodeJwt } from '../protocol/jwt/compact.js';
import { issuerOf } from '../protocol/jwt/issuer.js';
import { jwksOf, type Jwks } from '../protocol/jwt/jwks.js';
import { der } from '../protocol/saml/key-pairs.js';
import { SettingsStore } from '../storage/settings-store.js';
import { SigningKeyStore } from '../storage/signing-key-store.js';
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from '../tenant/client.js';
import type { SigningKey } from '../tenant/signing-key.js';
import { ActionDeploymentService } from './action-deployment.service.js';
import type { Tenant } from './circumstances.js';
import { BaseUrl } from './ports.js';

interface Loaded {
  readonly revision: number;
  readonly tenant: Tenant;
  readonly keys: readonly SigningKey[];
  readonly revokedKids: ReadonlySet<string>;
  readonly jwks: Jwks;
}

/**
 * The tenant's settings, keys and Actions, parsed once a revision. Each call asks the database for the revision, one small read,
 * so a rotation by another instance counts from the next login on.
 */
@Injectable()
export class TenantService {
  #loaded: Loaded | undefined;

  constructor(
    private readonly settings: SettingsStore,
    private readonly keys: SigningKeyStore,
    private readonly deployments: ActionDeploymentService,
    private readonly baseUrl: BaseUrl,
  ) {}

  async current(): Promise<Tenant> {
    return (await this.#load()).tenant;
  }

  /** Every key that is still published, the current ones first. */
  async publishedKeys(): Promise<readonly SigningKey[]> {
    return (await this.#load()).keys;
  }

  async jwks(): Promise<Jwks> {
    return (await this.#load()).jwks;
  }

  /** Whether a token is a JWT that a key has signed which was revoked since. */
  async isOfRevokedKey(token: string): Promise<boolean> {
    const kid = decodeJwt(token).header?.['kid'];
    return typeof kid === 'string' && (await this.#load()).revokedKids.has(kid);
  }

  /** A secret that does not open must not take the keys and the settings with it. */
  async #actions(): Promise<Pick<Tenant, 'triggers' | 'triggersFault'>> {
    try {
      return { triggers: await this.deployments.deployed(), triggersFault: null };
    } catch (error) {
      if (!(error instanceof MintmarkError)) throw error;
      return { triggers: { 'post-login': [], 'credentials-exchange': [] }, triggersFault: error };
    }
  }

  async #load(): Promise<Loaded> {
    const revision = await this.settings.revision();
    if (this.#loaded?.revision === revision) return this.#loaded;
    const [settings, kept] = [await this.settings.get(), await this.keys.list()];
    const keys = kept.filter(({ status }) => status !== 'revoked');
    const actions = await this.#actions();
    const current = Object.fromEntries(
      keys.filter(({ status }) => status === 'current').map((key) => [key.alg, key]),
    ) as Record<TokenAlgorithm, SigningKey>;
    const saml = current.RS256;
    const loaded: Loaded = {
      revision,
      keys,
      revokedKids: new Set(kept.filter(({ status }) => status === 'revoked').map(({ kid }) => kid)),
      tenant: {
        settings,
        ...actions,
        issuer: issuerOf(this.baseUrl.value),
        samlKey: {
          kid: saml.kid,
          privateKey: createPrivateKey(saml.privateKeyPem),
          certificate: der(new X509Certificate(saml.certificatePem!)),
        },
        jwtKeys: Object.fromEntries(
          TOKEN_ALGORITHMS.map((alg) => [
            alg,
            { kid: current[alg].kid, alg, privateKey: createPrivateKey(current[alg].privateKeyPem) },
          ]),
        ) as Tenant['jwtKeys'],
      },
      jwks: jwksOf(
        keys.map(({ kid, alg, privateKeyPem, certificatePem }) => ({
          kid,
          alg,
          certificatePem,
          publicKey: createPublicKey(privateKeyPem),
        })),
      ),
    };
    this.#loaded = loaded;
    return loaded;
  }
}
