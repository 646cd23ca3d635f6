import * as fc from 'fast-check';
import type { FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { apiRequestFactsOf, requestFactsOf } from './request-facts.js';

const requestOf = (
  query: string,
  { body, headers = {} }: { readonly body?: unknown; readonly headers?: Record<string, string> } = {},
): FastifyRequest =>
  ({
    ip: '192.0.2.7',
    method: body === undefined ? 'GET' : 'POST',
    headers,
    body,
    raw: { url: `/samlp/sp${query === '' ? '' : `?${query}`}` },
  }) as unknown as FastifyRequest;

test('tells who asked, by what method, and in which languages', () => {
  const headers = { 'user-agent': 'Mozilla/5.0', 'accept-language': 'de-CH,de;q=0.9' };
  expect(requestFactsOf(requestOf('', { headers }))).toEqual({
    ip: '192.0.2.7',
    method: 'GET',
    userAgent: 'Mozilla/5.0',
    language: 'de-CH,de;q=0.9',
    query: {},
    body: {},
  });
});

test('leaves out headers that were not sent', () => {
  expect(Object.keys(requestFactsOf(requestOf(''))).toSorted()).toEqual(['body', 'ip', 'method', 'query']);
});

test('cuts long headers', () => {
  const headers = { 'user-agent': 'u'.repeat(9000), 'accept-language': 'l'.repeat(9000) };
  const { userAgent, language } = requestFactsOf(requestOf('', { headers }));
  expect([userAgent?.length, language?.length]).toEqual([512, 256]);
});

test('keeps query and form apart, decoded', () => {
  const { query, body } = requestFactsOf(requestOf('a=1+2&b=%C3%A9', { body: 'a=form&c=' }));
  expect(query).toEqual({ a: '1 2', b: 'é' });
  expect(body).toEqual({ a: 'form', c: '' });
});

test('of several of one name the first counts', () => {
  expect(requestFactsOf(requestOf('a=1&a=2&b=3')).query).toEqual({ a: '1', b: '3' });
});

test.each([
  'SAMLRequest',
  'SAMLResponse',
  'Signature',
  'SigAlg',
  'password',
  'client_secret',
  'client_assertion',
  'csrf',
  '__proto__',
])('leaves %s out, in the query and in the form', (name) => {
  const { query, body } = requestFactsOf(requestOf(`${name}=x&kept=1`, { body: `${name}=x&kept=2` }));
  expect(JSON.stringify([query, body])).toBe('[{"kept":"1"},{"kept":"2"}]');
});

test('leaves them out however they are spelt, and nothing that is only like them', () => {
  const { query } = requestFactsOf(requestOf('csr%66=1&SAML%52equest=2&Signature&csrfs&csrf2=3&a=csrf=4'));
  expect(query).toEqual({ csrfs: '', csrf2: '3', a: 'csrf=4' });
});

test('cuts a long value, never through a character, and leaves a long name out', () => {
  const value = `${'v'.repeat(2047)}😀`;
  const { query } = requestFactsOf(
    requestOf(new URLSearchParams({ value, ['n'.repeat(257)]: 'x' }).toString()),
  );
  expect(query).toEqual({ value: 'v'.repeat(2047) });
});

test('whoever expects a long value may ask for all of it', () => {
  const token = 't'.repeat(20_000);
  expect(requestFactsOf(requestOf('', { body: `token=${token}` }), 65_536).body).toEqual({ token });
});

test('keeps fifty parameters and no more', () => {
  const many = Array.from({ length: 80 }, (_, place) => `p${place}=${place}`).join('&');
  const { body } = requestFactsOf(requestOf('', { body: many }));
  expect(Object.keys(body)).toHaveLength(50);
  expect(body['p49']).toBe('49');
});

test('keeps no more than sixteen thousand characters of a form', () => {
  const large = Array.from({ length: 40 }, (_, place) => `p${place}=${'x'.repeat(2000)}`).join('&');
  const kept = requestFactsOf(requestOf('', { body: large })).body;
  expect(Object.keys(kept)).toHaveLength(8);
});

test('a call of the API is told by who called alone', () => {
  const request = requestOf('secret=1', { body: { client_id: 'x' }, headers: { 'user-agent': 'curl/8' } });
  expect(apiRequestFactsOf(request)).toEqual({
    ip: '192.0.2.7',
    method: 'POST',
    userAgent: 'curl/8',
    query: {},
    body: {},
  });
});

test('whatever is posted, what is kept is bounded, flat, and well-formed text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.string({ maxLength: 400 }),
      (query, body) => {
        const facts = requestFactsOf(requestOf(query.replaceAll('#', ''), { body }));
        for (const part of [facts.query, facts.body])
          for (const [name, value] of Object.entries(part))
            expect(`${name}${value}`.isWellFormed()).toBe(true);
        expect(Object.getPrototypeOf(facts.body)).toBe(Object.prototype);
      },
    ),
  );
});
