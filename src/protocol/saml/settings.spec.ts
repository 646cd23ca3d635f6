import { expect, test } from 'vitest';
import { samlResponseSchema } from '../../tenant/saml-addon.js';
import {
  attributeNameSchema,
  attributeValueSchema,
  isSettingName,
  setterOf,
  settingMessage,
  SETTERS,
  SETTINGS,
  type SettingName,
} from './settings.js';

/** What a setter would throw for `value`, or `null` where it takes it; the schema of REST says the same. */
function messageFor(name: SettingName, value: unknown): string | null {
  const result = SETTINGS[name].schema.safeParse(value);
  expect(samlResponseSchema.safeParse({ [name]: value }).success).toBe(result.success);
  return result.success ? null : settingMessage(name, result.error.issues);
}

const texts = {
  audience: 2048,
  recipient: 2048,
  destination: 2048,
  issuer: 512,
  relayState: 512,
  nameIdentifierFormat: 512,
  authnContextClassRef: 512,
  signingCert: 4096,
  encryptionCert: 4096,
  encryptionPublicKey: 4096,
  cert: 4096,
  key: 4096,
} as const satisfies Partial<Record<SettingName, number>>;
const flags = [
  'createUpnClaim',
  'passthroughClaimsWithNoMapping',
  'mapUnknownClaimsAsIs',
  'mapIdentities',
  'signResponse',
  'includeAttributeNameFormat',
  'typedAttributes',
  'signBoth',
  'signErrors',
  'inclusiveNamespaces',
  'echoRequestedAuthnContext',
  'strictNameIDPolicy',
  'strictRequestedAuthnContext',
  'acceptSha1Requests',
] as const satisfies readonly SettingName[];
const seconds = ['lifetimeInSeconds', 'notBeforeSkewInSeconds', 'sessionLifetimeInSeconds'] as const;
const choices = {
  encryptionAlgorithm: ['aes256-cbc', 'aes256-gcm'],
  signatureAlgorithm: ['rsa-sha256', 'rsa-sha1'],
  digestAlgorithm: ['sha256', 'sha1'],
} as const satisfies Partial<Record<SettingName, readonly string[]>>;
const ofTheirOwn = ['nameIdentifierProbes', 'mappings'] as const satisfies readonly SettingName[];

test('every setting is tested here', () => {
  const tested = [...Object.keys(texts), ...flags, ...seconds, ...Object.keys(choices), ...ofTheirOwn];
  expect(tested.toSorted()).toEqual(Object.keys(SETTINGS).toSorted());
});

for (const [name, limit] of Object.entries(texts) as [keyof typeof texts, number][]) {
  test(`${name} takes ${limit} code points, emoji too, and not one more`, () => {
    const tooLong = `${name} must NOT have more than ${limit} characters`;
    expect(messageFor(name, '')).toBeNull();
    expect(messageFor(name, 'x'.repeat(limit))).toBeNull();
    expect(messageFor(name, '😀'.repeat(limit))).toBeNull();
    expect(messageFor(name, 'x'.repeat(limit + 1))).toBe(tooLong);
    expect(messageFor(name, '😀'.repeat(limit + 1))).toBe(tooLong);
  });
  test.each([1, true, null, ['x'], {}])(`${name} refuses %j: it must be string`, (value) => {
    expect(messageFor(name, value)).toBe(`${name} must be string`);
  });
}

test.each(flags)('%s takes true and false, and nothing that is only like them', (name) => {
  for (const value of [true, false]) expect(messageFor(name, value)).toBeNull();
  for (const value of ['true', 0, 1, null, []])
    expect(messageFor(name, value)).toBe(`${name} must be boolean`);
});

test.each(seconds)('%s takes a fraction, and no NaN, infinity or numeric string', (name) => {
  for (const value of [0, 1.5, 3600]) expect(messageFor(name, value)).toBeNull();
  for (const value of [Number.NaN, Infinity, -Infinity, '60', null, true])
    expect(messageFor(name, value)).toBe(`${name} must be a finite number`);
});

test('lifetimeInSeconds may be negative or absurd; the back-dating and the session may not be negative', () => {
  expect(messageFor('lifetimeInSeconds', -60)).toBeNull();
  expect(messageFor('lifetimeInSeconds', 1e300)).toBeNull();
  expect(messageFor('notBeforeSkewInSeconds', -1)).toBe('notBeforeSkewInSeconds must be >= 0');
  expect(messageFor('notBeforeSkewInSeconds', 86_401)).toBe('notBeforeSkewInSeconds must be <= 86400');
  expect(messageFor('sessionLifetimeInSeconds', -1)).toBe('sessionLifetimeInSeconds must be >= 0');
});

