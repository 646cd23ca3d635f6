/** What an OIDC login was told, each value with the layer that set it, and where each claim of its tokens came from. */
import { CLAIMS_OF_SCOPE } from '../protocol/jwt/id-token.js';
import { scopeWords } from '../protocol/oauth/scopes.js';
import type { Layer } from '../protocol/saml/layers.js';
import type { Source } from '../tenant/effects.js';
import type { AuthorizationPart, DroppedClaim, OidcRequestPart, Transaction } from '../tenant/transaction.js';
import { callIn, placeOf, sourcesIn, switchedBy, switchOf, type SourceOf } from './action-sources.js';
import type { InspectedTenant } from './inspected-tenant.js';

export interface OidcSettingView {
  readonly value: unknown;
  readonly layer: Layer;
  readonly effect: string;
  readonly from: string;
  /** Where an Action set it: the call. */
  readonly source?: Source;
}
export interface CustomClaimView {
  readonly token: 'id_token' | 'access_token';
  readonly name: string;
  readonly value: unknown;
  readonly layer: Layer;
  /** `idToken.setCustomClaim`, `api.idToken.setCustomClaim in grant-roles.js:12`. */
  readonly from: string;
  readonly source?: Source;
}
export interface ScopeView {
  readonly scope: string;
  readonly granted: boolean;
  readonly layer: Layer;
  /** `accessToken.scopes`, `api.accessToken.addScope in grant-roles.js:12`. */
  readonly from: string;
  readonly source?: Source;
}
export interface OidcConfigurationView {
  readonly settings: Readonly<Record<string, OidcSettingView>>;
  /** As asked; those that reached no token are among the dropped claims. */
  readonly customClaims: readonly CustomClaimView[];
  readonly scopes: readonly ScopeView[];
}

export function oidcConfigurationView(
  transaction: Transaction,
  oidc: OidcRequestPart,
  tenant: InspectedTenant,
): OidcConfigurationView {
  const { tokenClient, idToken, accessToken, result } = transaction;
  const sourceOf = sourcesIn(transaction);
  const claims = (token: CustomClaimView['token'], asked: Readonly<Record<string, unknown>>) =>
    Object.entries(asked).map(([name, value]): CustomClaimView => ({
      token,
      name,
      value,
      ...customOrigin(token, name, sourceOf),
    }));
  const isTenants = isDefaulted(oidc, 'audience');
  return {
    settings: {
      scope: {
        value: oidc.scope,
        effect: 'what is asked for, before scopes are added or taken away',
        ...requestedOrigin(oidc, sourceOf),
      },
      audience: {
        value: oidc.audience ?? null,
        layer: isTenants ? 'default' : 'transaction',
        effect: 'aud of the access token; without one it is opaque',
        from: isTenants ? 'the tenant’s default_audience' : inRequest(oidc, 'audience'),
      },
      nonce: {
        value: oidc.nonce ?? null,
        layer: oidc.nonce === undefined ? 'default' : 'transaction',
        effect: 'nonce of the ID token',
        from: oidc.nonce === undefined ? 'the request has none' : inRequest(oidc, 'nonce'),
      },
      alg: {
        value: tokenClient.alg,
        layer: 'client',
        effect: 'alg of both tokens',
        from: 'jwt_configuration.alg',
      },
      idTokenLifetimeInSeconds: {
        value: tokenClient.idTokenLifetimeInSeconds,
        layer: 'client',
        effect: 'exp of the ID token',
        from: 'jwt_configuration.lifetime_in_seconds',
      },
      accessTokenLifetimeInSeconds: accessTokenLifetime(result, tenant),
      ...(oidc.request && requestSettings(oidc.request)),
    },
    customClaims: [
      ...claims('id_token', idToken.customClaims),
      ...claims('access_token', accessToken.customClaims),
    ],
    scopes: Object.entries(accessToken.scopes).map(([scope, granted]) => ({
      scope,
      granted,
      ...originOf(
        sourceOf(scopeKey(scope)),
        granted ? 'accessToken.addScope' : 'accessToken.removeScope',
        'accessToken.scopes',
      ),
    })),
  };
}

/** Where a member of the request stands that a browser or REST brought. */
const inRequest = ({ request }: OidcRequestPart, name: string): string =>
  request ? `${name} of the request` : `oidc.${name}`;

