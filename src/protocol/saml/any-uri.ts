/**
 * `xs:anyURI`, the type of Destination, Recipient, Audience, Format and AuthnContextClassRef (XML Schema Part 2, 3.2.17).
 * A validating SP refuses a message in which one of them is no URI reference, before it looks at any signature.
 */

/** RFC 3986 2.2 and 2.3 without `: / ? # [ ] @`, and what XLink 5.4 lets stand unescaped: other scripts and `" < > \ ^ { | }`. */
const plain = 'A-Za-z0-9\\-._~!$&\'()*+,;="<>\\\\^`{|}\\u{7F}-\\u{10FFFF}';
const one = (more: string): string => `(?:[${plain}${more}]|%[0-9A-Fa-f]{2})`;

/** RFC 3986 3.2; a port in at most five digits. */
const authority = `//(?:${one(':')}*@)?(?:\\[[0-9A-Fa-f:.]+\\]|${one('')}*)(?::[0-9]{1,5})?`;
const segments = `(?:/${one(':@')}*)*`;
const rooted = `/(?:${one(':@')}+${segments})?`;
const ending = `(?:\\?${one(':@/?')}*)?(?:#${one(':@/?')}*)?`;
/** RFC 3986 4.1: a URI, or a relative reference, whose first segment has no colon. */
const reference = new RegExp(
  `^(?:[A-Za-z][A-Za-z0-9+.-]*:(?:${authority}${segments}|${rooted}|${one(':@')}+${segments}|)` +
    `|(?:${authority}${segments}|${rooted}|${one('@')}+${segments}|))${ending}$`,
  'u',
);

/** White space around it does not count (`whiteSpace` is `collapse`), white space within it does. */
export const isUriReference = (text: string): boolean =>
  reference.test(text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''));
