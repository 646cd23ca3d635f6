/**
 * Writes an element tree as text: once in the canonical form that is digested, once in the form that is sent.
 * Both come from the same tree in one pass, nothing is parsed or serialised again in between. The oracles of the canonical
 * form are xmlsec1 and xml-crypto's own canonicalisation, in writer.spec.ts and test/saml.
 */
import { canonicalAttribute, canonicalText, illegalCharacter, referenceLineEnds } from './characters.js';
import { NAMESPACES, type Prefix, type XmlElement } from './element.js';
import { SamlError } from '../saml/saml-error.js';

interface Form {
  readonly wire: boolean;
  /** InclusiveNamespaces PrefixList: declarations kept where the tree declares them (Exclusive C14N 3). */
  readonly inclusive: readonly Prefix[];
}

/** Exclusive XML Canonicalization 1.0 without comments, of `root` as the apex. */
export const canonicalise = (root: XmlElement, inclusive: readonly Prefix[] = []): string =>
  write(root, { wire: false, inclusive }, []);

/** The document that is sent: no XML declaration, no white space of its own. Canonicalising it gives `canonicalise(root)`. */
export const serialise = (root: XmlElement): string => write(root, { wire: true, inclusive: [] }, []);

function write(node: XmlElement, form: Form, inScope: readonly Prefix[]): string {
  const attributes = sortedAttributes(node.attributes);
  const declared = newlyUsed(node, attributes, form, inScope);
  const scope = declared.length === 0 ? inScope : [...inScope, ...declared];
  let out = `<${node.name}`;
  for (const prefix of declared.toSorted(byText))
    out += ` xmlns${prefix && ':'}${prefix}="${NAMESPACES[prefix]}"`;
  for (const [name, value] of attributes) out += ` ${name}="${attributeText(value, name, form)}"`;
  out += '>';
  for (const child of node.children)
    out += typeof child === 'string' ? contentText(child, node.name, form) : write(child, form, scope);
  return `${out}</${node.name}>`;
}

/** Exclusive C14N 3: a namespace is rendered where it is visibly used and no rendered ancestor has bound it. */
function newlyUsed(
  node: XmlElement,
  attributes: readonly (readonly [string, string])[],
  form: Form,
  inScope: readonly Prefix[],
): Prefix[] {
  const found: Prefix[] = [];
  const use = (prefix: Prefix): void => {
    if (!inScope.includes(prefix) && !found.includes(prefix)) found.push(prefix);
  };
  use(node.prefix);
  for (const [name] of attributes) {
    const colon = name.indexOf(':');
    if (colon !== -1) use(name.slice(0, colon) as Prefix);
  }
  for (const prefix of node.declares) if (form.wire || form.inclusive.includes(prefix)) use(prefix);
  return found;
}

/** Canonical XML 1.0 4.8: no namespace first, then by namespace URI, then by local name. */
function sortedAttributes(attributes: XmlElement['attributes']): readonly (readonly [string, string])[] {
  const entries = Object.entries(attributes).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return entries.length < 2 ? entries : entries.toSorted(([a], [b]) => byText(sortKey(a), sortKey(b)));
}
function sortKey(name: string): string {
  const colon = name.indexOf(':');
  return colon === -1
    ? `\u0000${name}`
    : `${NAMESPACES[name.slice(0, colon) as Prefix]}\u0000${name.slice(colon + 1)}`;
}
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function contentText(text: string, name: string, form: Form): string {
  refuseIllegal(text, name);
  return form.wire ? referenceLineEnds(canonicalText(text)) : canonicalText(text);
}
function attributeText(text: string, name: string, form: Form): string {
  refuseIllegal(text, `@${name}`);
  return form.wire ? referenceLineEnds(canonicalAttribute(text)) : canonicalAttribute(text);
}

/** The last guard; settings and claims are checked before, by name. */
function refuseIllegal(text: string, where: string): void {
  const character = illegalCharacter(text);
  if (character !== null)
    throw new SamlError('saml_illegal_characters', `${where} holds ${character}, which XML 1.0 cannot carry`);
}
