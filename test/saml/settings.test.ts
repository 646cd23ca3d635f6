import { expect, test } from 'vitest';
import { NAME_ID_FORMATS } from '../../src/protocol/saml/names.js';
import type { AuthnRequest } from '../../src/protocol/saml/authn-request.js';
import { SETTINGS, type SamlSettings, type SettingName } from '../../src/protocol/saml/settings.js';
import { ENCRYPTED, issue, KEYS, type Login } from '../support/login-context.js';
import { changedParts, partsOf } from '../support/wire.js';

const ASSERTION = '/Response/Assertion';
const SIGNATURE = `${ASSERTION}/Signature`;
const attribute = (name: string): string => `${ASSERTION}/AttributeStatement/Attribute[${name}]`;
const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';
const PREFIX = 'http://schema.auth0.com/';

interface Effect {
  /** The good value. */
  readonly set: SamlSettings;
  /** What stands beside it before and after. */
  readonly beside?: Login;
  /** Every changed place starts with one of these, and each of these has changed. */
  readonly changes: readonly string[];
  /** What some places hold afterwards. */
  readonly holds?: Readonly<Record<string, string | undefined>>;
}

const request: AuthnRequest = {
  version: '2.0',
  id: '_request',
  issuer: 'urn:sp',
  issueInstant: '2026-11-21T09:59:59Z',
  forceAuthn: false,
  isPassive: false,
  requestedAuthnContext: { comparison: 'exact', classRefs: ['urn:class:first', 'urn:class:second'] },
  signed: false,
  xml: '<AuthnRequest/>',
};

