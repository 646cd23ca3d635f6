import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgedBy, xmllint } from '../../../test/support/judges.js';
import { SamlError } from '../saml/saml-error.js';
import { commentsAndInstructions, decodeUtf8, parseXml, sourceOf } from './parse.js';
import { childElements } from './reading.js';

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof SamlError) return error.code;
    throw error;
  }
  return 'no error';
};

const illFormed: Readonly<Record<string, string>> = {
  nothing: '',
  'white space only': ' \n',
  'text only': 'hello',
  'an unclosed element': '<r><a></r>',
  'an element never closed': '<r><a>',
  'tags that cross': '<r><a><b></a></b></r>',
  'an end tag first': '</r>',
  'two roots': '<r/><r/>',
  'text after the root': '<r/>x',
  'text before the root': 'x<r/>',
  'a reference after the root': '<r/>&#65;',
  'CDATA after the root': '<r/><![CDATA[x]]>',
  'an attribute twice': '<r a="1" a="2"/>',
  'an attribute twice in one namespace': '<r xmlns:a="u:x" xmlns:b="u:x" a:k="1" b:k="2"/>',
  'an attribute without value': '<r a/>',
  'an attribute without quotes': '<r a=1/>',
  'attributes without space': '<r a="1"b="2"/>',
  'an open quote': '<r a="1/>',
  'a < in an attribute': '<r a="<"/>',
  'an unbound element prefix': '<p:r/>',
  'an unbound attribute prefix': '<r p:a="1"/>',
  'an unbound prefix deeper': '<r><s xmlns:p="u:x"/><p:t/></r>',
  'a prefix bound to nothing': '<r xmlns:p=""/>',
  'xmlns bound': '<r xmlns:xmlns="u:x"/>',
  'xml bound anew': '<r xmlns:xml="u:x"/>',
  'another prefix for xml': '<r xmlns:p="http://www.w3.org/XML/1998/namespace"/>',
  'two colons': '<a:b:c xmlns:a="u:x"/>',
  'a bare &': '<r>a & b</r>',
  'a bare & in an attribute': '<r a="x&y"/>',
  'an undeclared entity': '<r>&nbsp;</r>',
  'an undeclared entity in an attribute': '<r a="&nbsp;"/>',
  'a reference to NUL': '<r>&#0;</r>',
  'a reference to U+0001': '<r a="&#1;"/>',
  'a reference to half a pair': '<r>&#xD83D;&#xDE00;</r>',
  'a reference beyond Unicode': '<r>&#x110000;</r>',
  'a reference with X': '<r>&#X41;</r>',
  'a raw control character': '<r>\u0001</r>',
  'U+FFFE': '<r>\uFFFE</r>',
  'a ]]> in text': '<r>]]></r>',
  'an open comment': '<r><!-- </r>',
  'two hyphens in a comment': '<r><!-- a -- b --></r>',
  'three hyphens at its end': '<r><!-- a ---></r>',
  'an open CDATA section': '<r><![CDATA[</r>',
  'a declaration inside': '<r><?xml version="1.0"?></r>',
  'a declaration after a space': ' <?xml version="1.0"?><r/>',
  'a declaration without version': '<?xml encoding="utf-8"?><r/>',
  'a space before the name': '< r/>',
  'a slash apart': '<r / >',
  'a colon first': '<:r/>',
  'a digit first': '<1r/>',
};

for (const [what, xml] of Object.entries(illFormed))
  test(`${what} is refused`, () => {
    expect(codeOf(() => parseXml(xml))).toBe('saml_xml_malformed');
  });

judgedBy(xmllint)('what is refused as ill-formed, libxml2 refuses too', () => {
  // libxml2 keeps to XML without namespaces where it can: these it only warns of
  const warned = new Set([
    'an unbound element prefix',
    'an unbound attribute prefix',
    'an unbound prefix deeper',
    'a prefix bound to nothing',
    'xmlns bound',
    'xml bound anew',
    'another prefix for xml',
    'two colons',
    'a colon first',
    'an attribute twice in one namespace',
  ]);
  for (const [what, xml] of Object.entries(illFormed))
    if (!warned.has(what))
      expect(() => execFileSync('xmllint', ['--noout', '-'], { input: xml, stdio: 'pipe' }), what).toThrow();
});

test('a reference to U+D83D does not slip through as half of a pair', () => {
  expect(codeOf(() => parseXml('<r a="&#55357;&#56832;"/>'))).toBe('saml_xml_malformed');
});

test('XML 1.1 is refused, and an encoding that is not the one of the bytes', () => {
  expect(codeOf(() => parseXml('<?xml version="1.1"?><r/>'))).toBe('saml_xml_malformed');
  expect(codeOf(() => parseXml('<?xml version="1.0" encoding="UTF-16"?><r/>'))).toBe('saml_xml_malformed');
});

test('an attribute name that a canonicaliser would take for a declaration is refused', () => {
  expect(codeOf(() => parseXml('<r xmlnsfoo="1"/>'))).toBe('saml_xml_malformed');
});

