/**
 * Reads what an SP asks for. Every refusal says what is wrong and what the SP should send instead;
 * which of the well-formed wishes are granted is decided in request-rules.ts.
 */
import { isNCName } from '../xml/ncname.js';
import { commentsAndInstructions, parseXml, type Element } from '../xml/parse.js';
import {
  attribute,
  childElements,
  childNamed,
  childrenNamed,
  everyNamed,
  isNamed,
  nameOf,
  text,
  type Name,
} from '../xml/reading.js';
import { repeatedIds } from './ids.js';
import { isInstant } from './instant.js';
import { decodeMessage } from './message-encoding.js';
import { SamlError } from './saml-error.js';

/** SAML Core 3.4.1, as far as an IdP reads it. Every field comes from the root element and its direct children only. */
export interface AuthnRequest {
  /** `2.0`; another is refused by request-rules.ts, where it is known whom to answer. */
  readonly version: string;
  readonly id: string;
  /** Whole text content of the direct child Issuer. */
  readonly issuer: string;
  readonly issueInstant: string;
  readonly destination?: string;
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
  readonly requestedAuthnContext?: { readonly comparison: string; readonly classRefs: readonly string[] };
  /** NameID of the Subject: who is wanted. */
  readonly subject?: { readonly nameId: string; readonly format?: string };
  /** Whether the document carries an XML Signature; it is verified elsewhere. */
  readonly signed: boolean;
  /** The exact document. */
  readonly xml: string;
}

/**
 * The AuthnRequest in the parameter `SAMLRequest`, deflated or plain. Throws SamlError `saml_message_undecodable`, `saml_message_too_large`,
 * `saml_xml_malformed`, `saml_xml_forbidden`, `saml_request_version` or `saml_request_invalid`.
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
  checkVersion(attribute(root, 'Version'));
  checkIds(root);
  const destination = attribute(root, 'Destination');
  const url = attribute(root, 'AssertionConsumerServiceURL');
  const index = unsignedShort(root, 'AssertionConsumerServiceIndex');
  const binding = attribute(root, 'ProtocolBinding');
  const policy = nameIDPolicy(root);
  const context = requestedAuthnContext(root);
  const wanted = subject(root);
  return {
    id: id(root),
    issuer: issuer(root),
    issueInstant: issueInstant(root),
    ...(destination !== undefined && { destination }),
    ...(url !== undefined && { assertionConsumerServiceURL: url }),
    ...(index !== undefined && { assertionConsumerServiceIndex: index }),
    ...(binding !== undefined && { protocolBinding: binding }),
    forceAuthn: boolean(root, 'ForceAuthn') ?? false,
    isPassive: boolean(root, 'IsPassive') ?? false,
    ...(policy && { nameIDPolicy: policy }),
    ...(context && { requestedAuthnContext: context }),
    ...(wanted && { subject: wanted }),
    signed: everyNamed(root, 'ds:Signature').length > 0,
    xml,
  };
}

/** SAML Core 4.1.3.2. */
function checkVersion(version: string | undefined): void {
  if (version === '2.0') return;
  const [major] = (version ?? '').split('.');
  const how =
    Number(major) > 2 ? 'too high' : Number(major) < 2 && version ? 'too low' : 'missing or unreadable';
  throw new SamlError(
    'saml_request_version',
    `the AuthnRequest has Version ${JSON.stringify(version ?? null)}, which is ${how}: only "2.0" is spoken here`,
  );
}

function id(root: Element): string {
  const value = attribute(root, 'ID');
  if (value === undefined) throw invalid('it has no ID; give it a fresh one, like "_" and 40 hex digits');
  if (!isNCName(value))
    throw invalid(
      `its ID ${quote(value)} is not an XML NCName: it must start with a letter or "_" and hold only letters, digits, ".", "-" and "_", since the response repeats it as InResponseTo`,
    );
  return value;
}

function checkIds(root: Element): void {
  const repeated = repeatedIds(root)[0];
  if (repeated !== undefined)
    throw invalid(`two of its elements have the ID ${quote(repeated)}; an ID must be unique in the document`);
}

function issueInstant(root: Element): string {
  const value = attribute(root, 'IssueInstant');
  if (value === undefined) throw invalid('it has no IssueInstant');
  if (!isInstant(value))
    throw invalid(
      `its IssueInstant ${quote(value)} is not a UTC instant like 2030-01-31T12:00:00Z (SAML Core 1.3.3)`,
    );
  return value;
}

/** Whole text, nothing but text: `https://sp-a<!-- -->.evil.com` has fooled readers of first text nodes. */
function issuer(root: Element): string {
  const found = onlyChild(root, 'saml:Issuer');
  if (!found) throw invalid('it has no Issuer; it must name the SP by its entity ID');
  return plainText(found, 'Issuer');
}

function nameIDPolicy(root: Element): AuthnRequest['nameIDPolicy'] {
  const policy = onlyChild(root, 'samlp:NameIDPolicy');
  if (!policy) return undefined;
  const format = attribute(policy, 'Format');
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
  const context = onlyChild(root, 'samlp:RequestedAuthnContext');
  if (!context) return undefined;
  const comparison = attribute(context, 'Comparison') ?? 'exact';
  if (!COMPARISONS.includes(comparison))
    throw invalid(`Comparison ${quote(comparison)} is none of ${COMPARISONS.join(', ')}`);
  const classRefs = childrenNamed(context, 'saml:AuthnContextClassRef');
  return { comparison, classRefs: classRefs.map((ref) => plainText(ref, 'AuthnContextClassRef')) };
}

function subject(root: Element): AuthnRequest['subject'] {
  const nameId = childNamed(onlyChild(root, 'saml:Subject'), 'saml:NameID');
  if (!nameId) return undefined;
  const format = attribute(nameId, 'Format');
  return { nameId: plainText(nameId, 'NameID'), ...(format !== undefined && { format }) };
}

function onlyChild(root: Element, name: Name): Element | undefined {
  const found = childrenNamed(root, name);
  if (found.length > 1)
    throw invalid(`it has ${found.length} elements ${name.split(':')[1]}; one is allowed`);
  return found[0];
}

function plainText(element: Element, what: string): string {
  if (commentsAndInstructions(element).length > 0)
    throw invalid(
      `there is a comment or a processing instruction inside ${what}; readers disagree about such text`,
    );
  if (childElements(element).length > 0)
    throw invalid(`there is an element inside ${what}; only text may stand there`);
  const value = text(element) ?? '';
  if (value.trim() === '') throw invalid(`${what} is blank`);
  return value;
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

const quote = (value: string): string =>
  JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
const invalid = (what: string): SamlError =>
  new SamlError('saml_request_invalid', `the AuthnRequest is not valid: ${what}`);
