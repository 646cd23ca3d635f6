import { Injectable } from '@nestjs/common';
import { AuthorizationsService } from '../../login/authorizations.service.js';
import { changedScopes } from '../../login/authorization-response.js';
import { scopesOf } from '../../login/begin-oidc-login.js';
import { Clock } from '../../login/ports.js';
import { tokenClientOf } from '../../login/begin.js';
import { quoted } from '../../protocol/oauth/description.js';
import { OAuthError } from '../../protocol/oauth/oauth-error.js';
import type { Parameters } from '../../protocol/oauth/parameters.js';
import { isOidcScope, scopeWords } from '../../protocol/oauth/scopes.js';
import { GrantStore } from '../../storage/grant-store.js';
import { UserStore } from '../../storage/user-store.js';
import type { Grant } from '../../tenant/grant.js';
import type { User } from '../../tenant/user.js';
import { actingFor } from '../actor-claim.js';
import { issueTokens } from '../issue-tokens.js';
import { refreshTokenKey, requireProof } from '../proof-of-possession.js';
import { firstRefreshToken, refreshAccess } from '../refresh-tokens.js';
import {
  ACCESS_TOKEN_TYPE,
  JWT_TYPE,
  SubjectTokensService,
  type TokenSubject,
} from '../subject-tokens.service.js';
import { formFor, TargetsService, type Target } from '../targets.service.js';
import type { GrantCall, TokenResponse } from '../token-call.js';
import { askedAudience, askedScopes, required } from '../token-request.js';
import { runActions } from './actions.js';
import { complete } from './completed.js';
import type { GrantRow } from './grant.js';

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** RFC 8693: who has a token of this server gets another for the same user, for another audience, or in the name of an actor. */
@Injectable()
export class TokenExchangeGrant implements GrantRow {
  readonly name = 'token_exchange';
  readonly type = TOKEN_EXCHANGE;
  readonly allowedBy = [TOKEN_EXCHANGE];
  readonly forPublicClients = false;

  constructor(
    private readonly subjects: SubjectTokensService,
    private readonly users: UserStore,
    private readonly targets: TargetsService,
    private readonly authorizations: AuthorizationsService,
    private readonly grants: GrantStore,
    private readonly clock: Clock,
  ) {}

