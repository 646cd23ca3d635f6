import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AuthnRequest } from '../../src/protocol/saml/authn-request.js';
import type { Profile } from '../../src/protocol/saml/attributes.js';
import type { IssuedResponse } from '../../src/protocol/saml/response-context.js';
import { SamlError } from '../../src/protocol/saml/saml-error.js';
import {
  SETTINGS,
  type AttributeValue,
  type SamlSettings,
  type SettingName,
  type SetAttributes,
} from '../../src/protocol/saml/settings.js';
import { samlResponseSchema } from '../../src/tenant/saml-addon.js';
import { decryptAssertion } from '../support/decrypt.js';
import { judgedBy, xmllint, xmlsec1 } from '../support/judges.js';
import { ENCRYPTED, issue, KEYS, type Login } from '../support/login-context.js';
import { invalidDocuments, xmlsecVerified } from '../support/oasis.js';
import { anyText, legalName } from '../support/texts.js';
import { rootOf } from '../support/wire.js';
import { verifySignatures } from '../support/xml-crypto-verify.js';

/** Mostly what the value may well be, sometimes any text at all. */
const mostly = <Value>(likely: fc.Arbitrary<Value>, seldom: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ arbitrary: likely, weight: 24 }, { arbitrary: seldom, weight: 1 });
const uri = mostly(
  fc.constantFrom(
    'urn:sp:one',
    'https://sp.example.test/acs?a=b&c=<d>#e',
    '/relative',
    'https://例え.test/%41',
  ),
  fc.oneof(anyText, fc.constant('My App')),
);
const claims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';
const seconds = mostly(
  fc.oneof(fc.integer({ min: -86_400, max: 86_400 }), fc.double({ min: -1, max: 1, noNaN: true })),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const positive = seconds.map(Math.abs);
const flag = fc.boolean();

/** One arbitrary a row of the table, but for the halves of pairs, which come together. */
const rows = {
  audience: uri,
  recipient: uri,
  destination: uri,
  issuer: mostly(fc.constantFrom('urn:idp', 'My IdP, 100 % <mine>'), anyText),
  relayState: anyText,
  createUpnClaim: flag,
  passthroughClaimsWithNoMapping: flag,
  mapUnknownClaimsAsIs: flag,
  mapIdentities: flag,
  lifetimeInSeconds: seconds,
  signResponse: flag,
  nameIdentifierFormat: uri,
  nameIdentifierProbes: fc
    .array(fc.oneof(anyText, fc.constantFrom(`${claims}name`, 'email', 'nickname')), { maxLength: 9 })
    .map((probes) => probes.concat('user_id')),
  authnContextClassRef: uri,
  signingCert: fc.constant(KEYS.sp.cert),
  includeAttributeNameFormat: flag,
  typedAttributes: flag,
  encryptionAlgorithm: fc.constantFrom('aes256-cbc' as const, 'aes256-gcm' as const),
  signatureAlgorithm: fc.constantFrom('rsa-sha256' as const, 'rsa-sha1' as const),
  digestAlgorithm: fc.constantFrom('sha256' as const, 'sha1' as const),
  mappings: fc.dictionary(
    fc.constantFrom('user_id', 'email', 'name', 'nickname'),
    fc.oneof(legalName, fc.uniqueArray(legalName, { minLength: 1, maxLength: 3 })),
  ),
  signBoth: flag,
  signErrors: flag,
  notBeforeSkewInSeconds: positive.map((value) => Math.min(value, 86_400)),
  sessionLifetimeInSeconds: positive,
  inclusiveNamespaces: flag,
  echoRequestedAuthnContext: flag,
  strictNameIDPolicy: flag,
  strictRequestedAuthnContext: flag,
  acceptSha1Requests: flag,
} satisfies { readonly [Name in SettingName]?: fc.Arbitrary<unknown> };

const HALVES = ['cert', 'key', 'encryptionCert', 'encryptionPublicKey'] as const;
/** Pairs whole, half, or of two owners, the whole ones most often. */
const pairs = (whole: SamlSettings, wrong: readonly SamlSettings[]): fc.Arbitrary<SamlSettings> =>
  mostly(fc.constantFrom({}, whole), fc.constantFrom(...wrong));
const ownPair = pairs({ cert: KEYS.other.cert, key: KEYS.other.key }, [
  { cert: KEYS.other.cert },
  { key: KEYS.other.key },
  { cert: KEYS.idp.cert, key: KEYS.other.key },
]);
const recipient = pairs(ENCRYPTED, [
  { encryptionCert: KEYS.sp.cert },
  { encryptionPublicKey: KEYS.sp.publicKey },
  { encryptionCert: KEYS.other.cert, encryptionPublicKey: KEYS.sp.publicKey },
]);
const settings: fc.Arbitrary<SamlSettings> = fc
  .tuple(fc.record(rows, { requiredKeys: [] }), ownPair, recipient)
  .map((parts) => Object.assign({}, ...parts) as SamlSettings);

const scalar = fc.oneof(
  mostly(fc.constantFrom('x', ''), anyText),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  flag,
);
const attributes: fc.Arbitrary<SetAttributes> = fc.array(
  fc.record({
    name: legalName,
    value: fc.oneof<fc.Arbitrary<AttributeValue | null>[]>(
      scalar,
      fc.constant(null),
      fc.array(scalar, { maxLength: 3 }),
    ),
  }),
  { maxLength: 3 },
);
const profile: fc.Arbitrary<Profile> = fc
  .tuple(
    fc.dictionary(legalName, fc.oneof(scalar, fc.jsonValue({ maxDepth: 2 })), { maxKeys: 3 }),
    fc.record(
      {
        email: fc.emailAddress(),
        upn: fc.oneof(fc.constant('u@corp'), fc.constant(null)),
        groups: fc.array(fc.constantFrom('a', 'b')),
        identities: fc.array(fc.record({ provider: legalName, isSocial: flag, access_token: legalName })),
        user_metadata: fc.constant({ a: 1 }),
      },
      { requiredKeys: [] },
    ),
  )
  .map((parts) => Object.assign({ user_id: 'auth0|x' }, ...parts) as Profile);
const request: fc.Arbitrary<AuthnRequest | null> = fc.option(
  fc.record({
    version: fc.constant('2.0'),
    id: fc.constantFrom('_a1', 'é-1.x', 'id'),
    issuer: fc.constantFrom('urn:sp', 'https://sp.example.test/metadata?a=1&b=2'),
    issueInstant: fc.constant('2026-11-21T09:59:58Z'),
    forceAuthn: flag,
    isPassive: flag,
    nameIDPolicy: fc.constantFrom(undefined, undefined, {}, { format: 'urn:sp:one' }),
    requestedAuthnContext: fc.constantFrom(undefined, { comparison: 'exact', classRefs: ['urn:class:<1>'] }),
    signed: flag,
    xml: fc.constant(''),
  }),
);
const login: fc.Arbitrary<Login> = fc.record({
  client: fc.record(rows, { requiredKeys: [] }).map((values) => values as SamlSettings),
  settings,
  attributes,
  context: fc.record({ profile, request, relayState: fc.option(anyText, { nil: undefined }) }),
});

/** The response, or the error by its name; whatever else is thrown fails the test. */
function attempt(drawn: Login): IssuedResponse | SamlError {
  try {
    return issue(drawn);
  } catch (error) {
    if (error instanceof SamlError) return error;
    throw error;
  }
}
const signerOf = ({ settings: set = {} }: Login): string => (set.cert ? KEYS.other.cert : KEYS.idp.cert);
const expectedOver = ({ client, settings: set }: Login): string[] => {
  const both = set?.signBoth ?? client?.signBoth ?? false;
  const response = set?.signResponse ?? client?.signResponse ?? false;
  return [...(response || both ? ['Response'] : []), ...(!response || both ? ['Assertion'] : [])];
};

test('there is an arbitrary for every setting, and what it gives passes the border', () => {
  expect([...Object.keys(rows), ...HALVES].toSorted()).toEqual(Object.keys(SETTINGS).toSorted());
  fc.assert(
    fc.property(settings, (drawn) => {
      expect(samlResponseSchema.safeParse(drawn).error?.issues).toBeUndefined();
    }),
  );
});

test('any configuration gives a response that plain SignedXml verifies, signed where it says, or a named error', () => {
  const outcomes = { issued: 0, refused: new Set<string>() };
  fc.assert(
    fc.property(login, (drawn) => {
      const outcome = attempt(drawn);
      if (outcome instanceof SamlError) {
        outcomes.refused.add(outcome.code);
        return;
      }
      outcomes.issued++;
      const { xml, assertionXml, signed } = outcome;
      const encrypted = drawn.settings?.encryptionCert !== undefined;
      expect(assertionXml !== null).toBe(encrypted);
      if (encrypted) expect(decryptAssertion(xml, KEYS.sp.key)).toBe(assertionXml);
      const found = [xml, ...(assertionXml === null ? [] : [assertionXml])].flatMap((document) =>
        verifySignatures(document, signerOf(drawn)).map(({ over }) => over),
      );
      expect(found).toEqual(expectedOver(drawn));
      expect(signed.toSorted()).toEqual(found.map((element) => element.toLowerCase()).toSorted());
    }),
    { numRuns: 500 },
  );
  // neither side may be a rarity, or the property says little
  expect(outcomes.issued).toBeGreaterThan(150);
  expect([...outcomes.refused]).toEqual(
    expect.arrayContaining([
      'saml_setting_invalid',
      'saml_key_pair_incomplete',
      'saml_name_id_policy',
      'saml_no_authn_context',
    ]),
  );
});

test('what is digested is what xml-crypto canonicalises the wire to', () => {
  fc.assert(
    fc.property(login, (drawn) => {
      const outcome = attempt(drawn);
      if (outcome instanceof SamlError) return;
      for (const document of [outcome.xml, outcome.assertionXml ?? outcome.xml]) {
        const values = [...rootOf(document).getElementsByTagName('DigestValue')].map(
          ({ textContent }) => textContent,
        );
        const methods = [...rootOf(document).getElementsByTagName('DigestMethod')].map((method) =>
          method.getAttribute('Algorithm')!.endsWith('sha1') ? 'sha1' : 'sha256',
        );
        const digests = verifySignatures(document, signerOf(drawn)).map(({ octets }, index) =>
          createHash(methods[index]!).update(octets).digest('base64'),
        );
        expect(digests).toEqual(values);
      }
    }),
    { numRuns: 200 },
  );
});

const sampled = (count: number): { readonly drawn: Login; readonly issued: IssuedResponse }[] =>
  fc.sample(login, count).flatMap((drawn) => {
    const outcome = attempt(drawn);
    return outcome instanceof SamlError ? [] : [{ drawn, issued: outcome }];
  });
const AROUND = [
  '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_x" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>',
  '</samlp:Response>',
] as const;

judgedBy(xmllint)(
  'any configuration gives a response valid against the OASIS schema, inside the encryption too',
  () => {
    const issued = sampled(500).map((one) => one.issued);
    expect(issued.length).toBeGreaterThan(150);
    expect(invalidDocuments(issued.map(({ xml }) => xml))).toEqual([]);
    const within = issued.flatMap(({ assertionXml }) => (assertionXml === null ? [] : [assertionXml]));
    expect(within.length).toBeGreaterThan(30);
    expect(invalidDocuments(within.map((xml) => AROUND.join(xml)))).toEqual([]);
  },
);

judgedBy(xmlsec1)(
  'any configuration gives signatures that xmlsec1 verifies, over the ciphertext and within it',
  () => {
    const all = sampled(300);
    for (const certificate of [KEYS.idp.cert, KEYS.other.cert])
      for (const element of ['Response', 'Assertion'] as const) {
        const documents = all
          .filter(
            ({ drawn, issued }) =>
              signerOf(drawn) === certificate &&
              issued.signed.includes(element === 'Response' ? 'response' : 'assertion'),
          )
          .map(({ issued }) =>
            element === 'Assertion' && issued.assertionXml !== null ? issued.assertionXml : issued.xml,
          );
        expect(documents.length).toBeGreaterThan(5);
        expect(xmlsecVerified(documents, certificate, element)).toBe(documents.length);
      }
  },
);
