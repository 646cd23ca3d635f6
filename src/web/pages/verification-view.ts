/** A transcript, step by step. */
import type { Verification, VerificationStep } from '../../protocol/verification.js';
import { html, type Html } from './html.js';
import { shown } from './values.js';

const MARKS = { pass: '✓', fail: '✗', skipped: '–' } as const;

/** One line that says how it went, and why not. */
export function verdict({ valid, steps }: Verification): Html {
  const failed = steps.find(({ status }) => status === 'fail');
  const skipped = steps.filter(({ status }) => status === 'skipped').length;
  const passed = steps.filter(({ status }) => status === 'pass').length;
  if (failed)
    return html`<div class="box bad">
      <p><strong>Does not verify.</strong> <code>${failed.name}</code>: ${failed.detail}</p>
      ${failed.hint === undefined ? null : html`<p class="small">${failed.hint}</p>`}
    </div>`;
  const counts = `${passed} steps passed${skipped === 0 ? '' : `, ${skipped} had nothing to look at or compare`}.`;
  return valid
    ? html`<div class="box good">
        <p><strong>Verifies.</strong> ${counts}</p>
      </div>`
    : html`<div class="box warn">
        <p>
          <strong>Cannot be verified.</strong> No step failed, but no signature could be checked. ${counts}
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
      ${detail} ${hint === undefined ? null : html`<p class="hint">${hint}</p>`}
      ${
        known.length === 0
          ? null
          : html`<details>
              <summary>material</summary>
              <dl>
                ${known.map(
                  ([key, value]) =>
                    html`<dt>${key}</dt>
                      <dd>${shown(value)}</dd>`,
                )}
              </dl>
            </details>`
      }
    </div>
  </li>`;
}
