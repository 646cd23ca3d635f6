import { Injectable } from '@nestjs/common';
import { AuthorizationsService } from '../../login/authorizations.service.js';
import { changedScopes } from '../../login/authorization-response.js';
import { scopesOf } from '../../login/begin-oidc-login.js';
import { Clock } from '../../login/ports.js';
import { SessionsService } from '../../login/sessions.service.js';
import { tokenClientOf } from '../../login/begin.js';
import { OAuthError } from '../../protocol/oauth/oauth-error.js';
import {
  beyond,
  intersection,
  permittedScopes,
  refuseEmptyScope,
  scopeWords,
} from '../../protocol/oauth/scopes.js';
import { GrantStore } from '../../storage/grant-store.js';
import { OrganizationStore } from '../../storage/organization-store.js';
import { RefreshTokenStore } from '../../storage/refresh-token-store.js';
import {
  refreshTokenState,
  tokenDigest,
  type AccessToken,
  type FoundRefreshToken,
  type Grant,
  type RefreshToken,
} from '../../tenant/grant.js';
import type { RefreshTokenEffects } from '../../tenant/effects.js';
import type { Warning } from '../../tenant/transaction.js';
import { GrantUsersService } from '../grant-users.service.js';
import { issueTokens } from '../issue-tokens.js';
import { requireKey, requireProof } from '../proof-of-possession.js';
import { exchangedToken, nextRefreshToken, refreshAccess, shownRefreshToken } from '../refresh-tokens.js';
import { formFor, TargetsService, type Target } from '../targets.service.js';
import type { GrantCall, TokenResponse } from '../token-call.js';
import { askedAudience, askedScopes, required } from '../token-request.js';
import { runActions } from './actions.js';
import { complete } from './completed.js';
import type { GrantRow } from './grant.js';

/**
 * RFC 6749 6: the login goes on without its user. What it judged is judged again, so that nobody goes on with what they have lost since.
 * Actions run again, and may narrow it, shorten it, or end it.
 */
@Injectable()
export class RefreshTokenGrant implements GrantRow {
  readonly name = 'refresh_token';
  readonly type = 'refresh_token';
  readonly allowedBy = ['refresh_token'];
  readonly forPublicClients = true;

  constructor(
    private readonly refreshTokens: RefreshTokenStore,
    private readonly grants: GrantStore,
    private readonly grantUsers: GrantUsersService,
    private readonly organizations: OrganizationStore,
    private readonly sessions: SessionsService,
    private readonly targets: TargetsService,
    private readonly authorizations: AuthorizationsService,
    private readonly clock: Clock,
  ) {}

  readonly exchange = async (call: GrantCall): Promise<TokenResponse> => {
    const { client, dialect, parameters, tenant, circumstances, draft } = call;
    const value = required(parameters, 'refresh_token', 'send the one that came with the last tokens');
    const found = await this.#find(tokenDigest(value), call);
    const { token, grant } = found;
    const user = await this.grantUsers.require(grant, 'refresh_token_revoked');
    const target = await this.#target(call, found);
    requireProof(call, target.api);
    const { scope, permissions, warnings } = await this.#judged(call, found, target);
    const organization = grant.organization && (await this.organizations.get(grant.organization.id));
    draft.know({
      userId: grant.userId,
      user,
      authenticatedAt: grant.authenticatedAt ?? grant.createdAt,
      tokenClient: tokenClientOf(client),
      exchanged: shownRefreshToken(token, grant),
      ...(grant.sessionId !== null && {
        browser: { digest: null, sessionId: grant.sessionId, refusals: 0 },
      }),
      ...(organization && { organization }),
      warnings,
      oidc: {
        ...draft.transaction.oidc,
        scope: scope.join(' '),
        ...(grant.audience !== null && { audience: grant.audience }),
        ...(grant.transactionId !== null && { loginId: grant.transactionId }),
      },
    });

    const transaction = await this.#afterActions(call, token);
    const at = this.clock.now();
    const granted = scopeWords(transaction.oidc?.scope);
    const issued = await issueTokens({
      tenant,
      dialect,
      grant,
      user: transaction.user ?? user,
      tokenClient: transaction.tokenClient,
      form: formFor(target, transaction.tokenClient, tenant),
      scope: changedScopes(granted, transaction.accessToken.scopes),
      granted,
      idToken: transaction.idToken,
      accessToken: transaction.accessToken,
      permissions: permissions ?? undefined,
      grantType: 'refresh_token',
      dpopJkt: call.dpopJkt,
      now: at,
      random: circumstances.random,
      wasRevoked: circumstances.wasRevoked,
    });
    const next = await this.#exchange(call, found, issued.accessToken, transaction.actions?.refreshToken, at);
    complete(call, issued, at, next === null ? null : token.id);
    return { ...issued.body, ...(next !== null && { refresh_token: next }) };
  };

