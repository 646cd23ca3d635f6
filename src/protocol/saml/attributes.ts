/**
 * From the user's profile to the attributes of the assertion (saml-output.md 4): mapped claims, UPN, the primary identity,
 * unmapped claims, then what setAttribute asked for. One attribute a name; each knows where it came from.
 */
import type { EffectiveConfiguration, Layer } from './layers.js';
import { scalarsOf, type Scalar } from './attribute-value.js';

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';
const UPN = `${CLAIMS}upn`;

/** Profile field to attribute name, in the order of emission; `upn` is a matter of createUpnClaim. */
export const DEFAULT_MAPPINGS: Readonly<Record<string, string | readonly string[]>> = {
  user_id: `${CLAIMS}nameidentifier`,
  email: `${CLAIMS}emailaddress`,
  name: `${CLAIMS}name`,
  given_name: `${CLAIMS}givenname`,
  family_name: `${CLAIMS}surname`,
  groups: 'http://schemas.xmlsoap.org/claims/Group',
};

/** Members that are never passed through as such: identities have their own switch, metadata is objects. */
const NEVER_PASSED = new Set(['identities', 'user_metadata', 'app_metadata']);

export interface MappedAttribute {
  readonly name: string;
  readonly values: readonly Scalar[];
  readonly layer: Layer;
  /** `profile.email`, `identities[0].provider`, `setAttribute`. */
  readonly from: string;
}

export type Profile = Readonly<Record<string, unknown>>;

/** The attributes in the order in which they are written. A name set to `null`, and one without any value, has none. */
export function mapAttributes(
  profile: Profile,
  { settings, attributes: set }: EffectiveConfiguration,
  unmappedClaimPrefix: string,
): MappedAttribute[] {
  const byName = new Map<string, MappedAttribute>();
  const add = (name: string, value: unknown, from: string, layer: Layer): void => {
    const values = scalarsOf(value);
    if (values.length > 0 && !byName.has(name)) byName.set(name, { name, values, layer, from });
  };

  const mappings = mappingsOf(settings.mappings.value);
  for (const [key, names] of Object.entries(mappings))
    for (const name of [names].flat())
      add(name, own(profile, key), `profile.${key}`, settings.mappings.layer);

  if (settings.createUpnClaim.value) {
    const key = hasValue(own(profile, 'upn')) ? 'upn' : 'email';
    add(UPN, own(profile, key), `profile.${key}`, settings.createUpnClaim.layer);
  }

  if (settings.mapIdentities.value) {
    const identity = primaryIdentity(profile);
    for (const key of ['provider', 'connection', 'isSocial', 'access_token'])
      add(
        `${unmappedClaimPrefix}identities/default/${key}`,
        identity[key],
        `identities[0].${key}`,
        settings.mapIdentities.layer,
      );
  }

  if (settings.passthroughClaimsWithNoMapping.value) {
    const asIs = settings.mapUnknownClaimsAsIs;
    const consumed = settings.createUpnClaim.value ? 'upn' : undefined;
    for (const [key, value] of Object.entries(profile))
      if (key.trim() !== '' && key !== consumed && !Object.hasOwn(mappings, key) && !NEVER_PASSED.has(key))
        add(asIs.value ? key : `${unmappedClaimPrefix}${key}`, value, `profile.${key}`, asIs.layer);
  }

  for (const { name, value, layer } of set) {
    const values = scalarsOf(value);
    if (values.length === 0) byName.delete(name);
    else byName.set(name, { name, values, layer, from: 'setAttribute' });
  }
  return [...byName.values()];
}

/** `{}` means the defaults; any entry replaces the whole table. */
export const mappingsOf = (
  mappings: Readonly<Record<string, string | readonly string[]>> | undefined,
): Readonly<Record<string, string | readonly string[]>> =>
  mappings && Object.keys(mappings).length > 0 ? mappings : DEFAULT_MAPPINGS;

/** A profile key, and never a member that every object inherits. */
export const own = (profile: Profile, key: string): unknown =>
  Object.hasOwn(profile, key) ? profile[key] : undefined;

const hasValue = (value: unknown): boolean => scalarsOf(value).some((item) => item !== '');

function primaryIdentity(profile: Profile): Profile {
  const first = Array.isArray(profile['identities']) ? (profile['identities'][0] as unknown) : undefined;
  return typeof first === 'object' && first !== null ? (first as Profile) : {};
}
