import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { survivesAnyArguments } from '../../../test/support/any-arguments.js';
import { apiRun, callMember, memberNamed } from '../../../test/support/api-run.js';
import { effectiveConfiguration } from '../../protocol/saml/layers.js';
import { NAME_ID_FORMATS } from '../../protocol/saml/names.js';
import { setterOf, SETTERS, type SetterName } from '../../protocol/saml/settings.js';
import type { ApiRun } from './member.js';
import { SAML_RESPONSE } from './saml-response.js';

const set = (run: ApiRun, name: SetterName, ...args: readonly unknown[]) =>
  callMember(SAML_RESPONSE, `samlResponse.${setterOf(name)}`, run, ...args);
const setAttribute = (run: ApiRun, ...args: readonly unknown[]) =>
  callMember(SAML_RESPONSE, 'samlResponse.setAttribute', run, ...args);

const text = (limit: number) =>
  ({
    good: ['', 'text', '\u{1F600}'.repeat(limit)],
    bad: [
      [1, 'must be string'],
      [['text'], 'must be string'],
      ['a'.repeat(limit + 1), `must NOT have more than ${limit} characters`],
    ],
  }) as const;
const flag = {
  good: [true, false],
  bad: [
    ['true', 'must be boolean'],
    [1, 'must be boolean'],
  ],
} as const;
const word = (...words: readonly string[]) =>
  ({
    good: words,
    bad: [
      ['md5', `must be equal to one of the allowed values: ${words.join(', ')}`],
      [1, `must be equal to one of the allowed values: ${words.join(', ')}`],
    ],
  }) as const;

/** Of each row what it takes, and what it refuses with which text. */
const ROWS: Readonly<
  Record<SetterName, { good: readonly unknown[]; bad: readonly (readonly [unknown, string])[] }>
> = {
  audience: text(2048),
  recipient: text(2048),
  destination: text(2048),
  issuer: text(512),
  relayState: text(512),
  createUpnClaim: flag,
  passthroughClaimsWithNoMapping: flag,
  mapUnknownClaimsAsIs: flag,
  mapIdentities: flag,
  lifetimeInSeconds: {
    good: [60, 0, -60, 0.5],
    bad: [
      ['60', 'must be a finite number'],
      [Number.NaN, 'must be a finite number'],
      [Infinity, 'must be a finite number'],
    ],
  },
  signResponse: flag,
  nameIdentifierFormat: text(512),
  nameIdentifierProbes: {
    good: [[], ['a'], Array.from({ length: 10 }, () => 'a'.repeat(512))],
    bad: [
      ['a', 'must be array'],
      [Array.from({ length: 11 }, () => 'a'), 'must NOT have more than 10 items'],
    ],
  },
  authnContextClassRef: text(512),
  signingCert: text(4096),
  includeAttributeNameFormat: flag,
  typedAttributes: flag,
  encryptionCert: text(4096),
  encryptionPublicKey: text(4096),
  encryptionAlgorithm: word('aes256-cbc', 'aes256-gcm'),
  cert: text(4096),
  key: text(4096),
  signatureAlgorithm: word('rsa-sha256', 'rsa-sha1'),
  digestAlgorithm: word('sha256', 'sha1'),
};
const rows = Object.entries(ROWS) as [SetterName, (typeof ROWS)[SetterName]][];

test('there is a setter a row, and setAttribute', () => {
  expect(SAML_RESPONSE.map(({ name }) => name).toSorted()).toEqual(
    [
      'samlResponse.setAttribute',
      ...Object.keys(SETTERS).map((name) => `samlResponse.set${name[0]!.toUpperCase()}${name.slice(1)}`),
    ].toSorted(),
  );
});

test.each(rows)('%s is set, and the last value wins', (name, { good }) => {
  const run = apiRun();
  for (const value of good) {
    set(run, name, value);
    expect(run.draft.saml.settings).toEqual({ [name]: value });
  }
});

