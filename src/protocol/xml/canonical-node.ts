/**
 * Exclusive XML Canonicalization 1.0 without comments, of a tree that was read. (The tree that is written has its own form in writer.ts.)
 * xml-crypto's class differs from the standard in corners that other people's documents reach: prefixes sorted by locale where
 * their case is mixed, a processing instruction and, over a tree of xmldom 0.9, `xmlns=""` repeated on every child. It is asked for
 * a second opinion in saml/verification instead.
 */
import type { Attr, Element, Node } from '@xmldom/xmldom';
import { canonicalAttribute, canonicalText } from './characters.js';
import { isElement, NS } from './reading.js';

export interface CanonicalForm {
  /** Left out with all that is in it: the Signature, as the enveloped-signature transform wants (XML Signature 6.6.4). */
  readonly without?: Node | undefined;
  /** InclusiveNamespaces/@PrefixList, `#default` for the default namespace. */
  readonly inclusive?: readonly string[];
}

/** The canonical text of `apex`; its UTF-8 bytes are what is digested. */
export const canonicaliseNode = (apex: Element, form: CanonicalForm = {}): string =>
  write(apex, form, new Map([['', '']]), declarationsAbove(apex));

/** Prefix to namespace, `''` the default namespace; what no prefix is bound to is absent. */
type Bindings = ReadonlyMap<string, string>;

function write(element: Element, form: CanonicalForm, rendered: Bindings, above: Bindings): string {
  const attributes: Attr[] = [];
  const inScope = new Map(above);
  for (const attribute of element.attributes)
    if (attribute.namespaceURI === NS.xmlns) inScope.set(declaredPrefix(attribute), attribute.value);
    else attributes.push(attribute);

  const used = new Map<string, string>();
  const use = (prefix: string, uri: string): void => {
    if (prefix !== 'xml' && (rendered.get(prefix) ?? null) !== uri) used.set(prefix, uri);
  };
  use(element.prefix ?? '', element.namespaceURI ?? '');
  for (const { prefix, namespaceURI } of attributes) if (prefix) use(prefix, namespaceURI ?? '');
  for (const token of form.inclusive ?? []) {
    const prefix = token === '#default' ? '' : token;
    const uri = inScope.get(prefix);
    if (uri !== undefined) use(prefix, uri);
  }

  let out = `<${element.tagName}`;
  for (const [prefix, uri] of [...used].toSorted(([a], [b]) => byCodePoint(a, b)))
    out += ` xmlns${prefix && ':'}${prefix}="${canonicalAttribute(uri)}"`;
  for (const { name, value } of attributes.toSorted(byNamespaceThenName))
    out += ` ${name}="${canonicalAttribute(value)}"`;
  out += '>';
  const scope = used.size === 0 ? rendered : new Map([...rendered, ...used]);
  for (let child = element.firstChild; child; child = child.nextSibling)
    if (child !== form.without) out += writeChild(child, form, scope, inScope);
  return `${out}</${element.tagName}>`;
}

function writeChild(node: Node, form: CanonicalForm, rendered: Bindings, above: Bindings): string {
  if (isElement(node)) return write(node, form, rendered, above);
  const data = node.nodeValue ?? '';
  if (node.nodeType === node.COMMENT_NODE) return '';
  if (node.nodeType === node.PROCESSING_INSTRUCTION_NODE)
    return `<?${node.nodeName}${data && ' '}${data.replaceAll('\r', '&#xD;')}?>`;
  return canonicalText(data);
}

/** Declarations in scope outside `apex`, which only InclusiveNamespaces asks for. */
function declarationsAbove(apex: Element): Bindings {
  const ancestors: Element[] = [];
  for (let node = apex.parentNode; node && isElement(node); node = node.parentNode) ancestors.unshift(node);
  const found = new Map<string, string>();
  for (const ancestor of ancestors)
    for (const attribute of ancestor.attributes)
      if (attribute.namespaceURI === NS.xmlns) found.set(declaredPrefix(attribute), attribute.value);
  return found;
}
const declaredPrefix = ({ prefix, localName }: Attr): string => (prefix ? (localName ?? '') : '');

/** Canonical XML 1.0 2.2: by code point, which is the order of UTF-8 bytes and not that of UTF-16. */
const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const byNamespaceThenName = (a: Attr, b: Attr): number =>
  byCodePoint(a.namespaceURI ?? '', b.namespaceURI ?? '') ||
  byCodePoint(a.localName ?? '', b.localName ?? '');