for (const xml of [
  '<!DOCTYPE r><r/>',
  '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>',
  '<?xml version="1.0"?>\n<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>',
  '<r><![CDATA[<!DOCTYPE r>]]></r>',
])
  test(`a DOCTYPE is refused on sight: ${xml}`, () => {
    expect(codeOf(() => parseXml(xml))).toBe('saml_xml_forbidden');
  });

test('a doctype in small letters is no markup of XML at all', () => {
  expect(codeOf(() => parseXml('<!doctype r><r/>'))).toBe('saml_xml_malformed');
});

test('depth, elements and attributes are bounded', () => {
  const limits = { depth: 3, elements: 5, attributes: 4, attributesPerElement: 2 };
  const parse = (xml: string) => codeOf(() => parseXml(xml, limits));
  expect(parse('<a><a><a/></a></a>')).toBe('no error');
  expect(parse('<a><a><a><a/></a></a></a>')).toBe('saml_xml_forbidden');
  expect(parse('<a><b/><b/><b/><b/></a>')).toBe('no error');
  expect(parse('<a><b/><b/><b/><b/><b/></a>')).toBe('saml_xml_forbidden');
  expect(parse('<a x="" y=""><b x="" y=""/></a>')).toBe('no error');
  expect(parse('<a x="" y="" z=""/>')).toBe('saml_xml_forbidden');
  expect(parse('<a x="" y=""><b x="" y=""/><c x=""/></a>')).toBe('saml_xml_forbidden');
});

test('ten thousand levels are refused before anything recurses', () => {
  expect(codeOf(() => parseXml('<a>'.repeat(10_000) + '</a>'.repeat(10_000)))).toBe('saml_xml_forbidden');
});

test('an error says where', () => {
  expect(() => parseXml('<r>\n  <a b="&"/>\n</r>')).toThrow('(line 2, column 3)');
});

test('a declaration, comments, processing instructions, CDATA and references are read', () => {
  const xml =
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<!-- a --><?b c?>' +
    '<r a="&lt;&#x9;\t">1<!-- d -->2<![CDATA[<&]]>&amp;&#x1F600;</r><!-- e -->\n';
  const document = parseXml(xml);
  expect(document.documentElement!.textContent).toBe('12<&&\u{1F600}');
  expect(document.documentElement!.getAttribute('a')).toBe('<\t ');
  expect(commentsAndInstructions(document).map((node) => node.nodeValue)).toContain(' d ');
  expect(commentsAndInstructions(document.documentElement!)).toHaveLength(1);
});

test('U+0085, U+2028 and U+2029 are ordinary characters, CR and CRLF are line feeds (XML 1.0 2.11)', () => {
  const root = parseXml('<r a="\u0085\u2028\u2029">\u0085\u2028\u2029\r\n\r&#13;</r>').documentElement!;
  expect(root.textContent).toBe('\u0085\u2028\u2029\n\n\r');
  expect(root.getAttribute('a')).toBe('\u0085\u2028\u2029');
});

test('U+FFFD is a legal character', () => {
  expect(parseXml('<r>\uFFFD</r>').documentElement!.textContent).toBe('\uFFFD');
});

test('the source of an element is its very characters', () => {
  const xml = '<r>\r\n<a  b = "1"\n>x&#x41;</a ><b/><c><a/></c></r>';
  const root = parseXml(xml).documentElement!;
  expect(childElements(root).map(sourceOf)).toEqual(['<a  b = "1"\n>x&#x41;</a >', '<b/>', '<c><a/></c>']);
  expect(sourceOf(root)).toBe(xml);
});

test('any text is either read or refused by name', () => {
  const pieces = fc.constantFrom(
    '<r>',
    '</r>',
    '<',
    '>',
    '&',
    ';',
    '&#',
    '&amp;',
    '"',
    "'",
    '=',
    ' ',
    'a',
    ':',
    '/',
    '<!--',
    '-->',
    '--',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
    '<?xml version="1.0"?>',
    ' xmlns:a="u"',
    ' a="1"',
    '<a:b/>',
    '\u0000',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), fc.boolean(), (parts, wrapped) => {
      const xml = wrapped ? `<r>${parts.join('')}</r>` : parts.join('');
      expect(['no error', 'saml_xml_malformed', 'saml_xml_forbidden']).toContain(codeOf(() => parseXml(xml)));
    }),
    { numRuns: 2000 },
  );
});

test('bytes that are not UTF-8 are refused, UTF-16 by its name', () => {
  expect(codeOf(() => decodeUtf8(Buffer.from([0x3c, 0xff, 0x3e])))).toBe('saml_message_undecodable');
  expect(codeOf(() => decodeUtf8(Buffer.from([0xc0, 0xbc])))).toBe('saml_message_undecodable');
  expect(() => decodeUtf8(Buffer.from('\uFEFF<r/>', 'utf16le'))).toThrow('UTF-16');
});

test('UTF-16 without a mark does not hide a DOCTYPE', () => {
  const text = decodeUtf8(Buffer.from('<!DOCTYPE r><r/>', 'utf16le'));
  expect(codeOf(() => parseXml(text))).toBe('saml_xml_malformed');
});

test('a byte order mark of UTF-8 is taken off', () => {
  expect(decodeUtf8(Buffer.from('\uFEFF<r/>'))).toBe('<r/>');
});
