import { Injectable } from '@nestjs/common';
import { Clock } from '../login/ports.js';
import { TenantService } from '../login/tenant.service.js';
import type { Claims } from '../protocol/jwt/restricted-claims.js';
import type { Dialect } from '../protocol/oauth/dialect.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { scopeWords } from '../protocol/oauth/scopes.js';
import { userinfoClaims } from '../protocol/oauth/userinfo-claims.js';
import { ClientStore } from '../storage/client-store.js';
import { accessTokenState, type AccessToken, type FoundAccessToken, type Grant } from '../tenant/grant.js';
import { oauthSettingsOf } from '../tenant/oauth-settings.js';
import type { UserProfile } from '../tenant/user.js';
import { DpopProofsService } from './dpop-proofs.service.js';
import { GrantUsersService } from './grant-users.service.js';
import type { PresentedToken } from './presented-token.js';
import { TokenLookup } from './token-lookup.service.js';

export interface UserinfoCall {
  /** Throws OAuthError where the request cannot be read. */
  readonly read: () => PresentedToken | undefined;
  readonly method: string;
  /** The header `DPoP`, as sent. */
  readonly dpop: string | undefined;
}

export type UserinfoAnswer =
  | { readonly claims: Claims }
  | {
      /** `undefined` where there was no token. */
      readonly error: OAuthError | undefined;
      readonly scheme: PresentedToken['scheme'];
      /** Of the next proof, where one is demanded. */
      readonly dpopNonce: string | undefined;
    };

/** What a program may know of the user who let it (OIDC Core 5.3). */
@Injectable()
export class UserinfoService {
  constructor(
    private readonly tokens: TokenLookup,
    private readonly clients: ClientStore,
    private readonly grantUsers: GrantUsersService,
    private readonly tenants: TenantService,
    private readonly proofs: DpopProofsService,
    private readonly clock: Clock,
  ) {}

  /** Throws nothing that is the caller's fault. */
  async answer(call: UserinfoCall): Promise<UserinfoAnswer> {
    let scheme: PresentedToken['scheme'] = 'Bearer';
    try {
      const presented = call.read();
      if (!presented) return { error: undefined, scheme, dpopNonce: undefined };
      scheme = presented.scheme;
      const found = await this.#alive(presented.token);
      const dialect = await this.#dialect(found.token);
      if (presented.inQuery && dialect === 'strict')
        throw new OAuthError(
          'parameter_invalid',
          'the access token stands in the query, where logs and other sites see it (RFC 9700 4.3.2); send it as Authorization: Bearer',
        );
      if (found.token.dpopJkt !== undefined) scheme = 'DPoP';
      await this.#checkProof(found.token, presented, call, dialect);
      await this.#checkPurpose(found.token);
      return { claims: await this.#claims(found, dialect) };
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      const dpopNonce = error.case === 'dpop_nonce_needed' ? await this.proofs.nonce() : undefined;
      return { error, scheme, dpopNonce };
    }
  }

  async #alive(token: string): Promise<FoundAccessToken> {
    const found = await this.tokens.accessToken(token);
    if (!found)
      throw new OAuthError(
        'token_invalid',
        'there is no such access token; send one that this server issued, as it was issued, and no ID token or refresh token',
      );
    const state = accessTokenState(found, this.clock.now());
    if (state === 'expired')
      throw new OAuthError('token_expired', 'the access token has expired; get a new one');
    if (state === 'revoked')
      throw new OAuthError('token_invalid', 'the access token was revoked; the user must log in again');
    return found;
  }

  async #dialect({ clientId }: AccessToken): Promise<Dialect> {
    const client = await this.clients.get(clientId);
    if (client) return oauthSettingsOf(client).dialect;
    throw new OAuthError('token_invalid', 'the client that the access token was issued to is gone');
  }

  /** RFC 9449 7.1, 7.2: a token that is bound to a key counts with a proof only, and one that is not is no DPoP token. */
  async #checkProof(
    { dpopJkt }: AccessToken,
    { token, scheme }: PresentedToken,
    { method, dpop }: UserinfoCall,
    dialect: Dialect,
  ): Promise<void> {
    if (dpopJkt === undefined) {
      if (scheme === 'Bearer') return;
      throw new OAuthError(
        'token_invalid',
        'the access token is bound to no key; send it as Authorization: Bearer',
      );
    }
    if (scheme !== 'DPoP')
      throw new OAuthError(
        'token_invalid',
        'the access token is bound to a key; send it as Authorization: DPoP, with a proof in the header DPoP',
      );
    if (dpop === undefined)
      throw new OAuthError(
        'dpop_proof_invalid',
        'the access token is bound to a key, and the request has no header DPoP with a proof of it',
      );
    const jkt = await this.proofs.keyOf(dpop, { path: 'userinfo', dialect, method, accessToken: token });
    if (jkt !== dpopJkt)
      throw new OAuthError('token_invalid', 'the DPoP proof is of another key than the access token');
  }

  async #checkPurpose({ scope, audience }: AccessToken): Promise<void> {
    const { issuer } = await this.tenants.current();
    if (!scopeWords(scope).includes('openid'))
      throw new OAuthError(
        'token_scope_missing',
        'the access token lacks the scope openid; ask for it at /authorize',
        { about: 'openid' },
      );
    if (audience === null || [audience].flat().includes(`${issuer}userinfo`)) return;
    throw new OAuthError(
      'token_invalid',
      'the access token is for an API alone: /userinfo is in its aud only where the API signs with RS256',
    );
  }

  async #claims({ token, grant }: FoundAccessToken, dialect: Dialect): Promise<Claims> {
    const { subject = token.userId, scope, customClaims } = token;
    if (subject === null)
      throw new OAuthError('token_invalid', 'the access token was issued to a client, not for a user');
    const profile = await this.#profile(token, grant);
    return userinfoClaims({
      subject,
      grantedScopes: scopeWords(scope),
      requestedClaims: grant?.userinfoClaims ?? [],
      profile: { ...profile, phone_number_verified: profile.phone_verified },
      customClaims,
      dialect,
    });
  }

  /** Whoever was deleted or blocked let nobody in who may still ask. A token without a grant tells its user itself. */
  async #profile({ userId }: AccessToken, grant: Grant | null): Promise<UserProfile> {
    const user = await this.grantUsers.find({ userId, transactionId: grant?.transactionId ?? null });
    if (typeof user !== 'string') return user;
    throw new OAuthError(
      'token_invalid',
      user === 'gone'
        ? 'the user of the access token was deleted'
        : 'the user of the access token is blocked',
    );
  }
}
