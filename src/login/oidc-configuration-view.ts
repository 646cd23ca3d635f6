/** What an OIDC login was told, each value with the layer that set it, and where each claim of its tokens came from. */
import { CLAIMS_OF_SCOPE } from '../protocol/jwt/id-token.js';
import type { Layer } from '../protocol/saml/layers.js';
import type { OidcRequestPart, Transaction } from '../tenant/transaction.js';
import type { InspectedTenant } from './inspected-tenant.js';

export interface OidcSettingView {
  readonly value: unknown;
  readonly layer: Layer;
  readonly effect: string;
  readonly from: string;
}
export interface CustomClaimView {
  readonly token: 'id_token' | 'access_token';
  readonly name: string;
  readonly value: unknown;
  readonly layer: Layer;
}
export interface OidcConfigurationView {
  readonly settings: Readonly<Record<string, OidcSettingView>>;
  /** As asked; those that reached no token are among the dropped claims. */
  readonly customClaims: readonly CustomClaimView[];
  readonly scopes: readonly { readonly scope: string; readonly granted: boolean; readonly layer: Layer }[];
}

export function oidcConfigurationView(
  transaction: Transaction,
  oidc: OidcRequestPart,
  tenant: InspectedTenant,
): OidcConfigurationView {
  const { tokenClient, idToken, accessToken, result } = transaction;
  const claims = (token: CustomClaimView['token'], asked: Readonly<Record<string, unknown>>) =>
    Object.entries(asked).map(([name, value]): CustomClaimView => ({
      token,
      name,
      value,
      layer: 'transaction',
    }));
  const isTenants = isDefaulted(oidc, 'audience');
  const isUsualScope = isDefaulted(oidc, 'scope');
  return {
    settings: {
      scope: {
        value: oidc.scope,
        layer: isUsualScope ? 'default' : 'transaction',
        effect: 'what is asked for, before scopes are added or taken away',
        from: isUsualScope ? 'the request names none' : 'oidc.scope',
      },
      audience: {
        value: oidc.audience ?? null,
        layer: isTenants ? 'default' : 'transaction',
        effect: 'aud of the access token; without one it is opaque',
        from: isTenants ? 'the tenant’s default_audience' : 'oidc.audience',
      },
      nonce: {
        value: oidc.nonce ?? null,
        layer: oidc.nonce === undefined ? 'default' : 'transaction',
        effect: 'nonce of the ID token',
        from: oidc.nonce === undefined ? 'the request has none' : 'oidc.nonce',
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
      accessTokenLifetimeInSeconds: {
        value: result && 'expires_in' in result ? result.expires_in : tenant.accessTokenLifetimeInSeconds,
        layer: 'default',
        effect: 'exp of the access token, expires_in',
        from: 'the tenant’s access_token_lifetime_in_seconds',
      },
    },
    customClaims: [
      ...claims('id_token', idToken.customClaims),
      ...claims('access_token', accessToken.customClaims),
    ],
    scopes: Object.entries(accessToken.scopes).map(([scope, granted]) => ({
      scope,
      granted,
      layer: 'transaction',
    })),
  };
}

const isDefaulted = ({ defaulted = [] }: OidcRequestPart, name: 'scope' | 'audience'): boolean =>
  defaulted.includes(name);

/** The layer and origin of one claim, by its name. */
interface Origin {
  readonly layer: Layer;
  readonly from: string;
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
};
const OF_TOKEN = {
  id_token: { exp: { layer: 'client', from: 'iat and jwt_configuration.lifetime_in_seconds' } },
  access_token: {
    exp: { layer: 'default', from: 'iat and the tenant’s access_token_lifetime_in_seconds' },
    scope: { layer: 'transaction', from: 'oidc.scope and accessToken.scopes' },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Origin>>>>;

export interface ClaimView extends Origin {
  readonly name: string;
  readonly value: unknown;
}

/** The claims of a token, in its order, each with where it came from. */
export function claimsView(
  transaction: Transaction,
  token: CustomClaimView['token'],
  payload: Readonly<Record<string, unknown>>,
): ClaimView[] {
  const [member, setter] = MEMBERS[token];
  const custom = transaction[member].customClaims;
  const audience = oidcAudience(transaction);
  const known: Readonly<Record<string, Origin>> = {
    ...PROTOCOL,
    ...(token === 'access_token' && { aud: audience }),
    ...OF_TOKEN[token],
  };
  return Object.entries(payload).map(([name, value]) => {
    const origin: Origin = Object.hasOwn(known, name)
      ? known[name]!
      : Object.hasOwn(custom, name)
        ? { layer: 'transaction', from: setter }
        : { layer: 'default', from: `profile.${name}${scopeOf(name)}` };
    return { name, value, ...origin };
  });
}
const MEMBERS = {
  id_token: ['idToken', 'idToken.setCustomClaim'],
  access_token: ['accessToken', 'accessToken.setCustomClaim'],
} as const;

const oidcAudience = ({ oidc }: Transaction): Origin =>
  oidc && isDefaulted(oidc, 'audience')
    ? { layer: 'default', from: 'the tenant’s default_audience' }
    : { layer: 'transaction', from: 'oidc.audience' };

const scopeOf = (claim: string): string => {
  const scope = Object.entries(CLAIMS_OF_SCOPE).find(([, names]) =>
    (names as readonly string[]).includes(claim),
  )?.[0];
  return scope === undefined ? '' : `, let in by the scope ${scope}`;
};
