import { expect, test } from 'vitest';
import type { AttributeValue, SamlSettings, SetAttributes } from '../../src/protocol/saml/settings.js';
import { effectiveConfiguration } from '../../src/protocol/saml/layers.js';
import type { Profile } from '../../src/protocol/saml/attributes.js';
import { judgedBy, xmllint } from '../support/judges.js';
import { ALICE, ENCRYPTED, issue } from '../support/login-context.js';
import { schemaErrors } from '../support/oasis.js';
import { samlFailure } from '../support/saml-failure.js';
import { attributesOf, partsOf, textsOf } from '../support/wire.js';

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';
const PREFIX = 'http://schema.auth0.com/';
const UPN = `${CLAIMS}upn`;
const IDENTITY = `${PREFIX}identities/default/`;

const wire = (
  profile: Profile,
  settings: SamlSettings = {},
  attributes: SetAttributes = [],
): ReturnType<typeof attributesOf> =>
  attributesOf(issue({ settings, attributes, context: { profile: { user_id: 'auth0|x', ...profile } } }).xml);
const namesOf = (...input: Parameters<typeof wire>): (string | null)[] =>
  wire(...input).map(({ name }) => name);
/** The values of one attribute as text and type, `null` when it is not there. */
const valuesOf = (name: string, ...input: Parameters<typeof wire>): [string | null, string | null][] | null =>
  wire(...input)
    .find((attribute) => attribute.name === name)
    ?.values.map(({ text, type }) => [text, type]) ?? null;

test('2: the default table maps user_id, email, name, given_name, family_name, groups, and the UPN', () => {
  const profile = { ...ALICE, groups: ['admins', 'staff'] };
  expect(textsOf(issue({ context: { profile } }).xml, 'http://schemas.xmlsoap.org/claims/Group')).toEqual([
    'admins',
    'staff',
  ]);
  const { xml } = issue();
  expect(textsOf(xml, `${CLAIMS}nameidentifier`)).toEqual(['auth0|alice']);
  expect(textsOf(xml, `${CLAIMS}emailaddress`)).toEqual(['alice@example.test']);
  expect(textsOf(xml, `${CLAIMS}name`)).toEqual(['Alice Liddell']);
  expect(textsOf(xml, `${CLAIMS}givenname`)).toEqual(['Alice']);
  expect(textsOf(xml, `${CLAIMS}surname`)).toEqual(['Liddell']);
});

test('2: attributes come mapped, UPN, identity, passed through, then as they were set; each name once', () => {
  const { email_verified, nickname, logins, ...rest } = ALICE;
  const profile = { nickname, ...rest, email_verified, logins, zebra: 1 };
  expect(
    namesOf(profile, {}, [
      { name: 'z', value: 'x' },
      { name: `${CLAIMS}name`, value: 'replaced where it stood' },
      { name: 'a', value: 'x' },
    ]),
  ).toEqual([
    `${CLAIMS}nameidentifier`,
    `${CLAIMS}emailaddress`,
    `${CLAIMS}name`,
    `${CLAIMS}givenname`,
    `${CLAIMS}surname`,
    UPN,
    `${IDENTITY}provider`,
    `${IDENTITY}connection`,
    `${IDENTITY}isSocial`,
    `${PREFIX}nickname`,
    `${PREFIX}email_verified`,
    `${PREFIX}logins`,
    `${PREFIX}zebra`,
    'z',
    'a',
  ]);
});

test.each([
  [true, false, `${PREFIX}nickname`],
  [true, true, 'nickname'],
  [false, false, null],
  [false, true, null],
] as const)(
  '2: passthroughClaimsWithNoMapping=%s with mapUnknownClaimsAsIs=%s names nickname %s',
  (passthroughClaimsWithNoMapping, mapUnknownClaimsAsIs, name) => {
    const names = namesOf({ nickname: 'al' }, { passthroughClaimsWithNoMapping, mapUnknownClaimsAsIs });
    expect(names.filter((found) => found?.includes('nickname'))).toEqual(name === null ? [] : [name]);
    expect(names).toContain(`${CLAIMS}nameidentifier`);
  },
);

test('2: an unmapped field whose name is a URI takes the prefix too, unless mapUnknownClaimsAsIs', () => {
  const profile = { 'https://example.test/role': 'admin' };
  expect(namesOf(profile)).toContain(`${PREFIX}https://example.test/role`);
  expect(namesOf(profile, { mapUnknownClaimsAsIs: true })).toContain('https://example.test/role');
});

