/** The metadata by which a service provider knows us (SAML Metadata 2.3.2, 2.4.3), with the members that Auth0's has. */
import { element, type XmlElement } from '../xml/element.js';
import { serialise } from '../xml/writer.js';
import { BINDINGS, NAME_FORMATS, NAME_ID_FORMATS } from './names.js';

const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';

/** Claims of the default table that SPs' tools like to offer by name. */
const ATTRIBUTES = [
  ['emailaddress', 'E-Mail Address'],
  ['givenname', 'Given Name'],
  ['name', 'Name'],
  ['surname', 'Surname'],
  ['nameidentifier', 'Name ID'],
] as const;

export interface IdpMetadata {
  readonly entityId: string;
  /** base64 DER; the first signs, the others are still or already good. */
  readonly certificates: readonly string[];
  /** Takes HTTP-Redirect and HTTP-POST. */
  readonly singleSignOnUrl: string;
  /** Likewise; left out where there is no single logout. */
  readonly singleLogoutUrl?: string;
  readonly wantAuthnRequestsSigned: boolean;
}

/** The document, without XML declaration. URLs are the caller's: they must come from configuration, never from a Host header. */
export function writeIdpMetadata(metadata: IdpMetadata): string {
  const { entityId, certificates, singleSignOnUrl, singleLogoutUrl, wantAuthnRequestsSigned } = metadata;
  return serialise(
    element('md:EntityDescriptor', { entityID: entityId }, [
      element(
        'md:IDPSSODescriptor',
        { WantAuthnRequestsSigned: String(wantAuthnRequestsSigned), protocolSupportEnumeration: PROTOCOL },
        [
          ...certificates.map(keyDescriptor),
          ...(singleLogoutUrl === undefined ? [] : endpoints('md:SingleLogoutService', singleLogoutUrl)),
          ...Object.values(NAME_ID_FORMATS).map((format) => element('md:NameIDFormat', {}, [format])),
          ...endpoints('md:SingleSignOnService', singleSignOnUrl),
          ...ATTRIBUTES.map(([name, friendly]) =>
            element('saml:Attribute', {
              Name: `${CLAIMS}${name}`,
              NameFormat: NAME_FORMATS.uri,
              FriendlyName: friendly,
            }),
          ),
        ],
      ),
    ]),
  );
}

const keyDescriptor = (certificate: string): XmlElement =>
  element('md:KeyDescriptor', { use: 'signing' }, [
    element('ds:KeyInfo', {}, [
      element('ds:X509Data', {}, [element('ds:X509Certificate', {}, [certificate])]),
    ]),
  ]);

const endpoints = (name: 'md:SingleSignOnService' | 'md:SingleLogoutService', url: string): XmlElement[] =>
  Object.values(BINDINGS).map((binding) => element(name, { Binding: binding, Location: url }));
