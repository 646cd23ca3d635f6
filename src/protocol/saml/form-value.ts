/**
 * Whether a hidden field brings `text` to the peer as it is. HTML forms make CRLF of a CR or LF that stands alone, replace NUL, and
 * have no octets for half a surrogate pair (HTML, constructing the entry list; preprocessing the input stream).
 */
export const isCarriedUnchanged = (text: string): boolean =>
  text.isWellFormed() && !/\0|\r(?!\n)|(?<!\r)\n/.test(text);
