import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { html } from './html.js';

test('escapes text so that it stays text, in content and in quoted attributes', () => {
  const text = `<script>alert(1)</script> "onload='x' &amp;`;
  expect(String(html`<p title="${text}">${text}</p>`)).toBe(
    '<p title="&lt;script&gt;alert(1)&lt;/script&gt; &quot;onload=&#39;x&#39; &amp;amp;">' +
      '&lt;script&gt;alert(1)&lt;/script&gt; &quot;onload=&#39;x&#39; &amp;amp;</p>',
  );
});

test('no text whatever opens a tag or ends an attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(String(html`${text}`)).not.toMatch(/[<>"']/);
    }),
  );
});

test('leaves markup of its own as it is, however deep in lists', () => {
  const items = ['a<', ['b']].map((item) => html`<li>${item}</li>`);
  expect(
    String(
      html`<ul>
        ${[items]}
      </ul>`,
    ),
  ).toMatch(/^<ul>\s*<li>a&lt;<\/li><li>b<\/li>\s*<\/ul>$/);
});

test('an object that looks like markup is not taken for it', () => {
  const forged = { toString: () => '<b>' } as unknown as string;
  expect(String(html`${forged}`)).toBe('&lt;b&gt;');
});

test('writes nothing for null, undefined and false, but zero and true', () => {
  expect(String(html`${null}${undefined}${false}${0}${true}`)).toBe('0true');
});
