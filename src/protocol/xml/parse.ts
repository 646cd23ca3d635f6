/**
 * Reads bytes as UTF-8 and text as XML, strictly: what a lenient parser would mend is refused, so that no two readers of one message
 * see two messages (saml-output.md 17). The tree is @xmldom/xmldom's; the rules it does not keep are kept before and after it.
 */
import { DOMParser, type Document, type Element, type Node } from '@xmldom/xmldom';
import { SamlError } from '../saml/saml-error.js';
import { malformed, scan, type Extent, type XmlLimits } from './well-formed.js';

export type { Document, Element, Node } from '@xmldom/xmldom';

/** A request, or metadata of one party. */
const REQUEST_LIMITS: XmlLimits = {
  depth: 32,
  elements: 1000,
  attributes: 2000,
  attributesPerElement: 64,
};
/** A response: 100 attributes may hold many thousands of values between them. */
export const RESPONSE_LIMITS: XmlLimits = {
  depth: 32,
  elements: 100_000,
  attributes: 200_000,
  attributesPerElement: 64,
};

/** `bytes` as text without its byte order mark. Throws `saml_message_undecodable` for anything but UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  const mark = `${bytes[0]},${bytes[1]}`;
  if (mark === '255,254' || mark === '254,255')
    throw new SamlError('saml_message_undecodable', 'the message is UTF-16; send it as UTF-8');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SamlError('saml_message_undecodable', 'the message is not UTF-8 text');
  }
}

/**
 * The document tree of `xml`. Comments and processing instructions stay in it: see `commentsAndInstructions`.
 * Throws SamlError `saml_xml_malformed` (ill-formed, or against Namespaces in XML) or `saml_xml_forbidden` (DOCTYPE, too deep, too much).
 */
export function parseXml(xml: string, limits: XmlLimits = REQUEST_LIMITS): Document {
  const markup = scan(xml, limits);
  const document = buildTree(xml);
  if (document.doctype !== null) throw new SamlError('saml_xml_forbidden', 'the message holds a DOCTYPE');
  const elements = elementsOf(document);
  let attributes = 0;
  for (const [index, element] of elements.entries()) {
    checkNamespaces(element);
    attributes += element.attributes.length;
    sources.set(element, { xml, extent: markup.elements[index]! });
  }
  if (elements.length !== markup.elements.length)
    throw malformed('the parser reads another tree than the text shows');
  // two attributes of one expanded name, `a:x` and `b:x` with one namespace, become one in the tree
  if (attributes !== markup.attributes)
    throw malformed('two attributes of one tag have the same name in the same namespace');
  return document;
}

function buildTree(xml: string): Document {
  const parser = new DOMParser({
    locator: false,
    // XML 1.0 2.11; the default obeys XML 1.1, which also turns U+0085 and U+2028 into line feeds and so breaks digests
    normalizeLineEndings: (text) => text.replace(/\r\n?/g, '\n'),
    onError: (level, message) => {
      // its warnings are matters of taste (U+FFFD in the text) or things that scan has refused
      if (level !== 'warning') throw new Error(message);
    },
  });
  try {
    return parser.parseFromString(xml, 'text/xml');
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw malformed(
      message.includes('NamespaceError') ? 'it uses a namespace prefix that is not declared' : message,
    );
  }
}

const XMLNS = 'http://www.w3.org/2000/xmlns/';
const XML = 'http://www.w3.org/XML/1998/namespace';

/** Namespaces in XML 1.0, 3 and 5: what the tree builder lets pass. */
function checkNamespaces(element: Element): void {
  if (element.prefix === 'xmlns') throw malformed('an element has the prefix xmlns');
  if (element.prefix && !element.namespaceURI)
    throw malformed(`the prefix ${element.prefix} is not declared`);
  for (const { name, prefix, localName, value, namespaceURI } of element.attributes) {
    const declares = name === 'xmlns' || prefix === 'xmlns';
    if (!declares) {
      if (prefix && !namespaceURI) throw malformed(`the prefix ${prefix} is not declared`);
      // reserved by XML 1.0 2.3, and taken for a declaration by canonicalisers in use: it would stand unsigned in a signed element
      if (name.startsWith('xmlns')) throw malformed(`the attribute name ${name} is reserved`);
    } else if (prefix === 'xmlns' && value === '')
      throw malformed(`the prefix ${localName} is bound to nothing`);
    else if (value === XMLNS || (localName === 'xmlns' && prefix === 'xmlns'))
      throw malformed('the prefix xmlns is declared');
    else if ((value === XML) !== (localName === 'xml' && prefix === 'xmlns'))
      throw malformed('the prefix xml is bound anew');
  }
}

function elementsOf(document: Document): Element[] {
  const found: Element[] = [];
  const visit = (node: Node): void => {
    if (node.nodeType === node.ELEMENT_NODE) found.push(node as Element);
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child);
  };
  visit(document);
  return found;
}

const sources = new WeakMap<Element, { readonly xml: string; readonly extent: Extent }>();

/** The very characters of an element that `parseXml` read. Prefixes may be declared further out. */
export function sourceOf(element: Element): string {
  const source = sources.get(element);
  if (!source) throw new TypeError('the element does not come from parseXml');
  return source.xml.slice(source.extent.start, source.extent.end);
}

/** Every comment and processing instruction below `node`, in document order. */
export function commentsAndInstructions(node: Node): Node[] {
  const found: Node[] = [];
  const visit = (at: Node): void => {
    for (let child = at.firstChild; child; child = child.nextSibling) {
      if (child.nodeType === child.COMMENT_NODE || child.nodeType === child.PROCESSING_INSTRUCTION_NODE)
        found.push(child);
      visit(child);
    }
  };
  visit(node);
  return found;
}
