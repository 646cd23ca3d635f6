import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { satisfies } from './authn-context-classes.js';

const named = (name: string): string => `urn:oasis:names:tc:SAML:2.0:ac:classes:${name}`;
/** SAML Authentication Context 3.4.1 to 3.4.25. */
const ALL = [
  'InternetProtocol',
  'InternetProtocolPassword',
  'Kerberos',
  'MobileOneFactorUnregistered',
  'MobileTwoFactorUnregistered',
  'MobileOneFactorContract',
  'MobileTwoFactorContract',
  'Password',
  'PasswordProtectedTransport',
  'PreviousSession',
  'X509',
  'PGP',
  'SPKI',
  'XMLDSig',
  'Smartcard',
  'SmartcardPKI',
  'SoftwarePKI',
  'Telephony',
  'NomadTelephony',
  'PersonalTelephony',
  'AuthenticatedTelephony',
  'SecureRemotePassword',
  'TLSClient',
  'TimeSyncToken',
  'unspecified',
].map(named);
const unspecified = named('unspecified');
const password = named('Password');
const transport = named('PasswordProtectedTransport');
const smartcard = named('SmartcardPKI');
const OWN = 'urn:example:two-factors';

test('every class of the standard has a place, none below unspecified and none above a smartcard with a key', () => {
  for (const one of ALL) {
    expect(satisfies(one, 'minimum', [unspecified]), one).toBe(true);
    expect(satisfies(smartcard, 'minimum', [one]), one).toBe(true);
  }
});

test.each([
  ['exact', password, [transport, password], true],
  ['exact', password, [transport], false],
  ['exact', OWN, [OWN], true],
  ['minimum', transport, [password], true],
  ['minimum', password, [password], true],
  ['minimum', unspecified, [password], false],
  ['minimum', password, [smartcard, unspecified], true],
  ['maximum', unspecified, [password], true],
  ['maximum', password, [password], true],
  ['maximum', transport, [password], false],
  ['maximum', transport, [password, smartcard], true],
  ['better', transport, [password], true],
  ['better', password, [password], false],
  ['better', transport, [password, smartcard], false],
  ['equal', password, [password], false],
] as const)('%s: %s for %j is %j', (comparison, issued, requested, met) => {
  expect(satisfies(issued, comparison, requested)).toBe(met);
});

test('a class that is not the standard’s compares with nothing but itself', () => {
  for (const comparison of ['minimum', 'maximum', 'better']) {
    expect(satisfies(OWN, comparison, [password])).toBe(false);
    expect(satisfies(password, comparison, [OWN])).toBe(false);
    expect(satisfies(OWN, comparison, [OWN])).toBe(comparison !== 'better');
  }
});

test('of two classes one is at least as strong, and better is what the other is not at least', () => {
  const any = fc.constantFrom(...ALL);
  fc.assert(
    fc.property(any, any, any, (one, other, third) => {
      const atLeast = (issued: string, asked: string): boolean => satisfies(issued, 'minimum', [asked]);
      expect(atLeast(one, other) || atLeast(other, one)).toBe(true);
      expect(satisfies(one, 'better', [other])).toBe(!atLeast(other, one));
      expect(satisfies(one, 'maximum', [other])).toBe(atLeast(other, one));
      if (atLeast(one, other) && atLeast(other, third)) expect(atLeast(one, third)).toBe(true);
    }),
  );
});
