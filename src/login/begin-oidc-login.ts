/**
 * The first step of a login that a browser brings to /authorize (OIDC Core 3.1.2.1). What is wrong with the request is an outcome, not an
 * exception: the transaction tells whether there is an address that may hear of it.
 */
import { SCOPE_OF_CLAIM } from '../protocol/jwt/restricted-claims.js';
import type { AuthorizationRequest } from '../protocol/oauth/authorization-request.js';
import type { CheckedRequest } from '../protocol/oauth/authorization-check.js';
import type { ResponseTarget } from '../protocol/oauth/authorization-response.js';
import type { Dialect } from '../protocol/oauth/dialect.js';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import { isOidcScope, refuseEmptyScope } from '../protocol/oauth/scopes.js';
import { shortened } from '../protocol/saml/shortened.js';
import type { Client } from '../tenant/client.js';
import type { OauthSettings } from '../tenant/oauth-settings.js';
import type { Organization } from '../tenant/organization.js';
import type { ResourceServer } from '../tenant/resource-server.js';
import type { AuthorizationPart, RequestFacts, Transaction, Warning } from '../tenant/transaction.js';
import { tokenClientOf } from './begin.js';
import { newTransaction } from './new-transaction.js';

/** A request, whoever sent it. */
export interface OidcArrival {
  readonly request: AuthorizationRequest;
  readonly client: Client | null;
  readonly dialect: Dialect;
  /** See `AuthorizationPart`. */
  readonly sendsIssuer: boolean;
  readonly http: RequestFacts;
  readonly id: string;
  readonly at: Date;
  readonly browserDigest: string | null;
}

/** What the request comes to, where it passed. */
export interface OidcBeginning {
  readonly checked: CheckedRequest;
  readonly scope: readonly string[];
  readonly droppedScope: readonly string[];
  /** `undefined` where the token is for /userinfo only. */
  readonly audience: string | undefined;
  readonly isDefaultAudience: boolean;
  readonly organization: Organization | null;
  readonly hintedUserId: string | undefined;
  readonly dpopJkt: string | undefined;
}

/** Pending, with nobody in it. */
export function beginOidcLogin(arrival: OidcArrival, begun: OidcBeginning): Transaction {
  const { checked, organization } = begun;
  const { maxAgeInSeconds: maxAge, challenge: codeChallenge } = checked;
  const { nonce } = arrival.request;
  return transactionOf(
    arrival,
    {
      scope: begun.scope.join(' '),
      ...(begun.audience !== undefined && { audience: begun.audience }),
      ...(nonce !== undefined && { nonce }),
      ...(begun.isDefaultAudience && { defaulted: ['audience'] }),
      request: {
        ...partOf(arrival, checked.target),
        ...(maxAge !== undefined && { maxAge }),
        ...(codeChallenge && { codeChallenge }),
        ...(begun.dpopJkt !== undefined && { dpopJkt: begun.dpopJkt }),
        ...(begun.hintedUserId !== undefined && { hintedUserId: begun.hintedUserId }),
      },
    },
    {
      ...(organization && { organization: organizationPart(organization) }),
      warnings: droppedWarnings(begun.droppedScope, begun.audience),
    },
  );
}

/** One that is refused, for whoever wants to know why. Without a target nobody may hear of it. */
export const refusedOidcLogin = (arrival: OidcArrival, target: ResponseTarget | null): Transaction =>
  transactionOf(arrival, {
    scope: shortened(arrival.request.scope.join(' '), LONGEST_KEPT),
    request: target ? partOf(arrival, target) : shortenedPart(partOf(arrival, null)),
  });

const transactionOf = (
  { client, http, id, at, browserDigest, request }: OidcArrival,
  oidc: NonNullable<Transaction['oidc']>,
  more: Pick<Partial<Transaction>, 'organization' | 'warnings'> = {},
): Transaction =>
  newTransaction({
    id,
    protocol: 'oidc',
    clientId: client?.client_id ?? null,
    createdAt: at.toISOString(),
    browser: { digest: browserDigest, sessionId: null, refusals: 0 },
    request: http,
    oidc,
    ...(client && { tokenClient: tokenClientOf(client) }),
    samlLayers: {},
    timeline: [
      {
        name: 'request.received',
        at: at.toISOString(),
        detail: {
          protocol: 'oidc',
          by: `${http.method} /authorize`,
          response_type: shortened(request.responseType.join(' '), LONGEST_KEPT),
        },
      },
    ],
    ...more,
  });

const given = <Name extends string>(name: Name, value: string | undefined): { [Key in Name]?: string } =>
  (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: string };

/** Whether a claim is essential makes no difference: it is told where there is one (OIDC Core 5.5.1). */
function claimsOf({
  claims,
}: AuthorizationRequest): Pick<AuthorizationPart, 'userinfoClaims' | 'idTokenClaims'> {
  const namesOf = (wishes: ReadonlyMap<string, unknown>): string[] =>
    [...wishes.keys()].filter((name) => SCOPE_OF_CLAIM.has(name));
  const [ofUserinfo, ofIdToken] = [namesOf(claims.userinfo), namesOf(claims.idToken)];
  return {
    ...(ofUserinfo.length > 0 && { userinfoClaims: ofUserinfo }),
    ...(ofIdToken.length > 0 && { idTokenClaims: ofIdToken }),
  };
}

