import { Injectable } from '@nestjs/common';
import { changedScopes, ID_TOKEN_EVENT } from '../../login/authorization-response.js';
import { AuthorizationsService } from '../../login/authorizations.service.js';
import { tokenClientOf } from '../../login/begin.js';
import { checkOrganization, organizationPart, scopesOf } from '../../login/begin-oidc-login.js';
import { mintIdToken } from '../../login/minted-tokens.js';
import { Clock } from '../../login/ports.js';
import { OAuthError } from '../../protocol/oauth/oauth-error.js';
import { permittedScopes, refuseEmptyScope, scopeWords } from '../../protocol/oauth/scopes.js';
import { GrantStore } from '../../storage/grant-store.js';
import type { Grant } from '../../tenant/grant.js';
import type { Organization } from '../../tenant/organization.js';
import type { Transaction } from '../../tenant/transaction.js';
import type { User } from '../../tenant/user.js';
import { issueTokens, type IssueOrder } from '../issue-tokens.js';
import { refreshTokenKey } from '../proof-of-possession.js';
import { firstRefreshToken, refreshAccess } from '../refresh-tokens.js';
import { formFor, type Target } from '../targets.service.js';
import type { GrantCall, TokenResponse } from '../token-call.js';
import { runActions } from './actions.js';
import { complete } from './completed.js';

/** The organization that somebody logs in to, and how the tokens call it. */
export interface JudgedOrganization {
  readonly organization: Organization;
  readonly claim: NonNullable<Grant['organization']>;
}

/** Who is to have tokens, and for what. */
export interface UserLogin {
  readonly user: User;
  readonly authenticatedAt: string;
  readonly target: Target;
  readonly scope: readonly string[];
  readonly organization: JudgedOrganization | null;
  /** Of a token that is exchanged. */
  readonly loginId?: string | undefined;
  readonly bounds?: Grant['bounds'];
  readonly grantType?: IssueOrder['grantType'];
  readonly act?: IssueOrder['act'];
  /** Nothing that is issued lives longer, and there is no refresh token. */
  readonly longestInSeconds?: number | undefined;
  /** The key that a refresh token is bound to, though the client has credentials of its own. */
  readonly boundTo?: string | undefined;
  /** Whether the user logged in at this very client: an access token alone says nothing of that. */
  readonly isOwnLogin: boolean;
  /** When what proves it began to be looked at. */
  readonly provedAt: Date;
}

/** What is the same wherever a client comes with what proves a user, and no browser: who may have what, Actions, and the tokens. */
@Injectable()
export class UserTokensService {
  constructor(
    private readonly authorizations: AuthorizationsService,
    private readonly grants: GrantStore,
    private readonly clock: Clock,
  ) {}

  /** As at /authorize, before anybody has logged in. `carried` is that of the token that is exchanged: it goes on. Throws OAuthError. */
  async organization(
    { parameters, oauth }: GrantCall,
    carried?: Grant['organization'],
  ): Promise<JudgedOrganization | null> {
    const asked = parameters.get('organization');
    const named = asked ?? carried?.id;
    const organization = named === undefined ? null : await this.authorizations.organizationCalled(named);
    checkOrganization(named, organization, oauth);
    if (!organization) return null;
    if (carried && carried.id !== organization.id)
      throw new OAuthError(
        'organization_invalid',
        `the login was in the organization ${carried.id}; leave the parameter organization out, or have the user log in to the other one`,
      );
    const isCalledByName = asked === undefined ? carried?.name !== undefined : asked === organization.name;
    return {
      organization,
      claim: { id: organization.id, ...(isCalledByName && { name: organization.name }) },
    };
  }

  /** The scopes that the client may have of the API for its users; `null` where nobody manages it. Errors: `client_grant_missing`. */
  allowedOf({ client }: GrantCall, { api }: Target): Promise<readonly string[] | null> {
    return this.authorizations.requireClientScopes(client.client_id, api);
  }

