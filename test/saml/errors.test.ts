import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { SAML } from '@node-saml/node-saml';
import { expect, test } from 'vitest';
import { issueErrorResponse } from '../../src/protocol/saml/issue-response.js';
import { der } from '../../src/protocol/saml/key-pairs.js';
import { STATUS } from '../../src/protocol/saml/names.js';
import type { SamlStatus } from '../../src/protocol/saml/response.js';
import type { AuthnRequest } from '../../src/protocol/saml/authn-request.js';
import type { SamlSettings } from '../../src/protocol/saml/settings.js';
import { signEnveloped } from '../../src/protocol/xml/signature.js';
import { element } from '../../src/protocol/xml/element.js';
import { judgedBy, xmllint, xmlsec1 } from '../support/judges.js';
import { ACS, contextOf, ENCRYPTED, KEYS, type Login } from '../support/login-context.js';
import { invalidDocuments, schemaErrors, xmlsecVerify } from '../support/oasis.js';
import { samlFailure } from '../support/saml-failure.js';
import { partsOf, structureOf } from '../support/wire.js';
import { verifySignatures } from '../support/xml-crypto-verify.js';

const pair = {
  privateKey: createPrivateKey(KEYS.idp.key),
  certificate: der(new X509Certificate(KEYS.idp.cert)),
};
const REQUEST: AuthnRequest = {
  version: '2.0',
  id: '_request-1',
  issuer: 'urn:sp',
  issueInstant: '2026-11-21T09:59:58Z',
  forceAuthn: false,
  isPassive: false,
  signed: false,
  xml: '<AuthnRequest/>',
};
const denied: SamlStatus = { code: STATUS.responder, message: 'Not on <my> watch & "ever"' };
const fail = (status: SamlStatus = denied, login: Login = {}): string =>
  issueErrorResponse(contextOf(login), status, pair);

test('10: deny gives a Response with Responder, the reason as the text of StatusMessage, InResponseTo and no assertion', () => {
  const xml = fail(denied, { context: { request: REQUEST } });
  expect(Object.fromEntries(partsOf(xml))).toEqual({
    '/Response/@ID': '_r0000000000000000001',
    '/Response/@InResponseTo': '_request-1',
    '/Response/@Version': '2.0',
    '/Response/@IssueInstant': '2026-11-21T10:00:00.000Z',
    '/Response/@Destination': ACS,
    '/Response/Issuer': 'urn:auth0:mintmark',
    '/Response/Status/StatusCode/@Value': STATUS.responder,
    '/Response/Status/StatusCode': '',
    '/Response/Status/StatusMessage': 'Not on <my> watch & "ever"',
  });
});

test('10: without a request there is no InResponseTo, without a reason no StatusMessage', () => {
  const xml = fail({ code: STATUS.responder });
  expect(xml).not.toContain('InResponseTo');
  expect(xml).not.toContain('StatusMessage');
});

test('10: a second-level code is nested in the first', () => {
  const parts = partsOf(fail({ code: STATUS.responder, subCode: STATUS.noPassive }));
  expect(parts.get('/Response/Status/StatusCode/@Value')).toBe(STATUS.responder);
  expect(parts.get('/Response/Status/StatusCode/StatusCode/@Value')).toBe(STATUS.noPassive);
});

const topLevel = [STATUS.requester, STATUS.responder, STATUS.versionMismatch];
const subCodes = Object.values(STATUS).filter(
  (code) => code !== STATUS.success && !topLevel.includes(code as never),
);
judgedBy(xmllint)('10: every pair of codes is valid against the schema, with and without a reason', () => {
  const documents = topLevel.flatMap((code) =>
    [undefined, ...subCodes].flatMap((subCode) => [
      fail({ code, subCode }),
      fail({ code, subCode, message: 'why' }, { context: { request: REQUEST } }),
    ]),
  );
  expect(documents).toHaveLength(66);
  expect(invalidDocuments(documents)).toEqual([]);
});

test.each([
  ['', ''],
  [' \r\n\t ', ' \r\n\t '],
  ['</samlp:StatusMessage><saml:Assertion>', '</samlp:StatusMessage><saml:Assertion>'],
  ['<![CDATA[x]]> <!-- --> &amp; ]]>', '<![CDATA[x]]> <!-- --> &amp; ]]>'],
  ['\u0085 \u2028 \u2029 😀', '\u0085 \u2028 \u2029 😀'],
  ['a\u0000b\u0001c\u001bd\u{fffe}e', 'a\ufffdb\ufffdc\ufffdd\ufffde'],
  ['\ud800', '\ufffd'],
  ['\udc00\ud800x', '\ufffd\ufffdx'],
  ['\ud83d\ude00\ud83d', '😀\ufffd'],
])('10: the reason %j arrives as %j', (message, arrives) => {
  const xml = fail({ code: STATUS.responder, message });
  expect(partsOf(xml).get('/Response/Status/StatusMessage')).toBe(arrives);
  expect(structureOf(xml)).toBe(structureOf(fail()));
});

