/** NameID: the first probe that names a claim with a value (saml-output.md 6; SAML Core 2.2.3). */
import { DEFAULT_MAPPINGS, own, type MappedAttribute, type Profile } from './attributes.js';
import type { EffectiveConfiguration } from './layers.js';
import { scalarsOf, spell } from './attribute-value.js';
import { SamlError } from './saml-error.js';

export interface NameID {
  readonly value: string;
  readonly format: string;
  /** The probe that was answered, and where its value came from. */
  readonly probe: string;
  readonly from: string;
}

/**
 * A probe is an attribute's name. It is looked up among the attributes, then among claims that are not in the output:
 * the field that the default table maps to it, the field behind either spelling of the prefix, and a bare field name.
 * An attribute set to `null`, or to an empty array, answers its probe with nothing. Throws `saml_no_name_id` when no probe has a value.
 */
export function findNameID(
  profile: Profile,
  attributes: readonly MappedAttribute[],
  { settings, attributes: set }: EffectiveConfiguration,
  unmappedClaimPrefix: string,
): NameID {
  const probes = settings.nameIdentifierProbes.value ?? [];
  for (const probe of probes) {
    if (set.some(({ name, value }) => name === probe && scalarsOf(value).length === 0)) continue;
    const mapped = attributes.find(({ name }) => name === probe);
    const candidates: readonly (readonly [unknown, string])[] = mapped
      ? [[mapped.values, mapped.from]]
      : fieldsBehind(probe, unmappedClaimPrefix).map((key) => [own(profile, key), `profile.${key}`]);
    for (const [value, from] of candidates) {
      const text = usable(value);
      if (text !== null)
        return { value: text, format: settings.nameIdentifierFormat.value ?? '', probe, from };
    }
  }
  throw new SamlError(
    'saml_no_name_id',
    probes.length === 0
      ? 'there is no NameID: nameIdentifierProbes is empty'
      : `there is no NameID: none of the probes has a value (${probes.join(', ')})`,
  );
}

/** The profile fields that `probe` may mean although they are no attribute of that name. */
function fieldsBehind(probe: string, prefix: string): string[] {
  const byDefault = Object.entries(DEFAULT_MAPPINGS).filter(([, name]) => name === probe);
  const prefixed = [prefix, 'http://schema.auth0.com/', 'http://schemas.auth0.com/'].filter((start) =>
    probe.startsWith(start),
  );
  return [...byDefault.map(([key]) => key), ...prefixed.map((start) => probe.slice(start.length)), probe];
}

/** Non-blank text, a number or `true`; of an array its first usable item. `false`, null and objects do not count. */
function usable(value: unknown): string | null {
  const scalar = scalarsOf(value).find((item) => item !== false && spell(item).trim() !== '');
  return scalar === undefined ? null : spell(scalar);
}
