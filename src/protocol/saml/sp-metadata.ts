/**
 * Reads what a service provider says of itself (SAML Metadata 2.3.2, 2.4.4): where assertions go, its keys, its logout endpoints.
 * What is there but not used is listed, so that an import can say what it ignored. A signature over it is not verified: whoever
 * imports metadata vouches for it.
 */
import { parseXml, type Element } from '../xml/parse.js';
import { attribute, childAt, childElements, childrenNamed, isNamed, nameOf, text } from '../xml/reading.js';
import { BINDINGS } from './names.js';
import { SamlError } from './saml-error.js';

export interface SpEndpoint {
  readonly binding: string;
  readonly location: string;
  /** Where responses go, when it differs (SAML Metadata 2.2.2). */
  readonly responseLocation?: string;
}
export interface AssertionConsumer {
  readonly location: string;
  readonly index: number;
}
export interface SpMetadata {
  readonly entityId: string;
  /** Those of HTTP-POST; the default one first (SAML Metadata 2.2.3). */
  readonly assertionConsumers: readonly AssertionConsumer[];
  /** PEM. */
  readonly signingCertificates: readonly string[];
  readonly encryptionCertificates: readonly string[];
  /** Of HTTP-Redirect and HTTP-POST. */
  readonly singleLogout: readonly SpEndpoint[];
  readonly nameIDFormats: readonly string[];
  readonly authnRequestsSigned: boolean;
  readonly wantAssertionsSigned: boolean;
  /** What was there and is not used, in words. */
  readonly ignored: readonly string[];
}

const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';

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
  const [role, ...others] = childElements(entity).filter(
    (child) =>
      isNamed(child, 'md:SPSSODescriptor') &&
      wordsOf(attribute(child, 'protocolSupportEnumeration')).includes(PROTOCOL),
  );
  if (!role)
    throw invalid('it has no SPSSODescriptor for SAML 2.0: this may be the metadata of an identity provider');
  const ignored: string[] = others.length > 0 ? [`${others.length} more SPSSODescriptor`] : [];
  return {
    entityId,
    assertionConsumers: assertionConsumers(role, ignored),
    ...certificates(role, ignored),
    singleLogout: singleLogout(role, ignored),
    nameIDFormats: childrenNamed(role, 'md:NameIDFormat').map((format) => (text(format) ?? '').trim()),
    authnRequestsSigned: isTrue(attribute(role, 'AuthnRequestsSigned')),
    wantAssertionsSigned: isTrue(attribute(role, 'WantAssertionsSigned')),
    ignored: [...ignored, ...unused(entity, role)],
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
  const found = childrenNamed(role, 'md:AssertionConsumerService').map((service, position) => ({
    binding: attribute(service, 'Binding') ?? '',
    location: attribute(service, 'Location') ?? '',
    index: Number(attribute(service, 'index') ?? position),
    isDefault: attribute(service, 'isDefault'),
  }));
  const usable = found.filter(({ binding, location }) => binding === BINDINGS.httpPost && isWebUrl(location));
  for (const { binding, location } of found)
    if (binding !== BINDINGS.httpPost)
      ignored.push(`AssertionConsumerService with the binding ${binding || '(none)'}`);
    else if (!isWebUrl(location))
      ignored.push(`AssertionConsumerService at ${JSON.stringify(location)}, which is no http or https URL`);
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
      ignored.push(`SingleLogoutService with the binding ${binding || '(none)'}`);
      return [];
    }
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
const isWebUrl = (url: string): boolean =>
  !/[\s\p{Cc}]/u.test(url) && URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol);

const invalid = (detail: string): SamlError =>
  new SamlError('saml_metadata_invalid', `the metadata cannot be used: ${detail}`);