/** The row's `effect`, as the wire shows it. */
const effects: Readonly<Record<SettingName, readonly Effect[]>> = {
  audience: [
    {
      set: { audience: 'urn:another' },
      changes: [`${ASSERTION}/Conditions/AudienceRestriction/Audience`],
      holds: { [`${ASSERTION}/Conditions/AudienceRestriction/Audience`]: 'urn:another' },
    },
  ],
  recipient: [
    {
      set: { recipient: 'urn:another' },
      changes: [`${ASSERTION}/Subject/SubjectConfirmation/SubjectConfirmationData/@Recipient`],
    },
  ],
  destination: [{ set: { destination: 'urn:another' }, changes: ['/Response/@Destination'] }],
  issuer: [
    {
      set: { issuer: 'urn:another' },
      changes: ['/Response/Issuer', `${ASSERTION}/Issuer`],
      holds: { '/Response/Issuer': 'urn:another', [`${ASSERTION}/Issuer`]: 'urn:another' },
    },
  ],
  relayState: [{ set: { relayState: 'state' }, changes: [] }],
  createUpnClaim: [{ set: { createUpnClaim: false }, changes: [attribute(`${CLAIMS}upn`)] }],
  passthroughClaimsWithNoMapping: [
    {
      set: { passthroughClaimsWithNoMapping: false },
      changes: ['email_verified', 'nickname', 'logins'].map((field) => attribute(PREFIX + field)),
    },
  ],
  mapUnknownClaimsAsIs: [
    {
      set: { mapUnknownClaimsAsIs: true },
      changes: ['email_verified', 'nickname', 'logins'].flatMap((field) => [
        attribute(PREFIX + field),
        attribute(field),
      ]),
    },
  ],
  mapIdentities: [
    {
      set: { mapIdentities: false },
      changes: ['provider', 'connection', 'isSocial'].map((field) =>
        attribute(`${PREFIX}identities/default/${field}`),
      ),
    },
  ],
  lifetimeInSeconds: [
    {
      set: { lifetimeInSeconds: 60 },
      changes: [
        `${ASSERTION}/Conditions/@NotOnOrAfter`,
        `${ASSERTION}/Subject/SubjectConfirmation/SubjectConfirmationData/@NotOnOrAfter`,
      ],
    },
  ],
  signResponse: [{ set: { signResponse: true }, changes: [SIGNATURE, '/Response/Signature'] }],
  nameIdentifierFormat: [
    {
      set: { nameIdentifierFormat: NAME_ID_FORMATS.emailAddress },
      changes: [`${ASSERTION}/Subject/NameID/@Format`],
      holds: { [`${ASSERTION}/Subject/NameID`]: 'auth0|alice' },
    },
  ],
  nameIdentifierProbes: [
    {
      set: { nameIdentifierProbes: [`${CLAIMS}emailaddress`] },
      changes: [`${ASSERTION}/Subject/NameID`],
      holds: { [`${ASSERTION}/Subject/NameID`]: 'alice@example.test' },
    },
  ],
  authnContextClassRef: [
    {
      set: { authnContextClassRef: 'urn:class:mine' },
      changes: [`${ASSERTION}/AuthnStatement/AuthnContext/AuthnContextClassRef`],
    },
  ],
  signingCert: [{ set: { signingCert: KEYS.sp.cert }, changes: [] }],
  includeAttributeNameFormat: [
    {
      set: { includeAttributeNameFormat: false },
      beside: { attributes: [{ name: 'only', value: 'x' }], client: withoutProfile() },
      changes: [`${attribute('only')}/@NameFormat`],
      holds: { [`${attribute('only')}/@NameFormat`]: undefined },
    },
  ],
  typedAttributes: [
    {
      set: { typedAttributes: false },
      beside: { attributes: [{ name: 'only', value: 42 }], client: withoutProfile() },
      changes: [`${attribute('only')}/AttributeValue/@xsi:type`],
      holds: { [`${attribute('only')}/AttributeValue/@xsi:type`]: 'xs:anyType' },
    },
  ],
  encryptionCert: [{ set: ENCRYPTED, changes: [`${ASSERTION}/`, '/Response/EncryptedAssertion'] }],
  encryptionPublicKey: [
    {
      set: ENCRYPTED,
      changes: [`${ASSERTION}/`, '/Response/EncryptedAssertion'],
      holds: {
        '/Response/EncryptedAssertion/EncryptedData/KeyInfo/EncryptedKey/KeyInfo/X509Data/X509Certificate':
          KEYS.sp.cert.replaceAll(/-----.*-----|\s/g, ''),
      },
    },
  ],
  encryptionAlgorithm: [
    {
      set: { encryptionAlgorithm: 'aes256-gcm' },
      beside: { client: ENCRYPTED },
      changes: [
        '/Response/EncryptedAssertion/EncryptedData/EncryptionMethod/@Algorithm',
        '/Response/EncryptedAssertion/EncryptedData/CipherData/CipherValue',
        '/Response/EncryptedAssertion/EncryptedData/KeyInfo/EncryptedKey/CipherData/CipherValue',
      ],
      holds: {
        '/Response/EncryptedAssertion/EncryptedData/EncryptionMethod/@Algorithm':
          'http://www.w3.org/2009/xmlenc11#aes256-gcm',
      },
    },
  ],
  cert: [
    {
      set: { cert: KEYS.other.cert, key: KEYS.other.key },
      changes: [`${SIGNATURE}/KeyInfo/X509Data/X509Certificate`],
    },
  ],
  key: [
    {
      set: { cert: KEYS.other.cert, key: KEYS.other.key },
      beside: { settings: { signResponse: true } },
      changes: ['/Response/Signature/KeyInfo/X509Data/X509Certificate'],
      holds: {
        '/Response/Signature/KeyInfo/X509Data/X509Certificate': KEYS.other.cert.replaceAll(
          /-----.*-----|\s/g,
          '',
        ),
      },
    },
  ],
  signatureAlgorithm: [
    {
      set: { signatureAlgorithm: 'rsa-sha1' },
      changes: [`${SIGNATURE}/SignedInfo/SignatureMethod/@Algorithm`],
    },
  ],
  digestAlgorithm: [
    {
      set: { digestAlgorithm: 'sha1' },
      changes: [`${SIGNATURE}/SignedInfo/Reference/DigestMethod/@Algorithm`],
    },
  ],
  mappings: [
    {
      set: { mappings: { email: ['mail', 'eMail'] } },
      changes: [
        'mail',
        'eMail',
        ...['nameidentifier', 'emailaddress', 'name', 'givenname', 'surname'].map((claim) => CLAIMS + claim),
        ...['user_id', 'name', 'given_name', 'family_name'].map((field) => PREFIX + field),
      ].map(attribute),
      holds: { [`${attribute('mail')}/AttributeValue`]: 'alice@example.test' },
    },
  ],
  signBoth: [{ set: { signBoth: true }, changes: ['/Response/Signature'] }],
  signErrors: [{ set: { signErrors: true }, changes: [] }],
  notBeforeSkewInSeconds: [
    {
      set: { notBeforeSkewInSeconds: 90 },
      changes: [`${ASSERTION}/Conditions/@NotBefore`],
      holds: { [`${ASSERTION}/Conditions/@NotBefore`]: '2026-11-21T09:58:30.000Z' },
    },
  ],
  sessionLifetimeInSeconds: [
    {
      set: { sessionLifetimeInSeconds: 60 },
      changes: [`${ASSERTION}/AuthnStatement/@SessionNotOnOrAfter`],
      holds: { [`${ASSERTION}/AuthnStatement/@SessionNotOnOrAfter`]: '2026-11-21T10:01:00.000Z' },
    },
  ],
  inclusiveNamespaces: [
    {
      set: { inclusiveNamespaces: true },
      changes: [`${SIGNATURE}/SignedInfo/Reference/Transforms/Transform[2]`],
      holds: {
        [`${SIGNATURE}/SignedInfo/Reference/Transforms/Transform[2]/InclusiveNamespaces/@PrefixList`]: 'xs',
      },
    },
  ],
  echoRequestedAuthnContext: [
    {
      set: { echoRequestedAuthnContext: true },
      beside: { context: { request } },
      changes: [`${ASSERTION}/AuthnStatement/AuthnContext/AuthnContextClassRef`],
      holds: { [`${ASSERTION}/AuthnStatement/AuthnContext/AuthnContextClassRef`]: 'urn:class:first' },
    },
    {
      set: { echoRequestedAuthnContext: true },
      beside: { context: { request }, client: { authnContextClassRef: 'urn:class:mine' } },
      changes: [],
    },
    { set: { echoRequestedAuthnContext: true }, changes: [] },
  ],
  // what is refused under them shows in wishes.test.ts
  strictNameIDPolicy: [
    { set: { strictNameIDPolicy: true }, changes: [] },
    {
      set: { strictNameIDPolicy: true },
      beside: { context: { request: { ...request, nameIDPolicy: { format: NAME_ID_FORMATS.unspecified } } } },
      changes: [],
    },
  ],
  strictRequestedAuthnContext: [
    { set: { strictRequestedAuthnContext: true }, changes: [] },
    {
      set: { strictRequestedAuthnContext: true },
      beside: { context: { request }, client: { authnContextClassRef: 'urn:class:second' } },
      changes: [],
    },
  ],
  acceptSha1Requests: [{ set: { acceptSha1Requests: true }, changes: [] }],
};

