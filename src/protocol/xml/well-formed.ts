/**
 * Reads XML 1.0 token by token and refuses what is not well-formed (2.1), any DOCTYPE, and what is too much.
 * The DOM parser behind it is lenient: it takes a bare `&`, references to characters that XML forbids, attributes without quotes.
 * Knows nothing of namespaces; parse.ts looks at those.
 */
import { SamlError } from '../saml/saml-error.js';
import { illegalCharacter } from './characters.js';
import { NCNAME } from './ncname.js';

/** What a document may hold; a signed or encrypted message of ordinary make stays far below. */
export interface XmlLimits {
  /** Nested elements. */
  readonly depth: number;
  readonly elements: number;
  /** In the whole document, namespace declarations included. */
  readonly attributes: number;
  readonly attributesPerElement: number;
}

/** Where an element stands in the text, its tags included. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}
export interface Markup {
  /** In document order. */
  readonly elements: readonly Extent[];
  readonly attributes: number;
}

const s = '[ \\t\\r\\n]';
const qname = `${NCNAME}(?::${NCNAME})?`;
const attribute = `${s}+${qname}${s}*=${s}*(?:"[^<"]*"|'[^<']*')`;
/** One alternative a kind of token; the order matters only between a declaration and a processing instruction. */
const token = new RegExp(
  [
    `(?<text>[^<&]+)`,
    `(?<reference>&(?:amp|lt|gt|quot|apos|#[0-9]{1,8}|#x[0-9A-Fa-f]{1,8});)`,
    `<(?<name>${qname})(?<attributes>(?:${attribute})*)${s}*(?<empty>/?)>`,
    `</(?<closing>${qname})${s}*>`,
    `(?<comment><!--[\\s\\S]*?-->)`,
    `(?<cdata><!\\[CDATA\\[[\\s\\S]*?\\]\\]>)`,
    `(?<declaration><\\?xml${s}[\\s\\S]*?\\?>)`,
    `(?<instruction><\\?(?![Xx][Mm][Ll](?:${s}|\\?))${NCNAME}(?:${s}[\\s\\S]*?)?\\?>)`,
  ].join('|'),
  'uy',
);
const declarationForm = new RegExp(
  `^<\\?xml${s}+version${s}*=${s}*(["'])1\\.0\\1(?:${s}+encoding${s}*=${s}*(["'])[Uu][Tt][Ff]-8\\2)?(?:${s}+standalone${s}*=${s}*(["'])(?:yes|no)\\3)?${s}*\\?>$`,
);
const oneAttribute = new RegExp(`${s}(${qname})${s}*=${s}*(?:"([^<"]*)"|'([^<']*)')`, 'gu');
const anyReference = /&(?:(amp|lt|gt|quot|apos|#[0-9]{1,8}|#x[0-9A-Fa-f]{1,8});)?/g;

/** Throws `saml_xml_malformed`, or `saml_xml_forbidden` for a DOCTYPE and for too much. */
export function scan(xml: string, limits: XmlLimits): Markup {
  if (xml.includes('<!DOCTYPE'))
    throw forbidden(
      'a DOCTYPE: SAML has no use for one, and entities are an attack; send the message without',
    );
  const character = illegalCharacter(xml);
  if (character !== null) throw malformed(`it holds ${character}, which XML 1.0 forbids`);

  const elements: { start: number; end: number }[] = [];
  const open: { name: string; index: number }[] = [];
  let attributes = 0;
  let position = 0;
  while (position < xml.length) {
    token.lastIndex = position;
    const groups = token.exec(xml)?.groups;
    if (!groups) throw malformed(whatStands(xml, position), xml, position);
    const end = token.lastIndex;
    const outside = open.length === 0;
    if (groups['text'] !== undefined) {
      if (outside && /[^ \t\r\n]/.test(groups['text']))
        throw malformed('text stands outside the root element', xml, position);
      if (groups['text'].includes(']]>')) throw malformed('"]]>" stands in text', xml, position);
    } else if (groups['reference'] !== undefined) {
      if (outside) throw malformed('text stands outside the root element', xml, position);
      checkReferences(groups['reference'], xml, position);
    } else if (groups['name'] !== undefined) {
      if (outside && elements.length > 0)
        throw malformed('a second root element stands after the first', xml, position);
      attributes += checkAttributes(groups['attributes']!, limits, xml, position);
      elements.push({ start: position, end });
      if (open.length >= limits.depth)
        throw forbidden(`elements nested more than ${limits.depth} deep`, xml, position);
      if (elements.length > limits.elements)
        throw forbidden(`more than ${limits.elements} elements`, xml, position);
      if (attributes > limits.attributes)
        throw forbidden(`more than ${limits.attributes} attributes`, xml, position);
      if (groups['empty'] === '') open.push({ name: groups['name'], index: elements.length - 1 });
    } else if (groups['closing'] !== undefined) {
      const opened = open.pop();
      if (opened?.name !== groups['closing'])
        throw malformed(
          `</${groups['closing']}> closes ${opened ? `<${opened.name}>` : 'nothing'}`,
          xml,
          position,
        );
      elements[opened.index]!.end = end;
    } else if (groups['comment'] !== undefined) {
      if (/--|-$/.test(groups['comment'].slice(4, -3)))
        throw malformed('a comment holds "--"', xml, position);
    } else if (groups['cdata'] !== undefined) {
      if (outside) throw malformed('CDATA stands outside the root element', xml, position);
    } else if (groups['declaration'] !== undefined) {
      if (position > 0)
        throw malformed('an XML declaration stands elsewhere than at the start', xml, position);
      if (!declarationForm.test(groups['declaration']))
        throw malformed('the XML declaration must say version 1.0, and UTF-8 if it names an encoding');
    }
    position = end;
  }
  if (open.length > 0) throw malformed(`<${open.at(-1)!.name}> is never closed`);
  if (elements.length === 0) throw malformed('there is no element in it');
  return { elements, attributes };
}

/** How many attributes the tag has. */
function checkAttributes(text: string, limits: XmlLimits, xml: string, position: number): number {
  if (text === '') return 0;
  const names = new Set<string>();
  for (const [, name, double, single] of text.matchAll(oneAttribute)) {
    if (names.has(name!)) throw malformed(`the attribute ${name} stands twice in one tag`, xml, position);
    names.add(name!);
    if (names.size > limits.attributesPerElement)
      throw forbidden(`more than ${limits.attributesPerElement} attributes in one tag`, xml, position);
    checkReferences(double ?? single ?? '', xml, position);
  }
  return names.size;
}

/** XML 1.0 4.1: no entity but the five is declared, and a character reference names a legal character. */
function checkReferences(text: string, xml: string, position: number): void {
  // as most texts: a regular expression is made anew for each matchAll
  if (!text.includes('&')) return;
  for (const [reference, name] of text.matchAll(anyReference)) {
    if (name === undefined) throw malformed('a "&" that is not written "&amp;"', xml, position);
    if (!name.startsWith('#')) continue;
    const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
    if (code > 0x10ffff || illegalCharacter(String.fromCodePoint(code)) !== null)
      throw malformed(`${reference} names a character that XML 1.0 forbids`, xml, position);
  }
}

/** Why no token begins here, as far as one can guess. */
function whatStands(xml: string, position: number): string {
  const rest = xml.slice(position, position + 9);
  if (rest.startsWith('&')) return 'a "&" that is not written "&amp;", or an entity that is not declared';
  if (rest.startsWith('<!--')) return 'a comment that is not closed';
  if (rest.startsWith('<![CDATA[')) return 'a CDATA section that is not closed';
  if (rest.startsWith('<!')) return 'a markup declaration';
  if (rest.startsWith('<?')) return 'a processing instruction that is not well-formed';
  if (rest.startsWith('</')) return 'an end tag that is not well-formed';
  return 'a tag that is not well-formed: look for a missing quote, ">" or space between attributes';
}

function at(xml: string | undefined, position: number): string {
  if (xml === undefined) return '';
  const before = xml.slice(0, position);
  const line = before.split('\n').length;
  return ` (line ${line}, column ${position - before.lastIndexOf('\n')})`;
}
export const malformed = (what: string, xml?: string, position = 0): SamlError =>
  new SamlError('saml_xml_malformed', `the message is not well-formed XML: ${what}${at(xml, position)}`);
const forbidden = (what: string, xml?: string, position = 0): SamlError =>
  new SamlError('saml_xml_forbidden', `the message holds what is refused: ${what}${at(xml, position)}`);
