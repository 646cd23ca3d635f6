/** Reads what messages have in common (SAML Core 3.2.1, 3.2.2), strictly: every field from the root and its direct children only. */
import { isNCName } from '../xml/ncname.js';
import { commentsAndInstructions, type Element } from '../xml/parse.js';
import { attribute, childElements, childrenNamed, everyNamed, text, type Name } from '../xml/reading.js';
import { repeatedIds } from './ids.js';
import { isInstant } from './instant.js';
import { quote } from './quote.js';
import type { SamlError } from './saml-error.js';

export interface MessageFields {
  /** `2.0`, else something that the caller refuses, who knows whom to answer. */
  readonly version: string;
  readonly id: string;
  /** Whole text content of the direct child Issuer. */
  readonly issuer: string;
  readonly issueInstant: string;
  readonly destination?: string;
  /** Whether the document carries an XML Signature; it is verified elsewhere. */
  readonly signed: boolean;
}

/** The refusal of a message: what is wrong with it, in words. */
export type Refusal = (what: string) => SamlError;

/** Throws what `invalid` makes. */
export function readMessageFields(root: Element, invalid: Refusal): MessageFields {
  const [repeated] = repeatedIds(root);
  if (repeated !== undefined)
    throw invalid(`two of its elements have the ID ${quote(repeated)}; an ID must be unique in the document`);
  const id = required(root, 'ID', invalid);
  if (!isNCName(id))
    throw invalid(
      `its ID ${quote(id)} is not an XML NCName: it must start with a letter or "_" and hold only letters, digits, ".", "-" and "_"`,
    );
  const issuer = onlyChild(root, 'saml:Issuer', invalid);
  if (!issuer) throw invalid('it has no Issuer; it must name the SP by its entity ID');
  const destination = attribute(root, 'Destination');
  return {
    version: required(root, 'Version', invalid),
    id,
    issuer: plainText(issuer, invalid),
    issueInstant: instantOf('IssueInstant', required(root, 'IssueInstant', invalid), invalid),
    ...(destination !== undefined && { destination }),
    signed: everyNamed(root, 'ds:Signature').length > 0,
  };
}

function required(root: Element, name: string, invalid: Refusal): string {
  const value = attribute(root, name);
  if (value === undefined) throw invalid(`it has no ${name}`);
  return value;
}

/** SAML Core 1.3.3. */
export function instantOf(name: string, value: string, invalid: Refusal): string {
  if (isInstant(value)) return value;
  throw invalid(
    `its ${name} ${quote(value)} is not a UTC instant like 2030-01-31T12:00:00Z (SAML Core 1.3.3)`,
  );
}

/** The direct child of that name, which may stand only once. */
export function onlyChild(parent: Element, name: Name, invalid: Refusal): Element | undefined {
  const found = childrenNamed(parent, name);
  if (found.length > 1)
    throw invalid(`it has ${found.length} elements ${name.split(':')[1]}; one is allowed`);
  return found[0];
}

/** Whole text, nothing but text: `https://sp-a<!-- -->.evil.com` has fooled readers of first text nodes. */
export function plainText(element: Element, invalid: Refusal): string {
  const what = element.localName;
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
