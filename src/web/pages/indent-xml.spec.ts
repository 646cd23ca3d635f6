import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseXml, type Node } from '../../protocol/xml/parse.js';
import { canonicalAttribute, canonicalText, illegalCharacter } from '../../protocol/xml/characters.js';
import { indentXml } from './indent-xml.js';

test('puts one element on a line, and leaves the text of an element alone', () => {
  expect(indentXml('<a x="1>2"><b> t\n </b><c/><d><e>1</e></d></a>')).toEqual({
    text: '<a x="1>2">\n  <b> t\n </b>\n  <c/>\n  <d>\n    <e>1</e>\n  </d>\n</a>',
    indented: true,
  });
});

test('adds nothing beside text, not even beside CDATA or a reference', () => {
  for (const mixed of ['<a>x<b/></a>', '<a><![CDATA[ ]]><b/></a>', '<a><b/>&#32;</a>', '<a>\u00A0<b/></a>'])
    expect(indentXml(mixed).text).toBe(mixed);
});

test('keeps an element that holds nothing but white space', () => {
  expect(indentXml('<a><b>  </b></a>').text).toBe('<a>\n  <b>  </b>\n</a>');
});

test('gives back as it was what it cannot take apart', () => {
  for (const broken of ['<a', '<a></a></a>', '<a><b></a', 'text', '<a>', '<!DOCTYPE a><a/>'])
    expect(indentXml(broken)).toEqual({ text: broken, indented: false });
});

/** The document as nested lists, without white space that stands between elements alone. */
const meaningOf = (node: Node): unknown => {
  if (node.nodeType === node.TEXT_NODE) return node.nodeValue;
  const children = [...node.childNodes];
  const ignorable =
    children.some(({ nodeType }) => nodeType === node.ELEMENT_NODE) &&
    !children.some(
      ({ nodeType, nodeValue }) => nodeType === node.TEXT_NODE && /[^ \t\r\n]/.test(nodeValue ?? ''),
    );
  return [
    node.nodeName,
    node.nodeType === node.ELEMENT_NODE
      ? [...(node as unknown as Element).attributes].map(({ name, value }) => [name, value])
      : node.nodeValue,
    children
      .filter(({ nodeType }) => !(ignorable && nodeType === node.TEXT_NODE))
      .map((child) => meaningOf(child)),
  ];
};
type Element = { readonly attributes: Iterable<{ readonly name: string; readonly value: string }> };

const text = fc.string({ unit: 'grapheme' }).filter((value) => illegalCharacter(value) === null);
const { tree } = fc.letrec<{ tree: string; element: string }>((tie) => ({
  tree: fc
    .tuple(
      text,
      fc.array(fc.oneof(tie('element'), tie('element'), text.map(canonicalText)), { maxLength: 4 }),
    )
    .map(([value, children]) => `<r x="${canonicalAttribute(value)}">${children.join('')}</r>`),
  element: fc.oneof({ maxDepth: 4 }, fc.constantFrom('<e/>', '<!-- c -->', '<e> </e>'), tie('tree')),
}));

test('no document means anything else once it is indented', () => {
  fc.assert(
    fc.property(tree, (xml) => {
      const { text: shown, indented } = indentXml(xml);
      expect(indented).toBe(true);
      expect(meaningOf(parseXml(shown))).toEqual(meaningOf(parseXml(xml)));
    }),
  );
});
