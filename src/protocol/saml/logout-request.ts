/** LogoutRequest (SAML Core 3.7.1): how an SP asks for a logout, and how an SP is asked for one. */
import { element, type XmlElement } from '../xml/element.js';
import { parseXml, type Element } from '../xml/parse.js';
import { attribute, childNamed, childrenNamed, isNamed, nameOf } from '../xml/reading.js';
import { instant } from './instant.js';
import { instantOf, onlyChild, plainText, readMessageFields, type MessageFields } from './message-fields.js';
import { SamlError } from './saml-error.js';

export interface LogoutRequest extends MessageFields {
  /** An instant after which nobody need obey it. */
  readonly notOnOrAfter?: string;
  readonly nameId: {
    readonly value: string;
    readonly format?: string;
    readonly nameQualifier?: string;
    readonly spNameQualifier?: string;
  };
  /** The sessions that are meant; none, and all of that principal's are (SAML Core 3.7.3). */
  readonly sessionIndexes: readonly string[];
  readonly reason?: string;
  /** The exact document. */
  readonly xml: string;
}

/**
 * The LogoutRequest in `xml`; its Version is the caller's to judge. Throws SamlError `saml_xml_malformed`, `saml_xml_forbidden` or
 * `saml_logout_invalid`. Issuer is mandatory by SAML Profiles 4.4.4.1.
 */
export function readLogoutRequest(xml: string): LogoutRequest {
  const root = parseXml(xml).documentElement!;
  if (!isNamed(root, 'samlp:LogoutRequest'))
    throw invalid(
      `its root is ${nameOf(root)}, where a LogoutRequest of the namespace urn:oasis:names:tc:SAML:2.0:protocol is wanted`,
    );
  const notOnOrAfter = attribute(root, 'NotOnOrAfter');
  const reason = attribute(root, 'Reason');
  return {
    ...readMessageFields(root, invalid),
    ...(notOnOrAfter !== undefined && { notOnOrAfter: instantOf('NotOnOrAfter', notOnOrAfter, invalid) }),
    nameId: nameId(root),
    sessionIndexes: childrenNamed(root, 'samlp:SessionIndex').map((index) => plainText(index, invalid)),
    ...(reason !== undefined && { reason }),
    xml,
  };
}

function nameId(root: Element): LogoutRequest['nameId'] {
  for (const other of ['saml:EncryptedID', 'saml:BaseID'] as const)
    if (childNamed(root, other))
      throw invalid(
        `it names the user by ${other.split(':')[1]}, which is not read here; send the NameID of the assertion, in the clear`,
      );
  const found = onlyChild(root, 'saml:NameID', invalid);
  if (!found) throw invalid('it has no NameID; it must name the user as the assertion did');
  const format = attribute(found, 'Format');
  const nameQualifier = attribute(found, 'NameQualifier');
  const spNameQualifier = attribute(found, 'SPNameQualifier');
  return {
    value: plainText(found, invalid),
    ...(format !== undefined && { format }),
    ...(nameQualifier !== undefined && { nameQualifier }),
    ...(spNameQualifier !== undefined && { spNameQualifier }),
  };
}

export interface LogoutRequestParts {
  readonly id: string;
  readonly issuer: string;
  readonly issueInstant: Date;
  readonly destination: string;
  readonly notOnOrAfter: Date;
  /** As in the assertion. */
  readonly nameId: { readonly value: string; readonly format: string };
  readonly sessionIndex: string;
}

export const buildLogoutRequest = (parts: LogoutRequestParts): XmlElement =>
  element(
    'samlp:LogoutRequest',
    {
      ID: parts.id,
      Version: '2.0',
      IssueInstant: instant(parts.issueInstant),
      Destination: parts.destination,
      NotOnOrAfter: instant(parts.notOnOrAfter),
    },
    [
      element('saml:Issuer', {}, [parts.issuer]),
      element('saml:NameID', { Format: parts.nameId.format }, [parts.nameId.value]),
      element('samlp:SessionIndex', {}, [parts.sessionIndex]),
    ],
  );

const invalid = (what: string): SamlError =>
  new SamlError('saml_logout_invalid', `the LogoutRequest is not valid: ${what}`);
