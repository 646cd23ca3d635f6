/**
 * Reads what a service provider says of itself (SAML Metadata 2.3.2, 2.4.4): where assertions go, its keys, its logout endpoints.
 * What is there but not used is listed, so that an import can say what it ignored. A signature over it is not verified: whoever
 * imports metadata vouches for it.
 */
import { registrationFlaw } from '../oauth/redirect-uri.js';
import { parseXml, type Element } from '../xml/parse.js';
import { attribute, childAt, childElements, childrenNamed, isNamed, nameOf, text } from '../xml/reading.js';
import { BINDINGS } from './names.js';
import { quote } from './quote.js';
import { SamlError } from './saml-error.js';
import { shortened } from './shortened.js';

export interface SpEndpoint {
  readonly binding: string;
  readonly location: string;
  /** Where responses go, when it differs (SAML Metadata 2.2.2). */
  readonly responseLocation?: string;
}
export interface AssertionConsumer {
  readonly location: string;
  /** Of its own in this metadata: where it names none, or one that is taken, the lowest that is free. */
  readonly index: number;
}
export interface SpMetadata {
  readonly entityId: string;
  /** What it wants to be called: mdui:DisplayName, else OrganizationDisplayName; the English one, else the first. */
  readonly displayName?: string;
  /** Those of HTTP-POST; the default one first (SAML Metadata 2.2.3). */
  readonly assertionConsumers: readonly AssertionConsumer[];
  /** PEM. */
  readonly signingCertificates: readonly string[];
  readonly encryptionCertificates: readonly string[];
  /** Algorithms of EncryptionMethod, in its order. */
  readonly encryptionMethods: readonly string[];
  /** Of HTTP-Redirect and HTTP-POST. */
  readonly singleLogout: readonly SpEndpoint[];
  readonly nameIDFormats: readonly string[];
  readonly authnRequestsSigned: boolean;
  readonly wantAssertionsSigned: boolean;
  /** What was there and is not used, in words. */
  readonly ignored: readonly string[];
}

const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
const MDUI = 'urn:oasis:names:tc:SAML:metadata:ui';
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
const LONGEST_ENTITY_ID = 1024;

/** Throws SamlError `saml_xml_malformed`, `saml_xml_forbidden`, or `saml_metadata_invalid`, which says what is missing. */
export function readSpMetadata(xml: string): SpMetadata {
  const root = parseXml(xml, {
    depth: 32,
    elements: 5000,
    attributes: 10_000,
    attributesPerElement: 64,
  }).documentElement!;
  const entity = entityOf(root);
  const entityId = attribute(entity, 'entityID') ?? '';
  if (entityId.trim() === '') throw invalid('EntityDescriptor has no entityID');
  if (entityId.length > LONGEST_ENTITY_ID)
    throw invalid(`its entityID has more than ${LONGEST_ENTITY_ID} characters (SAML Metadata 2.2.1)`);
  const [role, ...others] = childElements(entity).filter(
    (child) =>
      isNamed(child, 'md:SPSSODescriptor') &&
      wordsOf(attribute(child, 'protocolSupportEnumeration')).includes(PROTOCOL),
  );
  if (!role)
    throw invalid('it has no SPSSODescriptor for SAML 2.0: this may be the metadata of an identity provider');
  const ignored: string[] = others.length > 0 ? [`${others.length} more SPSSODescriptor`] : [];
  const displayName = displayNameOf(entity, role);
  return {
    entityId,
    ...(displayName !== undefined && { displayName }),
    assertionConsumers: assertionConsumers(role, ignored),
    ...certificates(role, ignored),
    encryptionMethods: childrenNamed(role, 'md:KeyDescriptor').flatMap((descriptor) =>
      childrenNamed(descriptor, 'md:EncryptionMethod').map((method) => attribute(method, 'Algorithm') ?? ''),
    ),
    singleLogout: singleLogout(role, ignored),
    nameIDFormats: childrenNamed(role, 'md:NameIDFormat').map((format) => (text(format) ?? '').trim()),
    authnRequestsSigned: isTrue(attribute(role, 'AuthnRequestsSigned')),
    wantAssertionsSigned: isTrue(attribute(role, 'WantAssertionsSigned')),
    ignored: [...ignored, ...unusedAttributes(entity, role), ...unused(entity, role)],
  };
}

