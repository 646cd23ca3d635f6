import { Injectable } from '@nestjs/common';
import { Clock } from '../login/ports.js';
import { SessionsService } from '../login/sessions.service.js';
import { TenantService } from '../login/tenant.service.js';
import { decodeJwt } from '../protocol/jwt/compact.js';
import { verifyJwt } from '../protocol/jwt/verification.js';
import { quoted } from '../protocol/oauth/description.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { GrantStore } from '../storage/grant-store.js';
import { RefreshTokenStore } from '../storage/refresh-token-store.js';
import { UserStore } from '../storage/user-store.js';
import {
  accessTokenState,
  isOfOldPassword,
  refreshTokenState,
  tokenDigest,
  type Grant,
} from '../tenant/grant.js';
import { isBeforePasswordReset, type User } from '../tenant/user.js';
import type { ActorClaim } from './actor-claim.js';
import { requireKey } from './proof-of-possession.js';
import type { GrantCall } from './token-call.js';
import { TokenLookup } from './token-lookup.service.js';

const PREFIX = 'urn:ietf:params:oauth:token-type:';
export const ACCESS_TOKEN_TYPE = `${PREFIX}access_token`;
export const ID_TOKEN_TYPE = `${PREFIX}id_token`;
export const JWT_TYPE = `${PREFIX}jwt`;
const REFRESH_TOKEN_TYPE = `${PREFIX}refresh_token`;
/** Tokens of this server that say who somebody is (RFC 8693 3). */
const SUBJECT_TOKEN_TYPES = [ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE, REFRESH_TOKEN_TYPE] as const;
type SubjectTokenType = (typeof SUBJECT_TOKEN_TYPES)[number];

/** What a token says, that was found good. */
export interface TokenSubject {
  readonly sub: string;
  /** As stored now, and not blocked; `null` where a client has it for itself. */
  readonly user: User | null;
  /** Space-separated: no scope of OpenID Connect is granted beyond it. `undefined` where the token grants nothing, and so bounds nothing. */
  readonly scope?: string;
  /** By audience: no more of these APIs is granted. */
  readonly bounds?: NonNullable<Grant['bounds']>;
  /** Whether it says that the user logged in at the client that calls. */
  readonly isOwnLogin: boolean;
  /** The login it came from. */
  readonly loginId?: string;
  /** When the user proved who they are, as an ISO instant. */
  readonly authenticatedAt?: string;
  readonly organization?: NonNullable<Grant['organization']>;
  readonly act?: ActorClaim;
  /** Of the key that it is bound to, which the call proved to have. */
  readonly dpopJkt?: string;
  /** Where it ends by itself: what is issued for it lives no longer, and no refresh token comes with it. */
  readonly secondsLeft?: number;
}

interface Presented {
  /** Of the parameter, for messages. */
  readonly name: 'subject_token' | 'actor_token';
  readonly token: string;
  readonly type: string;
}

const CLIENTS = '@clients';
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Reads the tokens that are exchanged for others, and those of who acts. All of them are this server's own, and the same rules hold. */
@Injectable()
export class SubjectTokensService {
  constructor(
    private readonly tokens: TokenLookup,
    private readonly refreshTokens: RefreshTokenStore,
    private readonly grants: GrantStore,
    private readonly users: UserStore,
    private readonly sessions: SessionsService,
    private readonly tenants: TenantService,
    private readonly clock: Clock,
  ) {}

  /** Errors: `parameter_invalid` for another type, `subject_token_invalid` for a token that is not good (any more), or not for this client. */
  subjectOf(presented: Presented, call: GrantCall): Promise<TokenSubject> {
    const type = SUBJECT_TOKEN_TYPES.find((each) => each === presented.type);
    if (type !== undefined) return this.#readers[type](presented, call);
    throw new OAuthError(
      'parameter_invalid',
      `the ${presented.name}_type ${quoted(presented.type)} is not taken; exchanged are tokens that this server issued, told by what they are: ${SUBJECT_TOKEN_TYPES.join(', ')}. ${hintFor(presented.type)}`.trimEnd(),
    );
  }

  readonly #readers: Readonly<
    Record<SubjectTokenType, (presented: Presented, call: GrantCall) => Promise<TokenSubject>>
  > = {
    [ACCESS_TOKEN_TYPE]: (presented, call) => this.#ofAccessToken(presented, call),
    [ID_TOKEN_TYPE]: (presented, call) => this.#ofIdToken(presented, call),
    [REFRESH_TOKEN_TYPE]: (presented, call) => this.#ofRefreshToken(presented, call),
  };