const partOf = (
  { request, client, dialect, sendsIssuer }: OidcArrival,
  target: ResponseTarget | null,
): AuthorizationPart => ({
  responseTypes: request.responseType,
  redirectUri: target?.redirectUri ?? null,
  responseMode: target?.responseMode ?? null,
  sentRedirectUri: request.redirectUri ?? null,
  ...given('state', target ? target.state : request.state),
  requestedScope: request.scope,
  prompt: request.prompt,
  ...given('loginHint', request.loginHint),
  acrValues: request.acrValues,
  ...claimsOf(request),
  uiLocales: request.uiLocales,
  ...given('display', request.display),
  ...given('connection', request.connection),
  ...given('screenHint', request.screenHint),
  ...given('organization', request.organization),
  extensions: request.extensions,
  dialect,
  sendsIssuer,
  ...(client?.compliance_level?.startsWith('fapi1') && { hashesState: true as const }),
});

/** Anyone can send what names no client; as much of it is kept as tells what it was. */
const LONGEST_KEPT = 2048;
const MOST_KEPT = 50;
function shortenedPart(part: AuthorizationPart): AuthorizationPart {
  const text = (value: string): string => shortened(value, LONGEST_KEPT);
  return Object.fromEntries(
    Object.entries({ ...part, extensions: {} }).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'string'
        ? text(value)
        : Array.isArray(value)
          ? (value as string[]).slice(0, MOST_KEPT).map(text)
          : value,
    ]),
  ) as unknown as AuthorizationPart;
}

/** What of an organization goes with a transaction. */
export const organizationPart = ({
  id,
  name,
  display_name,
  metadata,
}: Organization): NonNullable<Transaction['organization']> => ({ id, name, display_name, metadata });

const droppedWarnings = (dropped: readonly string[], audience: string | undefined): readonly Warning[] =>
  dropped.length === 0
    ? []
    : [
        {
          code: 'scopes_dropped',
          detail: `nobody is granted ${dropped.slice(0, 20).join(' ')} here: ${
            audience === undefined
              ? 'without an audience there are the scopes of OpenID Connect only'
              : `the API ${audience} has no such scope, or the client may not have it`
          }`,
        },
      ];

/**
 * The scopes that can be granted, and those that are dropped without an error, as Auth0 does: `allowed` are the scopes that the client may
 * have of the API, `null` where nobody manages it. Errors: `scope_not_granted`, strictly, where nothing is left. A refresh token needs a code, the client's grant, and the API's word.
 */
export function scopesOf(
  asked: readonly string[],
  {
    allowed,
    audience,
    api,
    oauth,
    returnsCode,
  }: {
    readonly allowed: readonly string[] | null;
    readonly audience: string | undefined;
    readonly api: ResourceServer | null;
    readonly oauth: OauthSettings;
    readonly returnsCode: boolean;
  },
): { readonly scope: readonly string[]; readonly dropped: readonly string[] } {
  const hasRefreshTokens =
    returnsCode && oauth.grantTypes.includes('refresh_token') && (api?.allow_offline_access ?? true);
  const isGrantable = (word: string): boolean => {
    if (word === 'offline_access' || word === 'online_access') return hasRefreshTokens;
    if (isOidcScope(word)) return true;
    return allowed ? allowed.includes(word) : audience !== undefined;
  };
  const scope = asked.filter(isGrantable);
  refuseEmptyScope(asked, scope, oauth.dialect);
  return { scope, dropped: asked.filter((word) => !isGrantable(word)) };
}

/** A token that a browser carries is bound to no key, so it is none for whom asks for proofs (RFC 9449 5). Throws OAuthError. */
export function refuseUnboundToken(
  { returns }: Pick<CheckedRequest, 'returns'>,
  { requiresProofOfPossession }: OauthSettings,
  api: ResourceServer | null,
): void {
  if (!returns.token) return;
  const who = requiresProofOfPossession
    ? 'the application must prove that it has a key (require_proof_of_possession)'
    : api?.proof_of_possession?.required === true
      ? `the tokens of the API ${api.identifier} must be bound to a key (proof_of_possession)`
      : undefined;
  if (who === undefined) return;
  throw new OAuthError(
    'response_type_not_allowed',
    `${who}, and an access token that comes from /authorize is bound to none; send response_type=code, and redeem the code with a proof in the header DPoP`,
    { code: 'invalid_request' },
  );
}

/** Throws OAuthError where organizations and this client do not go together. */
export function checkOrganization(
  asked: string | undefined,
  found: Organization | null,
  { organizationUsage }: OauthSettings,
): void {
  if (asked === undefined) {
    if (organizationUsage === 'require')
      throw new OAuthError(
        'organization_invalid',
        'parameter organization is required for this client (organization_usage)',
      );
    return;
  }
  if (organizationUsage === 'deny')
    throw new OAuthError(
      'organization_invalid',
      'parameter organization is not allowed for this client: set its organization_usage to allow or require',
    );
  if (!found)
    throw new OAuthError(
      'organization_invalid',
      'parameter organization names none: send its id (org_...) or its name',
    );
}
