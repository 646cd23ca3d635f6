import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SECRET } from '../tenant/secret.js';
import { maskOf } from './masked.js';

const PEM = `-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQDZ/abc+def==\n-----END PRIVATE KEY-----\n`;

test('a secret is replaced wherever it stands: in texts, names, members and elements', () => {
  const mask = maskOf({ KEY: 'hush-hush', OTHER: 'quiet' });
  expect(mask({ 'of hush-hush': ['a quiet word', { deep: 'hush-hush/quiet' }], n: 1, none: null })).toEqual({
    [`of ${SECRET}`]: [`a ${SECRET} word`, { deep: `${SECRET}/${SECRET}` }],
    n: 1,
    none: null,
  });
});

test('secrets of several Actions are masked together, those of the same name too', () => {
  const mask = maskOf({
    one: { KEY: 'first-secret' },
    two: { KEY: 'second-secret' },
    event: { deep: { x: 'third' } },
  });
  expect(mask('first-secret second-secret third')).toBe(`${SECRET} ${SECRET} ${SECRET}`);
});

test('a secret that holds another is replaced whole', () => {
  expect(maskOf({ A: 'abcd', B: 'abcdef' })('x abcdef y abcd')).toBe(`x ${SECRET} y ${SECRET}`);
});

test('texts of fewer than four characters are no secrets, or no other word could be read', () => {
  expect(maskOf({ A: 'a', B: '', C: 'abc' })('a abc abcd')).toBe('a abc abcd');
});

test.each([
  ['as JSON', (secret: string) => JSON.stringify({ secret })],
  ['as a console prints it', (secret: string) => inspect({ secret }, { depth: 5 })],
  ['in an address', (secret: string) => `https://api.example.test/?key=${encodeURIComponent(secret)}`],
  ['in a form', (secret: string) => new URLSearchParams({ key: secret }).toString()],
  ['in an address that was put together', (secret: string) => encodeURI(`https://a.test/?key=${secret}`)],
  ['line by line', (secret: string) => secret.split('\n').join(' | ')],
])('a secret of any characters is masked %s', (_how, write) => {
  for (const secret of [PEM, 'tab\tand "quotes" and \\ there', 'ü & é/=+', PEM.replaceAll('\n', '\r\n')]) {
    const shown = maskOf({ secret })(write(secret)) as string;
    expect(shown).toContain(SECRET);
    for (const part of [
      'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
      'quotes',
      'abc+def',
      'abc%2Bdef',
      'é/=+',
      '%C3%A9',
    ])
      expect(shown).not.toContain(part);
  }
});

test('many lines that hold no secret are looked through together', () => {
  const secrets = Object.fromEntries(
    Array.from({ length: 30 }, (_, name) => [
      name,
      Array.from({ length: 400 }, (_line, at) => `line-${name}-${at}`).join('\n'),
    ]),
  );
  const logs = Array.from({ length: 30_000 }, () => '.');
  const mask = maskOf(secrets);
  expect(mask(logs)).toBe(logs);
  expect(mask([...logs, 'of line-29-149'])).toContain(`of ${SECRET}`);
});

test('no text that JSON writes shows a secret, whatever its characters', () => {
  const secret = fc.string({ unit: 'binary', minLength: 8, maxLength: 40 });
  fc.assert(
    fc.property(secret, fc.string(), (value, around) => {
      const mask = maskOf({ value });
      for (const text of [value, JSON.stringify(value).slice(1, -1)])
        expect(mask(`${around}${text}`)).toContain(SECRET);
    }),
  );
});
