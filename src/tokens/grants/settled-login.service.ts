import { Injectable } from '@nestjs/common';
import { AuthorizationsService } from '../../login/authorizations.service.js';
import { clockOf } from '../../login/finish.js';
import { Clock } from '../../login/ports.js';
import type { OAuthErrorCase } from '../../protocol/oauth/oauth-error.js';
import { scopeWords } from '../../protocol/oauth/scopes.js';
import type { Grant, Issuance, RedeemedTokens } from '../../tenant/grant.js';
import type { Transaction } from '../../tenant/transaction.js';
import { GrantUsersService } from '../grant-users.service.js';
import { issueTokens } from '../issue-tokens.js';
import { refreshTokenKey, requireProof } from '../proof-of-possession.js';
import { firstRefreshToken, refreshAccess } from '../refresh-tokens.js';
import { formFor, TargetsService } from '../targets.service.js';
import type { CallDraft, GrantCall, TokenResponse } from '../token-call.js';
import { completed } from './completed.js';

/** A login that has ended, and waits to be issued to whoever has its code (RFC 6749 4.1.3) or its device code (RFC 8628 3.4). */
export interface SettledLogin {
  readonly grant: Grant;
  readonly issuance: Issuance;
  readonly nonce?: string | undefined;
}

/** What it comes to, with nothing written yet. */
export interface Redemption {
  readonly body: TokenResponse;
  readonly tokens: RedeemedTokens;
  /** The call's transaction at its end. */
  readonly end: Transaction;
  readonly at: Date;
}

/** What the transaction tells of the login that it goes on from. */
export const tellOf = (draft: CallDraft, { grant, issuance, nonce }: SettledLogin): void => {
  const { grantType } = draft.transaction.oidc ?? {};
  draft.know({
    userId: grant.userId,
    user: issuance.user,
    authenticatedAt: grant.authenticatedAt ?? null,
    now: issuance.now,
    tokenClient: issuance.tokenClient,
    idToken: issuance.idToken,
    accessToken: issuance.accessToken,
    oidc: {
      scope: grant.scope,
      ...(grant.audience !== null && { audience: grant.audience }),
      ...(nonce !== undefined && { nonce }),
      ...(grantType !== undefined && { grantType }),
      ...(grant.transactionId !== null && { loginId: grant.transactionId }),
    },
  });
};

/** Issues what a login has settled. Actions ran in the login, and do not run again. */
@Injectable()
export class SettledLoginService {
  constructor(
    private readonly grantUsers: GrantUsersService,
    private readonly targets: TargetsService,
    private readonly authorizations: AuthorizationsService,
    private readonly clock: Clock,
  ) {}

  /** `gone` is told where the user is no more. */
  async issue(call: GrantCall, login: SettledLogin, gone: OAuthErrorCase): Promise<Redemption> {
    const { oauth, dialect, tenant, circumstances, draft } = call;
    const { grant, issuance } = login;
    await this.grantUsers.require(grant, gone);
    const at = this.clock.now();
    const granted = scopeWords(grant.scope);
    const target = await this.targets.granted(grant.audience);
    requireProof(call, target.api);
    const issued = await issueTokens({
      tenant,
      dialect,
      grant,
      user: issuance.user ?? {},
      tokenClient: issuance.tokenClient,
      form: formFor(target, issuance.tokenClient, tenant),
      scope: scopeWords(issuance.scope),
      granted,
      idToken: issuance.idToken,
      accessToken: issuance.accessToken,
      permissions: await this.#permissions(grant),
      nonce: login.nonce,
      dpopJkt: call.dpopJkt,
      now: clockOf(draft.transaction, at),
      random: circumstances.random,
      wasRevoked: circumstances.wasRevoked,
    });
    const access = refreshAccess(granted, oauth, target.api);
    const refresh =
      access &&
      firstRefreshToken({
        grant,
        access,
        settings: oauth.refreshToken,
        effects: issuance.refreshToken,
        caller: call,
        dpopJkt: refreshTokenKey(call),
        now: at,
        random: circumstances.random,
      });
    return {
      body: { ...issued.body, ...(refresh && { refresh_token: refresh.value }) },
      tokens: {
        accessToken: issued.accessToken,
        ...(refresh && { refreshToken: refresh.token }),
        // whoever has an ID token is told of a logout as long as that lives
        endsAt: new Date(at.getTime() + issuance.tokenClient.idTokenLifetimeInSeconds * 1000).toISOString(),
      },
      end: completed(call, issued, at, refresh?.token.id ?? null),
      at,
    };
  }

  async #permissions({ audience, userId }: Grant): Promise<readonly string[] | undefined> {
    if (audience === null || userId === null) return undefined;
    return (await this.authorizations.permissionsAt(audience, userId)) ?? undefined;
  }
}