test.each(rows)('%s refuses what it must not be, and keeps what stood', (name, { good, bad }) => {
  const run = apiRun();
  set(run, name, good[0]);
  for (const [value, rule] of bad) expect(() => set(run, name, value)).toThrow(`${name} ${rule}`);
  for (const value of [null, {}, 1n, Symbol('s'), () => 'text'])
    expect(() => set(run, name, value)).toThrow(new RegExp(`^${name} must be `));
  expect(run.draft.saml.settings).toEqual({ [name]: good[0] });
});

test('a wrong type is a TypeError, another broken rule an Error', () => {
  expect(() => set(apiRun(), 'audience', 1)).toThrow(new TypeError('audience must be string'));
  expect(() => set(apiRun(), 'audience', 1)).toThrow(TypeError);
  expect(() => set(apiRun(), 'audience', 'a'.repeat(2049))).not.toThrow(TypeError);
});

test('a probe that is no string is named by its place', () => {
  expect(() => set(apiRun(), 'nameIdentifierProbes', ['a', 1])).toThrow(new TypeError('1 must be string'));
});

test.each(rows)('%s: undefined leaves what stands', (name, { good }) => {
  const run = apiRun();
  set(run, name, undefined);
  const unset = name === 'nameIdentifierFormat' ? { [name]: NAME_ID_FORMATS.unspecified } : {};
  expect(run.draft.saml.settings).toEqual(unset);
  set(run, name, good[0]);
  set(run, name);
  expect(run.draft.saml.settings).toEqual({ [name]: good[0], ...unset });
});

test.each(rows)('%s hands api back and remembers who set it', (name) => {
  const member = memberNamed(SAML_RESPONSE, `samlResponse.${setterOf(name)}`);
  expect(member).toMatchObject({ answers: 'api', hasEffect: true });
  expect(member.sets?.(['value'])).toBe(`samlResponse.${name}`);
  expect(member.sets?.([])).toBe(name === 'nameIdentifierFormat' ? `samlResponse.${name}` : null);
  expect(member.secretArguments).toEqual(name === 'key' ? ['0'] : undefined);
});

test('what is set is a copy of what was passed', () => {
  const run = apiRun();
  const probes = ['a'];
  const values = ['b'];
  set(run, 'nameIdentifierProbes', probes);
  setAttribute(run, 'list', values);
  probes.push('later');
  values.push('later');
  expect(run.draft.saml).toEqual({
    settings: { nameIdentifierProbes: ['a'] },
    attributes: [{ name: 'list', value: ['b'] }],
  });
});

test.each(['text', '', 'a'.repeat(2048), 7, 0.5, true, false, ['a', 1, true], []].map((value) => [value]))(
  'an attribute is set: %#',
  (value) => {
    const run = apiRun();
    setAttribute(run, 'https://example.com/a', value);
    expect(run.draft.saml.attributes).toEqual([{ name: 'https://example.com/a', value }]);
  },
);

test.each([[['name', null]], [['name', undefined]], [['name']]])(
  'null and undefined take an attribute out: %j',
  (args) => {
    const run = apiRun();
    setAttribute(run, 'name', 'value');
    setAttribute(run, ...args);
    expect(run.draft.saml.attributes).toEqual([{ name: 'name', value: null }]);
  },
);

test('attributes keep the order of their first calls and the values of their last, as the layers fold them', () => {
  const run = apiRun();
  const calls = [
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['c', null],
    ['b', null],
    ['b', 4],
  ] as const;
  for (const [name, value] of calls) setAttribute(run, name, value);
  expect(run.draft.saml.attributes).toEqual([
    { name: 'a', value: 3 },
    { name: 'b', value: 4 },
    { name: 'c', value: null },
  ]);
  const folded = (attributes: readonly { readonly name: string; readonly value: number | null }[]) =>
    effectiveConfiguration({ action: { settings: {}, attributes } }).attributes;
  expect(
    effectiveConfiguration({ action: { settings: {}, attributes: run.draft.saml.attributes } }).attributes,
  ).toEqual(folded(calls.map(([name, value]) => ({ name, value }))));
});

