import type { Element } from '../../xml/parse.js';
import { childElements, text } from '../../xml/reading.js';

/** White space inside base64 is presentation; anything else that is not base64 makes it unreadable. */
export const base64Text = (element: Element | undefined): string | undefined => {
  const joined = text(element)?.replace(/[ \t\r\n]+/g, '');
  return joined && childElements(element!).length === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(joined)
    ? Buffer.from(joined, 'base64').toString('base64')
    : undefined;
};
