/**
 * Text as literals of the languages that settings are written in. Entity IDs and URLs are what operators, and the metadata of strangers,
 * made them: none may end its literal and go on as code.
 */

/** ECMA-262 12.9.4; every JSON text is a JavaScript literal. */
export const javaScript = (text: string): string => JSON.stringify(text);

/** JSON's escapes mean the same in Python (Language Reference 2.4.1.1). */
export const python = (text: string): string => JSON.stringify(text);

/** Single quotes, in which nothing but the backslash and the quote itself has a meaning. */
const singleQuoted = (text: string): string => `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;
export const php = singleQuoted;
export const ruby = singleQuoted;

/** An argument of an Apache directive; a line break would end the directive, and cannot be written. */
export const apache = (text: string): string =>
  `"${text.replace(/\p{Cc}+/gu, ' ').replace(/[\\"]/g, String.raw`\$&`)}"`;

/** The value of an attribute, or text, line ends of every kind by reference; what XML 1.0 cannot carry becomes U+FFFD. */
export const xml = (text: string): string =>
  text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}')
    .replace(/[&<>"'\t\n\r\u{85}\u{2028}]/gu, (character) => `&#${character.charCodeAt(0)};`);
