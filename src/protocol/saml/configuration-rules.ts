/**
 * What a configuration must satisfy before anything is signed, with the field at fault named by its JSON pointer:
 * no blank strings (SAML Core 1.3.1), no character XML cannot carry, attributes within their total (design.md 5).
 */
import { jsonPointer } from '../field-errors.js';
import { illegalCharacter } from '../xml/characters.js';
import { isUriReference } from './any-uri.js';
import type { MappedAttribute } from './attributes.js';
import type { EffectiveConfiguration, Layer } from './layers.js';
import type { NameID } from './name-id.js';
import { SamlError } from './saml-error.js';
import type { SettingName } from './settings.js';

/** Bytes of UTF-8 JSON of all attributes that were set. */
export const ATTRIBUTES_LIMIT_IN_BYTES = 102_400;
export const ATTRIBUTES_LIMIT = 100;

/** Where each layer keeps its settings in the input. */
const ROOTS: Readonly<Record<Layer, readonly string[]>> = {
  default: ['samlResponse'],
  client: ['addons', 'samlp'],
  transaction: ['samlResponse'],
  action: ['samlResponse'],
};
export const settingPointer = (layer: Layer, ...members: readonly string[]): string =>
  jsonPointer([...ROOTS[layer], ...members]);

/** Settings that the schema types as xs:anyURI. */
const URIS: ReadonlySet<SettingName> = new Set([
  'audience',
  'recipient',
  'destination',
  'nameIdentifierFormat',
  'authnContextClassRef',
]);

export interface Fault {
  readonly code: 'saml_setting_invalid' | 'saml_illegal_characters';
  readonly detail: string;
}
/** XML 1.0 cannot carry a character of `text`. */
export function illegalCharacterFault(text: string): Fault | null {
  const character = illegalCharacter(text);
  if (character === null) return null;
  const detail = `holds ${character}, which XML 1.0 cannot carry, not even escaped`;
  return { code: 'saml_illegal_characters', detail };
}
/** What keeps a text from being written at all: it is blank, or XML cannot carry it. */
const textFault = (text: string): Fault | null =>
  text.trim() === ''
    ? { code: 'saml_setting_invalid', detail: 'must NOT be blank; leave it out for the default' }
    : illegalCharacterFault(text);
/** What keeps `value` from being the setting `name`: as `textFault`, or it is no URI where the schema wants one. */
export const settingFault = (name: SettingName, value: string): Fault | null =>
  textFault(value) ??
  (URIS.has(name) && !isUriReference(value)
    ? { code: 'saml_setting_invalid', detail: 'must be a URI: write a space as %20, a percent sign as %25' }
    : null);

/**
 * Refuses a text that has a fault; the keys of `texts` are setting names. What nobody set need not be a URI: an
 * AuthnRequest's Issuer is the SP's own name for itself, and the SP wants to read it back.
 */
export function checkText(
  texts: Readonly<Partial<Record<SettingName, string>>>,
  { settings }: EffectiveConfiguration,
): void {
  for (const [name, value] of Object.entries(texts) as [SettingName, string][]) {
    const { layer } = settings[name];
    const fault = layer === 'default' ? textFault(value) : settingFault(name, value);
    if (fault) throw refuse(fault.code, name, settingPointer(layer, name), fault.detail);
  }
}

/** Refuses a NameID that was read from a profile field and cannot be carried; those from attributes are checked as such. */
export function checkNameID({ value, from }: NameID): void {
  const fault = illegalCharacterFault(value);
  if (fault) throw refuse(fault.code, 'NameID', profilePointer(from), fault.detail);
}

export function checkAttributes(
  attributes: readonly MappedAttribute[],
  { attributes: set, settings }: EffectiveConfiguration,
): void {
  if (set.length > ATTRIBUTES_LIMIT)
    throw refuse(
      'saml_setting_invalid',
      'attributes',
      '/samlResponse/attributes',
      `must NOT have more than ${ATTRIBUTES_LIMIT} attributes`,
    );
  for (const attribute of attributes)
    for (const text of [attribute.name, ...attribute.values]) {
      const fault = typeof text === 'string' ? illegalCharacterFault(text) : null;
      if (fault === null) continue;
      const pointer = attributePointer(attribute, text === attribute.name, settings.mappings.value ?? {});
      throw refuse(fault.code, `the attribute ${JSON.stringify(attribute.name)}`, pointer, fault.detail);
    }
  const bytes = attributesBytes(set);
  if (bytes > ATTRIBUTES_LIMIT_IN_BYTES) {
    const detail = `all attributes together take ${bytes} bytes of JSON; the limit is ${ATTRIBUTES_LIMIT_IN_BYTES}`;
    throw refuse('saml_attributes_too_large', 'attributes', '/samlResponse/attributes', detail);
  }
}

/** Where in the input an attribute's name or value stands: where it was set, in `mappings`, or in the profile. */
function attributePointer(
  { name, layer, from }: MappedAttribute,
  isName: boolean,
  mappings: Readonly<Record<string, unknown>>,
): string {
  if (from === 'setAttribute') return settingPointer(layer, 'attributes', name);
  const field = from.replace(/^profile\./, '');
  return isName && Object.hasOwn(mappings, field)
    ? settingPointer(layer, 'mappings', field)
    : profilePointer(from);
}

/** `/user/email` for `profile.email`, `/user/identities/0/provider` for `identities[0].provider`. */
function profilePointer(from: string): string {
  const [, ofIdentity, ofProfile = ''] = /^(?:identities\[0\]\.(.*)|profile\.(.*))$/s.exec(from) ?? [];
  return jsonPointer(ofIdentity === undefined ? ['user', ofProfile] : ['user', 'identities', 0, ofIdentity]);
}

/** UTF-8 bytes of the JSON of the attributes that were set. */
export const attributesBytes = (set: EffectiveConfiguration['attributes']): number =>
  set.length === 0
    ? 0
    : Buffer.byteLength(JSON.stringify(Object.fromEntries(set.map(({ name, value }) => [name, value]))));

const refuse = (
  code: Fault['code'] | 'saml_attributes_too_large',
  what: string,
  pointer: string,
  detail: string,
): SamlError => new SamlError(code, `${what}: ${detail}`, { errors: [{ pointer, detail }] });
