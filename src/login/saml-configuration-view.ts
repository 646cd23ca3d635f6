/** The effective configuration of a SAML login, each value with the layer that set it, and each default with what it came to. */
import type { X509Certificate } from 'node:crypto';
import {
  DEFAULT_MAPPINGS,
  mapAttributes,
  mappingsOf,
  type MappedAttribute,
} from '../protocol/saml/attributes.js';
import { scalarsOf, xsTypeOf, type Scalar, type XsType } from '../protocol/saml/attribute-value.js';
import { fingerprint } from '../protocol/saml/key-pairs.js';
import {
  effectiveConfiguration,
  type EffectiveConfiguration,
  type Layer,
  type Layers,
} from '../protocol/saml/layers.js';
import { nameFormatOf } from '../protocol/saml/name-format.js';
import { findNameID, type NameID } from '../protocol/saml/name-id.js';
import { readCertificate } from '../protocol/saml/pem.js';
import { SamlError } from '../protocol/saml/saml-error.js';
import { SETTERS, SETTINGS, setterOf, type SetterName, type SettingName } from '../protocol/saml/settings.js';
import type { ResponseSummary } from '../protocol/saml/summary.js';
import type { SamlRequestPart, Transaction } from '../tenant/transaction.js';
import { SECRET } from '../tenant/secret.js';
import type { InspectedTenant } from './inspected-tenant.js';

export interface CertificateView {
  /** SHA-256 of the DER, hex. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly validFrom: string;
  readonly validTo: string;
}
export interface SettingView {
  /** As it took effect; `null` where it came to nothing. */
  readonly value: unknown;
  readonly layer: Layer;
  /** `setAudience`; `null` for a setting of Mintmark's own that no Action can reach. */
  readonly setter: string | null;
  readonly effect: string;
  /** Of a default that is worked out: what from. */
  readonly from?: string;
  /** What earlier layers had said, the latest first. */
  readonly overrides?: readonly { readonly layer: Layer; readonly value: unknown }[];
  /** Of a PEM that holds one. */
  readonly certificate?: CertificateView;
}
export interface AttributeView {
  readonly name: string;
  readonly nameFormat: string | null;
  readonly values: readonly { readonly value: string; readonly type: string | null }[];
  /** `null` where it cannot be told any more. */
  readonly layer: Layer | null;
  /** `profile.email`, `identities[0].provider`, `setAttribute`. */
  readonly from: string;
}
export interface SamlConfigurationView {
  readonly settings: Readonly<Record<SettingName, SettingView>>;
  readonly attributes: readonly AttributeView[];
  /** Mapped attributes that a layer took out again. */
  readonly leftOut: readonly { readonly name: string; readonly layer: Layer }[];
  readonly nameId:
    | (NameID & { readonly layer: Layer })
    | { readonly value: null; readonly layer: Layer; readonly reason: string };
}

/** `summary` is of the Response on the wire, where there is one: what it holds is shown, whatever the tenant's settings are by now. */
export function samlConfigurationView(
  transaction: Transaction,
  saml: SamlRequestPart,
  tenant: InspectedTenant,
  summary: ResponseSummary | null,
): SamlConfigurationView {
  const configuration = effectiveConfiguration(transaction.samlLayers);
  const { settings, attributes: set } = configuration;
  // nobody has logged in, so there is nothing to be mapped
  const profile = transaction.user ?? {};
  const mapped = mapAttributes(profile, configuration, tenant.unmappedClaimPrefix);
  const material: Material = { transaction, configuration, saml, tenant, summary };
  return {
    settings: Object.fromEntries(
      (Object.keys(SETTINGS) as SettingName[]).map((name) => [name, settingView(name, material)]),
    ) as Record<SettingName, SettingView>,
    attributes:
      summary && summary.attributes.length > 0
        ? attributesOnTheWire(summary, mapped)
        : mapped.map((attribute) => attributeView(attribute, configuration)),
    leftOut: set
      .filter(({ value }) => scalarsOf(value).length === 0)
      .map(({ name, layer }) => ({ name, layer })),
    nameId: {
      ...nameIdView(() => findNameID(profile, mapped, configuration, tenant.unmappedClaimPrefix)),
      layer: settings.nameIdentifierProbes.layer,
    },
  };
}

interface Material {
  readonly transaction: Transaction;
  readonly configuration: EffectiveConfiguration;
  readonly saml: SamlRequestPart;
  readonly tenant: InspectedTenant;
  readonly summary: ResponseSummary | null;
}
interface Computed {
  readonly value: unknown;
  readonly from: string;
}

