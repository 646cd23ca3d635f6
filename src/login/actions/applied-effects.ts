/** What Actions asked for becomes part of the transaction: a layer of settings, claims, the user's metadata as it is now. Pure. */
import type { LayerOfSettings } from '../../protocol/saml/layers.js';
import type { SamlSettings } from '../../protocol/saml/settings.js';
import type { Effects } from '../../tenant/effects.js';
import type { Transaction } from '../../tenant/transaction.js';
import type { UserProfile } from '../../tenant/user.js';

/** What was written to the profile once must not be written again: an Action that goes on after a redirect begins anew. */
export const withoutFlushed = (effects: Effects): Effects => ({
  ...effects,
  user: { userMetadata: {}, appMetadata: {} },
  cache: {},
});

/** Metadata merged by top-level name; `null` removes one (actions-api.md 8). */
export function withMetadata<Profile extends UserProfile>(
  profile: Profile,
  { user: { userMetadata, appMetadata } }: Effects,
): Profile {
  if (isEmpty(userMetadata) && isEmpty(appMetadata)) return profile;
  return {
    ...profile,
    user_metadata: merged(profile['user_metadata'], userMetadata),
    app_metadata: merged(profile['app_metadata'], appMetadata),
  };
}
export const changesUser = ({ user: { userMetadata, appMetadata } }: Effects): boolean =>
  !isEmpty(userMetadata) || !isEmpty(appMetadata);

const isEmpty = (values: object): boolean => Object.keys(values).length === 0;

const merged = (kept: unknown, changes: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries({ ...(typeof kept === 'object' ? kept : {}), ...changes }).filter(
      ([, value]) => value !== null,
    ),
  );

/** With the layer `action`, and the claims and scopes of both tokens. */
export function withActionLayer(transaction: Transaction, effects: Effects): Transaction {
  const { saml, idToken, accessToken } = effects;
  const layer: LayerOfSettings = { settings: saml.settings as SamlSettings, attributes: saml.attributes };
  const has = !isEmpty(saml.settings) || saml.attributes.length > 0;
  return {
    ...transaction,
    ...(has && { samlLayers: { ...transaction.samlLayers, action: layer } }),
    idToken: { customClaims: { ...transaction.idToken.customClaims, ...idToken.customClaims } },
    accessToken: {
      customClaims: { ...transaction.accessToken.customClaims, ...accessToken.customClaims },
      scopes: { ...transaction.accessToken.scopes, ...accessToken.scopes },
    },
    ...targeted(transaction, effects),
  };
}

/** Target scopes can narrow what was asked for, and never go beyond the grant (actions-api.md 13). */
function targeted(
  { oidc, clientGrant }: Transaction,
  { transaction: { targetScopes } }: Effects,
): Pick<Transaction, 'oidc'> {
  if (!oidc || targetScopes === null) return {};
  const grant = clientGrant?.scope ?? oidc.scope.split(/\s+/);
  return { oidc: { ...oidc, scope: targetScopes.filter((scope) => grant.includes(scope)).join(' ') } };
}
