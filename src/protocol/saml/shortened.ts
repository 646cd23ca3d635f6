/** The first `most` UTF-16 units of `text`, one fewer where the last would be half of a character. */
export const shortened = (text: string, most: number): string =>
  text.slice(0, most).replace(/[\u{D800}-\u{DBFF}]$/u, '');
