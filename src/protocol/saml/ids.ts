/** IDs of a document: SAML's `ID`, and the `Id` of XML Signature and XML Encryption (SAML Core 1.3.4, XML Signature 4.2). */
import type { Node } from '../xml/parse.js';
import { isElement } from '../xml/reading.js';

const names: ReadonlySet<string> = new Set(['ID', 'Id', 'id']);

/** Values that stand twice, whatever the attributes are called: a reader that looks elements up by ID could pick either. */
export function repeatedIds(...roots: readonly Node[]): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  const visit = (node: Node): void => {
    if (isElement(node))
      for (const { localName, namespaceURI, value } of node.attributes) {
        if (!names.has(localName ?? '') || namespaceURI === 'http://www.w3.org/2000/xmlns/') continue;
        if (seen.has(value)) repeated.add(value);
        seen.add(value);
      }
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child);
  };
  for (const root of roots) visit(root);
  return [...repeated];
}
