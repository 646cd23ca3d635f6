import { Injectable } from '@nestjs/common';
import { Clock } from '../login/ports.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { AccessTokenStore } from '../storage/access-token-store.js';
import { RefreshTokenStore } from '../storage/refresh-token-store.js';
import { tokenDigest } from '../tenant/grant.js';
import { ClientCallsService, type ClientAnswer, type ClientCall } from './client-calls.service.js';
import type { TokenCall } from './token-call.js';
import { TokenLookup } from './token-lookup.service.js';
import { required } from './token-request.js';

/** Ends what a client gives up (RFC 7009): an access token alone; with a refresh token its family, and all access tokens of the same grant. */
@Injectable()
export class RevocationService {
  constructor(
    private readonly calls: ClientCallsService,
    private readonly tokens: TokenLookup,
    private readonly accessTokens: AccessTokenStore,
    private readonly refreshTokens: RefreshTokenStore,
    private readonly clock: Clock,
  ) {}

  /** A token that is unknown, or revoked before, is as good as revoked. */
  answer(call: Pick<TokenCall, 'read' | 'authorization' | 'dialect'>): Promise<ClientAnswer<null>> {
    return this.calls.answer(call, 'oauth/revoke', (caller) => this.#revoke(caller));
  }

  async #revoke({ client, parameters }: ClientCall): Promise<null> {
    const token = required(parameters, 'token', 'send the token that is to be revoked');
    const found = await this.tokens.find(token, parameters.get('token_type_hint'));
    if (!found) return null;
    if (found.clientId !== client.client_id)
      throw new OAuthError(
        'token_of_another_client',
        'the token was issued to another client; each client revokes its own',
      );
    const [digest, now] = [tokenDigest(token), this.clock.now()];
    if (found.kind === 'access_token') await this.accessTokens.revoke(digest, now);
    else await this.refreshTokens.revoke(digest, now);
    return null;
  }
}
