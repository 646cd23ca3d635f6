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
import type { Source } from '../tenant/effects.js';
import type { SamlRequestPart, Transaction } from '../tenant/transaction.js';
import { SECRET } from '../tenant/secret.js';
import { callIn, sourcesIn, type SourceOf } from './action-sources.js';
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
  /** Of a default that is worked out: what from. Of what an Action set: the call. */
  readonly from?: string;
  readonly source?: Source;
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
  /** `profile.email`, `identities[0].provider`, `setAttribute`, `api.samlResponse.setAttribute in grant-roles.js:12`. */
  readonly from: string;
  /** The call that set it, or that set the table or the switch which let it in. */
  readonly source?: Source;
}
export interface SamlConfigurationView {
  readonly settings: Readonly<Record<SettingName, SettingView>>;
  readonly attributes: readonly AttributeView[];
  /** Mapped attributes that a layer took out again. */
  readonly leftOut: readonly { readonly name: string; readonly layer: Layer; readonly source?: Source }[];
  /** Its source set the value, or else the probes. */
  readonly nameId:
    | (NameID & { readonly layer: Layer; readonly source?: Source })
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
  const { attributes: set } = configuration;
  const sourceOf = sourcesIn(transaction);
  // nobody has logged in, so there is nothing to be mapped
  const profile = transaction.user ?? {};
  const mapped = mapAttributes(profile, configuration, tenant.unmappedClaimPrefix);
  const originOf = (attribute: MappedAttribute): Origin => originIn(attribute, sourceOf);
  const material: Material = { transaction, configuration, saml, tenant, summary, sourceOf };
  return {
    settings: Object.fromEntries(
      (Object.keys(SETTINGS) as SettingName[]).map((name) => [name, settingView(name, material)]),
    ) as Record<SettingName, SettingView>,
    attributes:
      summary && summary.attributes.length > 0
        ? attributesOnTheWire(summary, mapped, originOf)
        : mapped.map((attribute) => attributeView(attribute, configuration, originOf(attribute))),
    leftOut: set
      .filter(({ value }) => scalarsOf(value).length === 0)
      .map(({ name, layer }) => ({ name, layer, ...sourced(layer, attributeKey(name), sourceOf) })),
    nameId: nameIdView(
      () => findNameID(profile, mapped, configuration, tenant.unmappedClaimPrefix),
      configuration,
      sourceOf,
    ),
  };
}

/** The call, of what the layer of the Actions has set. */
const sourced = (layer: Layer, key: string, sourceOf: SourceOf): { readonly source?: Source } => {
  const source = layer === 'action' ? sourceOf(key) : undefined;
  return source ? { source } : {};
};
const settingKey = (name: SettingName): string => `samlResponse.${name}`;
const attributeKey = (name: string): string => `samlResponse.attributes.${name}`;

interface Material {
  readonly transaction: Transaction;
  readonly configuration: EffectiveConfiguration;
  readonly saml: SamlRequestPart;
  readonly tenant: InspectedTenant;
  readonly summary: ResponseSummary | null;
  readonly sourceOf: SourceOf;
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
  const setter = Object.hasOwn(SETTERS, name) ? setterOf(name as SetterName) : null;
  const { source } = sourced(layer, settingKey(name), material.sourceOf);
  const from = computed.from ?? (source && callIn(`samlResponse.${setter}`, source));
  return {
    value: conceal(computed.value),
    layer,
    setter,
    effect: row.effect,
    ...(from !== undefined && { from }),
    ...(source && { source }),
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

type Origin = Pick<AttributeView, 'layer' | 'from' | 'source'>;

function originIn({ name, layer, from }: MappedAttribute, sourceOf: SourceOf): Origin {
  if (from === SET) {
    const { source } = sourced(layer, attributeKey(name), sourceOf);
    return source ? { layer, from: callIn('samlResponse.setAttribute', source), source } : { layer, from };
  }
  const switched = switchBehind(name, from);
  const { source } = sourced(layer, settingKey(switched), sourceOf);
  return source
    ? { layer, from: `${from}, by ${callIn(`samlResponse.${setterOf(switched)}`, source)}`, source }
    : { layer, from };
}

/** What let a profile field in, as mapAttributes goes about it; the table of mappings is out of the reach of Actions. */
const switchBehind = (name: string, from: string): SetterName =>
  from.startsWith('identities[0].')
    ? 'mapIdentities'
    : name === UPN
      ? 'createUpnClaim'
      : 'mapUnknownClaimsAsIs';
const SET = 'setAttribute';
const UPN = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn';

const attributeView = (
  { name, values }: MappedAttribute,
  { settings }: EffectiveConfiguration,
  origin: Origin,
): AttributeView => ({
  name,
  nameFormat: settings.includeAttributeNameFormat.value ? nameFormatOf(name) : null,
  values: values.map((value: Scalar) => ({
    value: String(value),
    type: xsTypeOf(value, settings.typedAttributes.value ?? true) satisfies XsType,
  })),
  ...origin,
});

/** Of what was sent and has no origin by now. */
const FORGOTTEN: Origin = {
  layer: null,
  from: 'a profile field, under an unmapped_claim_prefix that the tenant has changed since',
};

/** What was sent, each with the origin of the attribute of that name. */
function attributesOnTheWire(
  summary: ResponseSummary,
  mapped: readonly MappedAttribute[],
  originOf: (attribute: MappedAttribute) => Origin,
): AttributeView[] {
  return summary.attributes.map(({ name, nameFormat, values, types }) => {
    const attribute = mapped.find((one) => one.name === name);
    return {
      name: name ?? '',
      nameFormat,
      values: values.map((value, index) => ({ value: value ?? '', type: types[index] ?? null })),
      ...(attribute ? originOf(attribute) : FORGOTTEN),
    };
  });
}

function nameIdView(
  find: () => NameID,
  { settings, attributes }: EffectiveConfiguration,
  sourceOf: SourceOf,
): SamlConfigurationView['nameId'] {
  const { layer } = settings.nameIdentifierProbes;
  try {
    const found = find();
    const set = attributes.find(({ name }) => found.from === SET && name === found.probe);
    const { source } = set ? sourced(set.layer, attributeKey(set.name), sourceOf) : {};
    return source
      ? { ...found, from: callIn('samlResponse.setAttribute', source), layer: 'action', source }
      : { ...found, layer, ...sourced(layer, settingKey('nameIdentifierProbes'), sourceOf) };
  } catch (error) {
    if (error instanceof SamlError) return { value: null, reason: error.description, layer };
    throw error;
  }
}
