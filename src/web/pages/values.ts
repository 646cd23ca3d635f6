/** How single values are shown: text to the letter, JSON indented, instants readable, PEMs folded away. */
import { html, type Html } from './html.js';

const isPem = (text: string): boolean => text.includes('-----BEGIN ');

export const code = (text: string): Html => html`<code class="v">${text}</code>`;

export const json = (value: unknown): Html =>
  html`<pre>${JSON.stringify(value, null, 2) ?? 'undefined'}</pre>`;

const PEM_LABEL = /-----BEGIN ([A-Z0-9 ]+)-----/;
const folded = (pem: string): Html =>
  html`<details>
    <summary>${PEM_LABEL.exec(pem)?.[1]?.toLowerCase() ?? 'PEM'}</summary>
    <pre>${pem}</pre>
  </details>`;

/** Any JSON value. */
export function shown(value: unknown): Html {
  if (value === null || value === undefined) return html`<span class="soft">none</span>`;
  if (typeof value === 'string')
    return value === ''
      ? html`<span class="soft">empty text</span>`
      : isPem(value)
        ? folded(value)
        : code(value);
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object'))
    return value.length === 0
      ? html`<span class="soft">empty list</span>`
      : html`<div class="stack">${value.map((item) => code(String(item)))}</div>`;
  return typeof value === 'object' ? json(value) : code(JSON.stringify(value) ?? '');
}

/** `2026-11-21 10:00:00.000 UTC`; what is no instant stays what it is. */
export const instant = (iso: string): Html =>
  html`<time datetime="${iso}">${iso.replace(/^(\d{4}-\d\d-\d\d)T([\d:.]+)Z$/, '$1 $2 UTC')}</time>`;

/** Pairs of a name and a value; those that are `undefined` are left out. */
export const facts = (pairs: Readonly<Record<string, unknown>>): Html =>
  html`<dl>
    ${Object.entries(pairs)
      .filter(([, value]) => value !== undefined)
      .map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${shown(value)}</dd>`,
      )}
  </dl>`;

export const status = (name: string): Html => html`<span class="status ${name}">${name}</span>`;

/** Where a value came from: `null` where nobody knows any more. */
export const layer = (name: string | null): Html =>
  html`<span class="layer ${name ?? ''}">${name ?? 'unknown'}</span>`;

/** A sentence of ours: names between backticks are code. */
export const prose = (sentence: string): Html =>
  html`${sentence.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
