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
import { NAMESPACES, prefixes, type Prefix, type Prefixes, type XmlElement } from './element.js';
import { SamlError } from '../saml/saml-error.js';

interface Form {
  readonly wire: boolean;
  /** The prefixes whose extra declarations are written: all that the tree declares, or those of an InclusiveNamespaces PrefixList. */
  readonly declared: Prefixes;
}
const CANONICAL: Form = { wire: false, declared: 0 };
const WIRE: Form = { wire: true, declared: ~0 };

/** Exclusive XML Canonicalization 1.0 without comments, of `root` as the apex; `inclusive` as Exclusive C14N 3 has it. */
export const canonicalise = (root: XmlElement, inclusive: readonly Prefix[] = []): string =>
  write(root, inclusive.length === 0 ? CANONICAL : { wire: false, declared: prefixes(inclusive) }, 0);

/** The document that is sent: no XML declaration, no white space of its own. Canonicalising it gives `canonicalise(root)`. */
export const serialise = (root: XmlElement): string => write(root, WIRE, 0);

/** `bound`: the prefixes that an element already written around this one has declared. */
function write(
  { name, attributes, names, children, uses, declares }: XmlElement,
  form: Form,
  bound: Prefixes,
): string {
  // Exclusive C14N 3: a namespace is rendered where it is visibly used and nothing rendered around it has bound it
  const missing = (uses | (declares & form.declared)) & ~bound;
  let out = `<${name}`;
  if (missing !== 0)
    for (let index = 0; index < DECLARATIONS.length; index++)
      if (missing & (1 << index)) out += DECLARATIONS[index]!;
  // what is sent keeps the order in which Auth0 writes attributes
  const ordered = form.wire || names.every(isOrdered) ? names : names.toSorted(byNamespace);
  for (const attribute of ordered)
    out += ` ${attribute}="${attributeText(attributes[attribute]!, attribute, form)}"`;
  out += '>';
  for (const child of children)
    out += typeof child === 'string' ? contentText(child, name, form) : write(child, form, bound | missing);
  return `${out}</${name}>`;
}

/** In the order of the table, which is that of Canonical XML 1.0 4.8. */
const DECLARATIONS = Object.entries(NAMESPACES).map(
  ([prefix, uri]) => ` xmlns${prefix && ':'}${prefix}="${uri}"`,
);

/** Canonical XML 1.0 4.8: no namespace first, then by namespace URI, then by local name. */
function byNamespace(a: string, b: string): number {
  const [ofA, ofB] = [a.indexOf(':'), b.indexOf(':')];
  if (ofA === -1 && ofB === -1) return byText(a, b);
  if (ofA === -1 || ofB === -1) return ofA === -1 ? -1 : 1;
  return byText(NAMESPACES[a.slice(0, ofA) as Prefix], NAMESPACES[b.slice(0, ofB) as Prefix]) || byText(a, b);
}
/** Where each stands after the one before it, as most do, there is nothing to sort. */
const isOrdered = (name: string, index: number, names: readonly string[]): boolean =>
  index === 0 || byNamespace(names[index - 1]!, name) <= 0;
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
