import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { form } from '../../../test/support/sp-messages.js';
import { samlFailure } from '../../../test/support/saml-failure.js';
import { BINDINGS } from './names.js';
import { receivedByPost, receivedByRedirect } from './received-message.js';

test('a message is taken from a query, which is kept as it arrived', () => {
  const query = 'lang=de&SAMLRequest=a%2Fb&RelayState=x%2fy+z';
  expect(receivedByRedirect(query)).toEqual({
    binding: BINDINGS.httpRedirect,
    name: 'SAMLRequest',
    encoded: 'a/b',
    RelayState: 'x/y z',
    query,
  });
});

test('a message is taken from a form', () => {
  expect(receivedByPost('RelayState=&SAMLResponse=a%2Bb%3D&other=%zz')).toEqual({
    binding: BINDINGS.httpPost,
    name: 'SAMLResponse',
    encoded: 'a+b=',
    RelayState: '',
  });
});

test.each(['', 'RelayState=x', 'samlrequest=a', 'SAMLRequest2=a', 'a=SAMLRequest', '&&=&'])(
  '%j holds no message',
  (text) => {
    expect(receivedByRedirect(text)).toBeNull();
    expect(receivedByPost(text)).toBeNull();
  },
);

test('a member that is there without a value is an empty message, not a missing one', () => {
  expect(receivedByRedirect('SAMLRequest')?.encoded).toBe('');
  expect(receivedByPost('SAMLRequest=')?.encoded).toBe('');
});

test.each([
  ['SAMLRequest=a&SAMLRequest=b', 'SAMLRequest stands twice'],
  ['SAMLRequest=a&%53AMLRequest=b', 'SAMLRequest stands twice'],
  ['SAMLRequest=a&RelayState=b&Relay%53tate=b', 'RelayState stands twice'],
  ['SAMLRequest=a&SAMLResponse=b', 'a SAMLRequest and a SAMLResponse'],
  ['SAMLRequest=%zz', 'SAMLRequest has a percent sign'],
  ['SAMLRequest=a&RelayState=100%', 'RelayState has a percent sign'],
  ['SAMLRequest=a&RelayState=%E4', 'RelayState has a percent sign that begins no escape of UTF-8'],
  ['SAMLRequest=a&RelayState=%ED%A0%80', 'RelayState has a percent sign that begins no escape of UTF-8'],
  ['SAMLRequest=a&RelayState=a%00b', 'RelayState holds U+0000'],
])('%s is refused by name, in a query and in a form', (text, words) => {
  for (const receive of [receivedByRedirect, receivedByPost]) {
    const failure = samlFailure(() => receive(text));
    expect(failure.code).toBe('saml_request_binding');
    expect(failure.message).toContain(words);
  }
});

test('a query must say DEFLATE if it says how it is encoded', () => {
  const encoding = (urn: string): string => `SAMLRequest=a&SAMLEncoding=${encodeURIComponent(urn)}`;
  expect(
    receivedByRedirect(encoding('urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE')),
  ).toMatchObject({ encoded: 'a' });
  const failure = samlFailure(() => receivedByRedirect(encoding('urn:other')));
  expect([failure.code, failure.message]).toEqual([
    'saml_request_binding',
    expect.stringContaining('SAMLEncoding must be'),
  ]);
});

test('characters that a URL cannot hold as they are, are refused there and kept in a form', () => {
  expect(samlFailure(() => receivedByRedirect('SAMLRequest=a&RelayState=Ã¼')).message).toContain(
    'not percent-encoded',
  );
  expect(receivedByPost('SAMLRequest=a&RelayState=ü')?.RelayState).toBe('ü');
});

test('a query and a form are read up to their limits', () => {
  const name = 'SAMLRequest=';
  const filled = (length: number): string => name.padEnd(length, 'a');
  expect(receivedByRedirect(filled(65_536))?.encoded).toHaveLength(65_536 - name.length);
  expect(receivedByPost(filled(262_144))?.encoded).toHaveLength(262_144 - name.length);
  const failures = [
    samlFailure(() => receivedByRedirect(filled(65_537))),
    samlFailure(() => receivedByPost(filled(262_145))),
  ];
  expect(failures.map(({ code }) => code)).toEqual(['saml_message_too_large', 'saml_message_too_large']);
  expect(failures[0]!.message).toContain('at most 65536');
  expect(failures[1]!.message).toContain('at most 262144');
});

test('any RelayState that a browser sends arrives letter for letter', () => {
  const text = fc.string({ unit: 'binary' }).filter((each) => !each.includes('\0'));
  fc.assert(
    fc.property(text, fc.boolean(), (RelayState, shouldEscapeAll) => {
      const spelt = shouldEscapeAll
        ? `SAMLRequest=a&RelayState=${[...Buffer.from(RelayState)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`
        : form({ SAMLRequest: 'a', RelayState });
      expect(receivedByRedirect(spelt)?.RelayState).toBe(RelayState);
      expect(receivedByPost(spelt)?.RelayState).toBe(RelayState);
    }),
  );
});

test('a RelayState that is too long to be kept is refused, one at the limit is taken', () => {
  const members = (length: number): string => `SAMLRequest=PA&RelayState=${'x'.repeat(length)}`;
  expect(receivedByPost(members(16_384))?.RelayState).toHaveLength(16_384);
  expect(() => receivedByPost(members(16_385))).toThrow(/RelayState has 16385 characters/);
  expect(() => receivedByRedirect(members(16_385))).toThrow(/RelayState has 16385 characters/);
});
