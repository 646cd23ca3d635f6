import { decryptXml } from '@node-saml/node-saml/lib/xml.js';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import type { AuthnRequest } from '../../src/protocol/saml/authn-request.js';
import { issueErrorResponse } from '../../src/protocol/saml/issue-response.js';
import { der } from '../../src/protocol/saml/key-pairs.js';
import { STATUS } from '../../src/protocol/saml/names.js';
import type { SamlSettings } from '../../src/protocol/saml/settings.js';
import { decryptAssertion } from '../support/decrypt.js';
import { golden } from '../support/golden.js';
import { judgedBy, xmllint, xmlsec1 } from '../support/judges.js';
import { contextOf, ENCRYPTED, issue, KEYS, type Login } from '../support/login-context.js';
import { schemaErrors, xmlsecDecrypt, xmlsecVerify } from '../support/oasis.js';

type Signed = readonly ('Assertion' | 'Response')[];
const REQUEST: AuthnRequest = {
  version: '2.0',
  id: '_request0000000000001',
  issuer: 'https://sp.example.test/metadata',
  issueInstant: '2026-11-21T09:59:59.000Z',
  assertionConsumerServiceURL: 'https://sp.example.test/acs/second',
  forceAuthn: false,
  isPassive: false,
  signed: false,
  xml: '<samlp:AuthnRequest/>',
};
const spInitiated: Login['context'] = { request: REQUEST, acsUrl: REQUEST.assertionConsumerServiceURL! };