  /** What of `asked` the client may have, and the user too; there is no session that an online token could hang on. */
  async scopes(
    { oauth }: GrantCall,
    { user_id: userId }: User,
    { audience, api }: Target,
    allowed: readonly string[] | null,
    asked: readonly string[],
  ): Promise<readonly string[]> {
    const { scope } = scopesOf(asked, { allowed, audience, api, oauth, returnsCode: true });
    const permitted = await this.#permitted(
      scope.filter((word) => word !== 'online_access'),
      audience,
      userId,
    );
    refuseEmptyScope(asked, permitted, oauth.dialect);
    return permitted;
  }

  /** Actions, then the tokens that they left. */
  async issue(call: GrantCall, login: UserLogin): Promise<TokenResponse> {
    const { oauth, circumstances } = call;
    const { target } = login;
    const transaction = await this.#afterActions(call, login);
    const now = this.clock.now();
    const grant = await this.#grant(call, login, transaction, now);
    const granted = scopeWords(grant.scope);
    const issued = await issueTokens(await this.#order(call, login, transaction, grant, now));
    const mayRefresh =
      login.isOwnLogin &&
      !login.act &&
      login.longestInSeconds === undefined &&
      refreshAccess(granted, oauth, target.api) === 'offline';
    const refresh = mayRefresh
      ? firstRefreshToken({
          grant,
          access: 'offline',
          settings: oauth.refreshToken,
          effects: transaction.actions?.refreshToken,
          caller: call,
          dpopJkt: login.boundTo ?? refreshTokenKey(call),
          now,
          random: circumstances.random,
        })
      : null;
    await this.grants.insert(grant, {
      accessToken: issued.accessToken,
      ...(refresh && { refreshToken: refresh.token }),
    });
    complete(call, issued, now, refresh?.token.id ?? null);
    return { ...issued.body, ...(refresh && { refresh_token: refresh.value }) };
  }

  /** The same with an ID token alone, of which nothing is kept (RFC 8693 2.2.1). `openid` must be granted. */
  async issueIdToken(call: GrantCall, login: UserLogin): Promise<TokenResponse> {
    const transaction = await this.#afterActions(call, login);
    const now = this.clock.now();
    const grant = await this.#grant(call, login, transaction, now);
    const { tenant, dialect } = call;
    const { alg, idTokenLifetimeInSeconds } = boundedClient(transaction, login);
    const key = tenant.jwtKeys[alg];
    const { token, dropped } = await mintIdToken({
      issuer: tenant.issuer,
      subject: grant.userId!,
      clientId: grant.clientId,
      now,
      organization: grant.organization,
      key,
      lifetimeInSeconds: idTokenLifetimeInSeconds,
      authenticatedAt: new Date(login.authenticatedAt),
      grantedScopes: scopeWords(grant.scope),
      profile: transaction.user ?? login.user,
      customClaims: transaction.idToken.customClaims,
      numericUpdatedAt: dialect === 'strict',
    });
    const body = { scope: grant.scope, expires_in: idTokenLifetimeInSeconds, token_type: 'N_A' } as const;
    const issued = { events: [ID_TOKEN_EVENT], droppedClaims: dropped, signedWith: key.kid };
    complete(call, { body: { ...body, id_token: token }, ...issued }, now, null);
    return { ...body, access_token: token };
  }

  async #afterActions(call: GrantCall, login: UserLogin): Promise<Transaction> {
    const { client, draft } = call;
    const { user, target, organization } = login;
    draft.know({
      userId: user.user_id,
      user,
      authenticatedAt: login.authenticatedAt,
      tokenClient: tokenClientOf(client),
      ...(organization && { organization: organizationPart(organization.organization) }),
      oidc: {
        ...draft.transaction.oidc,
        scope: login.scope.join(' '),
        ...(target.audience !== undefined && { audience: target.audience }),
        ...(login.loginId !== undefined && { loginId: login.loginId }),
      },
    });
    await this.#requireMember(organization, user.user_id);
    return runActions(call);
  }

  /** Where Actions set another user, that one is judged too. */
  async #grant(
    { client, circumstances }: GrantCall,
    { user, target, organization, authenticatedAt, bounds, provedAt }: UserLogin,
    transaction: Transaction,
    now: Date,
  ): Promise<Grant> {
    const userId = transaction.userId ?? user.user_id;
    let granted = scopeWords(transaction.oidc?.scope);
    if (userId !== user.user_id) {
      await this.#requireMember(organization, userId);
      granted = await this.#permitted(granted, target.audience, userId);
    }
    return {
      id: `grant_${circumstances.random(16).toString('hex')}`,
      transactionId: transaction.id,
      clientId: client.client_id,
      userId,
      sessionId: null,
      audience: target.audience ?? null,
      scope: granted.join(' '),
      createdAt: now.toISOString(),
      authenticatedAt,
      ...(organization && { organization: organization.claim }),
      ...(bounds && { bounds }),
      provedAt: provedAt.toISOString(),
    };
  }

  async #order(
    { tenant, dialect, dpopJkt, circumstances }: GrantCall,
    { user, target, grantType, act, longestInSeconds, isOwnLogin }: UserLogin,
    transaction: Transaction,
    grant: Grant,
    now: Date,
  ): Promise<IssueOrder> {
    const granted = scopeWords(grant.scope);
    const form = formFor(target, transaction.tokenClient, tenant);
    const permissions =
      target.audience === undefined
        ? null
        : await this.authorizations.permissionsAt(target.audience, grant.userId!);
    return {
      tenant,
      dialect,
      grant,
      user: transaction.user ?? user,
      tokenClient: boundedClient(transaction, { longestInSeconds }),
      form: {
        ...form,
        lifetimeInSeconds: Math.min(form.lifetimeInSeconds, longestInSeconds ?? form.lifetimeInSeconds),
      },
      scope: changedScopes(granted, transaction.accessToken.scopes),
      granted: isOwnLogin && !act ? granted : granted.filter((word) => word !== 'openid'),
      idToken: transaction.idToken,
      accessToken: transaction.accessToken,
      permissions: permissions ?? undefined,
      ...(grantType !== undefined && { grantType }),
      dpopJkt,
      act,
      now,
      random: circumstances.random,
      wasRevoked: circumstances.wasRevoked,
    };
  }

  async #requireMember(judged: JudgedOrganization | null, userId: string): Promise<void> {
    if (!judged || (await this.authorizations.isMember(judged.claim.id, userId))) return;
    throw new OAuthError(
      'organization_invalid',
      `user ${userId} is not part of the ${judged.claim.id} organization`,
      { code: 'access_denied' },
    );
  }

  async #permitted(
    scope: readonly string[],
    audience: string | undefined,
    userId: string,
  ): Promise<readonly string[]> {
    const permissions =
      audience === undefined ? null : await this.authorizations.permissionsAt(audience, userId);
    return permittedScopes(scope, permissions);
  }
}

function boundedClient(
  { tokenClient }: Transaction,
  { longestInSeconds = Infinity }: Pick<UserLogin, 'longestInSeconds'>,
): Transaction['tokenClient'] {
  const idTokenLifetimeInSeconds = Math.min(tokenClient.idTokenLifetimeInSeconds, longestInSeconds);
  return { ...tokenClient, idTokenLifetimeInSeconds };
}
