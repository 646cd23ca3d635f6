/** From a value to the line of code that set it: the call, as the section on Actions of the same page shows it. */
import { placeOf, type Execution } from '../../login/action-sources.js';
import type { Source } from '../../tenant/effects.js';
import { html, type Html } from './html.js';

/** Where on the page a call is shown; `null` where it is not. */
export type CallLink = (source: Source) => string | null;

/** Counting from 0; a page shows them from 1. */
export const runId = (run: number): string => `action-${run + 1}`;
export const callId = (run: number, call: number): string => `${runId(run)}-call-${call + 1}`;

const keyOf = ({ action, file }: Pick<Source, 'action' | 'file'>, { line, column }: Place): string =>
  JSON.stringify([action, file, line, column]);
type Place = Pick<Source, 'line' | 'column'>;

/** Of a line that was run several times it is the last time. */
export function callLinks(runs: readonly Execution[]): CallLink {
  const known = new Map(
    runs.flatMap((run, index) =>
      run.calls.flatMap((call, number): [string, string][] =>
        call.threw === undefined && call.line !== null
          ? [[keyOf(run, call), `#${callId(index, number)}`]]
          : [],
      ),
    ),
  );
  return (source) => {
    const run = runs.findLastIndex(({ action, file }) => action === source.action && file === source.file);
    return known.get(keyOf(source, source)) ?? (run < 0 ? null : `#${runId(run)}`);
  };
}

export function sourceLink(source: Source, linkOf: CallLink): Html {
  const address = linkOf(source);
  const place = html`<code>${placeOf(source)}</code>`;
  return address === null ? place : html`<a href="${address}">${place}</a>`;
}

/** Where a value is from, in words; the line of code at their end leads to its call. */
export function origin(from: string, source: Source | undefined, linkOf: CallLink): Html {
  if (!source) return html`${from}`;
  const place = placeOf(source);
  return from.endsWith(place)
    ? html`${breakable(from.slice(0, -place.length))}${sourceLink(source, linkOf)}`
    : html`${from}, ${sourceLink(source, linkOf)}`;
}

/** The name of a setter is long: it may break before its last word. */
function breakable(text: string): Html {
  const cut = text.lastIndexOf('.') + 1;
  return cut === 0 ? html`${text}` : html`${text.slice(0, cut)}<wbr />${text.slice(cut)}`;
}
