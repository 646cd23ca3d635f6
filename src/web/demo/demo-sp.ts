/** The demo service provider: what it is called, where it is reached, and what it says. */
import { BINDINGS, NAME_ID_FORMATS } from '../../protocol/saml/names.js';
import { element } from '../../protocol/xml/element.js';
import { serialise } from '../../protocol/xml/writer.js';

/** Unless another client has been given its entity ID. */
export const DEMO_CLIENT_ID = 'mintmark-demo-sp';
export const DEMO_NAME = 'Mintmark demo';

export interface DemoSp {
  readonly entityId: string;
  readonly acsUrl: string;
  readonly sloUrl: string;
}

export const demoSpAt = (baseUrl: string): DemoSp => ({
  entityId: `${baseUrl}/demo/sp/metadata`,
  acsUrl: `${baseUrl}/demo/sp/acs`,
  sloUrl: `${baseUrl}/demo/sp/slo`,
});

/** SAML Metadata 2.4.4. */
export const demoMetadata = ({ entityId, acsUrl, sloUrl }: DemoSp): string =>
  serialise(
    element('md:EntityDescriptor', { entityID: entityId }, [
      element(
        'md:SPSSODescriptor',
        {
          AuthnRequestsSigned: 'false',
          WantAssertionsSigned: 'true',
          protocolSupportEnumeration: 'urn:oasis:names:tc:SAML:2.0:protocol',
        },
        [
          ...Object.values(BINDINGS).map((binding) =>
            element('md:SingleLogoutService', { Binding: binding, Location: sloUrl }),
          ),
          element('md:NameIDFormat', {}, [NAME_ID_FORMATS.unspecified]),
          element('md:AssertionConsumerService', {
            Binding: BINDINGS.httpPost,
            Location: acsUrl,
            index: '0',
            isDefault: 'true',
          }),
        ],
      ),
    ]),
  );

export interface DemoRequest {
  readonly id: string;
  readonly issueInstant: Date;
  readonly destination: string;
  readonly forceAuthn: boolean;
  readonly isPassive: boolean;
}

/** SAML Core 3.4.1. */
export const demoAuthnRequest = (sp: DemoSp, request: DemoRequest): string =>
  serialise(
    element(
      'samlp:AuthnRequest',
      {
        ID: request.id,
        Version: '2.0',
        IssueInstant: request.issueInstant.toISOString(),
        Destination: request.destination,
        ForceAuthn: request.forceAuthn ? 'true' : undefined,
        IsPassive: request.isPassive ? 'true' : undefined,
        ProtocolBinding: BINDINGS.httpPost,
        AssertionConsumerServiceURL: sp.acsUrl,
      },
      [element('saml:Issuer', {}, [sp.entityId]), element('samlp:NameIDPolicy', { AllowCreate: 'true' })],
    ),
  );

/** Sent along and wanted back to the letter; a few characters that careless encoding would lose. */
export const demoRelayState = (id: string): string => `demo & ${id.slice(1, 9)} + ä`;