  async #find(digest: string, { client, oauth, dpopJkt }: GrantCall): Promise<FoundRefreshToken> {
    const found = await this.refreshTokens.find(digest);
    if (!found) throw new OAuthError('refresh_token_unknown', 'there is no such refresh token');
    const { grant, token } = found;
    if (grant.clientId !== client.client_id)
      throw new OAuthError(
        'refresh_token_of_another_client',
        'the refresh token was issued to another client; each client has its own',
      );
    const state = refreshTokenState(found, this.clock.now(), oauth.refreshToken.leeway * 1000);
    if (state === 'reused') throw await this.#reused(grant.id);
    if (state === 'expired')
      throw new OAuthError(
        'refresh_token_expired',
        'the refresh token has expired; the user must log in again',
      );
    if (state === 'revoked') throw revoked();
    requireKey(token.details.dpopJkt, dpopJkt, 'the refresh token');
    return found;
  }

  /** The API must still be there, and give tokens to who is away. Only the tenant's default may be one that nobody manages. */
  async #target({ oauth, tenant }: GrantCall, { grant, token }: FoundRefreshToken): Promise<Target> {
    const { audience } = grant;
    const target =
      audience === null || audience === tenant.settings.default_audience
        ? await this.targets.granted(audience)
        : await this.targets.of(audience, tenant);
    if (refreshAccess([`${token.details.access}_access`], oauth, target.api) === null)
      throw new OAuthError(
        'refresh_token_revoked',
        `the API ${audience ?? ''} gives no refresh tokens any more; see its allow_offline_access`,
      );
    return target;
  }

  /** As /authorize judges a login: whether the user may go on in the organization, and what both they and the client may have still. */
  async #judged(
    call: GrantCall,
    { grant, token }: FoundRefreshToken,
    { audience, api }: Target,
  ): Promise<{
    readonly scope: readonly string[];
    readonly permissions: readonly string[] | null;
    readonly warnings: readonly Warning[];
  }> {
    const { client, oauth } = call;
    const { organization, userId } = grant;
    if (organization && !(userId !== null && (await this.authorizations.isMember(organization.id, userId))))
      throw new OAuthError(
        'refresh_token_revoked',
        `user ${userId} is not part of the ${organization.id} organization any more`,
      );
    const { scope: asked, warnings } = narrowed(call, grant, token);
    const allowed = await this.authorizations.requireClientScopes(client.client_id, api);
    const permissions =
      audience === undefined || userId === null
        ? null
        : await this.authorizations.permissionsAt(audience, userId);
    const still = scopesOf(asked, { allowed, audience, api, oauth, returnsCode: true });
    const scope = permittedScopes(still.scope, permissions);
    refuseEmptyScope(asked, scope, oauth.dialect);
    const lost = beyond(asked, scope);
    return {
      scope,
      permissions,
      warnings: [
        ...warnings,
        ...(lost.length > 0
          ? [
              {
                code: 'scopes_dropped',
                detail: `${lost.join(' ')} was granted in the login; since then the API, the client's grant of it, or the user has lost it`,
              },
            ]
          : []),
      ],
    };
  }

  /** An online token whose session is over has nothing to go on with. */
  async #afterActions(call: GrantCall, token: RefreshToken) {
    const { tenant, draft } = call;
    const { sessionId = null } = draft.transaction.exchanged ?? {};
    if (
      token.details.access === 'online' &&
      (sessionId === null || !(await this.sessions.liveById(sessionId, tenant.settings)))
    )
      throw new OAuthError(
        'refresh_token_revoked',
        'the session of the refresh token is over, and with it the token (online_access)',
      );
    try {
      return await runActions(call);
    } catch (error) {
      if (call.denial()?.by === 'refreshToken.revoke')
        await this.refreshTokens.revoke(token.digest, this.clock.now());
      throw error;
    }
  }

  /** The new refresh token where it rotates; `null` where the old one stays. */
  async #exchange(
    { oauth, circumstances, address, userAgent }: GrantCall,
    found: FoundRefreshToken,
    accessToken: AccessToken,
    effects: RefreshTokenEffects | undefined,
    now: Date,
  ): Promise<string | null> {
    const { token } = found;
    const settings = oauth.refreshToken;
    const given = { settings, effects, caller: { address, userAgent }, now };
    // turned off since, it rotates once more, to one that stays
    const isRotating = settings.rotation_type === 'rotating';
    if (!isRotating && !token.details.rotating) {
      const change = (at: FoundRefreshToken) => exchangedToken(at.token, given);
      const touched = await this.refreshTokens.touch(
        token.digest,
        now,
        (at) => {
          const { expiresAt, idleExpiresAt, details } = change(at);
          return { ...(expiresAt !== null && { expiresAt }), idleExpiresAt, details };
        },
        accessToken,
      );
      if (touched === null) throw revoked();
      if ('reused' in touched) throw await this.#reused(touched.grantId);
      return null;
    }
    const next = nextRefreshToken(token, exchangedToken(token, given), now, circumstances.random);
    const outcome = await this.refreshTokens.rotate({
      digest: token.digest,
      next: next.token,
      accessToken,
      now,
      leewayMs: settings.leeway * 1000,
    });
    if (outcome === null) throw revoked();
    if ('reused' in outcome) throw await this.#reused(outcome.grantId);
    if (isRotating !== token.details.rotating) await this.#endOthersLike(found, now);
    return next.value;
  }

  /** Where rotation was switched since, those of the user for the client and API that are of the other kind still, as Auth0 does. */
  async #endOthersLike({ token, grant }: FoundRefreshToken, now: Date): Promise<void> {
    const { clientId, userId, audience } = grant;
    if (userId === null) return;
    for (const other of await this.refreshTokens.list({ clientId, userId }, now))
      if (
        other.grant.id !== grant.id &&
        other.grant.audience === audience &&
        other.token.details.rotating === token.details.rotating
      )
        await this.grants.revoke({ grantId: other.grant.id }, now, 'refresh_tokens');
  }

  /** Either the client or a thief has come with what the other replaced: nobody can tell, so both log in again. */
  async #reused(grantId: string): Promise<OAuthError> {
    await this.grants.revoke({ grantId }, this.clock.now());
    return new OAuthError(
      'refresh_token_reused',
      'the refresh token was replaced before, and came again: every token of its login is revoked now. Keep the newest one; refresh_token.leeway of the client allows for answers that are lost',
    );
  }
}

