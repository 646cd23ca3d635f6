/** The characters of an `error_description` (RFC 6749 4.1.2.1, 5.2): ASCII without quotation mark and backslash. */

const FORBIDDEN = /[^\x20\x21\x23-\x5B\x5D-\x7E]/gu;

/** The same text with each character replaced that an `error_description` may not have. */
export const describable = (text: string): string =>
  text.replace(FORBIDDEN, (character) => (character === '"' ? "'" : character === '\\' ? '/' : '?'));

/** Somebody else's text inside a description: in quotation marks, cut after 200 characters. */
export const quoted = (text: string): string =>
  `'${describable(text.slice(0, 200))}${text.length > 200 ? '...' : ''}'`;