function entityOf(root: Element): Element {
  if (isNamed(root, 'md:EntityDescriptor')) return root;
  if (!isNamed(root, 'md:EntitiesDescriptor'))
    throw invalid(`its root is ${nameOf(root)}, where an EntityDescriptor of ${METADATA} is wanted`);
  const entities = childrenNamed(root, 'md:EntityDescriptor');
  if (entities.length === 1) return entities[0]!;
  throw invalid(`it describes ${entities.length} entities; import one EntityDescriptor at a time`);
}

/** Only HTTP-POST carries a Response in the browser SSO profile (SAML Profiles 4.1.2). */
function assertionConsumers(role: Element, ignored: string[]): AssertionConsumer[] {
  const found = childrenNamed(role, 'md:AssertionConsumerService').map((service) => ({
    binding: attribute(service, 'Binding') ?? '',
    location: attribute(service, 'Location') ?? '',
    wanted: attribute(service, 'index'),
    isDefault: attribute(service, 'isDefault'),
  }));
  const usable = indexed(
    found.filter(({ binding, location }) => binding === BINDINGS.httpPost && isCallback(location)),
    ignored,
  );
  for (const { binding, location } of found)
    if (binding !== BINDINGS.httpPost)
      ignored.push(`AssertionConsumerService with the binding ${binding || '(none)'}`);
    else if (!isWebUrl(location))
      ignored.push(`AssertionConsumerService at ${quote(location)}, which is no http or https URL`);
    else if (!isCallback(location))
      ignored.push(
        `AssertionConsumerService at ${quote(location)}, which cannot be a callback: it ${registrationFlaw(location)}`,
      );
  if (usable.length === 0)
    throw invalid('it has no AssertionConsumerService with the HTTP-POST binding and an http or https URL');
  // the first that says so, else the first that does not deny it, else the first
  const first =
    usable.find(({ isDefault }) => isTrue(isDefault)) ??
    usable.find(({ isDefault }) => isDefault === undefined) ??
    usable[0]!;
  return [first, ...usable.filter((service) => service !== first)].map(({ location, index }) => ({
    location,
    index,
  }));
}

/** An `index` is an unsignedShort, and unique in its role (SAML Metadata 2.2.3); some SPs leave it out. */
function indexed<Service extends { readonly location: string; readonly wanted: string | undefined }>(
  services: readonly Service[],
  ignored: string[],
): (Service & { readonly index: number })[] {
  const own = (wanted: string | undefined): number | undefined =>
    wanted !== undefined && /^\s*\d{1,5}\s*$/.test(wanted) && Number(wanted) <= 65_535
      ? Number(wanted)
      : undefined;
  const taken = new Set(services.map(({ wanted }) => own(wanted)));
  const given = new Set<number>();
  let free = 0;
  return services.map((service) => {
    const index = own(service.wanted);
    if (index !== undefined && !given.has(index)) {
      given.add(index);
      return { ...service, index };
    }
    if (service.wanted !== undefined)
      ignored.push(
        `index ${quote(service.wanted)} of the AssertionConsumerService at ${service.location}, ${index === undefined ? 'which is no whole number up to 65535' : 'which another has, too'}`,
      );
    while (taken.has(free)) free++;
    taken.add(free);
    return { ...service, index: free };
  });
}

function certificates(
  role: Element,
  ignored: string[],
): Pick<SpMetadata, 'signingCertificates' | 'encryptionCertificates'> {
  const keys = childrenNamed(role, 'md:KeyDescriptor').flatMap((descriptor) => {
    const use = attribute(descriptor, 'use');
    const found = childElements(childAt(descriptor, 'ds:KeyInfo') ?? descriptor)
      .filter((data) => isNamed(data, 'ds:X509Data'))
      .flatMap((data) => childrenNamed(data, 'ds:X509Certificate'));
    if (found.length === 0) ignored.push('a KeyDescriptor without X509Certificate');
    return found.map((certificate) => ({ use, pem: pemOf(text(certificate) ?? '') }));
  });
  const used = (wanted: string): string[] => [
    ...new Set(keys.filter(({ use }) => use === undefined || use === wanted).map(({ pem }) => pem)),
  ];
  return { signingCertificates: used('signing'), encryptionCertificates: used('encryption') };
}

