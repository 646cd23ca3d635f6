/** Text that may be long: its beginning stands there, and opens the whole of it. */
import { shortened } from '../../protocol/saml/shortened.js';
import { html, type Html } from './html.js';

/** What fits into a cell without pushing everything else away. */
const MOST_CHARACTERS = 240;
const MOST_LINES = 8;
const LONGEST_SUMMARY = 120;

export function folding(text: string): Html {
  const readable = visible(text);
  const lines = readable.split('\n', MOST_LINES + 1);
  if (readable.length <= MOST_CHARACTERS && lines.length <= MOST_LINES) return html`<code>${readable}</code>`;
  return html`<details class="fold">
    <summary><code>${shortened(lines[0]!, LONGEST_SUMMARY)}…</code></summary>
    <pre>${readable}</pre>
  </details>`;
}

/** Control characters as they are written in code: colours of a terminal, for one, would be invisible. */
export const visible = (text: string): string =>
  text.replace(
    /(?![\n\t])\p{Cc}/gu,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