  readonly exchange = async (call: GrantCall): Promise<TokenResponse> => {
    const { client, oauth, dialect, parameters, tenant, circumstances, draft } = call;
    const issuedType = issuedTypeOf(parameters);
    const subject = await this.#subject(call);
    const act = actingFor(await this.#actor(call), subject.act);
    const user = await this.#user(subject.sub);
    const target = await this.targets.of(askedAudience(parameters), tenant);
    if (issuedType === JWT_TYPE && target.audience === undefined)
      throw new OAuthError(
        'audience_missing',
        'a token for no audience is opaque, and the request wants a JWT (requested_token_type); send the identifier of an API',
      );
    requireProof(call, target.api);
    const scope = await this.#scopes(call, user, target, askedScopes(parameters) ?? carriedOn(subject));
    const at = this.clock.now();
    const authenticatedAt = subject.authenticatedAt ?? at.toISOString();
    draft.know({
      userId: user.user_id,
      user,
      authenticatedAt,
      tokenClient: tokenClientOf(client),
      oidc: {
        ...draft.transaction.oidc,
        scope: scope.join(' '),
        ...(target.audience !== undefined && { audience: target.audience }),
        ...(subject.loginId !== undefined && { loginId: subject.loginId }),
      },
    });

    const transaction = await runActions(call);
    const now = this.clock.now();
    const granted = scopeWords(transaction.oidc?.scope);
    const grant: Grant = {
      id: `grant_${circumstances.random(16).toString('hex')}`,
      transactionId: transaction.id,
      clientId: client.client_id,
      userId: transaction.userId ?? user.user_id,
      sessionId: null,
      audience: target.audience ?? null,
      scope: granted.join(' '),
      createdAt: now.toISOString(),
      authenticatedAt,
    };
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
      permissions: await this.#permissions(grant),
      dpopJkt: call.dpopJkt,
      act,
      now,
      random: circumstances.random,
      wasRevoked: circumstances.wasRevoked,
    });
    // who acts for another asks again; and there is no session that an online token could hang on
    const mayRefresh = !act && refreshAccess(granted, oauth, target.api) === 'offline';
    const refresh = mayRefresh
      ? firstRefreshToken({
          grant,
          access: 'offline',
          settings: oauth.refreshToken,
          effects: transaction.actions?.refreshToken,
          caller: call,
          dpopJkt: refreshTokenKey(call),
          now,
          random: circumstances.random,
        })
      : null;
    await this.grants.insert(grant, {
      accessToken: issued.accessToken,
      ...(refresh && { refreshToken: refresh.token }),
    });
    complete(call, issued, now, refresh?.token.id ?? null);
    return {
      ...issued.body,
      issued_token_type: issuedType,
      ...(refresh && { refresh_token: refresh.value }),
    };
  };

  #subject(call: GrantCall): Promise<TokenSubject> {
    const { parameters } = call;
    return this.subjects.subjectOf(
      {
        name: 'subject_token',
        token: required(parameters, 'subject_token', 'send the token that is to be exchanged'),
        type: required(parameters, 'subject_token_type', `it may be ${ACCESS_TOKEN_TYPE}`),
      },
      call,
    );
  }

  /** `sub` of the one who acts; both parameters or none (RFC 8693 2.1). */
  async #actor(call: GrantCall): Promise<string | undefined> {
    const { parameters } = call;
    if (!parameters.has('actor_token')) {
      if (!parameters.has('actor_token_type')) return undefined;
      throw new OAuthError('parameter_missing', 'there is an actor_token_type, and no actor_token');
    }
    const actor = await this.subjects.subjectOf(
      {
        name: 'actor_token',
        token: parameters.get('actor_token')!,
        type: required(parameters, 'actor_token_type', 'send it beside actor_token'),
      },
      call,
    );
    return actor.sub;
  }

  async #user(sub: string): Promise<User> {
    const user = await this.users.get(sub);
    if (!user)
      throw new OAuthError(
        'subject_token_invalid',
        `the subject_token is not accepted: its subject ${quoted(sub)} is no user of this tenant`,
      );
    if (user.blocked === true)
      throw new OAuthError('user_blocked', `the user ${user.user_id} is blocked; PATCH the user to unblock`);
    return user;
  }

  /** What the client may have of the target, and the user too. */
  async #scopes(
    { client, oauth }: GrantCall,
    { user_id: userId }: User,
    { audience, api }: Target,
    asked: readonly string[],
  ): Promise<readonly string[]> {
    const allowed = api && (await this.authorizations.clientScopes(client.client_id, api));
    if (api && !allowed)
      throw new OAuthError(
        'client_grant_missing',
        'the API does not give the application tokens for its users; see subject_type_authorization of the API, and make a client grant for the subject_type user',
        { about: api.identifier },
      );
    const { scope } = scopesOf(asked, { allowed, audience, api, oauth, returnsCode: true });
    const permissions =
      audience === undefined ? null : await this.authorizations.permissionsAt(audience, userId);
    return scope.filter((word) => isOidcScope(word) || !permissions || permissions.includes(word));
  }

  async #permissions({ audience, userId }: Grant): Promise<readonly string[] | undefined> {
    if (audience === null || userId === null) return undefined;
    return (await this.authorizations.permissionsAt(audience, userId)) ?? undefined;
  }
}

/** A refresh token is to be asked for. */
const carriedOn = ({ scope }: TokenSubject): readonly string[] =>
  scopeWords(scope).filter((word) => word !== 'offline_access' && word !== 'online_access');

/** An ID token comes along where `openid` is granted, and a refresh token with `offline_access`; none is issued alone. */
function issuedTypeOf(parameters: Parameters): string {
  const type = parameters.get('requested_token_type') ?? ACCESS_TOKEN_TYPE;
  if (type === ACCESS_TOKEN_TYPE || type === JWT_TYPE) return type;
  throw new OAuthError(
    'parameter_invalid',
    `the requested_token_type ${quoted(type)} is not issued; there are ${ACCESS_TOKEN_TYPE} and ${JWT_TYPE}. An ID token comes along with the scope openid`,
  );
}
