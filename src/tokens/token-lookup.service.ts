import { Injectable } from '@nestjs/common';
import { TenantService } from '../login/tenant.service.js';
import { AccessTokenStore } from '../storage/access-token-store.js';
import { RefreshTokenStore } from '../storage/refresh-token-store.js';
import { tokenDigest, type FoundAccessToken, type FoundRefreshToken } from '../tenant/grant.js';

export type FoundToken =
  | { readonly kind: 'access_token'; readonly found: FoundAccessToken; readonly clientId: string }
  | { readonly kind: 'refresh_token'; readonly found: FoundRefreshToken; readonly clientId: string };

/** Finds a token of whichever kind. Any other text, such as an ID token, is unknown. */
@Injectable()
export class TokenLookup {
  constructor(
    private readonly accessTokens: AccessTokenStore,
    private readonly refreshTokens: RefreshTokenStore,
    private readonly tenants: TenantService,
  ) {}

  /** A wrong hint costs a look, and nothing else (RFC 7009 2.1). */
  async find(token: string, hint: string | undefined): Promise<FoundToken | null> {
    if (hint === 'refresh_token')
      return (await this.#refreshToken(token)) ?? (await this.#accessToken(token));
    return (await this.#accessToken(token)) ?? (await this.#refreshToken(token));
  }

  /** Revoked too where the key that signed it was. */
  async accessToken(token: string): Promise<FoundAccessToken | null> {
    const found = await this.accessTokens.find(tokenDigest(token));
    return found && { ...found, isRevoked: found.isRevoked || (await this.tenants.isOfRevokedKey(token)) };
  }

  async #accessToken(token: string): Promise<FoundToken | null> {
    const found = await this.accessToken(token);
    return found && { kind: 'access_token', found, clientId: found.token.clientId };
  }

  async #refreshToken(token: string): Promise<FoundToken | null> {
    const found = await this.refreshTokens.find(tokenDigest(token));
    return found && { kind: 'refresh_token', found, clientId: found.grant.clientId };
  }
}
