/** How each Action ran: what it said, what it called in order, what that changed, and what it threw. All of it is a stranger's text. */
import type { ExecutedCall } from '../../actions/executed.js';
import { placeOf, type Execution } from '../../login/action-sources.js';
import { callId, runId } from './call-links.js';
import { folding, visible } from './folding.js';
import { html, type Html } from './html.js';
import { literal } from './literal.js';
import { status } from './values.js';

/** `0.84 ms`, `12.3 ms`, `1204 ms` */
export const duration = ({ duration: ms }: Execution): string =>
  `${ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`;

export const actionsView = (runs: readonly Execution[]): Html =>
  html`${runs.map(
    (run, index) =>
      html`<details class="run" id="${runId(index)}" open>
        <summary>
          ${status(run.outcome)} <b>${visible(run.action)}</b>
          <span class="small"
            >${run.version === null ? 'draft' : `v${run.version}`} · ${run.handler} · ${duration(run)}</span
          >
        </summary>
        <div class="ran">${error(run)} ${said(run)} ${calls(run, index)}</div>
      </details>`,
  )}`;

function error({ error: thrown, file }: Execution): Html | null {
  if (!thrown) return null;
  const { name, message, stack } = thrown;
  const headline = message === '' ? name : `${name}: ${message}`;
  return html`<div class="box bad">
    <div><strong>${visible(name)}</strong> at <code>${placeOf({ file, line: thrown.line })}</code></div>
    ${message === '' ? null : folding(message)}
    ${
      stack.trim() === '' || stack.trim() === headline
        ? null
        : html`<details>
            <summary>Stack</summary>
            <pre>${visible(stack)}</pre>
          </details>`
    }
  </div>`;
}

const LEVELS: ReadonlySet<string> = new Set(['error', 'warn', 'info', 'debug', 'trace']);

function said({ console: lines, consoleCut }: Execution): Html | null {
  if (lines.length === 0 && consoleCut !== true) return null;
  return html`<h3>Console</h3>
    <ul class="console">
      ${lines.map(
        ({ level, text }) =>
          html`<li class="${LEVELS.has(level) ? level : null}">
            <span class="level">${level}</span>
            <div>${folding(text)}</div>
          </li>`,
      )}
    </ul>
    ${consoleCut === true ? html`<p class="soft small">It said more than is kept.</p>` : null}`;
}

function calls({ calls: all, callsLeftOut = 0, file }: Execution, run: number): Html {
  if (all.length === 0) return html`<p class="soft">It called nothing of api.</p>`;
  return html`<h3>Calls</h3>
    <table class="calls">
      <thead>
        <tr>
          <th>Line</th>
          <th>Call</th>
          <th>Changed</th>
        </tr>
      </thead>
      <tbody>
        ${all.map(
          (call, index) =>
            html`<tr id="${callId(run, index)}">
              <td><code>${placeOf({ file, line: call.line })}</code></td>
              <td>${folding(`${call.call}(${call.args.map(literal).join(', ')})`)} ${answer(call)}</td>
              <td>${changed(call)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${callsLeftOut > 0 ? html`<p class="soft small">${callsLeftOut} more calls are not shown.</p>` : null}`;
}

function answer(call: ExecutedCall): Html | null {
  if (call.threw !== undefined)
    return html`<div class="threw"><span class="soft">threw</span> ${folding(call.threw)}</div>`;
  return 'returned' in call
    ? html`<div><span class="soft">returned</span> ${folding(literal(call.returned))}</div>`
    : null;
}

/** `null` is nothing: it was not set before, or is not any more. */
const valueOf = (value: unknown): Html =>
  value === null ? html`<span class="soft">nothing</span>` : folding(literal(value));

const changed = ({ changed: change }: ExecutedCall): Html | null =>
  change
    ? html`<div class="soft">${visible(change.what)}</div>
        <div class="change">${valueOf(change.from)} <span class="soft">→</span> ${valueOf(change.to)}</div>`
    : null;