  /** Of any client, since an API exchanges what it was called with. */
  async #ofAccessToken({ name, token }: Presented, { dpopJkt }: GrantCall): Promise<TokenSubject> {
    const found = await this.tokens.accessToken(token);
    if (!found) throw invalid(name, 'it is no access token of this server');
    const now = this.clock.now();
    const state = accessTokenState(found, now);
    if (state !== 'active') throw invalid(name, `the access token is ${state}`);
    const { grant, token: kept } = found;
    if (kept.dpopJkt !== undefined) requireKeyOf(name, 'the access token', kept.dpopJkt, dpopJkt);
    const sub = kept.subject ?? kept.userId ?? `${kept.clientId}${CLIENTS}`;
    return {
      sub,
      user: kept.userId === null ? null : await this.#user(name, kept.userId),
      scope: kept.scope,
      bounds: { ...grant?.bounds, ...boundsOf([kept.audience ?? []].flat(), kept.scope) },
      isOwnLogin: false,
      ...(grant && originOf(grant)),
      ...(kept.act && { act: kept.act }),
      ...(kept.dpopJkt !== undefined && { dpopJkt: kept.dpopJkt }),
      secondsLeft: secondsUntil(Date.parse(kept.expiresAt), now),
    };
  }

  /** The calling client's alone: it says that somebody logged in there, and nowhere else. */
  async #ofIdToken({ name, token }: Presented, { client }: GrantCall): Promise<TokenSubject> {
    const { issuer } = await this.tenants.current();
    const now = this.clock.now();
    const verification = await verifyJwt(token, {
      keys: await this.tenants.jwks(),
      issuer,
      now,
    });
    const failed = verification.steps.find(({ status }) => status === 'fail');
    if (!verification.valid) throw invalid(name, failed?.detail ?? 'it does not verify');
    const {
      sub,
      aud,
      exp,
      auth_time: authTime,
      events,
      org_id: id,
      org_name: called,
    } = decodeJwt(token).payload ?? {};
    // other tokens are signed with the same keys: those for APIs, and those that tell of a logout, which have no auth_time
    const isIdToken =
      isText(sub) &&
      isText(aud) &&
      typeof authTime === 'number' &&
      events === undefined &&
      (await this.tokens.accessToken(token)) === null;
    if (!isIdToken) throw invalid(name, 'it is a JWT of this server, but no ID token');
    if (aud !== client.client_id)
      throw invalid(
        name,
        `it was issued to ${quoted(aud)} (aud), and ${client.client_id} calls: a client exchanges its own ID tokens, and is given access tokens by others`,
      );
    const user = await this.#user(name, sub);
    // nothing else revokes it; it tells whole seconds, and one of the same second is not refused
    const latest = new Date(authTime * 1000 + 999).toISOString();
    if (isBeforePasswordReset(user, latest) || latest < user.created_at)
      throw invalid(name, `the user ${quoted(sub)} was made, or has another password, since the login`);
    return {
      sub,
      user,
      isOwnLogin: true,
      authenticatedAt: new Date(authTime * 1000).toISOString(),
      secondsLeft: secondsUntil(Number(exp) * 1000, now),
      ...(isText(id) && { organization: { id, ...(isText(called) && { name: called }) } }),
    };
  }

  /** It is its client's alone. It is not replaced: that is for the grant refresh_token. */
  async #ofRefreshToken({ name, token }: Presented, call: GrantCall): Promise<TokenSubject> {
    const { client, oauth, dpopJkt, tenant } = call;
    const found = await this.refreshTokens.find(tokenDigest(token));
    if (!found || found.grant.clientId !== client.client_id)
      throw invalid(name, 'it is no refresh token of this client');
    const { grant } = found;
    const { details } = found.token;
    const now = this.clock.now();
    const state = refreshTokenState(found, now, oauth.refreshToken.leeway * 1000);
    if (state === 'reused') {
      // as where it is refreshed: either the client or a thief has come with what the other replaced
      await this.grants.revoke({ grantId: grant.id }, now);
      throw invalid(
        name,
        'the refresh token was replaced before, and every token of its login is revoked now',
      );
    }
    if (state !== 'active' && state !== 'again') throw invalid(name, `the refresh token is ${state}`);
    if (details.dpopJkt !== undefined) requireKeyOf(name, 'the refresh token', details.dpopJkt, dpopJkt);
    const { sessionId } = grant;
    const user = grant.userId === null ? null : await this.#user(name, grant.userId);
    if (user && isOfOldPassword(grant, user))
      throw invalid(name, 'the password of its user was changed since the login');
    if (
      details.access === 'online' &&
      (sessionId === null || !(await this.sessions.liveById(sessionId, tenant.settings)))
    )
      throw invalid(name, 'the session of the refresh token is over (online_access)');
    return {
      sub: grant.userId ?? `${grant.clientId}${CLIENTS}`,
      user,
      scope: grant.scope,
      bounds: { ...grant.bounds, ...boundsOf([grant.audience ?? []].flat(), grant.scope) },
      isOwnLogin: true,
      ...originOf(grant),
      ...(details.dpopJkt !== undefined && { dpopJkt: details.dpopJkt }),
    };
  }

  async #user(name: Presented['name'], userId: string): Promise<User> {
    const user = await this.users.get(userId);
    if (!user) throw invalid(name, `its subject ${quoted(userId)} is no user of this tenant (any more)`);
    if (user.blocked === true)
      throw invalid(name, `its subject ${quoted(userId)} is blocked; PATCH the user to unblock`);
    return user;
  }
}

const secondsUntil = (end: number, now: Date): number =>
  Math.max(1, Math.floor((end - now.getTime()) / 1000));

const boundsOf = (audiences: readonly string[], scope: string): Readonly<Record<string, string>> =>
  Object.fromEntries(audiences.map((audience) => [audience, scope]));

const originOf = ({
  transactionId,
  authenticatedAt,
  organization,
}: Grant): Pick<TokenSubject, 'loginId' | 'authenticatedAt' | 'organization'> => ({
  ...(transactionId !== null && { loginId: transactionId }),
  ...(authenticatedAt !== undefined && { authenticatedAt }),
  ...(organization && { organization }),
});

function hintFor(type: string): string {
  if (type === JWT_TYPE) return 'Say which of them the JWT is.';
  if (type === `${PREFIX}saml1` || type === `${PREFIX}saml2`)
    return 'A SAML assertion is none of them: have the user log in at /authorize, where a session that began with SAML counts.';
  return '';
}

const invalid = (name: string, detail: string): OAuthError =>
  new OAuthError('subject_token_invalid', `the ${name} is not accepted: ${detail}`);

/** RFC 8693 2.2.2 has one `error` for whatever is wrong with a token. */
function requireKeyOf(name: string, what: string, boundTo: string, proved: string | undefined): void {
  try {
    requireKey(boundTo, proved, what);
  } catch (error) {
    throw error instanceof OAuthError ? invalid(name, error.description) : error;
  }
}
