/** A document for reading: indented where that changes nothing, tags told from text. */
import { html, type Html } from './html.js';
import { indentXml, tokensOf } from './indent-xml.js';

const QUOTED = /("[^"]*"|'[^']*')/;

const tag = (source: string): Html =>
  html`<span class="tag"
    >${source.split(QUOTED).map((part, index) => (index % 2 === 1 ? html`<span class="q">${part}</span>` : part))}</span
  >`;

/** `bytes` leads to the exact document; without it the text here is all there is. */
export function xmlView(name: string, xml: string, bytes?: string): Html {
  const { text, indented } = indentXml(xml);
  const tokens = tokensOf(text);
  const markup = tokens
    ? tokens.map(({ kind, source }) =>
        kind === 'text' ? source : kind === 'other' ? html`<span class="note">${source}</span>` : tag(source),
      )
    : text;
  const note = indented ? 'Indented for reading; white space was added.' : 'To the letter.';
  return html`<p class="soft small">
      ${note} ${bytes === undefined ? null : html`<a href="${bytes}">${name}: the exact bytes</a>`}
    </p>
    <pre class="tall" tabindex="0" role="region" aria-label="${name}">${markup}</pre>`;
}