test('any sequence of good calls folds as if every call were kept', () => {
  const call = fc.record({
    name: fc.constantFrom('a', 'b', '__proto__', 'constructor'),
    value: fc.constantFrom(null, 'x', 1, true),
  });
  fc.assert(
    fc.property(fc.array(call), (calls) => {
      const run = apiRun();
      for (const { name, value } of calls) setAttribute(run, name, value);
      const of = (attributes: typeof calls) =>
        effectiveConfiguration({ action: { settings: {}, attributes } }).attributes;
      expect(of(run.draft.saml.attributes as typeof calls)).toEqual(of(calls));
      expect(new Set(run.draft.saml.attributes.map(({ name }) => name)).size).toBe(
        run.draft.saml.attributes.length,
      );
    }),
  );
});

const WRONG_VALUE =
  'value must be string (at most 2048 characters), finite number, boolean, or an array of those';
test.each([
  [[undefined, 'v'], 'attribute must be string'],
  [[1, 'v'], 'attribute must be string'],
  [[' ', 'v'], 'attribute must NOT be blank'],
  [['a'.repeat(1025), 'v'], 'attribute must NOT have more than 1024 characters'],
  [['a', {}], WRONG_VALUE],
  [['a', Number.NaN], WRONG_VALUE],
  [['a', Infinity], WRONG_VALUE],
  [['a', 1n], WRONG_VALUE],
  [['a', Symbol('s')], WRONG_VALUE],
  [['a', () => 'v'], WRONG_VALUE],
  [['a', 'a'.repeat(2049)], 'value must NOT have more than 2048 characters'],
  [['a', ['b', null]], WRONG_VALUE],
  [['a', [undefined]], WRONG_VALUE],
  [['a', [['b']]], WRONG_VALUE],
  [['a', ['a'.repeat(2049)]], '0 must NOT have more than 2048 characters'],
])('a bad attribute is refused and changes nothing: %#', (args, message) => {
  const run = apiRun();
  setAttribute(run, 'stays', 1);
  expect(() => setAttribute(run, ...args)).toThrow(message);
  expect(run.draft.saml.attributes).toEqual([{ name: 'stays', value: 1 }]);
});

test('an attribute’s name takes 1024 characters', () => {
  const run = apiRun();
  setAttribute(run, '\u{1F600}'.repeat(1024), 1);
  expect(run.draft.saml.attributes).toHaveLength(1);
});

test('100 attributes may be changed, the 101st name throws', () => {
  const run = apiRun();
  for (let index = 0; index < 100; index++) setAttribute(run, `a${index}`, index % 2 ? 'value' : null);
  expect(() => setAttribute(run, 'one-more', 1)).toThrow('attributes must NOT have more than 100 items');
  setAttribute(run, 'a0', 'changed');
  expect(run.draft.saml.attributes).toHaveLength(100);
  expect(run.draft.saml.attributes[0]).toEqual({ name: 'a0', value: 'changed' });
});

test('all attributes together take 102400 bytes of JSON, and not one more', () => {
  const run = apiRun();
  const bytes = () =>
    Buffer.byteLength(
      JSON.stringify(Object.fromEntries(run.draft.saml.attributes.map(({ name, value }) => [name, value]))),
    );
  for (let index = 0; index < 49; index++) setAttribute(run, `a${index + 10}`, 'x'.repeat(2048));
  // `,"last":["",""]` is 15 bytes.
  const left = 102_400 - bytes() - 15;
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(2 * 2048);
  const values = (total: number) => ['x'.repeat(500), 'x'.repeat(total - 500)];
  setAttribute(run, 'last', values(left));
  expect(bytes()).toBe(102_400);
  expect(() => setAttribute(run, 'last', values(left + 1))).toThrow(
    'attributes must NOT take more than 102400 bytes of JSON together; with this one they take 102401',
  );
  expect(bytes()).toBe(102_400);
});

test('setAttribute hands api back and remembers who set the attribute', () => {
  const member = memberNamed(SAML_RESPONSE, 'samlResponse.setAttribute');
  expect(member).toMatchObject({ answers: 'api', hasEffect: true });
  expect(member.sets?.(['a', 1])).toBe('samlResponse.attributes.a');
  expect(member.sets?.([1, 1])).toBeNull();
});

test('the setters survive any arguments', async () => {
  await survivesAnyArguments(SAML_RESPONSE, () => apiRun());
});