/** Nothing of the profile in the assertion but its NameID, so that a set attribute stands alone. */
function withoutProfile(): SamlSettings {
  return {
    mappings: { nobody: 'nobody' },
    passthroughClaimsWithNoMapping: false,
    mapIdentities: false,
    createUpnClaim: false,
  };
}

test('every row of the table is tested here', () => {
  expect(Object.keys(effects).toSorted()).toEqual(Object.keys(SETTINGS).toSorted());
});

for (const [name, cases] of Object.entries(effects) as [SettingName, readonly Effect[]][])
  for (const [index, { set, beside = {}, changes, holds = {} }] of cases.entries())
    test(`${name} changes on the wire: ${SETTINGS[name].effect} (${index + 1})`, () => {
      const before = issue(beside);
      const after = issue({ ...beside, settings: { ...beside.settings, ...set } });
      const changed = changedParts(before.xml, after.xml);
      expect(changed.filter((path) => !changes.some((place) => path.startsWith(place)))).toEqual([]);
      expect(changes.filter((place) => !changed.some((path) => path.startsWith(place)))).toEqual([]);
      const parts = partsOf(after.xml);
      for (const [path, value] of Object.entries(holds)) expect(parts.get(path), path).toBe(value);
    });

test('two responses of the same login are the same bytes, and nothing differs between them', () => {
  expect(issue().xml).toBe(issue().xml);
});

test('relayState changes what the form carries, and not the document', () => {
  expect(issue({ context: { relayState: 'received' } }).relayState).toBe('received');
  expect(issue({ context: { relayState: 'received' }, settings: { relayState: 'set' } }).relayState).toBe(
    'set',
  );
  expect(issue().relayState).toBeUndefined();
});
