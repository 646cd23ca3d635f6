/** Somebody else's text inside a message: in quotation marks, control characters escaped, cut after 200 characters. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
