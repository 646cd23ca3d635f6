/** Assertion: SAML Core 2.3.3 as the Web Browser SSO profile narrows it (SAML Profiles 4.1.4.2), in the order Auth0 writes it. */
import { element, type XmlElement } from '../xml/element.js';
import { spell, xsTypeOf } from './attribute-value.js';
import type { MappedAttribute } from './attributes.js';
import { instant } from './instant.js';
import { nameFormatOf } from './name-format.js';
import type { NameID } from './name-id.js';
import { BEARER } from './names.js';

export interface AssertionParts {
  readonly id: string;
  readonly issuer: string;
  /** One `now` for IssueInstant and everything counted from it. */
  readonly issueInstant: Date;
  readonly notBefore: Date;
  readonly notOnOrAfter: Date;
  readonly nameID: NameID;
  readonly recipient: string;
  /** ID of the AuthnRequest; absent when the IdP initiates. */
  readonly inResponseTo: string | undefined;
  readonly audience: string;
  /** When the user authenticated, which may be earlier than the assertion. */
  readonly authnInstant: Date;
  readonly sessionIndex: string;
  readonly sessionNotOnOrAfter: Date | undefined;
  readonly authnContextClassRef: string;
  readonly attributes: readonly MappedAttribute[];
  readonly typedAttributes: boolean;
  readonly includeAttributeNameFormat: boolean;
}

/** Where a Signature goes: right after Issuer, in Assertion and Response alike (SAML Core 2.3.3, 3.2.2). */
export const SIGNATURE_INDEX = 1;

export function buildAssertion(parts: AssertionParts): XmlElement {
  return element(
    'saml:Assertion',
    { Version: '2.0', ID: parts.id, IssueInstant: instant(parts.issueInstant) },
    [
      element('saml:Issuer', {}, [parts.issuer]),
      subject(parts),
      conditions(parts),
      authnStatement(parts),
      ...attributeStatement(parts),
    ],
  );
}

/** SAML Profiles 4.1.4.2: bearer, with Recipient and NotOnOrAfter, without NotBefore. */
const subject = ({ nameID, notOnOrAfter, recipient, inResponseTo }: AssertionParts): XmlElement =>
  element('saml:Subject', {}, [
    element('saml:NameID', { Format: nameID.format }, [nameID.value]),
    element('saml:SubjectConfirmation', { Method: BEARER }, [
      element('saml:SubjectConfirmationData', {
        NotOnOrAfter: instant(notOnOrAfter),
        Recipient: recipient,
        InResponseTo: inResponseTo,
      }),
    ]),
  ]);

const conditions = ({ notBefore, notOnOrAfter, audience }: AssertionParts): XmlElement =>
  element('saml:Conditions', { NotBefore: instant(notBefore), NotOnOrAfter: instant(notOnOrAfter) }, [
    element('saml:AudienceRestriction', {}, [element('saml:Audience', {}, [audience])]),
  ]);

const authnStatement = (parts: AssertionParts): XmlElement =>
  element(
    'saml:AuthnStatement',
    {
      AuthnInstant: instant(parts.authnInstant),
      SessionIndex: parts.sessionIndex,
      SessionNotOnOrAfter: parts.sessionNotOnOrAfter && instant(parts.sessionNotOnOrAfter),
    },
    [
      element('saml:AuthnContext', {}, [
        element('saml:AuthnContextClassRef', {}, [parts.authnContextClassRef]),
      ]),
    ],
  );

/** None when there are no attributes: an empty AttributeStatement is schema-invalid (SAML Core 2.7.3). */
function attributeStatement(parts: AssertionParts): XmlElement[] {
  if (parts.attributes.length === 0) return [];
  const attributes = parts.attributes.map(({ name, values }) =>
    element(
      'saml:Attribute',
      { Name: name, NameFormat: parts.includeAttributeNameFormat ? nameFormatOf(name) : undefined },
      values.map((value) =>
        element('saml:AttributeValue', { 'xsi:type': xsTypeOf(value, parts.typedAttributes) }, [
          spell(value),
        ]),
      ),
    ),
  );
  return [element('saml:AttributeStatement', {}, attributes, ['xs', 'xsi'])];
}