function accessTokenLifetime(result: Transaction['result'], tenant: InspectedTenant): OidcSettingView {
  const issued = result && 'redirectUri' in result ? result.parameters['expires_in'] : undefined;
  return {
    value:
      issued ?? (result && 'expires_in' in result ? result.expires_in : tenant.accessTokenLifetimeInSeconds),
    layer: 'default',
    effect: 'exp of the access token, expires_in',
    from:
      issued === undefined || issued === tenant.accessTokenLifetimeInSeconds
        ? 'the tenant’s access_token_lifetime_in_seconds'
        : 'token_lifetime_for_web of the API, or two hours where the token is opaque',
  };
}

/** What a browser asked of /authorize. */
function requestSettings(request: AuthorizationPart): Readonly<Record<string, OidcSettingView>> {
  const row = (
    name: string,
    value: unknown,
    effect: string,
    otherwise: string,
    isSent = value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0),
  ): [string, OidcSettingView] => [
    name,
    {
      value: value ?? null,
      layer: isSent ? 'transaction' : 'default',
      effect,
      from: isSent ? `${name} of the request` : otherwise,
    },
  ];
  const { codeChallenge } = request;
  return Object.fromEntries([
    row('response_type', request.responseTypes.join(' '), 'what is answered', 'the request has none'),
    row(
      'redirect_uri',
      request.redirectUri,
      'where the answer goes',
      'the only callback of the client',
      request.sentRedirectUri !== null,
    ),
    row('response_mode', request.responseMode, 'how it gets there', 'the response type'),
    row('state', request.state, 'goes back with the answer', 'the request has none'),
    row(
      'prompt',
      request.prompt.join(' ') || undefined,
      'whether a page is shown',
      'the request has none: a session will do',
    ),
    row('max_age', request.maxAge, 'how old a session may be, in seconds', 'the request has none'),
    row(
      'code_challenge',
      codeChallenge && `${codeChallenge.challenge} (${codeChallenge.method})`,
      'whoever redeems the code must know what it was made from',
      'the request has none',
    ),
    row('organization', request.organization, 'org_id of the tokens', 'the request has none'),
  ]);
}

/** By the call of an Action, where there is one, and else by what REST asked for. */
const originOf = (source: Source | undefined, member: string, asked: string): Origin =>
  source ? { layer: 'action', from: callIn(member, source), source } : { layer: 'transaction', from: asked };

const scopeKey = (scope: string): string => `scopes.${scope}`;
const TARGETS = 'transaction.target_scopes';

function customOrigin(token: CustomClaimView['token'], claim: string, sourceOf: SourceOf): Origin {
  const { member, setter } = MEMBERS[token];
  return originOf(sourceOf(`${member}.${claim}`), setter, setter);
}

function requestedOrigin(oidc: OidcRequestPart, sourceOf: SourceOf): Origin {
  const source = sourceOf(TARGETS);
  if (source) return { layer: 'action', from: `the target scopes, set in ${placeOf(source)}`, source };
  return isDefaulted(oidc, 'scope')
    ? { layer: 'default', from: 'the request names none' }
    : { layer: 'transaction', from: inRequest(oidc, 'scope') };
}

const isDefaulted = ({ defaulted = [] }: OidcRequestPart, name: 'scope' | 'audience'): boolean =>
  defaulted.includes(name);

