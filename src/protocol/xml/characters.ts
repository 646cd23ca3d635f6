/** Which characters XML 1.0 can carry, and how each is written so that a reader gets the identical string back. */

/** XML 1.0 2.2 `Char`: everything else cannot stand in a document, not even as a character reference. */
const illegal = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** Printable ASCII without markup: nothing to escape, nothing to refuse. Most texts are, and this is the quick way to know. */
export const isPlain = (text: string): boolean => !/[^ !#-%'-;=?-~]/.test(text);

/** The first character of `text` that XML 1.0 forbids, as `U+0001`, or `null`. */
export function illegalCharacter(text: string): string | null {
  const found = illegal.exec(text)?.[0];
  return found === undefined
    ? null
    : `U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** With U+FFFD for each: for a text that must be told all the same. */
export const replaceIllegalCharacters = (text: string): string =>
  text.replace(new RegExp(illegal, 'gu'), '\uFFFD');

/** Canonical XML 1.0 2.3: in text, exactly these are replaced. */
const inText: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' };
/** Canonical XML 1.0 2.3: in attribute values, exactly these. */
const inAttribute: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
};
export const canonicalText = (text: string): string =>
  /[&<>\r]/.test(text) ? text.replace(/[&<>\r]/g, (character) => inText[character]!) : text;
export const canonicalAttribute = (text: string): string =>
  /[&<"\t\n\r]/.test(text) ? text.replace(/[&<"\t\n\r]/g, (character) => inAttribute[character]!) : text;

/**
 * U+0085, U+2028 and U+2029 are ordinary characters in XML 1.0, yet readers exist that turn them into LF as XML 1.1 2.11 and
 * Unicode suggest. A character reference is safe in all. Canonicalisation resolves it again, so a digest does not notice.
 */
export const referenceLineEnds = (escaped: string): string =>
  /[\u0085\u2028\u2029]/.test(escaped)
    ? escaped.replace(/[\u0085\u2028\u2029]/g, (character) => `&#x${character.codePointAt(0)!.toString(16)};`)
    : escaped;
