import { effectiveConfiguration } from '../../protocol/saml/layers.js';
import type { SettingName } from '../../protocol/saml/settings.js';
import { SECRET } from '../../tenant/secret.js';
import type { Transaction } from '../../tenant/transaction.js';

/** What stood before any Action said something, by key of `Effects.sources`; for the timeline, so a private key is not told. */
export function baseValues(transaction: Transaction): (what: string) => unknown {
  const { settings, attributes } = effectiveConfiguration(transaction.samlLayers);
  const metadata = (name: 'user_metadata' | 'app_metadata', key: string): unknown =>
    own(transaction.user?.[name], key);
  const readers: readonly (readonly [string, (name: string) => unknown])[] = [
    ['samlResponse.attributes.', (wanted) => attributes.find(({ name }) => name === wanted)?.value],
    ['samlResponse.key', () => (settings.key.value === undefined ? undefined : SECRET)],
    ['samlResponse.', (name) => settings[name as SettingName]?.value],
    ['idToken.', (name) => own(transaction.idToken.customClaims, name)],
    ['accessToken.', (name) => own(transaction.accessToken.customClaims, name)],
    ['scopes.', (name) => own(transaction.accessToken.scopes, name)],
    ['user.user_metadata.', (name) => metadata('user_metadata', name)],
    ['user.app_metadata.', (name) => metadata('app_metadata', name)],
  ];
  return (what) => {
    const reader = readers.find(([prefix]) => what.startsWith(prefix));
    return reader?.[1](what.slice(reader[0].length));
  };
}

const own = (values: unknown, name: string): unknown =>
  typeof values === 'object' && values !== null && Object.hasOwn(values, name)
    ? (values as Record<string, unknown>)[name]
    : undefined;
