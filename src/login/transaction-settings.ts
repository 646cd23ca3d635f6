/** The transaction's own layer of settings, and how REST calls change it. Each yields the next transaction. */
import {
  isSettingName,
  type AttributeValue,
  type SamlSettings,
  type SetAttributes,
} from '../protocol/saml/settings.js';
import type { LayerOfSettings } from '../protocol/saml/layers.js';
import type { TimelineEvent, Transaction } from '../tenant/transaction.js';
import type { SamlResponsePatch } from './transaction-body.js';

/** The settings of a `samlResponse` body, without its `attributes`. */
export const settingsOf = (body: Readonly<Record<string, unknown>>): SamlSettings =>
  Object.fromEntries(
    Object.entries(body).filter(
      ([name, value]) => isSettingName(name) && value !== undefined && value !== null,
    ),
  );

export const attributesOf = (attributes: Readonly<Record<string, AttributeValue | null>>): SetAttributes =>
  Object.entries(attributes).map(([name, value]) => ({ name, value }));

export const restLayer = (transaction: Transaction): LayerOfSettings =>
  transaction.samlLayers.transaction ?? { settings: {}, attributes: [] };

const withRestLayer = (transaction: Transaction, layer: LayerOfSettings): Transaction => ({
  ...transaction,
  samlLayers: { ...transaction.samlLayers, transaction: layer },
});

/** Merges settings; `null` takes one back, and `attributes: null` all of them. A `null` inside attributes is setAttribute(name, null). */
export function patchSettings(transaction: Transaction, patch: SamlResponsePatch): Transaction {
  const layer = restLayer(transaction);
  const { attributes: changed, ...settings } = patch;
  const kept = Object.entries(layer.settings).filter(([name]) => !Object.hasOwn(settings, name));
  const attributes = Object.entries(changed ?? {}).reduce(
    (all, [name, value]) => withAttribute(all, name, value),
    changed === null ? [] : layer.attributes,
  );
  return withRestLayer(transaction, {
    settings: { ...Object.fromEntries(kept), ...settingsOf(settings) },
    attributes,
  });
}

export const setAttribute = (
  transaction: Transaction,
  name: string,
  value: AttributeValue | null,
): Transaction => {
  const layer = restLayer(transaction);
  return withRestLayer(transaction, { ...layer, attributes: withAttribute(layer.attributes, name, value) });
};

export const takeAttributeBack = (transaction: Transaction, name: string): Transaction => {
  const layer = restLayer(transaction);
  return withRestLayer(transaction, {
    ...layer,
    attributes: layer.attributes.filter((set) => set.name !== name),
  });
};

const withAttribute = (
  attributes: SetAttributes,
  name: string,
  value: AttributeValue | null,
): SetAttributes => {
  const at = attributes.findIndex((set) => set.name === name);
  return at === -1 ? [...attributes, { name, value }] : attributes.with(at, { name, value });
};

export type Token = 'idToken' | 'accessToken';

export const setClaim = (
  transaction: Transaction,
  token: Token,
  name: string,
  value: unknown,
): Transaction => ({
  ...transaction,
  [token]: { ...transaction[token], customClaims: { ...transaction[token].customClaims, [name]: value } },
});

export const takeClaimBack = (transaction: Transaction, token: Token, name: string): Transaction => ({
  ...transaction,
  [token]: {
    ...transaction[token],
    customClaims: Object.fromEntries(
      Object.entries(transaction[token].customClaims).filter(([claim]) => claim !== name),
    ),
  },
});

/** `true` is addScope, `false` removeScope; the last word on a scope counts. */
export const setScope = (transaction: Transaction, scope: string, granted: boolean): Transaction => ({
  ...transaction,
  accessToken: {
    ...transaction.accessToken,
    scopes: { ...transaction.accessToken.scopes, [scope]: granted },
  },
});

/** The same transaction with one more event on its timeline. */
export const withEvent = (transaction: Transaction, event: TimelineEvent): Transaction => ({
  ...transaction,
  timeline: [...transaction.timeline, event],
});