test('2: the prefix is the tenant’s', () => {
  const { xml } = issue({ context: { unmappedClaimPrefix: 'http://schemas.auth0.com/' } });
  expect(textsOf(xml, 'http://schemas.auth0.com/nickname')).toEqual(['alice']);
  expect(textsOf(xml, 'http://schemas.auth0.com/identities/default/provider')).toEqual(['auth0']);
});

test('2: identities, user_metadata and app_metadata are not passed through, whatever they hold', () => {
  const profile = { identities: ['x'], user_metadata: ['x'], app_metadata: 'x', address: { city: 'x' } };
  expect(namesOf(profile, { mapUnknownClaimsAsIs: true, mapIdentities: false })).toEqual([
    `${CLAIMS}nameidentifier`,
  ]);
});

test('2: mapIdentities gives provider, connection, isSocial and the access token of the primary identity only', () => {
  const identities = [
    {
      isSocial: true,
      access_token: 'ya29.fake',
      provider: 'google-oauth2',
      connection: 'google',
      user_id: '1',
    },
    { provider: 'auth0', connection: 'second', user_id: '2', isSocial: false },
  ];
  const found = wire({ identities }).filter(({ name }) => name?.startsWith(IDENTITY));
  expect(found.map(({ name, values }) => [name?.slice(IDENTITY.length), values[0]])).toEqual([
    ['provider', { type: 'xs:string', text: 'google-oauth2' }],
    ['connection', { type: 'xs:string', text: 'google' }],
    ['isSocial', { type: 'xs:boolean', text: 'true' }],
    ['access_token', { type: 'xs:string', text: 'ya29.fake' }],
  ]);
  expect(namesOf({ identities }, { mapIdentities: false })).toEqual([`${CLAIMS}nameidentifier`]);
  expect(namesOf({ identities: [] })).toEqual([`${CLAIMS}nameidentifier`]);
});

test('2: an access token that leaves in the clear is warned of, an encrypted one and none are not', () => {
  const profile = { ...ALICE, identities: [{ provider: 'x', connection: 'x', access_token: 'x' }] };
  const warned = (settings: SamlSettings): boolean =>
    issue({ settings, context: { profile } }).warnings.some(({ code }) => code === 'access_token_in_clear');
  expect(warned({})).toBe(true);
  expect(warned({ mapIdentities: false })).toBe(false);
  expect(warned(ENCRYPTED)).toBe(false);
});

test.each([
  [{ upn: 'alice@corp', email: 'alice@example.test' }, 'alice@corp'],
  [{ upn: 'alice@corp' }, 'alice@corp'],
  [{ email: 'alice@example.test' }, 'alice@example.test'],
  [{ upn: '', email: 'alice@example.test' }, 'alice@example.test'],
  [{ upn: null, email: 'alice@example.test' }, 'alice@example.test'],
  [{ upn: [], email: 'alice@example.test' }, 'alice@example.test'],
  [{ upn: { a: 1 }, email: 'alice@example.test' }, 'alice@example.test'],
  [{}, null],
])('2: createUpnClaim makes of the profile %j the UPN %s', (profile, upn) => {
  expect(valuesOf(UPN, profile)).toEqual(upn === null ? null : [[upn, 'xs:string']]);
  expect(namesOf(profile)).not.toContain(`${PREFIX}upn`);
});

test('2: without createUpnClaim no UPN is made, and a field upn is passed through like any other', () => {
  const off: SamlSettings = { createUpnClaim: false };
  expect(namesOf({ email: 'a@example.test' }, off)).not.toContain(UPN);
  expect(namesOf({ upn: 'x', email: 'a@example.test' }, off)).not.toContain(UPN);
  expect(valuesOf(`${PREFIX}upn`, { upn: 'x' }, off)).toEqual([['x', 'xs:string']]);
  expect(valuesOf(UPN, { upn: 'x' }, { ...off, mappings: { upn: UPN } })).toEqual([['x', 'xs:string']]);
});

test('2: mappings replaces the whole table: what it leaves out is passed through, also as a list of names', () => {
  const profile = { email: 'a@example.test', name: 'A' };
  const settings: SamlSettings = { mappings: { email: ['mail', 'urn:mail'] }, createUpnClaim: false };
  expect(namesOf(profile, settings)).toEqual(['mail', 'urn:mail', `${PREFIX}user_id`, `${PREFIX}name`]);
  expect(namesOf(profile, { mappings: {}, createUpnClaim: false })).toEqual([
    `${CLAIMS}nameidentifier`,
    `${CLAIMS}emailaddress`,
    `${CLAIMS}name`,
  ]);
});

test('2: two fields mapped to one name make one attribute, of the first that has a value', () => {
  const mappings = { missing: 'n', nickname: 'n', name: 'n' };
  expect(valuesOf('n', { nickname: 'al', name: 'A' }, { mappings })).toEqual([['al', 'xs:string']]);
});