/** The defaults that are no constants, as issue-response.ts works them out. */
const COMPUTED: Partial<Record<SettingName, (material: Material) => Computed | undefined>> = {
  audience: ({ saml }) =>
    saml.authnRequest
      ? { value: saml.authnRequest.issuer, from: 'Issuer of the AuthnRequest' }
      : saml.entityId !== undefined
        ? { value: saml.entityId, from: 'the client’s entityId: there is no AuthnRequest' }
        : { value: saml.acsUrl, from: `${acsUrlFrom(saml)}: there is no AuthnRequest` },
  recipient: ({ saml }) => ({ value: saml.acsUrl, from: `the ACS URL: ${acsUrlFrom(saml)}` }),
  destination: ({ saml }) => ({ value: saml.acsUrl, from: `the ACS URL: ${acsUrlFrom(saml)}` }),
  issuer: ({ tenant, summary }) => ({
    value: summary?.issuer ?? tenant.entityId,
    from: 'the tenant’s entity_id',
  }),
  relayState: ({ saml }) => ({
    value: saml.RelayState ?? null,
    from: saml.RelayState === undefined ? 'the request has none' : 'RelayState of the request',
  }),
  authnContextClassRef: ({ saml, configuration: { settings } }) => {
    const requested = saml.authnRequest?.requestedAuthnContext?.classRefs[0];
    return settings.echoRequestedAuthnContext.value && requested !== undefined
      ? { value: requested, from: 'RequestedAuthnContext of the AuthnRequest' }
      : undefined;
  },
  cert: ({ configuration: { settings }, transaction, tenant }) =>
    settings.key.value === undefined
      ? { value: tenantCertificate(transaction, tenant), from: 'the tenant’s certificate' }
      : { value: null, from: 'missing, while key is set' },
  key: ({ configuration: { settings } }) =>
    settings.cert.value === undefined
      ? { value: SECRET, from: 'the tenant’s key' }
      : { value: null, from: 'missing, while cert is set' },
  mappings: () => ({ value: DEFAULT_MAPPINGS, from: 'the default table of claims' }),
};

function acsUrlFrom({ authnRequest, acsUrl }: SamlRequestPart): string {
  if (authnRequest?.assertionConsumerServiceURL === acsUrl)
    return 'AssertionConsumerServiceURL of the AuthnRequest';
  if (authnRequest?.assertionConsumerServiceIndex !== undefined)
    return 'AssertionConsumerServiceIndex of the AuthnRequest';
  return 'the client’s first callback URL';
}

/** Of the key that signed, or would. */
const tenantCertificate = ({ signedWith }: Transaction, { certificates }: InspectedTenant): string | null =>
  (certificates.find(({ kid }) => kid === signedWith) ?? certificates[0])?.pem ?? null;

function settingView(name: SettingName, material: Material): SettingView {
  const row = SETTINGS[name];
  const { layer, value } = material.configuration.settings[name];
  const isDefault = layer === 'default' || (name === 'mappings' && isEmpty(value));
  const computed = isDefault
    ? (COMPUTED[name]?.(material) ?? { value: value ?? null, from: row.otherwise })
    : { value, from: undefined };
  const conceal = (shown: unknown): unknown => ('secret' in row && shown !== null ? SECRET : shown);
  const overrides = saidBefore(material.transaction.samlLayers, name, layer).map((said) => ({
    layer: said.layer,
    value: conceal(said.value),
  }));
  const certificate = certificateIn(computed.value);
  return {
    value: conceal(computed.value),
    layer,
    setter: Object.hasOwn(SETTERS, name) ? setterOf(name as SetterName) : null,
    effect: row.effect,
    ...(computed.from !== undefined && { from: computed.from }),
    ...(overrides.length > 0 && { overrides }),
    ...(certificate && { certificate }),
  };
}

/** An empty table of mappings means the default one. */
const isEmpty = (mappings: unknown): boolean =>
  mappingsOf(mappings as Parameters<typeof mappingsOf>[0]) === DEFAULT_MAPPINGS;

const ORDER = ['action', 'transaction', 'client'] as const;

function saidBefore(layers: Layers, name: SettingName, winner: Layer): { layer: Layer; value: unknown }[] {
  return ORDER.slice(ORDER.indexOf(winner as (typeof ORDER)[number]) + 1).flatMap((layer) => {
    const value = winner === 'default' ? undefined : layers[layer]?.settings[name];
    return value === undefined ? [] : [{ layer, value }];
  });
}

function certificateIn(value: unknown): CertificateView | undefined {
  if (typeof value !== 'string' || !value.includes('BEGIN CERTIFICATE')) return undefined;
  try {
    return certificateView(readCertificate(value, { name: 'certificate', pointer: '' }));
  } catch {
    return undefined;
  }
}
const certificateView = (certificate: X509Certificate): CertificateView => ({
  fingerprint: fingerprint(certificate),
  subject: certificate.subject,
  validFrom: new Date(certificate.validFrom).toISOString(),
  validTo: new Date(certificate.validTo).toISOString(),
});

const attributeView = (
  { name, values, layer, from }: MappedAttribute,
  { settings }: EffectiveConfiguration,
): AttributeView => ({
  name,
  nameFormat: settings.includeAttributeNameFormat.value ? nameFormatOf(name) : null,
  values: values.map((value: Scalar) => ({
    value: String(value),
    type: xsTypeOf(value, settings.typedAttributes.value ?? true) satisfies XsType,
  })),
  layer,
  from,
});

/** What was sent, each with the origin of the attribute of that name. */
function attributesOnTheWire(summary: ResponseSummary, mapped: readonly MappedAttribute[]): AttributeView[] {
  return summary.attributes.map(({ name, nameFormat, values, types }) => {
    const origin = mapped.find((attribute) => attribute.name === name);
    return {
      name: name ?? '',
      nameFormat,
      values: values.map((value, index) => ({ value: value ?? '', type: types[index] ?? null })),
      layer: origin?.layer ?? null,
      from:
        origin?.from ?? 'a profile field, under an unmapped_claim_prefix that the tenant has changed since',
    };
  });
}

function nameIdView(find: () => NameID): NameID | { readonly value: null; readonly reason: string } {
  try {
    return find();
  } catch (error) {
    if (error instanceof SamlError) return { value: null, reason: error.description };
    throw error;
  }
}
