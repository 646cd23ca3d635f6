import { expect, test } from 'vitest';
import { folding, visible } from './folding.js';

test('a short text stands there', () => {
  expect(String(folding('of two\nlines <b>'))).toBe('<code>of two\nlines &lt;b&gt;</code>');
});

test.each([
  ['a long one', 'x'.repeat(241)],
  ['one of many lines', 'line\n'.repeat(9)],
])('%s opens, and is whole inside', (_, text) => {
  const markup = String(folding(text));
  expect(markup).toMatch(/^<details class="fold">\s*<summary><code>[x line]{1,120}…<\/code><\/summary>/);
  expect(markup).toContain(`<pre>${text}</pre>`);
});

test('control characters are seen, line ends and tabs are not in the way', () => {
  expect(visible('\u001b[31mred\u0000\u007f\u0085\r\n\tend')).toBe('\\x1b[31mred\\x00\\x7f\\x85\\x0d\n\tend');
});
