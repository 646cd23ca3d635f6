import { Injectable } from '@nestjs/common';
import { Clock } from '../login/ports.js';
import { isSessionOver } from '../login/sessions.service.js';
import { TenantService } from '../login/tenant.service.js';
import { decodeJwt } from '../protocol/jwt/compact.js';
import {
  introspectionAnswer,
  type IntrospectionAnswer,
  type TokenRecord,
} from '../protocol/oauth/introspection.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { scopeWords } from '../protocol/oauth/scopes.js';
import { ClientStore } from '../storage/client-store.js';
import { SessionStore } from '../storage/session-store.js';
import {
  isOfOldPassword,
  type FoundAccessToken,
  type FoundRefreshToken,
  type Grant,
} from '../tenant/grant.js';
import type { UserProfile } from '../tenant/user.js';
import { refreshTokenState } from '../tenant/grant.js';
import { oauthSettingsOf } from '../tenant/oauth-settings.js';
import { ClientCallsService, type ClientAnswer, type ClientCall } from './client-calls.service.js';
import { GrantUsersService } from './grant-users.service.js';
import type { TokenCall } from './token-call.js';
import { TokenLookup, type FoundToken } from './token-lookup.service.js';
import { required } from './token-request.js';

/** What a token is worth at this moment (RFC 7662), JWTs too: a revoked one is not, though its signature still verifies. */
@Injectable()
export class IntrospectionService {
  constructor(
    private readonly calls: ClientCallsService,
    private readonly tokens: TokenLookup,
    private readonly clients: ClientStore,
    private readonly grantUsers: GrantUsersService,
    private readonly sessions: SessionStore,
    private readonly tenants: TenantService,
    private readonly clock: Clock,
  ) {}

  /** `requestId` is told in Notion's dialect. */
  answer(
    call: Pick<TokenCall, 'read' | 'authorization' | 'dialect'>,
    requestId?: string,
  ): Promise<ClientAnswer<IntrospectionAnswer>> {
    return this.calls.answer(call, 'oauth/introspect', (caller) => this.#introspect(caller, requestId));
  }

  async #introspect(caller: ClientCall, requestId: string | undefined): Promise<IntrospectionAnswer> {
    const { client, method, parameters, dialect } = caller;
    // whoever is not asked who they are could try out tokens (RFC 7662 4)
    if (method === 'none')
      throw new OAuthError(
        'client_method_not_allowed',
        `the client ${client.client_id} is public (token_endpoint_auth_method none); introspection is for clients that authenticate`,
      );
    const token = required(parameters, 'token', 'send the token to look into');
    const found = await this.tokens.find(token, parameters.get('token_type_hint'));
    const { issuer } = await this.tenants.current();
    const record = found && (await this.#record(found, token, caller));
    return introspectionAnswer(record ?? undefined, {
      issuer,
      now: this.clock.now(),
      dialect,
      mayKnow: record !== null && mayKnow(client.client_id, record),
      ...(requestId !== undefined && { requestId }),
    });
  }

  async #record(found: FoundToken, token: string, caller: ClientCall): Promise<TokenRecord> {
    return found.kind === 'access_token'
      ? this.#ofAccessToken(found.found, token)
      : this.#ofRefreshToken(found.found, caller);
  }

  async #ofAccessToken(
    { token: kept, grant, isRevoked }: FoundAccessToken,
    token: string,
  ): Promise<TokenRecord> {
    const jti = decodeJwt(token).payload?.['jti'];
    const subject = kept.subject ?? kept.userId;
    const holder = await this.#holder(kept.clientId, {
      userId: kept.userId,
      transactionId: grant?.transactionId ?? null,
    });
    return {
      kind: 'access_token',
      clientId: kept.clientId,
      scopes: scopeWords(kept.scope),
      ...(subject !== null && { subject }),
      ...holder.named,
      ...(kept.audience !== null && { audience: kept.audience }),
      issuedAt: new Date(kept.issuedAt),
      expiresAt: new Date(kept.expiresAt),
      ...(typeof jti === 'string' && { jti }),
      isRevoked: isRevoked || holder.isGone,
      ...(kept.dpopJkt !== undefined && { jkt: kept.dpopJkt }),
      ...(kept.act && { act: kept.act }),
    };
  }

  async #ofRefreshToken(found: FoundRefreshToken, { client }: ClientCall): Promise<TokenRecord> {
    const { token, grant } = found;
    const ends = [token.expiresAt, token.idleExpiresAt].flatMap((end) =>
      end === null ? [] : [Date.parse(end)],
    );
    const { leeway } = oauthSettingsOf(client).refreshToken;
    const state = refreshTokenState(found, this.clock.now(), leeway * 1000);
    const holder = await this.#holder(grant.clientId, grant);
    return {
      kind: 'refresh_token',
      clientId: grant.clientId,
      scopes: scopeWords(grant.scope),
      ...(grant.userId !== null && { subject: grant.userId }),
      ...holder.named,
      issuedAt: new Date(token.createdAt),
      ...(ends.length > 0 && { expiresAt: new Date(Math.min(...ends)) }),
      isRevoked:
        state === 'revoked' ||
        state === 'reused' ||
        holder.isGone ||
        (holder.user !== null && isOfOldPassword(grant, holder.user)) ||
        (token.details.access === 'online' && (await this.#isSessionOver(grant.sessionId))),
      ...(token.details.dpopJkt !== undefined && { jkt: token.details.dpopJkt }),
    };
  }

  /** With its client, or the user who let that in, a token is over, whatever became of its grant in that very moment. */
  async #holder(
    clientId: string,
    grant: Pick<Grant, 'userId' | 'transactionId'>,
  ): Promise<{
    readonly isGone: boolean;
    readonly user: UserProfile | null;
    readonly named: { readonly username?: string };
  }> {
    const [client, user] = await Promise.all([
      this.clients.get(clientId),
      grant.userId === null ? null : this.grantUsers.find(grant),
    ]);
    if (client === null || typeof user === 'string') return { isGone: true, user: null, named: {} };
    const username = user?.username ?? user?.email;
    return { isGone: false, user, named: username === undefined ? {} : { username } };
  }

  /** Looking does not keep it alive. */
  async #isSessionOver(sessionId: string | null): Promise<boolean> {
    const found = sessionId === null ? null : await this.sessions.find(sessionId);
    if (!found) return true;
    const { settings } = await this.tenants.current();
    return isSessionOver(found, settings, this.clock.now());
  }
}

/** Its own client, and the API that it is for where that is a client by the same name. */
const mayKnow = (caller: string, { clientId, audience = [] }: TokenRecord): boolean =>
  caller === clientId || [audience].flat().includes(caller);
