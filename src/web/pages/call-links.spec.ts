import { expect, test } from 'vitest';
import type { Execution } from '../../login/action-sources.js';
import type { Source } from '../../tenant/effects.js';
import { callLinks, origin } from './call-links.js';

const run = (
  action: string,
  calls: readonly (readonly [line: number | null, threw?: string])[],
): Execution => ({
  at: '2026-11-21T10:00:00.000Z',
  action,
  version: 1,
  file: `${action}.js`,
  handler: 'onExecutePostLogin',
  duration: 1,
  outcome: 'completed',
  calls: calls.map(([line, threw]) => ({
    call: 'api.samlResponse.setAudience',
    args: ['urn:x'],
    line,
    column: line === null ? null : 7,
    ...(threw !== undefined && { threw }),
  })),
  console: [],
});
const at = (action: string, line: number | null): Source => ({
  action,
  file: `${action}.js`,
  line,
  column: line === null ? null : 7,
});

test('a source leads to its call, and of a line that ran several times to the last that did something', () => {
  const linkOf = callLinks([run('one', [[2], [2], [3], [2, 'no']]), run('other', [[2]]), run('one', [[3]])]);
  expect(linkOf(at('one', 2))).toBe('#action-1-call-2');
  expect(linkOf(at('other', 2))).toBe('#action-2-call-1');
  expect(linkOf(at('one', 3))).toBe('#action-3-call-1');
});

test('to the run, where the call is not shown or its line is not known; nowhere, where not even that is', () => {
  const linkOf = callLinks([run('one', [[null], [2]]), run('other', [])]);
  expect(linkOf(at('one', 9))).toBe('#action-1');
  expect(linkOf(at('one', null))).toBe('#action-1');
  expect(linkOf(at('nobody', 2))).toBeNull();
});

test('the line of code in what a value is from is the link', () => {
  const linkOf = callLinks([run('one', [[2]])]);
  const link = '<a href="#action-1-call-1"><code>one.js:2</code></a>';
  const told = (from: string, source?: Source): string => String(origin(from, source, linkOf));
  expect(told('api.samlResponse.setAudience in one.js:2', at('one', 2))).toBe(
    `api.samlResponse.<wbr />setAudience in ${link}`,
  );
  expect(told('the probes', at('one', 2))).toBe(`the probes, ${link}`);
  expect(told('nobody in one.js:2', at('<one>', 2))).toBe(
    'nobody in one.js:2, <code>&lt;one&gt;.js:2</code>',
  );
  expect(told('profile.name')).toBe('profile.name');
});