for (const [name, values] of Object.entries(choices) as [keyof typeof choices, readonly string[]][])
  test(`${name} takes ${values.join(' and ')}, and never quietly something else`, () => {
    for (const value of values) expect(messageFor(name, value)).toBeNull();
    for (const value of [values[0]!.toUpperCase(), 'rsa-sha512', 'sha512', 'aes128-cbc', '', null, 1])
      expect(messageFor(name, value)).toBe(
        `${name} must be equal to one of the allowed values: ${values.join(', ')}`,
      );
  });

test('nameIdentifierProbes takes ten strings of 512 code points', () => {
  const name = 'nameIdentifierProbes';
  expect(messageFor(name, [])).toBeNull();
  expect(messageFor(name, Array<string>(10).fill('😀'.repeat(512)))).toBeNull();
  expect(messageFor(name, Array<string>(11).fill('x'))).toBe(`${name} must NOT have more than 10 items`);
  expect(messageFor(name, ['x', 'x'.repeat(513)])).toBe('1 must NOT have more than 512 characters');
  expect(messageFor(name, ['x', 1])).toBe('1 must be string');
  expect(messageFor(name, 'x')).toBe(`${name} must be array`);
  expect(messageFor(name, null)).toBe(`${name} must be array`);
});

test('mappings takes a field to a name or to names, none of them blank', () => {
  expect(messageFor('mappings', {})).toBeNull();
  expect(messageFor('mappings', { email: 'mail', name: ['a', 'b'] })).toBeNull();
  for (const value of [{ email: 1 }, { email: ' ' }, { email: ['x', null] }, { ' ': 'x' }, 'x', null])
    expect(messageFor('mappings', value)).not.toBeNull();
});

test('several faults are joined: rules of one field by commas, fields by semicolons', () => {
  expect(messageFor('nameIdentifierProbes', [1, 'x'.repeat(513), null])).toBe(
    '0 must be string; 1 must NOT have more than 512 characters; 2 must be string',
  );
  expect(
    settingMessage('audience', [
      { path: [], message: 'must be string' },
      { path: ['audience'], message: 'must be short' },
    ]),
  ).toBe('audience must be string, must be short');
});

const valueMessage = (value: unknown): string | null => {
  const result = attributeValueSchema.safeParse(value);
  return result.success ? null : settingMessage('value', result.error.issues);
};
test.each([['x'], [''], [1.5], [0], [false], [[]], [['x', 1, false]], ['😀'.repeat(2048)]])(
  'an attribute takes the value %j',
  (value) => {
    expect(valueMessage(value)).toBeNull();
  },
);
test.each([
  [{}, 'must be string (at most'],
  [[null], 'must be string'],
  [[['x']], 'must be string'],
  [[{}], 'must be string'],
  [Number.NaN, 'must be string (at most'],
  [Infinity, 'must be string (at most'],
  [Symbol('x'), 'must be string (at most'],
  [() => 'x', 'must be string (at most'],
  ['😀'.repeat(2049), 'value must NOT have more than 2048 characters'],
  [['x'.repeat(2049)], '0 must NOT have more than 2048 characters'],
])('an attribute refuses the value %s', (value, rule) => {
  expect(valueMessage(value)).toContain(rule);
});

test('an attribute’s name takes 1024 code points, and is not blank', () => {
  const nameMessage = (name: unknown): string | null => {
    const result = attributeNameSchema.safeParse(name);
    return result.success ? null : settingMessage('name', result.error.issues);
  };
  expect(nameMessage('😀'.repeat(1024))).toBeNull();
  expect(nameMessage('😀'.repeat(1025))).toBe('name must NOT have more than 1024 characters');
  expect(nameMessage(' \t')).toBe('name must NOT be blank');
  expect(nameMessage('')).toBe('name must NOT be blank');
  expect(nameMessage(1)).toBe('name must be string');
});

test('a transaction takes a hundred attributes, null among them, and not one more', () => {
  const attributes = (count: number) => ({
    attributes: Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, null])),
  });
  expect(samlResponseSchema.safeParse(attributes(100)).success).toBe(true);
  expect(samlResponseSchema.safeParse(attributes(101)).success).toBe(false);
});

test('a setting nobody knows is refused, also one that every object inherits', () => {
  expect(samlResponseSchema.safeParse({ audiance: 'x' }).success).toBe(false);
  expect(isSettingName('audience')).toBe(true);
  for (const name of ['audiance', 'constructor', '__proto__', 'toString'])
    expect(isSettingName(name)).toBe(false);
});

test('a default satisfies its own schema', () => {
  for (const [name, { initial, schema }] of Object.entries(SETTINGS))
    if (initial !== undefined) expect(schema.safeParse(initial).success, name).toBe(true);
});

test('the setter of a setting is its name behind set', () => {
  expect(setterOf('audience')).toBe('setAudience');
  expect(Object.keys(SETTERS)).toHaveLength(24);
});