const revoked = (): OAuthError =>
  new OAuthError('refresh_token_revoked', 'the refresh token was revoked; the user must log in again');

/** What is asked for may be less than what was granted, never more (RFC 6749 6). Auth0 leaves the rest out; strictly it is an error. */
function narrowed(
  { parameters, dialect }: GrantCall,
  grant: Grant,
  { details }: RefreshToken,
): { readonly scope: readonly string[]; readonly warnings: readonly Warning[] } {
  const granted = scopeWords(grant.scope);
  const asked = askedScopes(parameters) ?? granted;
  const more = beyond(asked, granted);
  if (more.length > 0 && dialect === 'strict')
    throw new OAuthError(
      'scope_not_granted',
      `${more.join(' ')} was not granted in the login; ask for it at /authorize`,
      { about: more.join(' ') },
    );
  const audience = askedAudience(parameters);
  const isOther =
    audience !== undefined && !details.resourceServers.some((server) => server.audience === audience);
  if (isOther && dialect === 'strict')
    throw new OAuthError('resource_invalid', 'the refresh token is good for another audience', {
      about: audience,
    });
  return {
    scope: intersection(asked, granted),
    warnings: [
      ...(more.length > 0
        ? [{ code: 'scopes_dropped', detail: `${more.join(' ')} was not granted in the login` }]
        : []),
      ...(isOther
        ? [
            {
              code: 'audience_ignored',
              detail: 'the refresh token is good for another audience than was sent',
            },
          ]
        : []),
    ],
  };
}
