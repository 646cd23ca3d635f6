/** A transcript, step by step. */
import type { Verification, VerificationStep } from '../../protocol/verification.js';
import { html, type Html } from './html.js';
import { facts, prose } from './values.js';

const MARKS = { pass: '✓', fail: '✗', skipped: '–' } as const;

/** One line that says how it went with `subject`, and why not. */
export function verdict(subject: string, { valid, steps }: Verification): Html {
  const failed = steps.find(({ status }) => status === 'fail');
  const skipped = steps.filter(({ status }) => status === 'skipped').length;
  const passed = steps.filter(({ status }) => status === 'pass').length;
  if (failed)
    return html`<div class="box bad">
      <p><strong>${subject} does not verify.</strong> <code>${failed.name}</code>: ${failed.detail}</p>
      ${failed.hint === undefined ? null : html`<p class="small">${prose(failed.hint)}</p>`}
    </div>`;
  const counts = `${passed} steps passed${skipped === 0 ? '' : `, ${skipped} had nothing to look at or compare`}.`;
  return valid
    ? html`<div class="box good">
        <p><strong>${subject} verifies.</strong> ${counts}</p>
        ${
          steps.some(({ data }) => data?.['readInstead'] !== undefined)
            ? html`<p class="small">
                Only the SP can decrypt it: the assertion was read as it was kept before encryption, not from
                the wire.
              </p>`
            : null
        }
      </div>`
    : html`<div class="box warn">
        <p>
          <strong>${subject} cannot be verified.</strong> No step failed, but no signature could be checked.
          ${counts}
        </p>
      </div>`;
}

export const transcript = ({ steps }: Verification): Html =>
  html`<ol class="steps">
    ${steps.map(line)}
  </ol>`;

function line({ name, status, detail, hint, data }: VerificationStep): Html {
  const { signed, ...material } = data ?? {};
  const known = Object.entries(material).filter(([, value]) => value !== undefined);
  return html`<li class="${status}">
    <span class="mark" role="img" aria-label="${status}">${MARKS[status]}</span>
    <span class="step">${name}${typeof signed === 'string' ? html` <small>${signed}</small>` : null}</span>
    <div class="said">
      ${
        known.length === 0
          ? detail
          : html`<details>
              <summary>${detail}</summary>
              ${facts(Object.fromEntries(known))}
            </details>`
      }
      ${hint === undefined ? null : html`<p class="hint">${prose(hint)}</p>`}
    </div>
  </li>`;
}
