import { readFileSync } from 'node:fs';
import { generateServiceProviderMetadata } from '@node-saml/node-saml';
import { expect, test } from 'vitest';
import { readCertificate } from './pem.js';
import { readSpMetadata } from './sp-metadata.js';

const key = (name: string): string =>
  readFileSync(new URL(`../../../test/keys/saml-${name}.pem`, import.meta.url), 'utf8');
const base64 = (name: string): string => key(name).replace(/-----[^-]+-----|\s/g, '');
const keyInfo = (name: string): string =>
  `<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>\n  ${base64(name)}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
const BINDING = 'urn:oasis:names:tc:SAML:2.0:bindings:';
const entity = (inside: string, id = 'https://sp.example.test'): string =>
  `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${id}"><SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="1" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${inside}</SPSSODescriptor></EntityDescriptor>`;
const acs = (location: string, more = '', binding = 'HTTP-POST'): string =>
  `<AssertionConsumerService Binding="${BINDING}${binding}" Location="${location}" ${more}/>`;

test('the metadata that node-saml makes of itself is read', () => {
  const xml = generateServiceProviderMetadata({
    issuer: 'https://sp.example.test',
    callbackUrl: 'https://sp.example.test/acs',
    logoutCallbackUrl: 'https://sp.example.test/logout',
    identifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    wantAssertionsSigned: true,
    decryptionPvk: key('sp.key'),
    decryptionCert: key('sp.crt'),
    publicCerts: key('other.crt'),
    privateKey: key('other.key'),
  });
  const read = readSpMetadata(xml);
  expect(read).toMatchObject({
    entityId: 'https://sp.example.test',
    assertionConsumers: [{ location: 'https://sp.example.test/acs', index: 1 }],
    singleLogout: [{ binding: `${BINDING}HTTP-POST`, location: 'https://sp.example.test/logout' }],
    nameIDFormats: ['urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'],
    wantAssertionsSigned: true,
  });
  const subject = (pem: string): string => readCertificate(pem, { name: 'c', pointer: '' }).subject;
  expect(read.signingCertificates.map(subject)).toEqual([subject(key('other.crt'))]);
  expect(read.encryptionCertificates.map(subject)).toEqual([subject(key('sp.crt'))]);
});

test('a key without a use serves both; white space inside a certificate is no part of it', () => {
  const { signingCertificates, encryptionCertificates } = readSpMetadata(
    entity(`<KeyDescriptor>${keyInfo('sp.crt')}</KeyDescriptor>${acs('https://sp.example.test/acs')}`),
  );
  expect(signingCertificates).toEqual(encryptionCertificates);
  expect(readCertificate(signingCertificates[0]!, { name: 'c', pointer: '' }).raw.toString('base64')).toBe(
    base64('sp.crt'),
  );
});

test.each([
  [
    'the one that says so',
    acs('https://a.test/', 'index="0"') + acs('https://b.test/', 'index="1" isDefault="true"'),
    'https://b.test/',
  ],
  [
    'else the first that does not deny it',
    acs('https://a.test/', 'index="0" isDefault="false"') + acs('https://b.test/', 'index="1"'),
    'https://b.test/',
  ],
  [
    'else the first',
    acs('https://a.test/', 'index="0" isDefault="false"') + acs('https://b.test/', 'index="1" isDefault="0"'),
    'https://a.test/',
  ],
])('the default ACS is %s', (_, services, location) => {
  const { assertionConsumers } = readSpMetadata(entity(services));
  expect(assertionConsumers).toHaveLength(2);
  expect(assertionConsumers[0]!.location).toBe(location);
});

test('what is not used is said', () => {
  const { ignored, singleLogout, authnRequestsSigned } = readSpMetadata(
    entity(
      `<Extensions/><SingleLogoutService Binding="${BINDING}SOAP" Location="https://sp.example.test/soap"/><SingleLogoutService Binding="${BINDING}HTTP-Redirect" Location="https://sp.example.test/slo" ResponseLocation="https://sp.example.test/slo-done"/>${acs('https://sp.example.test/artifact', '', 'HTTP-Artifact')}${acs('javascript:alert(1)')}${acs('https://*.test/acs')}${acs('https://sp.example.test/acs')}<AttributeConsumingService/>`,
    ),
  );
  expect(ignored).toEqual([
    `AssertionConsumerService with the binding ${BINDING}HTTP-Artifact`,
    'AssertionConsumerService at "javascript:alert(1)", which is no http or https URL',
    'AssertionConsumerService at "https://*.test/acs", which cannot be a callback: it must not leave a whole top-level domain open',
    `SingleLogoutService with the binding ${BINDING}SOAP`,
    'Extensions',
    'AttributeConsumingService',
  ]);
  expect(singleLogout).toEqual([
    {
      binding: `${BINDING}HTTP-Redirect`,
      location: 'https://sp.example.test/slo',
      responseLocation: 'https://sp.example.test/slo-done',
    },
  ]);
  expect(authnRequestsSigned).toBe(true);
});

test.each([
  [
    'an identity provider’s',
    '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x"><IDPSSODescriptor/></EntityDescriptor>',
    'saml_metadata_invalid',
    'identity provider',
  ],
  [
    'one without an entity ID',
    entity(acs('https://sp.example.test/acs'), ''),
    'saml_metadata_invalid',
    'entityID',
  ],
  [
    'one without a usable ACS',
    entity(acs('https://sp.example.test/acs', '', 'PAOS')),
    'saml_metadata_invalid',
    'HTTP-POST',
  ],
  [
    'two entities',
    `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">${entity(acs('https://a.test/'), 'a')}${entity(acs('https://b.test/'), 'b')}</EntitiesDescriptor>`,
    'saml_metadata_invalid',
    '2 entities',
  ],
  ['a web page', '<html><body/></html>', 'saml_metadata_invalid', 'EntityDescriptor'],
  ['one with a DOCTYPE', `<!DOCTYPE x>${entity(acs('https://a.test/'))}`, 'saml_xml_forbidden', 'DOCTYPE'],
])('%s is refused, and why is said', (_, xml, code, words) => {
  expect(() => readSpMetadata(xml)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(words) as string }) as Error,
  );
});

test('one entity inside EntitiesDescriptor is taken', () => {
  const xml = `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">${entity(acs('https://a.test/'), 'a')}</EntitiesDescriptor>`;
  expect(readSpMetadata(xml).entityId).toBe('a');
});
