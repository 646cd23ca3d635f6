/** Reads a document of ours with xmldom, which had no part in writing it: what each place of it holds. */
import { DOMParser, type Element } from '@xmldom/xmldom';

const childElements = (parent: Element): Element[] =>
  [...parent.childNodes].filter((node): node is Element => node.nodeType === 1);
const ownText = (node: Element): string =>
  [...node.childNodes].map((child) => (child.nodeType === 3 ? child.nodeValue : '')).join('');

/** It warns of U+FFFD, which may well be meant. */
const parser = new DOMParser({
  onError: (level, message) => {
    if (level !== 'warning') throw new Error(message);
  },
});
export const rootOf = (xml: string): Element => {
  const root = parser.parseFromString(xml, 'text/xml').documentElement;
  if (!root) throw new Error('no root element');
  return root;
};

/**
 * Every attribute and every text by its path: `/Response/@ID`, `/Response/Assertion/Issuer`. An element that has equals beside
 * it is told apart by its number, an Attribute by its Name; an element without anything stands for itself.
 */
export function partsOf(xml: string): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  const visit = (node: Element, path: string): void => {
    for (const { name, value } of node.attributes)
      if (!name.startsWith('xmlns')) parts.set(`${path}/@${name}`, value);
    const children = childElements(node);
    if (children.length === 0) parts.set(path, ownText(node));
    for (const child of children) {
      const equals = children.filter(({ localName }) => localName === child.localName);
      const which =
        child.localName === 'Attribute'
          ? `[${child.getAttribute('Name')}]`
          : equals.length > 1
            ? `[${equals.indexOf(child) + 1}]`
            : '';
      visit(child, `${path}/${child.localName}${which}`);
    }
  };
  const root = rootOf(xml);
  visit(root, `/${root.localName}`);
  return parts;
}

/** The paths at which two documents differ, but for the digests and signature values that follow from the rest. */
export function changedParts(before: string, after: string): string[] {
  const [was, is] = [partsOf(before), partsOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])].filter(
    (path) =>
      was.get(path) !== is.get(path) &&
      !(/(DigestValue|SignatureValue)$/.test(path) && was.has(path) && is.has(path)),
  );
}

/** Element names, nested: what a document is made of, whatever its texts say. */
export function structureOf(xml: string): string {
  const visit = (node: Element): string =>
    `${node.nodeName}(${[...node.attributes].map(({ name }) => name).join(' ')})[${[...node.childNodes]
      .map((child) => (child.nodeType === 1 ? visit(child as Element) : child.nodeType === 3 ? '' : '?'))
      .join('')}]`;
  return visit(rootOf(xml));
}

export interface ReadAttribute {
  readonly name: string | null;
  readonly nameFormat: string | null;
  readonly values: readonly { readonly type: string | null; readonly text: string | null }[];
}
/** The attributes of the assertion, in the order of the document. */
export const attributesOf = (xml: string): ReadAttribute[] =>
  [...rootOf(xml).getElementsByTagName('saml:Attribute')].map((attribute) => ({
    name: attribute.getAttribute('Name'),
    nameFormat: attribute.getAttribute('NameFormat'),
    values: [...attribute.getElementsByTagName('saml:AttributeValue')].map((value) => ({
      type: value.getAttribute('xsi:type'),
      text: value.textContent,
    })),
  }));

/** The texts of the attribute of that name, or `null` when there is none. */
export const textsOf = (xml: string, name: string): readonly (string | null)[] | null =>
  attributesOf(xml)
    .find((attribute) => attribute.name === name)
    ?.values.map(({ text }) => text) ?? null;

export const nameIdOf = (xml: string): string | null =>
  rootOf(xml).getElementsByTagName('saml:NameID')[0]?.textContent ?? null;
