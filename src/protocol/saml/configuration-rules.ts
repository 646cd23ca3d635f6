/**
 * What a configuration must satisfy before anything is signed, with the field at fault named by its JSON pointer:
 * no blank strings (SAML Core 1.3.1), no character XML cannot carry, attributes within their total (design.md 5).
 */
import { jsonPointer } from '../field-errors.js';
import { illegalCharacter } from '../xml/characters.js';
import type { MappedAttribute } from './attributes.js';
import type { EffectiveConfiguration, Layer } from './layers.js';
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

/** Refuses a text that is blank or cannot be carried; the keys of `texts` are setting names. */
export function checkText(
  texts: Readonly<Partial<Record<SettingName, string>>>,
  { settings }: EffectiveConfiguration,
): void {
  for (const [name, value] of Object.entries(texts) as [SettingName, string][]) {
    const pointer = settingPointer(settings[name].layer, name);
    if (value.trim() === '')
      throw refuse('saml_setting_invalid', name, pointer, 'must NOT be blank; leave it out for the default');
    const character = illegalCharacter(value);
    if (character !== null) throw refuse('saml_illegal_characters', name, pointer, cannotCarry(character));
  }
}

export function checkAttributes(
  attributes: readonly MappedAttribute[],
  { attributes: set }: EffectiveConfiguration,
): void {
  if (set.length > ATTRIBUTES_LIMIT)
    throw refuse(
      'saml_setting_invalid',
      'attributes',
      '/samlResponse/attributes',
      `must NOT have more than ${ATTRIBUTES_LIMIT} attributes`,
    );
  for (const { name, values, layer, from } of attributes)
    for (const text of [name, ...values]) {
      const character = typeof text === 'string' ? illegalCharacter(text) : null;
      if (character === null) continue;
      const pointer =
        from === 'setAttribute'
          ? settingPointer(layer, 'attributes', name)
          : jsonPointer(['user', from.replace(/^profile\./, '')]);
      throw refuse(
        'saml_illegal_characters',
        `the attribute ${JSON.stringify(name)}`,
        pointer,
        cannotCarry(character),
      );
    }
  const bytes = attributesBytes(set);
  if (bytes > ATTRIBUTES_LIMIT_IN_BYTES) {
    const detail = `all attributes together take ${bytes} bytes of JSON; the limit is ${ATTRIBUTES_LIMIT_IN_BYTES}`;
    throw refuse('saml_attributes_too_large', 'attributes', '/samlResponse/attributes', detail);
  }
}

/** UTF-8 bytes of the JSON of the attributes that were set. */
export const attributesBytes = (set: EffectiveConfiguration['attributes']): number =>
  set.length === 0
    ? 0
    : Buffer.byteLength(JSON.stringify(Object.fromEntries(set.map(({ name, value }) => [name, value]))));

const cannotCarry = (character: string): string =>
  `holds ${character}, which XML 1.0 cannot carry, not even escaped`;

const refuse = (
  code: 'saml_setting_invalid' | 'saml_illegal_characters' | 'saml_attributes_too_large',
  what: string,
  pointer: string,
  detail: string,
): SamlError => new SamlError(code, `${what}: ${detail}`, { errors: [{ pointer, detail }] });
