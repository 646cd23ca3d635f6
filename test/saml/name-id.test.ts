import { expect, test } from 'vitest';
import type { Profile } from '../../src/protocol/saml/attributes.js';
import { NAME_ID_FORMATS } from '../../src/protocol/saml/names.js';
import type { AttributeValue, SamlSettings, SetAttributes } from '../../src/protocol/saml/settings.js';
import { issue } from '../support/login-context.js';
import { samlFailure } from '../support/saml-failure.js';
import { nameIdOf, partsOf } from '../support/wire.js';

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';
const USER_ID = `${CLAIMS}nameidentifier`;
const EMAIL = `${CLAIMS}emailaddress`;
const NAME = `${CLAIMS}name`;

const login = (profile: Profile, settings: SamlSettings = {}, attributes: SetAttributes = []) =>
  issue({ settings, attributes, context: { profile } });
const nameID = (...input: Parameters<typeof login>): string | null => nameIdOf(login(...input).xml);
const whole: Profile = { user_id: 'auth0|x', email: 'x@example.test', name: 'X' };

test.each([
  [whole, 'auth0|x'],
  [{ email: 'x@example.test', name: 'X' }, 'x@example.test'],
  [{ user_id: '', email: ' \t', name: 'X' }, 'X'],
  [{ user_id: null, email: {}, name: 'X' }, 'X'],
])('4: by default user_id, then email, then name: of %j it is %s', (profile, expected) => {
  expect(nameID(profile)).toBe(expected);
});

test('4: a list of one’s own replaces the default one, and is asked in its order', () => {
  expect(nameID(whole, { nameIdentifierProbes: [NAME, USER_ID] })).toBe('X');
  expect(nameID(whole, { nameIdentifierProbes: ['unknown', EMAIL] })).toBe('x@example.test');
});

test('4: (1) a probe finds an attribute that was set', () => {
  const set: SetAttributes = [{ name: 'https://example.test/employee', value: 'E-1' }];
  expect(nameID(whole, { nameIdentifierProbes: ['https://example.test/employee'] }, set)).toBe('E-1');
});

test('4: (1) setAttribute on nameidentifier changes the NameID', () => {
  expect(nameID(whole, {}, [{ name: USER_ID, value: 'x@corp' }])).toBe('x@corp');
});

test('4: (1) null on nameidentifier falls through to the next probe, and so does an empty array or an empty text', () => {
  const values: (AttributeValue | null)[] = [null, [], '', ' \n', false, [false, '']];
  for (const value of values)
    expect(nameID(whole, {}, [{ name: USER_ID, value }]), JSON.stringify(value)).toBe('x@example.test');
});

test('4: (2) a probe finds an attribute as it was mapped, by whatever table', () => {
  expect(nameID(whole, { mappings: { name: USER_ID } })).toBe('X');
  expect(nameID(whole, { mappings: { name: 'label' }, nameIdentifierProbes: ['label'] })).toBe('X');
});

test('4: (2) a probe finds the UPN and what was passed through', () => {
  expect(nameID(whole, { nameIdentifierProbes: [`${CLAIMS}upn`] })).toBe('x@example.test');
  const profile = { ...whole, sAMAccountName: 'x1' };
  expect(nameID(profile, { nameIdentifierProbes: ['http://schema.auth0.com/sAMAccountName'] })).toBe('x1');
});

test('4: (3) a default claim is found by its field although mappings leaves it out of the assertion', () => {
  const settings: SamlSettings = { mappings: { email: 'mail' }, passthroughClaimsWithNoMapping: false };
  const { nameID: found, attributes } = login(whole, settings);
  expect(found).toMatchObject({ value: 'auth0|x', probe: USER_ID, from: 'profile.user_id' });
  expect(attributes.map(({ name }) => name)).not.toContain(USER_ID);
});

test.each(['http://schema.auth0.com/', 'http://schemas.auth0.com/'])(
  '4: (4) the prefix %s leads to a field that is not passed through, whatever the tenant’s own prefix',
  (prefix) => {
    for (const unmappedClaimPrefix of [
      'http://schema.auth0.com/',
      'http://schemas.auth0.com/',
      'urn:own:',
      '',
    ]) {
      const { xml } = issue({
        settings: {
          nameIdentifierProbes: [`${prefix}sAMAccountName`],
          passthroughClaimsWithNoMapping: false,
        },
        context: { profile: { sAMAccountName: 'x1' }, unmappedClaimPrefix },
      });
      expect(nameIdOf(xml)).toBe('x1');
    }
  },
);

