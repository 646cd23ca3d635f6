import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgedBy, xmllint } from '../../../test/support/judges.js';
import { invalidDocuments } from '../../../test/support/oasis.js';
import { element } from '../xml/element.js';
import { serialise } from '../xml/writer.js';
import { isUriReference } from './any-uri.js';

test.each([
  'https://sp.example.test/acs?a=b&c=d#e',
  'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
  'https://user:secret@[2001:db8::1]:8443/',
  'https://例え.test/パス',
  'my-app',
  '/relative',
  '//host/path',
  '?query',
  '#fragment',
  'mailto:alice@example.test',
  'a%20b',
  '  https://sp.example.test  ',
  'x{y}|z',
  '',
])('%j is a URI reference', (text) => {
  expect(isUriReference(text)).toBe(true);
});

test.each([
  'My App',
  'https://sp.example.test/a b',
  'a%zz',
  '100%',
  '://x',
  '1:x',
  'a#b#c',
  'http://[x',
  'http://x:port',
  'a\tb',
  'a[b]',
])('%j is none', (text) => {
  expect(isUriReference(text)).toBe(false);
});

const response = (destination: string): string =>
  serialise(
    element(
      'samlp:Response',
      { ID: '_1', Version: '2.0', IssueInstant: '2026-01-01T00:00:00Z', Destination: destination },
      [
        element('samlp:Status', {}, [
          element('samlp:StatusCode', { Value: 'urn:oasis:names:tc:SAML:2.0:status:Success' }),
        ]),
      ],
    ),
  );
const nearlyUri = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'http',
        'a',
        '1',
        ':',
        '/',
        '//',
        '?',
        '#',
        '@',
        '[',
        ']',
        '%',
        '%41',
        '.',
        '::1',
        '\\',
      ),
      fc.constantFrom(' ', '\t', '"', '<', '>', '^', '`', '{', '|', '}', "'", '&', ';', '\u007f', '\u0085'),
      fc.string({ unit: 'binary', maxLength: 2 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
  .filter((text) => /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u.test(text));

judgedBy(xmllint)('whatever counts as a URI reference here is an xs:anyURI to libxml2', () => {
  const accepted = fc.sample(nearlyUri, 6000).filter(isUriReference);
  expect(accepted.length).toBeGreaterThan(1000);
  const refused = invalidDocuments(accepted.map(response));
  expect(refused.map(({ index, error }) => [accepted[index], error])).toEqual([]);
});
