import { Injectable } from '@nestjs/common';
import { AuthenticationService } from '../../login/authentication.service.js';
import { AuthorizationsService } from '../../login/authorizations.service.js';
import { changedScopes } from '../../login/authorization-response.js';
import { scopesOf } from '../../login/begin-oidc-login.js';
import { LoginError } from '../../login/login-error.js';
import { Clock } from '../../login/ports.js';
import { tokenClientOf } from '../../login/begin.js';
import { quoted } from '../../protocol/oauth/description.js';
import { OAuthError } from '../../protocol/oauth/oauth-error.js';
import { isOidcScope, scopeWords } from '../../protocol/oauth/scopes.js';
import { ConnectionStore } from '../../storage/connection-store.js';
import { GrantStore } from '../../storage/grant-store.js';
import { isEnabledFor } from '../../tenant/connection.js';
import type { Grant } from '../../tenant/grant.js';
import type { User } from '../../tenant/user.js';
import { issueTokens } from '../issue-tokens.js';
import { refreshTokenKey, requireProof } from '../proof-of-possession.js';
import { firstRefreshToken, refreshAccess } from '../refresh-tokens.js';
import { formFor, TargetsService, type Target } from '../targets.service.js';
import type { GrantCall, TokenResponse } from '../token-call.js';
import { askedAudience, askedScopes, required } from '../token-request.js';
import { runActions } from './actions.js';
import { complete } from './completed.js';
import type { GrantRow } from './grant.js';

const PASSWORD_REALM = 'http://auth0.com/oauth/grant-type/password-realm';

/** What `openid` alone brings along (oauth-oidc.md 4.5). */
const STANDARD_SCOPES = ['openid', 'profile', 'email', 'address', 'phone'] as const;

/** RFC 6749 4.3, and Auth0's form of it that names a connection. Only where a client's `grant_types` say so. */
@Injectable()
export class PasswordGrant implements GrantRow {
  readonly name = 'password';
  readonly type: string = 'password';
  readonly allowedBy: readonly string[] = ['password'];
  readonly forPublicClients = true;
  /** The same with a `realm`. */
  readonly withRealm: GrantRow = {
    name: 'password',
    type: PASSWORD_REALM,
    allowedBy: [PASSWORD_REALM, 'password'],
    forPublicClients: true,
    exchange: (call) => this.exchange(call),
  };

  constructor(
    private readonly authentication: AuthenticationService,
    private readonly connections: ConnectionStore,
    private readonly targets: TargetsService,
    private readonly authorizations: AuthorizationsService,
    private readonly grants: GrantStore,
    private readonly clock: Clock,
  ) {}

  readonly exchange = async (call: GrantCall): Promise<TokenResponse> => {
    const { client, oauth, dialect, parameters, tenant, circumstances, draft } = call;
    const grantType = draft.transaction.oidc?.grantType;
    const username = required(parameters, 'username', 'send the e-mail address, username or user_id');
    const password = required(parameters, 'password', 'send it beside username');
    const realm =
      grantType === PASSWORD_REALM ? required(parameters, 'realm', 'send the name of a connection') : null;
    if (realm !== null) await this.#checkRealm(realm, client.client_id);
    const target = await this.targets.of(askedAudience(parameters), tenant);
    requireProof(call, target.api);
    const asked = askedScopes(parameters);
    const user = await this.#user(username, password, realm, call.address);
    const scope = await this.#scopes(call, user, target, asked);
    const at = this.clock.now();
    draft.know({
      userId: user.user_id,
      user,
      authenticatedAt: at.toISOString(),
      tokenClient: tokenClientOf(client),
      oidc: {
        ...draft.transaction.oidc,
        scope: scope.join(' '),
        ...(target.audience !== undefined && { audience: target.audience }),
      },
    });
    draft.note({
      name: 'user.authenticated',
      at: at.toISOString(),
      detail: { user_id: user.user_id, by: 'password' },
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
      authenticatedAt: at.toISOString(),
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
      grantType: 'password',
      dpopJkt: call.dpopJkt,
      now,
      random: circumstances.random,
      wasRevoked: circumstances.wasRevoked,
    });
    // there is no session that an online token could hang on
    const access = refreshAccess(granted, oauth, target.api) === 'offline' ? 'offline' : null;
    const refresh =
      access &&
      firstRefreshToken({
        grant,
        access,
        settings: oauth.refreshToken,
        effects: transaction.actions?.refreshToken,
        caller: call,
        dpopJkt: refreshTokenKey(call),
        now,
        random: circumstances.random,
      });
    await this.grants.insert(grant, {
      accessToken: issued.accessToken,
      ...(refresh && { refreshToken: refresh.token }),
    });
    complete(call, issued, now, refresh?.token.id ?? null);
    return { ...issued.body, ...(refresh && { refresh_token: refresh.value }) };
  };

  async #checkRealm(realm: string, clientId: string): Promise<void> {
    const connection = await this.connections.findByName(realm);
    if (connection && isEnabledFor(connection, clientId)) return;
    throw new OAuthError(
      'parameter_invalid',
      connection
        ? `the connection ${quoted(realm)} is not enabled for the client; see its enabled_clients`
        : `the realm ${quoted(realm)} is no connection; GET /api/v2/connections lists those there are`,
    );
  }

  /** Every refusal looks alike, but for the one of a user who is blocked and proved who they are. */
  async #user(username: string, password: string, realm: string | null, address: string): Promise<User> {
    try {
      const answer = await this.authentication.byPassword(username, password, address);
      if (answer.user && (realm === null || connectionOf(answer.user) === realm)) return answer.user;
      if (!answer.user && answer.why === 'blocked')
        throw new OAuthError('user_blocked', 'the user is blocked; PATCH the user to unblock');
    } catch (error) {
      if (!(error instanceof LoginError) || error.code !== 'too_many_attempts') throw error;
      throw new OAuthError('too_many_attempts', error.description, { extensions: error.extensions });
    }
    throw new OAuthError('password_wrong', 'Wrong email or password.');
  }

  /** Without a word all scopes of the API; with `openid` alone every standard one. */
  async #scopes(
    { client, oauth }: GrantCall,
    user: User,
    { audience, api }: Target,
    asked: readonly string[] | undefined,
  ): Promise<readonly string[]> {
    const allowed = api && (await this.authorizations.clientScopes(client.client_id, api));
    if (api && !allowed)
      throw new OAuthError(
        'client_grant_missing',
        'the API does not give the application tokens for its users; see subject_type_authorization of the API, and make a client grant for the subject_type user',
        { about: api.identifier },
      );
    const wanted =
      asked === undefined
        ? (allowed ?? [])
        : asked.length === 1 && asked[0] === 'openid'
          ? STANDARD_SCOPES
          : asked;
    const { scope } = scopesOf(wanted, { allowed, audience, api, oauth, returnsCode: true });
    const permissions =
      audience === undefined ? null : await this.authorizations.permissionsAt(audience, user.user_id);
    return scope.filter((word) => isOidcScope(word) || !permissions || permissions.includes(word));
  }

  async #permissions({ audience, userId }: Grant): Promise<readonly string[] | undefined> {
    if (audience === null || userId === null) return undefined;
    return (await this.authorizations.permissionsAt(audience, userId)) ?? undefined;
  }
}

const connectionOf = ({ identities }: User): string | undefined => identities[0]?.connection;
