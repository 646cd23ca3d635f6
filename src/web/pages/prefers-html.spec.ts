import { expect, test } from 'vitest';
import { prefersHtml } from './prefers-html.js';

test.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', true],
  ['text/html', true],
  ['TEXT/HTML;charset=utf-8, application/json;q=0.9', true],
  ['application/json, text/html;q=0.5', false],
  ['text/html, application/json', false],
  ['*/*', false],
  ['text/*', false],
  ['application/json', false],
  ['text/html;q=0', false],
  ['text/html;q=nonsense', false],
  ['', false],
  [undefined, false],
])('Accept: %s is answered with a page: %s', (accept, page) => {
  expect(prefersHtml(accept)).toBe(page);
});