test('3: a field that the profile inherits is no claim', () => {
  const profile = Object.assign(Object.create({ nickname: 'inherited' }) as object, { user_id: 'x' });
  const settings: SamlSettings = { mappings: { nickname: 'n', constructor: 'n', user_id: 'id' } };
  const { xml } = issue({ settings, context: { profile } });
  expect(attributesOf(xml).map(({ name }) => name)).toEqual(['id']);
});

test('3: a field without a name is not passed through', () => {
  const profile = { '': 'x', ' \t': 'x' };
  expect(namesOf(profile)).toEqual([`${CLAIMS}nameidentifier`]);
  expect(namesOf(profile, { mapUnknownClaimsAsIs: true })).toEqual([`${CLAIMS}nameidentifier`]);
});

const rows: readonly (readonly [string, unknown, [string, string][] | null])[] = [
  ['a string', 'x', [['x', 'xs:string']]],
  ['a numeric string', '42', [['42', 'xs:string']]],
  ['an empty string', '', [['', 'xs:string']]],
  ['white space', ' \n\t ', [[' \n\t ', 'xs:string']]],
  ['an integer', 42, [['42', 'xs:double']]],
  ['a fraction', 1.5, [['1.5', 'xs:double']]],
  ['a negative number', -7, [['-7', 'xs:double']]],
  ['zero', 0, [['0', 'xs:double']]],
  ['a large number', 1e21, [['1e+21', 'xs:double']]],
  ['a tiny number', 5e-324, [['5e-324', 'xs:double']]],
  ['true', true, [['true', 'xs:boolean']]],
  ['false', false, [['false', 'xs:boolean']]],
  [
    'an array',
    ['x', 1, false, ''],
    [
      ['x', 'xs:string'],
      ['1', 'xs:double'],
      ['false', 'xs:boolean'],
      ['', 'xs:string'],
    ],
  ],
  ['an empty array', [], null],
  ['null', null, null],
];
test.each(rows)('3: %s is emitted as section 4.5 says, set or from the profile', (_, value, expected) => {
  expect(valuesOf('n', {}, {}, [{ name: 'n', value: value as AttributeValue }])).toEqual(expected);
  expect(valuesOf(`${PREFIX}n`, { n: value })).toEqual(expected);
});
judgedBy(xmllint)('3: every row of section 4.5 is valid against the schema, typed and untyped', () => {
  const attributes = rows.map(([name, value]) => ({ name, value: value as AttributeValue }));
  for (const typedAttributes of [true, false])
    expect(schemaErrors(issue({ settings: { typedAttributes }, attributes }).xml)).toBe('');
});

test.each([
  ['undefined', undefined, null],
  ['an object', { a: 1 }, null],
  ['NaN', Number.NaN, null],
  ['a Date', new Date('2026-01-02T03:04:05Z'), [['2026-01-02T03:04:05.000Z', 'xs:string']]],
  ['an array of objects', [{ a: 1 }], null],
  [
    'an array of all kinds',
    [null, 'x', { a: 1 }, ['y'], 2],
    [
      ['x', 'xs:string'],
      ['2', 'xs:double'],
    ],
  ],
] as const)('3: of a profile, %s gives only what an AttributeValue can hold', (_, value, expected) => {
  expect(valuesOf(`${PREFIX}n`, { n: value })).toEqual(expected);
});

test('3: typedAttributes off makes every type xs:anyType, and changes no text', () => {
  const attributes: SetAttributes = [{ name: 'n', value: ['x', 1, false] }];
  expect(valuesOf('n', {}, { typedAttributes: false }, attributes)).toEqual([
    ['x', 'xs:anyType'],
    ['1', 'xs:anyType'],
    ['false', 'xs:anyType'],
  ]);
});

test('3: NameFormat is inferred from each name, and left out altogether when includeAttributeNameFormat is off', () => {
  const attributes: SetAttributes = [
    { name: 'urn:oid:2.5.4.42', value: 'x' },
    { name: 'first_name', value: 'x' },
    { name: 'first name', value: 'x' },
  ];
  const formats = (settings: SamlSettings): (string | null)[] =>
    wire({}, settings, attributes)
      .slice(-3)
      .map(
        ({ nameFormat }) => nameFormat?.replace('urn:oasis:names:tc:SAML:2.0:attrname-format:', '') ?? null,
      );
  expect(formats({})).toEqual(['uri', 'basic', 'unspecified']);
  expect(formats({ includeAttributeNameFormat: false })).toEqual([null, null, null]);
});

