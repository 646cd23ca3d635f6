import { X509Certificate } from 'node:crypto';
import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Clock } from '../../login/ports.js';
import { fingerprint } from '../../protocol/saml/key-pairs.js';
import { SettingsStore } from '../../storage/settings-store.js';
import { SigningKeyStore } from '../../storage/signing-key-store.js';
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from '../../tenant/client.js';
import { generateSigningKey, type KeyCircumstances } from '../../tenant/key-generation.js';
import { importSigningKey, type KeyToImport } from '../../tenant/key-import.js';
import type { SigningKey } from '../../tenant/signing-key.js';

const algorithm = z.enum(TOKEN_ALGORITHMS, { error: `must be one of ${TOKEN_ALGORITHMS.join(', ')}` });
/** Longer than any chain of certificates a person would paste. */
const pem = z.string('must be string').max(65_536);

const rotateBodySchema = z
  .strictObject({
    /** RS256 signs SAML too. */
    alg: algorithm.default('RS256'),
  })
  .default({ alg: 'RS256' });
const importBodySchema = z.strictObject({
  /** PKCS#8, PKCS#1 or SEC1, unencrypted. */
  privateKey: pem,
  /** Of an RS256 key; where it is missing a self-signed one is made. */
  certificate: pem.optional(),
  /** Where it is missing, what the key can sign; RS256 for RSA. */
  alg: algorithm.optional(),
});

/** `/api/keys`: the signing keys of the tenant. The private halves go in and never come out. */
@ApiTags('keys')
@Controller('api/keys')
export class KeysController {
  constructor(
    private readonly keys: SigningKeyStore,
    private readonly settings: SettingsStore,
    private readonly clock: Clock,
  ) {}

  /** The current ones first, then the earlier ones, which stay published. */
  @Get()
  async list(): Promise<unknown> {
    return (await this.keys.list()).map(keyView);
  }

  /** Generates a key and makes it the current one of its algorithm. */
  @Post('rotate')
  async rotate(@Body({ schema: rotateBodySchema }) { alg }: { alg: TokenAlgorithm }): Promise<unknown> {
    return this.#makeCurrent(await generateSigningKey(alg, await this.#circumstances()));
  }

  /** Takes in a key and makes it the current one of its algorithm. */
  @Post('import')
  async import(@Body({ schema: importBodySchema }) body: KeyToImport): Promise<unknown> {
    return this.#makeCurrent(importSigningKey(body, await this.#circumstances()));
  }

  async #makeCurrent(key: SigningKey): Promise<unknown> {
    await this.keys.rotate(key);
    return keyView(key);
  }

  async #circumstances(): Promise<KeyCircumstances> {
    return { now: this.clock.now(), commonName: (await this.settings.get()).name };
  }
}

/** What the world may know of a key. */
function keyView({ kid, alg, status, createdAt, certificatePem }: SigningKey): Record<string, unknown> {
  const certificate = certificatePem === null ? null : new X509Certificate(certificatePem);
  return {
    kid,
    alg,
    status,
    created_at: createdAt,
    certificate: certificatePem,
    // as the verification transcript names it
    fingerprint_sha256: certificate && fingerprint(certificate),
    not_before: certificate && new Date(certificate.validFrom).toISOString(),
    not_after: certificate && new Date(certificate.validTo).toISOString(),
  };
}
