/** What happened, in order. How an Action ran stands elsewhere on the page; here it is a line that leads there. */
import { switchOf } from '../../login/action-sources.js';
import type { Inspection } from '../../login/inspection.js';
import type { TimelineEvent } from '../../tenant/transaction.js';
import { duration } from './actions-view.js';
import { runId, sourceLink, type CallLink } from './call-links.js';
import { visible } from './folding.js';
import { html, type Html } from './html.js';
import { instant } from './values.js';

export function timelineView({ timeline, actions }: Inspection, linkOf: CallLink): Html {
  const runs = timeline.filter(({ name }) => name === 'action.executed');
  const told: Readonly<Record<string, (event: TimelineEvent) => Html | null>> = {
    'action.executed': (event) => {
      const index = runs.indexOf(event);
      const run = actions[index];
      return run
        ? html`<a href="#${runId(index)}">${visible(run.action)}</a> ${run.outcome} after ${duration(run)}`
        : null;
    },
    'user.redirected': (event) => html`${word(event, 'by')} sent the browser to ${word(event, 'to')}`,
    'user.returned': (event) => html`to ${word(event, 'to')}, by ${word(event, 'method')}`,
    'user.switched': (event) => {
      const source = switchOf({ timeline: timeline.slice(0, timeline.indexOf(event) + 1) });
      return html`from ${word(event, 'from')} to
      ${word(event, 'to')}${source ? html`, in ${sourceLink(source, linkOf)}` : null}`;
    },
  };
  return html`<table>
    <thead>
      <tr>
        <th>At</th>
        <th>Event</th>
        <th>Detail</th>
      </tr>
    </thead>
    <tbody>
      ${timeline.map(
        (event) =>
          html`<tr>
            <td class="tight">${instant(event.at)}</td>
            <td class="tight mono">${event.name}</td>
            <td>${told[event.name]?.(event) ?? pairs(event)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

const word = ({ detail }: TimelineEvent, name: string): Html => inline(detail?.[name] ?? 'nobody');

const pairs = ({ detail }: TimelineEvent): Html[] =>
  Object.entries(detail ?? {}).map(
    ([key, value]) => html`<div><span class="soft">${key}</span> ${inline(value)}</div>`,
  );
const inline = (value: unknown): Html =>
  html`<code>${typeof value === 'string' ? value : (JSON.stringify(value) ?? '')}</code>`;
