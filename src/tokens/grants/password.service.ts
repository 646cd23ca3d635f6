import { Injectable } from '@nestjs/common';
import { AuthenticationService } from '../../login/authentication.service.js';
import { LoginError } from '../../login/login-error.js';
import { Clock } from '../../login/ports.js';
import { quoted } from '../../protocol/oauth/description.js';
import { OAuthError } from '../../protocol/oauth/oauth-error.js';
import { ConnectionStore } from '../../storage/connection-store.js';
import { isEnabledFor } from '../../tenant/connection.js';
import type { User } from '../../tenant/user.js';
import { requireProof } from '../proof-of-possession.js';
import { TargetsService } from '../targets.service.js';
import type { GrantCall, TokenResponse } from '../token-call.js';
import { askedAudience, askedScopes, required } from '../token-request.js';
import type { GrantRow } from './grant.js';
import { UserTokensService } from './user-tokens.service.js';

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
    private readonly tokens: UserTokensService,
    private readonly clock: Clock,
  ) {}

  readonly exchange = async (call: GrantCall): Promise<TokenResponse> => {
    const { client, parameters, tenant, draft } = call;
    const grantType = draft.transaction.oidc?.grantType;
    const username = required(parameters, 'username', 'send the e-mail address, username or user_id');
    const password = required(parameters, 'password', 'send it beside username');
    const realm =
      grantType === PASSWORD_REALM ? required(parameters, 'realm', 'send the name of a connection') : null;
    if (realm !== null) await this.#checkRealm(realm, client.client_id);
    const target = await this.targets.of(askedAudience(parameters), tenant);
    requireProof(call, target.api);
    const asked = askedScopes(parameters);
    const organization = await this.tokens.organization(call);
    const { user, provedAt } = await this.#user(call, username, password, realm);
    const authenticatedAt = this.clock.now().toISOString();
    draft.note({
      name: 'user.authenticated',
      at: authenticatedAt,
      detail: { user_id: user.user_id, by: 'password' },
    });
    const allowed = await this.tokens.allowedOf(call, target);
    const scope = await this.tokens.scopes(call, user, target, allowed, wanted(asked, allowed));
    return this.tokens.issue(call, {
      user,
      authenticatedAt,
      target,
      scope,
      organization,
      grantType: 'password',
      isOwnLogin: true,
      provedAt,
    });
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
  async #user(
    { address, peer }: GrantCall,
    username: string,
    password: string,
    realm: string | null,
  ): Promise<{ readonly user: User; readonly provedAt: Date }> {
    try {
      const answer = await this.authentication.byPassword(username, password, address, peer);
      if (answer.user && (realm === null || connectionOf(answer.user) === realm)) return answer;
      if (!answer.user && answer.why === 'blocked')
        throw new OAuthError('user_blocked', 'the user is blocked; PATCH the user to unblock');
    } catch (error) {
      if (!(error instanceof LoginError) || error.code !== 'too_many_attempts') throw error;
      throw new OAuthError('too_many_attempts', error.description, { extensions: error.extensions });
    }
    throw new OAuthError('password_wrong', 'Wrong email or password.');
  }
}

/** Without a word all scopes of the API; with `openid` alone every standard one. */
const wanted = (
  asked: readonly string[] | undefined,
  allowed: readonly string[] | null,
): readonly string[] => {
  if (asked === undefined) return allowed ?? [];
  return asked.length === 1 && asked[0] === 'openid' ? STANDARD_SCOPES : asked;
};

const connectionOf = ({ identities }: User): string | undefined => identities[0]?.connection;
