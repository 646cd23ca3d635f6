/** LogoutResponse (SAML Core 3.7.2): what came of a LogoutRequest, from an SP or from us. */
import { element, type XmlElement } from '../xml/element.js';
import { parseXml, type Element } from '../xml/parse.js';
import { attribute, isNamed, nameOf, text } from '../xml/reading.js';
import { instant } from './instant.js';
import { onlyChild, readMessageFields, type MessageFields } from './message-fields.js';
import { statusElement, type SamlStatus } from './response.js';
import { SamlError } from './saml-error.js';

export interface LogoutResponse extends MessageFields {
  /** ID of the LogoutRequest that it answers. */
  readonly inResponseTo?: string;
  /** Codes as they stand: some put PartialLogout on top, which is a second-level code (SAML Core 3.2.2.2). */
  readonly status: SamlStatus;
  /** The exact document. */
  readonly xml: string;
}

/**
 * The LogoutResponse in `xml`; its Version is the caller's to judge. Throws SamlError `saml_xml_malformed`, `saml_xml_forbidden` or
 * `saml_logout_invalid`. Issuer is mandatory by SAML Profiles 4.4.4.2.
 */
export function readLogoutResponse(xml: string): LogoutResponse {
  const root = parseXml(xml).documentElement!;
  if (!isNamed(root, 'samlp:LogoutResponse'))
    throw invalid(
      `its root is ${nameOf(root)}, where a LogoutResponse of the namespace urn:oasis:names:tc:SAML:2.0:protocol is wanted`,
    );
  const inResponseTo = attribute(root, 'InResponseTo');
  return {
    ...readMessageFields(root, invalid),
    ...(inResponseTo !== undefined && { inResponseTo }),
    status: status(root),
    xml,
  };
}

/** SAML Core 3.2.2.1. */
function status(root: Element): SamlStatus {
  const found = onlyChild(root, 'samlp:Status', invalid);
  if (!found) throw invalid('it has no Status; it must say what came of the logout');
  const top = onlyChild(found, 'samlp:StatusCode', invalid);
  const code = attribute(top, 'Value');
  if (!top || code === undefined) throw invalid('its Status has no StatusCode with a Value');
  const subCode = attribute(onlyChild(top, 'samlp:StatusCode', invalid), 'Value');
  const message = text(onlyChild(found, 'samlp:StatusMessage', invalid));
  return {
    code,
    ...(subCode !== undefined && { subCode }),
    ...(message !== undefined && { message }),
  };
}

export interface LogoutResponseParts {
  readonly id: string;
  readonly issuer: string;
  readonly issueInstant: Date;
  readonly destination: string;
  /** ID of the LogoutRequest; an NCName, since it was read. */
  readonly inResponseTo: string;
  readonly status: SamlStatus;
}

export const buildLogoutResponse = (parts: LogoutResponseParts): XmlElement =>
  element(
    'samlp:LogoutResponse',
    {
      ID: parts.id,
      InResponseTo: parts.inResponseTo,
      Version: '2.0',
      IssueInstant: instant(parts.issueInstant),
      Destination: parts.destination,
    },
    [element('saml:Issuer', {}, [parts.issuer]), statusElement(parts.status)],
  );

const invalid = (what: string): SamlError =>
  new SamlError('saml_logout_invalid', `the LogoutResponse is not valid: ${what}`);
