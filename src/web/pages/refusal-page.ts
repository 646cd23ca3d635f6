/** What is wrong, and how to mend it, for people: where no service provider may be told. */
import type { FieldError } from '../../protocol/mintmark-error.js';
import { html, type Html } from './html.js';
import { page } from './page.js';
import { code, prose } from './values.js';

export interface Refusal {
  readonly title: string;
  readonly detail: string;
  readonly code: string;
  /** Of HTTP. */
  readonly status: number;
  /** Where the request became one. */
  readonly transactionId?: string | null | undefined;
  /** What to do about it; a sentence of ours, with names between backticks. */
  readonly mend?: string | undefined;
  readonly errors?: readonly FieldError[] | undefined;
}

export const refusalPage = (refusal: Refusal): string =>
  page(
    refusal.title,
    html`<h1>${refusal.title}</h1>
      <div class="box bad">
        <p>${asSentence(refusal.detail)}</p>
        ${faults(refusal.errors ?? [])}
      </div>
      ${refusal.mend === undefined ? null : html`<p>${prose(refusal.mend)}</p>`}
      ${inspector(refusal.transactionId)}
      <p class="soft small">${refusal.status} <code>${refusal.code}</code></p>`,
  );

/** Descriptions are made to stand in a line of a log, too. */
const asSentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? '' : '.'}`;

/** One that stands alone has been told already. */
const faults = (errors: readonly FieldError[]): Html | null =>
  errors.length < 2
    ? null
    : html`<ul class="plain">
        ${errors.map(({ pointer, detail }) => html`<li>${code(pointer)} ${detail}</li>`)}
      </ul>`;

const inspector = (id: string | null | undefined): Html | null =>
  id === null || id === undefined
    ? null
    : html`<p>
        <a href="/debug/transactions/${encodeURIComponent(id)}">The whole transaction</a>
        <span class="soft">what came, step by step, and why it was refused</span>
      </p>`;
