import { Injectable } from '@nestjs/common';
import { Clock } from '../login/ports.js';
import { SessionsService } from '../login/sessions.service.js';
import { TenantService } from '../login/tenant.service.js';
import { decodeJwt } from '../protocol/jwt/compact.js';
import { verifyJwt } from '../protocol/jwt/verification.js';
import { didYouMean } from '../protocol/nearest-name.js';
import { quoted } from '../protocol/oauth/description.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { AccessTokenStore } from '../storage/access-token-store.js';
import { ClientStore } from '../storage/client-store.js';
import { RefreshTokenStore } from '../storage/refresh-token-store.js';
import { accessTokenState, refreshTokenState, tokenDigest } from '../tenant/grant.js';
import { actorIn, type ActorClaim } from './actor-claim.js';
import { requireKey } from './proof-of-possession.js';
import type { GrantCall } from './token-call.js';

const PREFIX = 'urn:ietf:params:oauth:token-type:';
export const ACCESS_TOKEN_TYPE = `${PREFIX}access_token`;
export const JWT_TYPE = `${PREFIX}jwt`;
/** Tokens of this server that say who somebody is (RFC 8693 3). */
const SUBJECT_TOKEN_TYPES = [ACCESS_TOKEN_TYPE, `${PREFIX}id_token`, `${PREFIX}refresh_token`] as const;
type SubjectTokenType = (typeof SUBJECT_TOKEN_TYPES)[number];

/** What a token says, that was found good. */
export interface TokenSubject {
  readonly sub: string;
  /** Space-separated; `undefined` where the token grants nothing. */
  readonly scope?: string;
  /** The login it came from. */
  readonly loginId?: string;
  /** When the user proved who they are, as an ISO instant. */
  readonly authenticatedAt?: string;
  readonly act?: ActorClaim;
}

interface Presented {
  /** Of the parameter, for messages. */
  readonly name: 'subject_token' | 'actor_token';
  readonly token: string;
  readonly type: string;
}

const CLIENTS = '@clients';
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Reads the tokens that are exchanged for others. All of them are this server's own. */
@Injectable()
export class SubjectTokensService {
  constructor(
    private readonly accessTokens: AccessTokenStore,
    private readonly refreshTokens: RefreshTokenStore,
    private readonly clients: ClientStore,
    private readonly sessions: SessionsService,
    private readonly tenants: TenantService,
    private readonly clock: Clock,
  ) {}

  /** Errors: `parameter_invalid` for another type, `subject_token_invalid` for a token that is not good (any more). */
  subjectOf(presented: Presented, call: GrantCall): Promise<TokenSubject> {
    const type = SUBJECT_TOKEN_TYPES.find((each) => each === presented.type);
    if (type !== undefined) return this.#readers[type](presented, call);
    throw new OAuthError(
      'parameter_invalid',
      `the ${presented.name}_type ${quoted(presented.type)} is not taken${didYouMean(presented.type, SUBJECT_TOKEN_TYPES).replaceAll('"', "'") || `; there are ${SUBJECT_TOKEN_TYPES.join(', ')}`}`,
    );
  }

  readonly #readers: Readonly<
    Record<SubjectTokenType, (presented: Presented, call: GrantCall) => Promise<TokenSubject>>
  > = {
    [`${PREFIX}access_token`]: (presented) => this.#ofAccessToken(presented),
    [`${PREFIX}id_token`]: (presented) => this.#ofIdToken(presented),
    [`${PREFIX}refresh_token`]: (presented, call) => this.#ofRefreshToken(presented, call),
  };

  async #ofAccessToken({ name, token }: Presented): Promise<TokenSubject> {
    const found = await this.accessTokens.find(tokenDigest(token));
    if (!found) throw invalid(name, 'it is no access token of this server');
    const state = accessTokenState(found, this.clock.now());
    if (state !== 'active') throw invalid(name, `the access token is ${state}`);
    const { subject, scope } = found.token;
    const { grant } = found;
    // what it says is known to be ours
    const act = actorIn(decodeJwt(token).payload ?? {});
    return {
      sub: subject ?? `${found.token.clientId}${CLIENTS}`,
      scope,
      ...(grant?.transactionId && { loginId: grant.transactionId }),
      ...(grant?.authenticatedAt !== undefined && { authenticatedAt: grant.authenticatedAt }),
      ...(act && { act }),
    };
  }

  /** Other tokens are signed with the same keys: one for an API names that as its audience, one of a logout tells no `auth_time`. */
  async #ofIdToken({ name, token }: Presented): Promise<TokenSubject> {
    const { issuer } = await this.tenants.current();
    const verification = await verifyJwt(token, {
      keys: await this.tenants.jwks(),
      issuer,
      now: this.clock.now(),
    });
    const failed = verification.steps.find(({ status }) => status === 'fail');
    if (!verification.valid) throw invalid(name, failed?.detail ?? 'it does not verify');
    const { sub, aud, auth_time: authTime, events } = decodeJwt(token).payload ?? {};
    const isIdToken =
      isText(sub) &&
      isText(aud) &&
      typeof authTime === 'number' &&
      events === undefined &&
      (await this.clients.get(aud)) !== null;
    if (!isIdToken) throw invalid(name, 'it is a JWT of this server, but no ID token');
    return { sub, authenticatedAt: new Date(authTime * 1000).toISOString() };
  }

  /** It is its client's alone. */
  async #ofRefreshToken({ name, token }: Presented, call: GrantCall): Promise<TokenSubject> {
    const { client, oauth, dpopJkt, tenant } = call;
    const found = await this.refreshTokens.find(tokenDigest(token));
    if (!found || found.grant.clientId !== client.client_id)
      throw invalid(name, 'it is no refresh token of this client');
    const { grant } = found;
    const state = refreshTokenState(found, this.clock.now(), oauth.refreshToken.leeway * 1000);
    if (state !== 'active' && state !== 'again') throw invalid(name, `the refresh token is ${state}`);
    requireKey(found.token.details.dpopJkt, dpopJkt, 'the refresh token');
    const { sessionId } = grant;
    if (
      found.token.details.access === 'online' &&
      (sessionId === null || !(await this.sessions.liveById(sessionId, tenant.settings)))
    )
      throw invalid(name, 'the session of the refresh token is over (online_access)');
    return {
      sub: grant.userId ?? `${grant.clientId}${CLIENTS}`,
      scope: grant.scope,
      ...(grant.transactionId !== null && { loginId: grant.transactionId }),
      ...(grant.authenticatedAt !== undefined && { authenticatedAt: grant.authenticatedAt }),
    };
  }
}

const invalid = (name: string, detail: string): OAuthError =>
  new OAuthError('subject_token_invalid', `the ${name} is not accepted: ${detail}`);