const signs: readonly (readonly [SamlSettings, boolean])[] = [
  [{}, false],
  [{ signResponse: true }, true],
  [{ signBoth: true }, true],
  [{ signErrors: true }, true],
  [{ signResponse: false, signErrors: false }, false],
  [{ ...ENCRYPTED, signErrors: true }, true],
  [{ signErrors: true, signatureAlgorithm: 'rsa-sha1', digestAlgorithm: 'sha1' }, true],
];
for (const [settings, signed] of signs) {
  const named = Object.keys(settings).join(', ') || 'no settings';
  test(`10: with ${named} an error Response is ${signed ? 'signed' : 'not signed'}`, () => {
    const xml = fail(denied, { settings });
    expect(verifySignatures(xml, KEYS.idp.cert).map(({ over }) => over)).toEqual(signed ? ['Response'] : []);
    expect(xml).not.toContain('Assertion>');
  });
  if (signed)
    judgedBy(xmlsec1)(`10: the signature of an error Response verifies, with ${named}`, () => {
      const xml = fail(denied, { settings });
      expect(xmlsecVerify(xml, KEYS.idp.cert, 'Response')).toBe('');
      expect(xmlsecVerify(xml, KEYS.other.cert, 'Response')).not.toBe('');
    });
}

test('10: where there is no pair to sign with, the error still arrives, unsigned', () => {
  const context = contextOf({ settings: { signResponse: true } });
  expect(verifySignatures(issueErrorResponse(context, denied, null), KEYS.idp.cert)).toEqual([]);
});

test('10: issuer and destination are as set', () => {
  const parts = partsOf(fail(denied, { settings: { issuer: 'urn:mine', destination: 'urn:there' } }));
  expect(parts.get('/Response/Issuer')).toBe('urn:mine');
  expect(parts.get('/Response/@Destination')).toBe('urn:there');
});

judgedBy(xmllint)(
  '10: an error of the settings themselves arrives with the defaults in place of what cannot be sent',
  () => {
    for (const text of ['', ' ', 'a\u0001', '\ud800']) {
      const xml = fail(denied, { settings: { issuer: text, destination: text } });
      expect(partsOf(xml).get('/Response/Issuer')).toBe('urn:auth0:mintmark');
      expect(partsOf(xml).get('/Response/@Destination')).toBe(ACS);
      expect(schemaErrors(xml)).toBe('');
    }
    const noUri = fail(denied, { settings: { issuer: 'any text', destination: 'no URI' } });
    expect(partsOf(noUri).get('/Response/Issuer')).toBe('any text');
    expect(partsOf(noUri).get('/Response/@Destination')).toBe(ACS);
    expect(schemaErrors(noUri)).toBe('');
  },
);

test('10: node-saml reads the reason out of an error Response', async () => {
  const sp = new SAML({
    callbackUrl: ACS,
    issuer: ACS,
    idpCert: KEYS.idp.cert,
    wantAuthnResponseSigned: false,
    wantAssertionsSigned: false,
  });
  const SAMLResponse = Buffer.from(fail()).toString('base64');
  await expect(sp.validatePostResponseAsync({ SAMLResponse })).rejects.toThrow(
    'SAML provider returned Responder error: Not on <my> watch & "ever"',
  );
});

test('10: where the pair cannot sign on this machine, the error still arrives, unsigned', () => {
  const cannotSign = { ...pair, privateKey: generateKeyPairSync('x25519').privateKey };
  const xml = issueErrorResponse(contextOf({ settings: { signErrors: true } }), denied, cannotSign);
  expect(xml).toBe(fail());
});

test.each([
  ['sign with RSA and forbidden-by-policy', 'forbidden-by-policy', 'sha256'],
  ['digest with forbidden-by-policy', 'sha256', 'forbidden-by-policy'],
])('a machine whose policy forbids to %s says so by name', (what, signature, digest) => {
  const target = element('samlp:Response', { ID: '_1' }, [element('saml:Issuer', {}, ['x'])]);
  const { code, description } = samlFailure(() =>
    signEnveloped(target, 1, pair, {
      signature: { uri: 'urn:signature', hash: signature },
      digest: { uri: 'urn:digest', hash: digest },
      inclusive: [],
    }),
  );
  expect(code).toBe('saml_algorithm_unsupported');
  expect(description).toContain(what);
});
