/** What a SAML response says, in one look: read from its bytes, never from what was meant. */
import { parseXml, RESPONSE_LIMITS, type Element } from '../xml/parse.js';
import { attribute, childAt, childNamed, childrenNamed, NS, text } from '../xml/reading.js';

/** `null` where the response does not say. */
export interface ResponseSummary {
  readonly issuer: string | null;
  readonly destination: string | null;
  readonly recipient: string | null;
  /** The first, which is what many SPs look at; `audiences` has them all. */
  readonly audience: string | null;
  readonly audiences: readonly string[];
  readonly inResponseTo: string | null;
  readonly status: { readonly code: string | null; readonly subCode?: string; readonly message?: string };
  readonly nameId: { readonly value: string | null; readonly format: string | null };
  readonly conditions: { readonly notBefore: string | null; readonly notOnOrAfter: string | null };
  readonly authnInstant: string | null;
  readonly authnContextClassRef: string | null;
  readonly sessionIndex: string | null;
  readonly sessionNotOnOrAfter?: string;
  readonly attributes: readonly AttributeSummary[];
  readonly encrypted: boolean;
  /** Whether a Signature stands there; verifying it is another matter. */
  readonly signed: { readonly response: boolean; readonly assertion: boolean };
}
export interface AttributeSummary {
  readonly name: string | null;
  readonly nameFormat: string | null;
  /** `xsi:type` as written, `xs:string`, where all values have the same; else `null`, and `types` tells. */
  readonly type: string | null;
  /** `null` only where `xsi:nil` says so. */
  readonly values: readonly (string | null)[];
  /** Of each value. */
  readonly types: readonly (string | null)[];
}

/**
 * The summary of a Response. Its own Assertion is read, or `assertionXml`, the decrypted one, where it is encrypted; without that,
 * what the assertion says is `null` and empty. Throws SamlError `saml_xml_malformed` or `saml_xml_forbidden`.
 */
export function summariseResponse(responseXml: string, assertionXml?: string): ResponseSummary {
  const response = rootOf(responseXml);
  const plain = childNamed(response, 'saml:Assertion');
  const assertion = plain ?? (assertionXml === undefined ? undefined : rootOf(assertionXml));
  const subject = childNamed(assertion, 'saml:Subject');
  const nameId = childNamed(subject, 'saml:NameID');
  const confirmation = childAt(subject, 'saml:SubjectConfirmation', 'saml:SubjectConfirmationData');
  const conditions = childNamed(assertion, 'saml:Conditions');
  const authn = childNamed(assertion, 'saml:AuthnStatement');
  const sessionNotOnOrAfter = attribute(authn, 'SessionNotOnOrAfter');
  const audiences = below(conditions, 'saml:AudienceRestriction')
    .flatMap((restriction) => below(restriction, 'saml:Audience'))
    .map((audience) => text(audience) ?? '');
  return {
    issuer: text(childNamed(response, 'saml:Issuer')) ?? text(childNamed(assertion, 'saml:Issuer')) ?? null,
    destination: attribute(response, 'Destination') ?? null,
    recipient: attribute(confirmation, 'Recipient') ?? null,
    audience: audiences[0] ?? null,
    audiences,
    inResponseTo: attribute(response, 'InResponseTo') ?? null,
    status: statusOf(response),
    nameId: { value: text(nameId) ?? null, format: attribute(nameId, 'Format') ?? null },
    conditions: {
      notBefore: attribute(conditions, 'NotBefore') ?? null,
      notOnOrAfter: attribute(conditions, 'NotOnOrAfter') ?? null,
    },
    authnInstant: attribute(authn, 'AuthnInstant') ?? null,
    authnContextClassRef: text(childAt(authn, 'saml:AuthnContext', 'saml:AuthnContextClassRef')) ?? null,
    sessionIndex: attribute(authn, 'SessionIndex') ?? null,
    ...(sessionNotOnOrAfter !== undefined && { sessionNotOnOrAfter }),
    attributes: below(assertion, 'saml:AttributeStatement')
      .flatMap((statement) => childrenNamed(statement, 'saml:Attribute'))
      .map(attributeOf),
    encrypted: childNamed(response, 'saml:EncryptedAssertion') !== undefined,
    signed: {
      response: childNamed(response, 'ds:Signature') !== undefined,
      assertion: childNamed(assertion, 'ds:Signature') !== undefined,
    },
  };
}

const rootOf = (xml: string): Element => parseXml(xml, RESPONSE_LIMITS).documentElement!;
const below = (parent: Element | undefined, name: Parameters<typeof childrenNamed>[1]): Element[] =>
  parent ? childrenNamed(parent, name) : [];

function statusOf(response: Element): ResponseSummary['status'] {
  const code = childAt(response, 'samlp:Status', 'samlp:StatusCode');
  const subCode = attribute(childNamed(code, 'samlp:StatusCode'), 'Value');
  const message = text(childAt(response, 'samlp:Status', 'samlp:StatusMessage'));
  return {
    code: attribute(code, 'Value') ?? null,
    ...(subCode !== undefined && { subCode }),
    ...(message !== undefined && { message }),
  };
}

function attributeOf(element: Element): AttributeSummary {
  const found = childrenNamed(element, 'saml:AttributeValue');
  const types = found.map((value) => value.getAttributeNodeNS(NS.xsi, 'type')?.value ?? null);
  return {
    name: attribute(element, 'Name') ?? null,
    nameFormat: attribute(element, 'NameFormat') ?? null,
    type: types.every((type) => type === types[0]) ? (types[0] ?? null) : null,
    values: found.map((value) => (isNil(value) ? null : (text(value) ?? ''))),
    types,
  };
}
/** SAML Core 2.7.3.1.1. */
const isNil = (value: Element): boolean =>
  ['true', '1'].includes(value.getAttributeNodeNS(NS.xsi, 'nil')?.value ?? '');
