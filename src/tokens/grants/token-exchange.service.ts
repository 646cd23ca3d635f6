import { Injectable } from '@nestjs/common';
import { Clock } from '../../login/ports.js';
import { quoted } from '../../protocol/oauth/description.js';
import { OAuthError } from '../../protocol/oauth/oauth-error.js';
import type { Parameters } from '../../protocol/oauth/parameters.js';
import { isOidcScope, scopeWords } from '../../protocol/oauth/scopes.js';
import type { User } from '../../tenant/user.js';
import { actingFor } from '../actor-claim.js';
import { requireProof } from '../proof-of-possession.js';
import {
  ACCESS_TOKEN_TYPE,
  ID_TOKEN_TYPE,
  JWT_TYPE,
  SubjectTokensService,
  type TokenSubject,
} from '../subject-tokens.service.js';
import { TargetsService, type Target } from '../targets.service.js';
import type { GrantCall, TokenResponse } from '../token-call.js';
import { askedAudience, askedScopes, required } from '../token-request.js';
import type { GrantRow } from './grant.js';
import { UserTokensService } from './user-tokens.service.js';

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
    private readonly targets: TargetsService,
    private readonly tokens: UserTokensService,
    private readonly clock: Clock,
  ) {}

  readonly exchange = async (call: GrantCall): Promise<TokenResponse> => {
    const { parameters } = call;
    const issuedType = issuedTypeOf(parameters);
    const provedAt = this.clock.now();
    const subject = await this.#subject(call);
    const user = userOf(subject);
    const act = actingFor(await this.#actor(call), subject.act);
    const target = await this.#target(call, issuedType);
    requireProof(call, target.api);
    const organization = await this.tokens.organization(call, subject.organization);
    const allowed = await this.tokens.allowedOf(call, target);
    const asked = withinSubject(call, subject, target, act !== undefined);
    const scope = await this.tokens.scopes(call, user, target, allowed, asked);
    const login = {
      user,
      authenticatedAt: subject.authenticatedAt ?? this.clock.now().toISOString(),
      target,
      scope,
      organization,
      loginId: subject.loginId,
      ...(subject.bounds && { bounds: subject.bounds }),
      act,
      longestInSeconds: subject.secondsLeft,
      boundTo: subject.dpopJkt,
      isOwnLogin: subject.isOwnLogin,
      provedAt,
    };
    if (issuedType === ID_TOKEN_TYPE) {
      requireLogin(login);
      return { ...(await this.tokens.issueIdToken(call, login)), issued_token_type: issuedType };
    }
    return { ...(await this.tokens.issue(call, login)), issued_token_type: issuedType };
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

  /** One API, or none. An ID token is for the client that calls, whoever else is named. */
  async #target({ client, parameters, dialect, tenant }: GrantCall, issuedType: string): Promise<Target> {
    const asked = askedAudience(parameters);
    const resource = parameters.get('resource');
    if (dialect === 'strict' && resource !== undefined && resource !== asked)
      throw new OAuthError(
        'resource_invalid',
        'audience and resource name two targets, and a token is for one; leave one of them out',
        { about: resource },
      );
    if (issuedType === ID_TOKEN_TYPE) {
      if (asked === undefined || asked === client.client_id)
        return { audience: undefined, api: null, isDefault: asked === undefined };
      throw new OAuthError(
        'resource_invalid',
        `an ID token (requested_token_type) is for the client that calls; leave audience and resource out, or send ${client.client_id}`,
        { about: asked },
      );
    }
    const target = await this.targets.of(asked, tenant);
    if (issuedType === JWT_TYPE && target.audience === undefined)
      throw new OAuthError(
        'audience_missing',
        'a token for no audience is opaque, and the request wants a JWT (requested_token_type); send the identifier of an API',
      );
    return target;
  }
}

function userOf({ user, sub }: TokenSubject): User {
  if (user) return user;
  throw new OAuthError(
    'subject_token_invalid',
    `the subject_token is not accepted: its subject ${quoted(sub)} is no user; a client asks for its own tokens by client_credentials`,
  );
}

/**
 * What is asked for, and may be: of an API that the subject token is good for, or was exchanged for, no more than it had there, and of OpenID
 * Connect no more than it has now. A refresh token is to be asked for. Auth0's dialect leaves out what is more, as /authorize does; strictly it is an error.
 */
function withinSubject(
  { parameters, dialect, draft }: GrantCall,
  { scope: text, bounds = {}, isOwnLogin, secondsLeft }: TokenSubject,
  { audience }: Target,
  isActing: boolean,
): readonly string[] {
  const held = scopeWords(text);
  const asked = askedScopes(parameters);
  const wanted = asked ?? held.filter((word) => word !== 'offline_access');
  const ofApi =
    audience !== undefined && Object.hasOwn(bounds, audience) ? scopeWords(bounds[audience]) : undefined;
  const isWithin = (word: string): boolean => {
    if (word === 'offline_access' && (!isOwnLogin || secondsLeft !== undefined || isActing)) return false;
    if (isOidcScope(word)) return text === undefined || held.includes(word);
    return ofApi === undefined || ofApi.includes(word);
  };
  const more = asked?.filter((word) => !isWithin(word)) ?? [];
  if (more.length > 0) {
    const detail = `the subject_token does not bring ${more.join(' ')} along`;
    if (dialect === 'strict') throw new OAuthError('scope_not_granted', detail, { about: more.join(' ') });
    draft.know({ warnings: [...draft.transaction.warnings, { code: 'scopes_dropped', detail }] });
  }
  return wanted.filter(isWithin);
}

/** An ID token says that somebody logged in: no less must be exchanged for it, and by nobody who acts for them. */
function requireLogin({
  isOwnLogin,
  act,
  scope,
}: {
  readonly isOwnLogin: boolean;
  readonly act: unknown;
  readonly scope: readonly string[];
}): void {
  if (!isOwnLogin || act !== undefined)
    throw new OAuthError(
      'parameter_invalid',
      'an ID token (requested_token_type) is issued for an ID token or a refresh token of the same client, and without actor_token: others do not say that the user logged in there',
    );
  if (!scope.includes('openid'))
    throw new OAuthError(
      'parameter_invalid',
      'an ID token (requested_token_type) needs the scope openid; ask for it',
    );
}

/** An ID token comes along where `openid` is granted, and a refresh token with `offline_access`; the latter is not issued alone. */
function issuedTypeOf(parameters: Parameters): string {
  const type = parameters.get('requested_token_type') ?? ACCESS_TOKEN_TYPE;
  if (type === ACCESS_TOKEN_TYPE || type === JWT_TYPE || type === ID_TOKEN_TYPE) return type;
  throw new OAuthError(
    'parameter_invalid',
    `the requested_token_type ${quoted(type)} is not issued; there are ${ACCESS_TOKEN_TYPE}, ${JWT_TYPE} and ${ID_TOKEN_TYPE}. A refresh token comes along with the scope offline_access`,
  );
}
