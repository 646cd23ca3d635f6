/** Response: the envelope, with an assertion or with an error (SAML Core 3.2.2, 3.3.3). */
import { illegalCharacter } from '../xml/characters.js';
import { element, type XmlElement } from '../xml/element.js';
import { instant } from './instant.js';
import { STATUS } from './names.js';

export interface ResponseParts {
  readonly id: string;
  readonly issuer: string;
  readonly issueInstant: Date;
  readonly destination: string;
  /** ID of the AuthnRequest; absent when the IdP initiates. */
  readonly inResponseTo: string | undefined;
}
/** SAML Core 3.2.2.2: the top-level code, a second one nested in it, and text for a person. */
export interface SamlStatus {
  readonly code: string;
  readonly subCode?: string;
  readonly message?: string;
}

/** `content` is an Assertion or an EncryptedAssertion. */
export const buildResponse = (parts: ResponseParts, content: XmlElement): XmlElement =>
  envelope(parts, { code: STATUS.success }, [content]);

/** An error Response carries no assertion at all. */
export const buildErrorResponse = (parts: ResponseParts, status: SamlStatus): XmlElement =>
  envelope(parts, status, []);

const envelope = (parts: ResponseParts, status: SamlStatus, content: readonly XmlElement[]): XmlElement =>
  element(
    'samlp:Response',
    {
      ID: parts.id,
      InResponseTo: parts.inResponseTo,
      Version: '2.0',
      IssueInstant: instant(parts.issueInstant),
      Destination: parts.destination,
    },
    [element('saml:Issuer', {}, [parts.issuer]), statusElement(status), ...content],
  );

export function statusElement({ code, subCode, message }: SamlStatus): XmlElement {
  const nested = subCode === undefined ? [] : [element('samlp:StatusCode', { Value: subCode })];
  const text = message === undefined ? [] : [element('samlp:StatusMessage', {}, [carriable(message)])];
  return element('samlp:Status', {}, [element('samlp:StatusCode', { Value: code }, nested), ...text]);
}

/** A reason may be any text that code threw; what XML cannot carry becomes U+FFFD, since an error must still arrive. */
function carriable(text: string): string {
  if (illegalCharacter(text) === null) return text;
  return Array.from(text, (character) => (illegalCharacter(character) === null ? character : '\uFFFD')).join(
    '',
  );
}
