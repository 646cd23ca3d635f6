/**
 * Reads what an SP asks for. Every refusal says what is wrong and what the SP should send instead;
 * which of the well-formed wishes are granted is decided in request-rules.ts and request-wishes.ts.
 */
import { parseXml, type Element } from '../xml/parse.js';
import { attribute, childNamed, childrenNamed, isNamed, nameOf, type Name } from '../xml/reading.js';
import { onlyChild, plainText, readMessageFields, type MessageFields } from './message-fields.js';
import { decodeMessage } from './message-encoding.js';
import { quote } from './quote.js';
import { SamlError } from './saml-error.js';

/** SAML Core 3.4.1, as far as an IdP reads it. Every field comes from the root element and its direct children only. */
export interface AuthnRequest extends MessageFields {
  readonly assertionConsumerServiceURL?: string;
  readonly assertionConsumerServiceIndex?: number;
  readonly protocolBinding?: string;
  readonly forceAuthn: boolean;
  readonly isPassive: boolean;
  readonly nameIDPolicy?: {
    readonly format?: string;
    readonly allowCreate?: boolean;
    readonly spNameQualifier?: string;
  };
  /** The schema allows classes or declarations, not both. */
  readonly requestedAuthnContext?: {
    readonly comparison: string;
    readonly classRefs: readonly string[];
    readonly declRefs?: readonly string[];
  };
  /** NameID of the Subject: who is wanted. */
  readonly subject?: { readonly nameId: string; readonly format?: string };
  /** The exact document. */
  readonly xml: string;
}

/**
 * The AuthnRequest in the parameter `SAMLRequest`, deflated or plain. Throws SamlError `saml_message_undecodable`, `saml_message_too_large`,
 * `saml_xml_malformed`, `saml_xml_forbidden` or `saml_request_invalid`.
 */
export const decodeAuthnRequest = (SAMLRequest: string): AuthnRequest =>
  readAuthnRequest(decodeMessage(SAMLRequest));

/** The same of the document itself. SAML Core 3.2.1, 3.4.1; Issuer is mandatory by SAML Profiles 4.1.4.1. */
export function readAuthnRequest(xml: string): AuthnRequest {
  const root = parseXml(xml).documentElement!;
  if (!isNamed(root, 'samlp:AuthnRequest'))
    throw invalid(
      `its root is ${nameOf(root)}, where an AuthnRequest of the namespace urn:oasis:names:tc:SAML:2.0:protocol is wanted`,
    );
  const fields = readMessageFields(root, invalid);
  const url = attribute(root, 'AssertionConsumerServiceURL');
  const index = unsignedShort(root, 'AssertionConsumerServiceIndex');
  const binding = attribute(root, 'ProtocolBinding');
  const policy = nameIDPolicy(root);
  const context = requestedAuthnContext(root);
  const wanted = subject(root);
  return {
    xml,
    forceAuthn: boolean(root, 'ForceAuthn') ?? false,
    isPassive: boolean(root, 'IsPassive') ?? false,
    ...fields,
    ...(url !== undefined && { assertionConsumerServiceURL: url }),
    ...(index !== undefined && { assertionConsumerServiceIndex: index }),
    ...(binding !== undefined && { protocolBinding: binding }),
    ...(policy && { nameIDPolicy: policy }),
    ...(context && { requestedAuthnContext: context }),
    ...(wanted && { subject: wanted }),
  };
}

function nameIDPolicy(root: Element): AuthnRequest['nameIDPolicy'] {
  const policy = onlyChild(root, 'samlp:NameIDPolicy', invalid);
  if (!policy) return undefined;
  const format = uri(attribute(policy, 'Format'));
  const allowCreate = boolean(policy, 'AllowCreate');
  const spNameQualifier = attribute(policy, 'SPNameQualifier');
  return {
    ...(format !== undefined && { format }),
    ...(allowCreate !== undefined && { allowCreate }),
    ...(spNameQualifier !== undefined && { spNameQualifier }),
  };
}

const COMPARISONS: readonly string[] = ['exact', 'minimum', 'maximum', 'better'];

/** SAML Core 3.3.2.2.1. */
function requestedAuthnContext(root: Element): AuthnRequest['requestedAuthnContext'] {
  const context = onlyChild(root, 'samlp:RequestedAuthnContext', invalid);
  if (!context) return undefined;
  const comparison = attribute(context, 'Comparison') ?? 'exact';
  if (!COMPARISONS.includes(comparison))
    throw invalid(`Comparison ${quote(comparison)} is none of ${COMPARISONS.join(', ')}`);
  const declRefs = uris(context, 'saml:AuthnContextDeclRef');
  return {
    comparison,
    classRefs: uris(context, 'saml:AuthnContextClassRef'),
    ...(declRefs.length > 0 && { declRefs }),
  };
}

function subject(root: Element): AuthnRequest['subject'] {
  const nameId = childNamed(onlyChild(root, 'saml:Subject', invalid), 'saml:NameID');
  if (!nameId) return undefined;
  const format = uri(attribute(nameId, 'Format'));
  return { nameId: plainText(nameId, invalid), ...(format !== undefined && { format }) };
}

const uris = (parent: Element, name: Name): string[] =>
  childrenNamed(parent, name).map((ref) => uri(plainText(ref, invalid)));

/** White space around an xs:anyURI is no part of it (XML Schema 2, 4.3.6). */
function uri(value: string): string;
function uri(value: string | undefined): string | undefined;
function uri(value: string | undefined): string | undefined {
  return value?.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
}

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

/** XML Schema 2, 3.2.2. */
function boolean(element: Element, name: string): boolean | undefined {
  const value = attribute(element, name);
  if (value === undefined) return undefined;
  if (!Object.hasOwn(BOOLEANS, value.trim()))
    throw invalid(`${name} is ${quote(value)}; a boolean is "true", "1", "false" or "0"`);
  return BOOLEANS[value.trim()];
}

function unsignedShort(element: Element, name: string): number | undefined {
  const value = attribute(element, name);
  if (value === undefined) return undefined;
  if (!/^[0-9]{1,5}$/.test(value) || Number(value) > 65_535)
    throw invalid(`${name} is ${quote(value)}; it must be a whole number up to 65535`);
  return Number(value);
}

const invalid = (what: string): SamlError =>
  new SamlError('saml_request_invalid', `the AuthnRequest is not valid: ${what}`);
