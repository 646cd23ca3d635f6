/** The one way in which text becomes markup: everything that is put into `html` is escaped, unless it is `Html` itself. */

/** Markup that is safe to send: made by `html` alone. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  /** Of literal markup and values. A value is safe as text and inside a quoted attribute; an unquoted attribute must not hold one. */
  static readonly tag = (literal: TemplateStringsArray, ...values: readonly Value[]): Html =>
    new Html(literal.reduce((markup, part, index) => `${markup}${markupOf(values[index - 1])}${part}`));

  /** A constant of ours, taken to the letter; never anything that came from outside. */
  static readonly constant = (markup: string): Html => new Html(markup);

  toString(): string {
    return this.#markup;
  }
}
export const html = Html.tag;

/** `null`, `undefined` and `false` leave nothing; a list is put together without separators. */
export type Value = Html | string | number | true | false | null | undefined | readonly Value[];

const markupOf = (value: Value): string => {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.toString();
  if (Array.isArray(value)) return (value as readonly Value[]).map(markupOf).join('');
  return escaped(String(value));
};

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const MARKUP = Object.keys(ENTITIES);
/** Most texts have nothing to escape; of a long one, as a message is, it is told by looking for each character many times faster. */
const escaped = (text: string): string =>
  MARKUP.some((character) => text.includes(character))
    ? text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
    : text;
