import { Injectable } from '@nestjs/common';
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
  ) {}

  /** A wrong hint costs a look, and nothing else (RFC 7009 2.1). */
  async find(token: string, hint: string | undefined): Promise<FoundToken | null> {
    const digest = tokenDigest(token);
    if (hint === 'refresh_token')
      return (await this.#refreshToken(digest)) ?? (await this.#accessToken(digest));
    return (await this.#accessToken(digest)) ?? (await this.#refreshToken(digest));
  }

  async #accessToken(digest: string): Promise<FoundToken | null> {
    const found = await this.accessTokens.find(digest);
    return found && { kind: 'access_token', found, clientId: found.token.clientId };
  }

  async #refreshToken(digest: string): Promise<FoundToken | null> {
    const found = await this.refreshTokens.find(digest);
    return found && { kind: 'refresh_token', found, clientId: found.grant.clientId };
  }
}