test('4: (4) the tenant’s own prefix leads to a field too', () => {
  const { xml } = issue({
    settings: { nameIdentifierProbes: ['urn:own:dept'], passthroughClaimsWithNoMapping: false },
    context: { profile: { dept: 'd' }, unmappedClaimPrefix: 'urn:own:' },
  });
  expect(nameIdOf(xml)).toBe('d');
});

test('4: (5) a bare field name is found, and never one that every object inherits', () => {
  expect(nameID(whole, { nameIdentifierProbes: ['email'] })).toBe('x@example.test');
  const inherited = ['constructor', 'toString', '__proto__'];
  expect(nameID(whole, { nameIdentifierProbes: [...inherited, 'email'] })).toBe('x@example.test');
});

test('4: an attribute of the probe’s very name is asked before any field', () => {
  const set: SetAttributes = [{ name: 'email', value: 'set' }];
  expect(nameID(whole, { nameIdentifierProbes: ['email'] }, set)).toBe('set');
  expect(nameID(whole, { nameIdentifierProbes: ['email', NAME] }, [{ name: 'email', value: null }])).toBe(
    'X',
  );
});

test.each([
  [42, '42'],
  [0, '0'],
  [true, 'true'],
  [['', false, null, {}, 'first', 'second'], 'first'],
  [[7], '7'],
  [' inner  spaces ', ' inner  spaces '],
  [false, 'X'],
  [{ a: 'b' }, 'X'],
  [[['nested']], 'X'],
  [Number.NaN, 'X'],
])('4: the value %j makes the NameID %j', (user_id, expected) => {
  expect(nameID({ user_id, name: 'X' })).toBe(expected);
});

test('4: when no probe has a value nothing is issued, and the probes are listed', () => {
  const { code, description } = samlFailure(() => login({ nickname: 'x' }));
  expect(code).toBe('saml_no_name_id');
  for (const probe of [USER_ID, EMAIL, NAME]) expect(description).toContain(probe);
});

test('4: an empty list of probes is said to be empty', () => {
  const failure = samlFailure(() => login(whole, { nameIdentifierProbes: [] }));
  expect(failure.code).toBe('saml_no_name_id');
  expect(failure.description).toContain('nameIdentifierProbes is empty');
});

test('4: every default claim set to null leaves no NameID', () => {
  const nothing = [USER_ID, EMAIL, NAME].map((name) => ({ name, value: null }));
  expect(samlFailure(() => login(whole, {}, nothing)).code).toBe('saml_no_name_id');
});

test('the format is a label: it changes no value, and an address that is none is warned of', () => {
  const settings: SamlSettings = { nameIdentifierFormat: NAME_ID_FORMATS.emailAddress };
  const { xml, warnings } = login(whole, settings);
  const parts = partsOf(xml);
  expect(parts.get('/Response/Assertion/Subject/NameID/@Format')).toBe(NAME_ID_FORMATS.emailAddress);
  expect(parts.get('/Response/Assertion/Subject/NameID')).toBe('auth0|x');
  expect(warnings.map(({ code }) => code)).toContain('name_id_not_an_address');
  const address = login(whole, { ...settings, nameIdentifierProbes: [EMAIL] });
  expect(address.warnings.map(({ code }) => code)).not.toContain('name_id_not_an_address');
});

test('the NameID says which probe was answered, and from where', () => {
  expect(login(whole).nameID).toEqual({
    value: 'auth0|x',
    format: NAME_ID_FORMATS.unspecified,
    probe: USER_ID,
    from: 'profile.user_id',
  });
  expect(login(whole, {}, [{ name: USER_ID, value: 'y' }]).nameID.from).toBe('setAttribute');
});

test('a NameID that XML cannot carry is refused by the profile field it came from', () => {
  const settings: SamlSettings = { mappings: { email: 'mail' }, passthroughClaimsWithNoMapping: false };
  const { code, errors } = samlFailure(() => login({ user_id: 'a\u0001b' }, settings));
  expect(code).toBe('saml_illegal_characters');
  expect(errors).toEqual([{ pointer: '/user/user_id', detail: expect.stringContaining('U+0001') }]);
});