/** The layer and origin of one claim, by its name. */
interface Origin {
  readonly layer: Layer;
  readonly from: string;
  /** Where an Action set it: the call. */
  readonly source?: Source;
}
/** Of the claims that the protocols own; a custom one never stands in for them. */
const PROTOCOL: Readonly<Record<string, Origin>> = {
  iss: { layer: 'default', from: 'the server’s base URL' },
  sub: { layer: 'default', from: 'user.user_id' },
  aud: { layer: 'default', from: 'client_id' },
  azp: { layer: 'default', from: 'client_id' },
  iat: { layer: 'default', from: 'the clock of the transaction' },
  auth_time: { layer: 'default', from: 'when the user authenticated' },
  sid: { layer: 'default', from: 'a fresh session id' },
  nonce: { layer: 'transaction', from: 'oidc.nonce' },
  at_hash: { layer: 'default', from: 'the access token issued along' },
  c_hash: { layer: 'default', from: 'the code issued along' },
  org_id: { layer: 'transaction', from: 'organization of the request' },
  org_name: { layer: 'transaction', from: 'organization of the request' },
  gty: { layer: 'default', from: 'the grant, client_credentials' },
};
const OF_TOKEN = {
  id_token: { exp: { layer: 'client', from: 'iat and jwt_configuration.lifetime_in_seconds' } },
  access_token: {
    exp: { layer: 'default', from: 'iat and the tenant’s access_token_lifetime_in_seconds' },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Origin>>>>;

export interface ClaimView extends Origin {
  readonly name: string;
  readonly value: unknown;
}
export interface DroppedClaimView extends DroppedClaim {
  /** Where an Action asked for it: the call. */
  readonly source?: Source;
}

/** The claims of a token, in its order, each with where it came from. */
export function claimsView(
  transaction: Transaction,
  token: CustomClaimView['token'],
  payload: Readonly<Record<string, unknown>>,
): ClaimView[] {
  const custom = transaction[MEMBERS[token].member].customClaims;
  const sourceOf = sourcesIn(transaction);
  const known: Readonly<Record<string, Origin>> = {
    ...PROTOCOL,
    sub: subject(transaction),
    ...(transaction.browser && {
      sid: { layer: 'default', from: 'the session of the browser, the same for every client' } as const,
    }),
    ...(transaction.oidc?.request && {
      nonce: { layer: 'transaction', from: 'nonce of the request' } as const,
    }),
    ...(token === 'access_token' && {
      aud: oidcAudience(transaction),
      scope: grantedScope(transaction, sourceOf),
    }),
    ...OF_TOKEN[token],
  };
  return Object.entries(payload).map(([name, value]) => {
    const origin: Origin = Object.hasOwn(known, name)
      ? known[name]!
      : Object.hasOwn(custom, name)
        ? customOrigin(token, name, sourceOf)
        : { layer: 'default', from: `profile.${name}${letInBy(name, token, transaction)}` };
    return { name, value, ...origin };
  });
}
const MEMBERS = {
  id_token: { member: 'idToken', setter: 'idToken.setCustomClaim' },
  access_token: { member: 'accessToken', setter: 'accessToken.setCustomClaim' },
} as const;

/** Whoever asked for a claim that reached no token wants to find the line. */
export const droppedClaimsView = (transaction: Transaction): DroppedClaimView[] =>
  transaction.droppedClaims.map((dropped) => {
    const { source } = customOrigin(dropped.token, dropped.claim, sourcesIn(transaction));
    return { ...dropped, ...(source && { source }) };
  });

function subject(transaction: Transaction): Origin {
  if (transaction.protocol === 'client_credentials')
    return { layer: 'default', from: 'client_id: nobody logged in' };
  const source = switchOf(transaction);
  return source
    ? { layer: 'action', from: `user.user_id, by ${switchedBy(source)}`, source }
    : { layer: 'default', from: 'user.user_id' };
}

function grantedScope({ protocol, accessToken: { scopes } }: Transaction, sourceOf: SourceOf): Origin {
  const asked =
    protocol === 'client_credentials' ? 'oidc.scope, within the grant' : 'oidc.scope and accessToken.scopes';
  const changes = [TARGETS, ...Object.keys(scopes).map(scopeKey)].flatMap((key) => sourceOf(key) ?? []);
  const source = changes.at(-1);
  if (source)
    return {
      layer: 'action',
      from: `${asked}, changed in ${[...new Set(changes.map(placeOf))].join(', ')}`,
      source,
    };
  return { layer: 'transaction', from: asked };
}

const oidcAudience = ({ oidc }: Transaction): Origin =>
  oidc && isDefaulted(oidc, 'audience')
    ? { layer: 'default', from: 'the tenant’s default_audience' }
    : { layer: 'transaction', from: 'oidc.audience' };

/** What let a claim of the profile in: a scope, or the request itself. */
const letInBy = (claim: string, token: CustomClaimView['token'], { oidc }: Transaction): string => {
  const scope = Object.entries(CLAIMS_OF_SCOPE).find(([, names]) =>
    (names as readonly string[]).includes(claim),
  )?.[0];
  const isAsked = token === 'id_token' && oidc?.request?.idTokenClaims?.includes(claim);
  const isGranted = scope !== undefined && scopeWords(oidc?.request?.authorized?.scope).includes(scope);
  if (isAsked && !isGranted) return ', asked for by id_token in claims';
  return scope === undefined ? '' : `, let in by the scope ${scope}`;
};
