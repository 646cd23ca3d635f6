import { DOMParser } from '@xmldom/xmldom';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExclusiveCanonicalization } from 'xml-crypto';
import { element, withChildAt, type XmlElement } from './element.js';
import { canonicalise, serialise } from './writer.js';

/** xml-crypto's exclusive canonicalisation of what we send: the oracle of what we digest. */
const byXmlCrypto = (wire: string, inclusive: string[] = []): string =>
  new ExclusiveCanonicalization().process(
    new DOMParser().parseFromString(wire, 'text/xml').documentElement!,
    { inclusiveNamespacesPrefixList: inclusive },
  );

const attributeStatement = (...values: string[]): XmlElement =>
  element(
    'saml:AttributeStatement',
    {},
    values.map((value) => element('saml:AttributeValue', { 'xsi:type': 'xs:string' }, [value])),
    ['xs', 'xsi'],
  );

test('the canonical form drops xmlns:xs and puts xmlns:xsi where it is used; the wire form declares both once', () => {
  const tree = attributeStatement('a');
  expect(serialise(tree)).toBe(
    '<saml:AttributeStatement xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><saml:AttributeValue xsi:type="xs:string">a</saml:AttributeValue></saml:AttributeStatement>',
  );
  expect(canonicalise(tree)).toBe(
    '<saml:AttributeStatement xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">a</saml:AttributeValue></saml:AttributeStatement>',
  );
});

test('an InclusiveNamespaces prefix keeps its declaration in the canonical form', () => {
  const tree = attributeStatement('a');
  expect(canonicalise(tree, ['xs'])).toBe(byXmlCrypto(serialise(tree), ['xs']));
  expect(canonicalise(tree, ['xs'])).toContain('xmlns:xs=');
});

test('attributes are sorted by namespace, then by name', () => {
  expect(canonicalise(element('saml:A', { 'xsi:type': 't', Version: '2.0', ID: 'x', a: undefined }))).toBe(
    '<saml:A xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="x" Version="2.0" xsi:type="t"></saml:A>',
  );
});

test('a child put in does not change the tree it was put into', () => {
  const parent = element('saml:A', {}, ['x']);
  expect(serialise(withChildAt(parent, 1, element('saml:B')))).toContain('x<saml:B></saml:B>');
  expect(parent.children).toEqual(['x']);
});

test('a prefix without a namespace is refused', () => {
  expect(() => element('evil:A' as 'saml:A')).toThrow(TypeError);
});

test.each(['\u0000', '\u0001', '\u000b', '\u001f', '\ufffe', '\uffff', '\ud800', 'a\udc00'])(
  'the character %j, which XML 1.0 cannot carry, is refused in text and in attributes',
  (text) => {
    for (const tree of [element('saml:A', {}, [text]), element('saml:A', { Name: text })]) {
      expect(() => serialise(tree)).toThrow(/cannot carry/);
      expect(() => canonicalise(tree)).toThrow(/cannot carry/);
    }
  },
);

/** Text of any legal characters, the troublesome ones often. */
const legalText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '&',
        '<',
        '>',
        '"',
        "'",
        '\t',
        '\n',
        '\r',
        '\u0085',
        '\u2028',
        '\u2029',
        '\ufeff',
        ']]>',
        '<!--',
        '-->',
        '<![CDATA[',
        '&amp;',
        '😀',
        'é',
        'x',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
  )
  .map((parts) => parts.join(''))
  .filter((text) => /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u.test(text));

test('whatever the text, xml-crypto canonicalises what we send into exactly what we digest, and reads the same text', () => {
  fc.assert(
    fc.property(legalText, legalText, (name, value) => {
      const tree = element('samlp:Response', { ID: '_1', Version: '2.0' }, [
        element('saml:Issuer', {}, [value]),
        element('saml:Attribute', { Name: name }, [attributeStatement(value, name)]),
      ]);
      const wire = serialise(tree);
      expect(canonicalise(tree)).toBe(byXmlCrypto(wire));
      const read = new DOMParser().parseFromString(wire, 'text/xml').documentElement!;
      expect(read.getElementsByTagName('saml:Issuer')[0]!.textContent).toBe(value);
      expect(read.getElementsByTagName('saml:Attribute')[0]!.getAttribute('Name')).toBe(name);
    }),
    { numRuns: 2000 },
  );
});
