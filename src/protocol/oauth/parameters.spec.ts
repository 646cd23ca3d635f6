import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { collectParameters, readJsonParameters, readParameters } from './parameters.js';
import { OAuthError } from './oauth-error.js';

const failure = (run: () => unknown): OAuthError => {
  try {
    run();
  } catch (error) {
    if (error instanceof OAuthError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const word = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\0'));
/** Names apart from each other, values not empty. */
const pairs = fc.uniqueArray(
  fc.tuple(
    word,
    word.filter((text) => text !== ''),
  ),
  { selector: ([name]) => name, maxLength: 30 },
);

test('whatever URLSearchParams writes is read back, as text and as octets', () => {
  fc.assert(
    fc.property(pairs, (written) => {
      const text = new URLSearchParams(written).toString();
      const expected = new Map(written);
      expect(readParameters(text, 'query')).toEqual(expected);
      expect(readParameters(octets(text))).toEqual(expected);
    }),
  );
});

test('whatever JSON.stringify writes is read back', () => {
  fc.assert(
    fc.property(pairs, (written) => {
      const text = JSON.stringify(Object.fromEntries(written));
      expect(readJsonParameters(octets(text)).parameters).toEqual(new Map(Object.entries(JSON.parse(text))));
    }),
  );
});

test('any octets are read, or refused as an invalid request', () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .array(fc.constantFrom('a', '=', '&', '%', '%c3', '%a9', '+', '{', '}', '[', ']', '"', ':', '\\', ','))
      .map((parts) => parts.join('')),
    fc.json(),
  );
  fc.assert(
    fc.property(anything, (body) => {
      for (const run of [
        () => readParameters(body),
        () => readParameters(body, 'query'),
        () => readJsonParameters(body, ['external_account']),
      ])
        try {
          run();
        } catch (error) {
          expect(error).toBeInstanceOf(OAuthError);
          expect((error as OAuthError).code).toBe('invalid_request');
        }
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['scope=a&scope=b', ['scope']],
  ['scope=a&scope=a', ['scope']],
  ['scope=&scope=a', ['scope']],
  ['scope=a&sc%6fpe=a&x=1&x=2', ['scope', 'x']],
])('%s repeats %j', (text, names) => {
  expect(collectParameters(text, 'query').repeated).toEqual(names);
  const error = failure(() => readParameters(text));
  expect(error).toMatchObject({ case: 'parameter_twice', code: 'invalid_request' });
  for (const name of names) expect(error.description).toContain(name);
});

test('of a repeated parameter the first value is kept, for whoever redirects with the error', () => {
  expect(collectParameters('state=1&state=2&client_id=app', 'query').parameters).toEqual(
    new Map([
      ['state', '1'],
      ['client_id', 'app'],
    ]),
  );
});

test('a parameter without a value is absent', () => {
  expect(readParameters('a=&b&c=1&&=')).toEqual(new Map([['c', '1']]));
  expect(readJsonParameters('{"a":"","b":null,"c":"1"}').parameters).toEqual(new Map([['c', '1']]));
});

test.each(['a=%', 'a=%zz', 'a=%ff', 'a=%ed%a0%80', '%c3=a', 'a=%00', 'a%00=b'])(
  '%s is refused, in a query and in a form',
  (text) => {
    for (const carrier of ['query', 'form'] as const)
      expect(failure(() => readParameters(text, carrier)).case).toBe('body_unreadable');
  },
);

test('a form may hold UTF-8 as it is, a query may not, and neither holds anything else', () => {
  expect(readParameters(octets('a=ä'))).toEqual(new Map([['a', 'ä']]));
  expect(failure(() => readParameters('a=ä', 'query')).description).toContain('percent-encoded');
  expect(failure(() => readParameters(Uint8Array.of(0x61, 0x3d, 0xe4))).description).toContain('UTF-8');
});

test('what is too much is refused', () => {
  expect(failure(() => readParameters(`a=${'b'.repeat(70_000)}`, 'query')).case).toBe('body_too_large');
  expect(readParameters(`a=${'b'.repeat(70_000)}`).get('a')).toHaveLength(70_000);
  expect(failure(() => readJsonParameters(`"${'b'.repeat(300_000)}"`)).case).toBe('body_too_large');
  const many = Array.from({ length: 257 }, (_, index) => `p${index}=1`);
  expect(failure(() => readParameters(many.join('&'))).description).toContain('256');
  expect(readParameters(many.slice(1).join('&')).size).toBe(256);
  expect(failure(() => readParameters(`${'n'.repeat(257)}=1`)).case).toBe('body_unreadable');
});

test('a member of JSON that stands twice is named, however it is spelt', () => {
  for (const json of [
    '{"code":"1","code":"2"}',
    '{"code":"1","c\\u006fde":"2"}',
    '{"x":{"code":1},"code":"1" , "code" :2}',
    '{"a":"{\\"code\\":1,\\"","code":1,"code":null}',
  ]) {
    const error = failure(() => readJsonParameters(json, ['x']));
    expect(error).toMatchObject({ case: 'parameter_twice' });
    expect(error.description).toContain("'code'");
  }
  const long = JSON.stringify({ code: '\\"'.repeat(60_000) });
  expect(readJsonParameters(long).parameters.get('code')).toHaveLength(120_000);
  expect(readJsonParameters('{"x":{"code":1,"code":2},"code":"3"}', ['x']).parameters.get('code')).toBe('3');
});

test('numbers and booleans of JSON are read as text', () => {
  expect(readJsonParameters('{"max_age":300,"x":1.5,"y":true}').parameters).toEqual(
    new Map([
      ['max_age', '300'],
      ['x', '1.5'],
      ['y', 'true'],
    ]),
  );
});

test('an object stands under a name that the caller lists, and nowhere else', () => {
  const json = '{"grant_type":"authorization_code","external_account":{"key":"k","name":"n"}}';
  expect(readJsonParameters(json, ['external_account'])).toEqual({
    parameters: new Map([['grant_type', 'authorization_code']]),
    nested: new Map([['external_account', { key: 'k', name: 'n' }]]),
  });
  expect(failure(() => readJsonParameters(json)).description).toContain("'external_account'");
  expect(failure(() => readJsonParameters('{"scope":["a","b"]}', ['scope'])).description).toContain('spaces');
  const deep = `{"x":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}`;
  expect(failure(() => readJsonParameters(deep, ['x'])).case).toBe('parameter_invalid');
});

test('a name that every object has is a name like others', () => {
  expect(readJsonParameters('{"__proto__":"a","constructor":"b"}').parameters).toEqual(
    new Map([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]),
  );
});

test.each([
  ['grant_type=client_credentials', 'form'],
  ['[]', 'object'],
  ['"a"', 'object'],
  ['null', 'object'],
  ['{', 'not JSON'],
  ['{"a":"\\ud800"}', 'surrogate'],
  ['{"a":"\\u0000"}', 'U+0000'],
])('%s is no JSON body, and the message says why', (json, reason) => {
  const error = failure(() => readJsonParameters(json));
  expect(error.case).toBe('body_unreadable');
  expect(error.description).toContain(reason);
});
