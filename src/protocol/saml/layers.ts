/**
 * Folds what each layer says into the effective configuration, in which every value knows its layer.
 * default < client < transaction < action: the later layer wins, whatever order the calls came in.
 */
import type { AttributeValue, SamlSettings, SetAttributes, SettingName, SettingValue } from './settings.js';
import { SETTINGS } from './settings.js';

export type Layer = 'default' | 'client' | 'transaction' | 'action';

/** What one layer asks for. */
export interface LayerOfSettings {
  readonly settings: SamlSettings;
  readonly attributes: SetAttributes;
}
export type Layers = { readonly [Name in Exclude<Layer, 'default'>]?: LayerOfSettings };

/** A value and the layer that set it. */
export interface Provenance<Value> {
  readonly value: Value;
  readonly layer: Layer;
}
export type EffectiveSettings = {
  readonly [Name in SettingName]: Provenance<SettingValue<Name> | undefined>;
};
export interface EffectiveAttribute extends Provenance<AttributeValue | null> {
  readonly name: string;
}
export interface EffectiveConfiguration {
  readonly settings: EffectiveSettings;
  /** In call order; one entry a name, `null` where the attribute is to be left out. */
  readonly attributes: readonly EffectiveAttribute[];
}

const order = ['client', 'transaction', 'action'] as const;
const names = Object.keys(SETTINGS) as SettingName[];
const DEFAULTS = Object.fromEntries(
  names.map((name) => [name, { value: SETTINGS[name].initial, layer: 'default' }]),
) as Readonly<Record<SettingName, Provenance<unknown>>>;

export function effectiveConfiguration(layers: Layers): EffectiveConfiguration {
  const settings: Record<string, Provenance<unknown>> = { ...DEFAULTS };
  const attributes = new Map<string, EffectiveAttribute>();
  for (const layer of order) {
    const said = layers[layer];
    if (!said) continue;
    for (const name of names) {
      const value = said.settings[name];
      if (value !== undefined) settings[name] = { value, layer };
    }
    for (const { name, value } of said.attributes) attributes.set(name, { name, value, layer });
  }
  return { settings: settings as EffectiveSettings, attributes: [...attributes.values()] };
}