/** Every type and trouble that an attribute can bring along. */
const attributes: Login['attributes'] = [
  { name: 'roles', value: ['admin', 7, true] },
  { name: 'has space', value: '<&>"\' ]]> \t\n\r\u0085\u2028 é😀' },
  { name: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname', value: null },
];

const responses: Readonly<Record<string, { readonly login: Login; readonly signed: Signed }>> = {
  'a-signed-assertion': { login: {}, signed: ['Assertion'] },
  'b-signed-response': { login: { settings: { signResponse: true } }, signed: ['Response'] },
  'e-both-signed': { login: { settings: { signBoth: true } }, signed: ['Assertion', 'Response'] },
  'a-inclusive-namespaces': { login: { settings: { inclusiveNamespaces: true } }, signed: ['Assertion'] },
  'e-inclusive-namespaces': {
    login: { settings: { inclusiveNamespaces: true, signBoth: true } },
    signed: ['Assertion', 'Response'],
  },
  'a-sha1': {
    login: { settings: { signatureAlgorithm: 'rsa-sha1', digestAlgorithm: 'sha1' } },
    signed: ['Assertion'],
  },
  'a-sp-initiated': { login: { context: spInitiated }, signed: ['Assertion'] },
  'a-attributes': { login: { attributes }, signed: ['Assertion'] },
};
for (const [name, { login, signed }] of Object.entries(responses)) {
  const file = `saml/${name}.xml`;
  test(`the response ${name} is the golden one, byte for byte`, () => {
    const { xml } = issue(login);
    expect(xml).toBe(golden(file, xml));
  });
  judgedBy(xmllint)(`the golden ${name} is valid against the OASIS schema`, () => {
    expect(schemaErrors(golden(file, issue(login).xml))).toBe('');
  });
  judgedBy(xmlsec1)(`the signatures of the golden ${name} verify`, () => {
    const kept = golden(file, issue(login).xml);
    expect(issue(login).signed).toEqual(signed.map((element) => element.toLowerCase()));
    for (const element of signed) expect(xmlsecVerify(kept, KEYS.idp.cert, element)).toBe('');
  });
}

const denied = (settings: SamlSettings): string =>
  issueErrorResponse(
    contextOf({ settings, context: spInitiated }),
    { code: STATUS.responder, subCode: STATUS.authnFailed, message: 'Come back with a <ticket> & a smile' },
    { privateKey: createPrivateKey(KEYS.idp.key), certificate: der(new X509Certificate(KEYS.idp.cert)) },
  );
for (const [name, settings] of Object.entries({ denied: {}, 'denied-signed': { signErrors: true } })) {
  const file = `saml/${name}.xml`;
  test(`the error Response ${name} is the golden one, byte for byte`, () => {
    expect(denied(settings)).toBe(golden(file, denied(settings)));
  });
  judgedBy(xmllint)(`the golden ${name} is valid against the OASIS schema`, () => {
    expect(schemaErrors(golden(file, denied(settings)))).toBe('');
  });
}
judgedBy(xmlsec1)('the signature of the golden denied-signed verifies', () => {
  const kept = golden('saml/denied-signed.xml', denied({ signErrors: true }));
  expect(xmlsecVerify(kept, KEYS.idp.cert, 'Response')).toBe('');
});

const gcm = { encryptionAlgorithm: 'aes256-gcm' } as const;
const encrypted: Readonly<
  Record<string, { readonly file: string; readonly settings: SamlSettings; readonly signed: Signed }>
> = {
  'C with cbc': { file: 'c-assertion', settings: {}, signed: ['Assertion'] },
  'C with gcm': { file: 'c-assertion', settings: gcm, signed: ['Assertion'] },
  'D with cbc': { file: 'd-assertion', settings: { signResponse: true }, signed: [] },
  'D with gcm': { file: 'd-assertion', settings: { ...gcm, signResponse: true }, signed: [] },
  'E, encrypted': { file: 'c-assertion', settings: { signBoth: true }, signed: ['Assertion'] },
};
const EMPTY_RESPONSE =
  '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_x" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status></samlp:Response>';

for (const [name, { file, settings, signed }] of Object.entries(encrypted)) {
  const path = `saml/${file}.xml`;
  const issued = () => issue({ settings: { ...ENCRYPTED, ...settings }, attributes });

  test(`mode ${name}: the assertion before encryption is the golden one, and so is what the wire decrypts to`, async () => {
    const { xml, assertionXml } = issued();
    expect(assertionXml).toBe(golden(path, assertionXml!));
    expect(decryptAssertion(xml, KEYS.sp.key)).toBe(assertionXml);
    expect(await decryptXml(xml, KEYS.sp.key)).toBe(assertionXml);
  });
  judgedBy(xmlsec1)(`mode ${name}: xmlsec1 decrypts the wire to the golden bytes`, () => {
    const { xml, assertionXml } = issued();
    // without the Type it gives the octets as they are, and does not parse and write them again
    const octets = xmlsecDecrypt(xml.replace(/ Type="[^"]*"/, ''), KEYS.sp.key);
    expect(octets).toBe(golden(path, assertionXml!));
  });
  judgedBy(xmllint)(`mode ${name}: the golden assertion stands on its own, and is valid`, () => {
    const kept = golden(path, issued().assertionXml!);
    expect(schemaErrors(EMPTY_RESPONSE.replace('</samlp:Response>', `${kept}</samlp:Response>`))).toBe('');
  });
  judgedBy(xmlsec1)(`mode ${name}: the golden assertion is signed where the mode signs it`, () => {
    const kept = golden(path, issued().assertionXml!);
    expect(kept.includes('<Signature ')).toBe(signed.length > 0);
    for (const element of signed) expect(xmlsecVerify(kept, KEYS.idp.cert, element)).toBe('');
  });
}

test('the parts of a golden response stand in the order that service providers have seen', () => {
  const order = [
    ...golden('saml/e-both-signed.xml', issue({ settings: { signBoth: true } }).xml).matchAll(/<([\w:]+)/g),
  ]
    .map(([, name]) => name!)
    .filter(
      (name) =>
        !/^(SignedInfo|[A-Z].*Method|Reference|Transforms?|Digest.*|X509.*|saml:Attribute(Value)?)$/.test(
          name,
        ),
    );
  expect(order).toEqual([
    'samlp:Response',
    'saml:Issuer',
    'Signature',
    'SignatureValue',
    'KeyInfo',
    'samlp:Status',
    'samlp:StatusCode',
    'saml:Assertion',
    'saml:Issuer',
    'Signature',
    'SignatureValue',
    'KeyInfo',
    'saml:Subject',
    'saml:NameID',
    'saml:SubjectConfirmation',
    'saml:SubjectConfirmationData',
    'saml:Conditions',
    'saml:AudienceRestriction',
    'saml:Audience',
    'saml:AuthnStatement',
    'saml:AuthnContext',
    'saml:AuthnContextClassRef',
    'saml:AttributeStatement',
  ]);
});
