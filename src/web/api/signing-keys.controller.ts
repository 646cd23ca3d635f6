import { X509Certificate } from 'node:crypto';
import { Controller, Get, Param, Post, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Clock } from '../../login/ports.js';
import { SettingsStore } from '../../storage/settings-store.js';
import { SigningKeyStore } from '../../storage/signing-key-store.js';
import { generateSigningKey } from '../../tenant/key-generation.js';
import { keyNotFound, type SigningKey } from '../../tenant/signing-key.js';

/**
 * `/api/v2/keys/signing`, in the shapes of Auth0's Management API, which signs with RS256 and knows each key by its certificate: only such
 * keys are listed, and `/api/keys` lists all. There is no next key: a rotation makes it, and at once the current one.
 */
@ApiTags('keys')
@Controller('api/v2/keys/signing')
export class SigningKeysController {
  constructor(
    private readonly keys: SigningKeyStore,
    private readonly settings: SettingsStore,
    private readonly clock: Clock,
  ) {}

  /** The current one first, then those that were, then those that were revoked. */
  @Get()
  async list(): Promise<unknown> {
    const keys = await this.keys.list();
    return keys.filter(({ certificatePem }) => certificatePem !== null).map(signingKeyView);
  }

  @Get(':kid')
  async get(@Param('kid') kid: string): Promise<unknown> {
    const key = (await this.keys.list()).find((each) => each.kid === kid);
    if (!key) throw keyNotFound(kid);
    return signingKeyView(key);
  }

  /** What the one before has signed is good until that is revoked. */
  @Post('rotate')
  async rotate(): Promise<unknown> {
    const { name: commonName } = await this.settings.get();
    const key = await generateSigningKey('RS256', { now: this.clock.now(), commonName });
    await this.keys.rotate(key);
    return { cert: key.certificatePem, kid: key.kid };
  }

  /** Of any algorithm. */
  @Put(':kid/revoke')
  async revoke(@Param('kid') kid: string): Promise<unknown> {
    const { certificatePem } = await this.keys.revoke(kid);
    return { ...(certificatePem !== null && { cert: certificatePem }), kid };
  }
}

function signingKeyView({ kid, certificatePem, status, createdAt }: SigningKey): Record<string, unknown> {
  const fingerprint = certificatePem === null ? null : new X509Certificate(certificatePem).fingerprint;
  return {
    kid,
    ...(fingerprint !== null && {
      cert: certificatePem,
      fingerprint,
      thumbprint: fingerprint.replaceAll(':', ''),
    }),
    current: status === 'current',
    next: false,
    previous: status === 'previous',
    current_since: createdAt,
    revoked: status === 'revoked',
  };
}