const pemOf = (base64: string): string =>
  `-----BEGIN CERTIFICATE-----\n${base64.replace(/\s+/g, '').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;

function singleLogout(role: Element, ignored: string[]): SpEndpoint[] {
  return childrenNamed(role, 'md:SingleLogoutService').flatMap((service) => {
    const binding = attribute(service, 'Binding') ?? '';
    const location = attribute(service, 'Location') ?? '';
    const responseLocation = attribute(service, 'ResponseLocation');
    const known = (Object.values(BINDINGS) as string[]).includes(binding);
    if (!known || !isWebUrl(location)) {
      ignored.push(
        known
          ? `SingleLogoutService at ${quote(location)}, which is no http or https URL`
          : `SingleLogoutService with the binding ${binding || '(none)'}`,
      );
      return [];
    }
    if (responseLocation !== undefined && !isWebUrl(responseLocation))
      ignored.push(`ResponseLocation ${quote(responseLocation)}, which is no http or https URL`);
    return [
      {
        binding,
        location,
        ...(responseLocation !== undefined && isWebUrl(responseLocation) && { responseLocation }),
      },
    ];
  });
}

const READ = [
  'md:KeyDescriptor',
  'md:SingleLogoutService',
  'md:NameIDFormat',
  'md:AssertionConsumerService',
] as const;

/** What else the descriptors say of themselves; only a deadline that has meaning for an import once made is worth a word. */
const unusedAttributes = (...descriptors: readonly Element[]): string[] =>
  descriptors.flatMap((descriptor) =>
    ['validUntil', 'cacheDuration', 'errorURL'].flatMap((name) => {
      const value = attribute(descriptor, name);
      return value === undefined ? [] : [`${name} ${value.slice(0, 100)}`];
    }),
  );

function displayNameOf(entity: Element, role: Element): string | undefined {
  const below = (parent: Element | undefined, namespace: string, local: string): Element[] =>
    parent === undefined
      ? []
      : childElements(parent).filter(
          (child) => child.localName === local && child.namespaceURI === namespace,
        );
  const ofInterface = childrenNamed(role, 'md:Extensions')
    .flatMap((extensions) => below(extensions, MDUI, 'UIInfo'))
    .flatMap((info) => below(info, MDUI, 'DisplayName'));
  const ofOrganization = childrenNamed(entity, 'md:Organization').flatMap((organization) =>
    childrenNamed(organization, 'md:OrganizationDisplayName'),
  );
  const names = ofInterface.length > 0 ? ofInterface : ofOrganization;
  const isEnglish = (name: Element): boolean =>
    /^en(?:-|$)/i.test(name.getAttributeNS('http://www.w3.org/XML/1998/namespace', 'lang') ?? '');
  const chosen = (text(names.find(isEnglish) ?? names[0]) ?? '').replace(/\s+/g, ' ').trim();
  return chosen === '' ? undefined : shortened(chosen, 256);
}

/** Children that nothing is taken from, once each. */
function unused(entity: Element, role: Element): string[] {
  const names = [
    ...childElements(entity).filter((child) => !isNamed(child, 'md:SPSSODescriptor')),
    ...childElements(role).filter((child) => !READ.some((name) => isNamed(child, name))),
  ].map((child) => child.localName ?? child.nodeName);
  return [...new Set(names)];
}

const wordsOf = (list: string | undefined): string[] => (list ?? '').split(/\s+/);
const isTrue = (value: string | undefined): boolean => value?.trim() === 'true' || value?.trim() === '1';
/** As `webUrl` of the tenant has it. */
const isWebUrl = (url: string): boolean =>
  url.length <= 2048 &&
  !/[\s\p{Cc}]/u.test(url) &&
  URL.canParse(url) &&
  ['http:', 'https:'].includes(new URL(url).protocol);

/** What leaves no more open than itself, for a client's callbacks serve its browser logins too. */
const isCallback = (url: string): boolean => isWebUrl(url) && registrationFlaw(url) === undefined;

const invalid = (detail: string): SamlError =>
  new SamlError('saml_metadata_invalid', `the metadata cannot be used: ${detail}`);
