/**
 * Writes an element tree as text: once in the canonical form that is digested, once in the form that is sent.
 * Both come from the same tree, nothing is parsed or serialised again in between. The oracles of the canonical form are
 * xmlsec1 and xml-crypto's own canonicalisation, in writer.spec.ts and test/saml.
 */
import {
  canonicalAttribute,
  canonicalText,
  illegalCharacter,
  isPlain,
  referenceLineEnds,
} from './characters.js';
import { NAMESPACES, type Prefix, type XmlElement } from './element.js';
import { SamlError } from '../saml/saml-error.js';

interface Form {
  readonly wire: boolean;
  /** InclusiveNamespaces PrefixList: declarations kept where the tree declares them (Exclusive C14N 3). */
  readonly inclusive: readonly Prefix[];
}
const CANONICAL: Form = { wire: false, inclusive: [] };
const WIRE: Form = { wire: true, inclusive: [] };

/** Exclusive XML Canonicalization 1.0 without comments, of `root` as the apex. */
export const canonicalise = (root: XmlElement, inclusive: readonly Prefix[] = []): string =>
  write(root, inclusive.length === 0 ? CANONICAL : { wire: false, inclusive }, []);

/** The document that is sent: no XML declaration, no white space of its own. Canonicalising it gives `canonicalise(root)`. */
export const serialise = (root: XmlElement): string => write(root, WIRE, []);

function write(node: XmlElement, form: Form, inScope: readonly Prefix[]): string {
  const { name, attributes, children } = node;
  const names = namesOf(attributes, form);
  const declared = newlyUsed(node, names, form, inScope);
  let out = `<${name}`;
  for (const prefix of declared) out += ` xmlns${prefix && ':'}${prefix}="${NAMESPACES[prefix]}"`;
  for (const attribute of names)
    out += ` ${attribute}="${attributeText(attributes[attribute]!, attribute, form)}"`;
  out += '>';
  const scope = declared.length === 0 ? inScope : [...inScope, ...declared];
  for (const child of children)
    out += typeof child === 'string' ? contentText(child, name, form) : write(child, form, scope);
  return `${out}</${name}>`;
}

/**
 * The prefixes to declare on `node`, in order. Exclusive C14N 3: a namespace is rendered where it is visibly used and no
 * rendered ancestor has bound it.
 */
function newlyUsed(
  node: XmlElement,
  names: readonly string[],
  form: Form,
  inScope: readonly Prefix[],
): readonly Prefix[] {
  let found: Prefix[] | undefined;
  const use = (prefix: Prefix): void => {
    if (!inScope.includes(prefix) && !found?.includes(prefix)) (found ??= []).push(prefix);
  };
  use(node.prefix);
  for (const name of names) {
    const colon = name.indexOf(':');
    if (colon !== -1) use(name.slice(0, colon) as Prefix);
  }
  for (const prefix of node.declares) if (form.wire || form.inclusive.includes(prefix)) use(prefix);
  return found ? found.toSorted(byText) : NONE;
}
const NONE: readonly never[] = [];

/**
 * The attributes that are there. Canonical XML 1.0 4.8: no namespace first, then by namespace URI, then by local name;
 * what is sent keeps the order in which Auth0 writes them.
 */
function namesOf(attributes: XmlElement['attributes'], form: Form): readonly string[] {
  let names: string[] | undefined;
  for (const name in attributes) if (attributes[name] !== undefined) (names ??= []).push(name);
  if (!names) return NONE;
  return form.wire || names.length === 1 ? names : names.toSorted(byNamespace);
}
function byNamespace(a: string, b: string): number {
  const [ofA, ofB] = [a.indexOf(':'), b.indexOf(':')];
  if (ofA === -1 && ofB === -1) return byText(a, b);
  if (ofA === -1 || ofB === -1) return ofB - ofA > 0 ? -1 : 1;
  return byText(NAMESPACES[a.slice(0, ofA) as Prefix], NAMESPACES[b.slice(0, ofB) as Prefix]) || byText(a, b);
}
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function contentText(text: string, name: string, form: Form): string {
  if (isPlain(text)) return text;
  refuseIllegal(text, name);
  return form.wire ? referenceLineEnds(canonicalText(text)) : canonicalText(text);
}
function attributeText(text: string, name: string, form: Form): string {
  if (isPlain(text)) return text;
  refuseIllegal(text, `@${name}`);
  return form.wire ? referenceLineEnds(canonicalAttribute(text)) : canonicalAttribute(text);
}

/** The last guard; settings and claims are checked before, by name. */
function refuseIllegal(text: string, where: string): void {
  const character = illegalCharacter(text);
  if (character !== null)
    throw new SamlError('saml_illegal_characters', `${where} holds ${character}, which XML 1.0 cannot carry`);
}
