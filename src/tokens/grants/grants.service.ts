import { Injectable } from '@nestjs/common';
import { AuthorizationCodeGrant } from './authorization-code.service.js';
import { ClientCredentialsGrant } from './client-credentials.service.js';
import { DeviceCodeGrant } from './device-code.service.js';
import type { GrantRow } from './grant.js';
import { PasswordGrant } from './password.service.js';
import { RefreshTokenGrant } from './refresh-token.service.js';
import { TokenExchangeGrant } from './token-exchange.service.js';

/** The table of grants: what `grant_type` may say. A new grant is a new row. */
@Injectable()
export class GrantsService {
  readonly #rows: readonly GrantRow[];

  constructor(
    code: AuthorizationCodeGrant,
    refreshToken: RefreshTokenGrant,
    clientCredentials: ClientCredentialsGrant,
    password: PasswordGrant,
    deviceCode: DeviceCodeGrant,
    tokenExchange: TokenExchangeGrant,
  ) {
    this.#rows = [
      code,
      refreshToken,
      clientCredentials,
      password,
      password.withRealm,
      deviceCode,
      tokenExchange,
    ];
  }

  /** Every `grant_type` there is. */
  get types(): readonly string[] {
    return this.#rows.map(({ type }) => type);
  }

  named(type: string): GrantRow | undefined {
    return this.#rows.find((row) => row.type === type);
  }
}
