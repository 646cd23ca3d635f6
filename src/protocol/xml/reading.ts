/** How SAML documents are read: by namespace and name, direct children only, whole text content. */
import type { Element, Node } from '@xmldom/xmldom';

export const NS = {
  saml: 'urn:oasis:names:tc:SAML:2.0:assertion',
  samlp: 'urn:oasis:names:tc:SAML:2.0:protocol',
  ds: 'http://www.w3.org/2000/09/xmldsig#',
  md: 'urn:oasis:names:tc:SAML:2.0:metadata',
  ec: 'http://www.w3.org/2001/10/xml-exc-c14n#',
  xenc: 'http://www.w3.org/2001/04/xmlenc#',
  xenc11: 'http://www.w3.org/2009/xmlenc11#',
  xsi: 'http://www.w3.org/2001/XMLSchema-instance',
  xmlns: 'http://www.w3.org/2000/xmlns/',
} as const;
/** `saml:Issuer`, with the prefixes of the table whatever the document uses. */
export type Name = `${Exclude<keyof typeof NS, 'xmlns'>}:${string}`;

export const isElement = (node: Node): node is Element => node.nodeType === node.ELEMENT_NODE;

export function isNamed(node: Node, name: Name): node is Element {
  const [prefix, local] = name.split(':') as [keyof typeof NS, string];
  return isElement(node) && node.localName === local && node.namespaceURI === NS[prefix];
}

export const childElements = (parent: Node): Element[] => {
  const found: Element[] = [];
  for (let child = parent.firstChild; child; child = child.nextSibling)
    if (isElement(child)) found.push(child);
  return found;
};
export const childrenNamed = (parent: Node, name: Name): Element[] =>
  childElements(parent).filter((child) => isNamed(child, name));
/** The first child of that name. Where a second would be an attack, count `childrenNamed`. */
export const childNamed = (parent: Node | undefined, name: Name): Element | undefined =>
  parent && childElements(parent).find((child) => isNamed(child, name));

/** One step down a name: `childAt(response, 'samlp:Status', 'samlp:StatusCode')`. */
export const childAt = (parent: Node | undefined, ...path: readonly Name[]): Element | undefined =>
  path.reduce<Element | undefined>((at, name) => childNamed(at, name), parent as Element | undefined);

/** `root` and every element below it with that name, in document order. */
export function everyNamed(root: Node, name: Name): Element[] {
  const found: Element[] = [];
  const visit = (node: Node): void => {
    if (isNamed(node, name)) found.push(node);
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child);
  };
  visit(root);
  return found;
}

/** Value of an attribute without namespace, `undefined` when it is not there. */
export const attribute = (element: Element | undefined, name: string): string | undefined =>
  element?.getAttributeNodeNS(null, name)?.value;

/** Whole text content: comments and processing instructions left out, what stands on both sides of them kept. */
export const text = (element: Element | undefined): string | undefined => element?.textContent ?? undefined;

/** `samlp:Response`, with the document's own prefix: for messages. */
export const nameOf = (element: Element): string =>
  element.namespaceURI ? `{${element.namespaceURI}}${element.localName}` : element.nodeName;