test('4: setAttribute replaces a mapped claim, and keeps its name as it is given', () => {
  const settings: SamlSettings = { passthroughClaimsWithNoMapping: false };
  expect(
    namesOf({ email: 'a@example.test' }, { ...settings, createUpnClaim: false }, [
      { name: `${CLAIMS}emailaddress`, value: ['x', 'y'] },
      { name: 'nickname', value: 'x' },
    ]),
  ).toEqual([`${CLAIMS}nameidentifier`, `${CLAIMS}emailaddress`, 'nickname']);
  expect(
    valuesOf(`${CLAIMS}emailaddress`, { email: 'a@example.test' }, {}, [
      { name: `${CLAIMS}emailaddress`, value: ['x', 'y'] },
    ]),
  ).toEqual([
    ['x', 'xs:string'],
    ['y', 'xs:string'],
  ]);
});

test('4: null removes a mapped claim, a passed-through one and an identity’s; of an unknown name it does nothing', () => {
  const names = [`${CLAIMS}emailaddress`, `${IDENTITY}provider`, `${PREFIX}nickname`, 'unknown'];
  const before = namesOf(ALICE);
  const after = namesOf(
    ALICE,
    {},
    names.map((name) => ({ name, value: null })),
  );
  expect(before.filter((name) => !after.includes(name))).toEqual(names.slice(0, 3));
});

test('4: a set attribute wins over the passed-through field of that name', () => {
  expect(
    valuesOf('nickname', { nickname: 'al' }, { mapUnknownClaimsAsIs: true }, [
      { name: 'nickname', value: 'set' },
    ]),
  ).toEqual([['set', 'xs:string']]);
});

test('4: a transaction takes back what a client’s layer set, and says where a value came from', () => {
  const configuration = effectiveConfiguration({
    client: {
      settings: {},
      attributes: [
        { name: 'a', value: 'client' },
        { name: 'b', value: 'client' },
      ],
    },
    transaction: { settings: {}, attributes: [{ name: 'a', value: null }] },
    action: { settings: {}, attributes: [{ name: 'b', value: 'action' }] },
  });
  const { xml, attributes } = issue({ context: { configuration } });
  expect(textsOf(xml, 'a')).toBeNull();
  expect(textsOf(xml, 'b')).toEqual(['action']);
  expect(attributes.at(-1)).toEqual({ name: 'b', values: ['action'], layer: 'action', from: 'setAttribute' });
  expect(attributes.find(({ name }) => name === UPN)?.from).toBe('profile.email');
  expect(attributes.find(({ name }) => name === `${IDENTITY}provider`)?.from).toBe('identities[0].provider');
});

judgedBy(xmllint)('3: without any attribute there is no AttributeStatement at all', () => {
  const settings: SamlSettings = {
    mappings: { nobody: 'nobody' },
    passthroughClaimsWithNoMapping: false,
    mapIdentities: false,
    createUpnClaim: false,
  };
  const { xml } = issue({ settings });
  expect(xml).not.toContain('AttributeStatement');
  expect(partsOf(xml).get('/Response/Assertion/Subject/NameID')).toBe('auth0|alice');
  expect(schemaErrors(xml)).toBe('');
});

const many = (count: number, value: AttributeValue): SetAttributes =>
  Array.from({ length: count }, (_, index) => ({ name: `a${index}`, value }));

test('a hundred attributes over all layers are taken, a hundred and one are refused', () => {
  expect(namesOf({}, {}, many(100, 'x'))).toHaveLength(101);
  const { code, errors } = samlFailure(() => issue({ attributes: many(101, 'x') }));
  expect(code).toBe('saml_setting_invalid');
  expect(errors[0]!.pointer).toBe('/samlResponse/attributes');
});

test('set attributes of more than 102 400 bytes of JSON are refused, of more than 10 240 warned of', () => {
  /** `{"a":"…"}` in UTF-8; é takes two bytes. */
  const ofBytes = (bytes: number): SetAttributes => [
    { name: 'a', value: 'é'.repeat(Math.floor((bytes - 8) / 2)) + 'x'.repeat(bytes % 2) },
  ];
  const codes = (bytes: number): string[] =>
    issue({ attributes: ofBytes(bytes) }).warnings.map(({ code }) => code);
  expect(codes(10_240)).not.toContain('attributes_large');
  expect(codes(10_241)).toContain('attributes_large');
  expect(codes(102_400)).toContain('attributes_large');
  const { code, errors } = samlFailure(() => codes(102_401));
  expect(code).toBe('saml_attributes_too_large');
  expect(errors[0]!.detail).toContain('102401');
});
