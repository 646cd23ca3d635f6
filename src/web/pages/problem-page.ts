/** A refusal, for people. */
import type { ProblemDetails } from '../border/problem-details.js';
import { html } from './html.js';
import { page } from './page.js';

export const problemPage = ({ title, detail, code, status }: ProblemDetails): string =>
  page(
    title,
    html`<h1>${title}</h1>
      <p>${detail}</p>
      <p class="soft small">${status} <code>${code}</code></p>`,
  );
