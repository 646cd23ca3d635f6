/** Documents made to be verified as one thing and read as another. Each must fail, and at the step that names the trick. */
import { createHash, createHmac } from 'node:crypto';
import { XMLSerializer } from '@xmldom/xmldom';
import { expect, test } from 'vitest';
import { SignedXml } from 'xml-crypto';
import {
  assertionXml,
  C14N,
  encrypted,
  ENVELOPED,
  expected,
  good,
  idp,
  other,
  responseXml,
  signed,
  sp,
  SUCCESS,
} from '../../../../test/saml/foreign-response.js';
import { canonicaliseNode } from '../../xml/canonical-node.js';
import { parseXml } from '../../xml/parse.js';
import { childNamed, everyNamed } from '../../xml/reading.js';
import { verifySamlResponse, type SamlVerification, type VerifyOptions } from './verify-saml-response.js';

const verify = (xml: string, more: Partial<VerifyOptions> = {}): SamlVerification =>
  verifySamlResponse({ xml }, { ...expected, decryptionKey: sp.key, ...more });
const cause = (verification: SamlVerification): string | undefined =>
  verification.steps.find(({ status }) => status === 'fail')?.name;

const original = good.A();
const assertion = /<saml:Assertion.*<\/saml:Assertion>/.exec(original)![0];
const signature = /<Signature .*<\/Signature>/.exec(assertion)![0];
const unsignedAssertion = assertion.replace(signature, '');
const forged = assertionXml({ nameId: 'admin' }, '_forged');
const around = (content: string): string => original.replace(assertion, () => content);
const into = (xml: string, place: string, more: string): string => xml.replace(place, () => more + place);
const afterIssuer = (xml: string, more: string): string =>
  xml.replace('</saml:Issuer>', () => `</saml:Issuer>${more}`);
const object = (content: string): string =>
  into(signature, '</Signature>', `<Object xmlns="http://www.w3.org/2000/09/xmldsig#">${content}</Object>`);

const originalB = good.B();
const signatureB = /<Signature .*<\/Signature>/.exec(originalB)![0];
const unsignedB = originalB.replace(signatureB, '');
const forgedB = responseXml(SUCCESS + forged, {}, '_forgedResponse');

/** The eight of the paper "On Breaking SAML: Be Whoever You Want to Be" (2012), as the usual tool numbers them. */
const wrappings: Readonly<Record<string, string>> = {
  '1: the signed Response inside the Signature of a forged one': afterIssuer(
    forgedB,
    into(signatureB, '</Signature>', unsignedB),
  ),
  '2: the signed Response before the Signature of a forged one': afterIssuer(forgedB, unsignedB + signatureB),
  '3: a forged Assertion before the signed one': around(forged + assertion),
  '4: the signed Assertion inside a forged one': around(into(forged, '</saml:Assertion>', assertion)),
  '5: the Signature in a forged Assertion, the signed one behind': around(
    afterIssuer(forged, signature) + unsignedAssertion,
  ),
  '6: the Signature in a forged Assertion, the signed one inside it': around(
    afterIssuer(forged, into(signature, '</Signature>', unsignedAssertion)),
  ),
  '7: a forged Assertion in Extensions': original
    .replace(assertion, '')
    .replace(SUCCESS, () => `<samlp:Extensions>${forged}</samlp:Extensions>${SUCCESS}${assertion}`),
  '8: the signed Assertion in an Object of the Signature of a forged one': around(
    afterIssuer(forged, object(unsignedAssertion)),
  ),
};

for (const [what, xml] of Object.entries(wrappings)) {
  test(`wrapping ${what} fails at signature_position`, () => {
    const verification = verify(xml);
    expect(verification.valid).toBe(false);
    expect(cause(verification)).toBe('signature_position');
    expect(verification.assertionXml).toBeUndefined();
    expect(verification.steps.find(({ name }) => name === 'name_id')?.status).toBe('skipped');
  });

  test(`wrapping ${what} is a real one: xml-crypto alone verifies it`, () => {
    const document = parseXml(xml);
    const judge = new SignedXml({ publicCert: idp.crt, getCertFromKeyInfo: () => null });
    judge.loadSignature(new XMLSerializer().serializeToString(everyNamed(document, 'ds:Signature')[0]!));
    expect(judge.checkSignature(xml)).toBe(true);
    expect(xml).toContain('>admin<');
  });

  test(`wrapping ${what} with one ID for both fails at id_uniqueness`, () => {
    const sameId = xml.replaceAll('_forgedResponse', '_response').replaceAll('_forged', '_assertion');
    expect(cause(verify(sameId))).toBe('id_uniqueness');
  });
}

test('a forged Assertion behind the signed one fails at signature_position', () => {
  expect(cause(verify(around(assertion + forged)))).toBe('signature_position');
});

test('two signed assertions fail at signature_position', () => {
  const second = signed(assertionXml({}, '_second'), 'Assertion');
  const verification = verify(around(assertion + second));
  expect(cause(verification)).toBe('signature_position');
  expect(verification.steps.find(({ status }) => status === 'fail')?.detail).toContain('2 assertions');
});

test('an encrypted assertion beside a plain one fails at signature_position', () => {
  expect(cause(verify(around(assertion + encrypted(forged))))).toBe('signature_position');
  expect(cause(verify(around(encrypted(forged) + encrypted(assertion))))).toBe('signature_position');
});

test('an Assertion in the Advice of the signed one fails at signature_position', () => {
  const xml = signed(
    responseXml(SUCCESS + assertionXml()).replace(
      '<saml:AuthnStatement',
      () => `<saml:Advice>${forged}</saml:Advice><saml:AuthnStatement`,
    ),
    'Response',
  );
  expect(cause(verify(xml))).toBe('signature_position');
});

test('a wrapped assertion inside the encryption fails at signature_position', () => {
  const wrapped = into(forged, '</saml:Assertion>', assertion);
  expect(cause(verify(around(encrypted(wrapped))))).toBe('signature_position');
});

test('an ID of the wire that stands again inside the encryption fails at id_uniqueness', () => {
  const again = signed(assertionXml({}, '_response'), 'Assertion');
  expect(cause(verify(around(encrypted(again))))).toBe('id_uniqueness');
});

for (const [mode, xml] of [
  ['A', around(unsignedAssertion)],
  ['B', unsignedB],
  ['C', around(encrypted(unsignedAssertion))],
  ['D', good.D().replace(/<Signature .*<\/Signature>/, '')],
] as const)
  test(`a signature taken out of mode ${mode} fails at signature_position`, () => {
    const verification = verify(xml);
    expect(verification.valid).toBe(false);
    expect(cause(verification)).toBe('signature_position');
  });

for (const [what, inside] of [
  ['a comment', 'ali<!-- x -->ce'],
  ['a comment at its end', 'alice<!-- x -->.evil'],
  ['a processing instruction', 'ali<?x y?>ce'],
] as const)
  test(`${what} put into the NameID fails at comments, though a comment leaves the digest as it is`, () => {
    const verification = verify(
      signed(
        responseXml(SUCCESS + assertionXml({ nameId: inside.replace(/<.*>/, '') })),
        'Assertion',
      ).replace(/(<saml:NameID[^>]*>)[^<]*/, `$1${inside}`),
    );
    expect(cause(verification)).toBe('comments');
    const digest = verification.steps.find(({ name }) => name === 'digest');
    expect(digest?.status).toBe(inside.includes('<!--') ? 'pass' : 'fail');
  });

test('a comment inside the encryption fails at comments', () => {
  const commented = signed(assertionXml({ nameId: 'admin' }), 'Assertion').replace(
    '>admin<',
    '>ad<!---->min<',
  );
  expect(cause(verify(around(encrypted(commented))))).toBe('comments');
});

test('a comment between elements does no harm', () => {
  const xml = original.replace('<saml:Subject>', '<!-- the subject --><saml:Subject>');
  expect(verify(xml).valid).toBe(true);
});

test('forty thousand comments in one element are verified in bounded time', () => {
  const start = performance.now();
  expect(verify(original.replace('<saml:Subject>', `${'<!---->'.repeat(40_000)}<saml:Subject>`)).valid).toBe(
    true,
  );
  expect(performance.now() - start).toBeLessThan(4_000);
});

test('a comment in the DigestValue fails at comments (CVE-2025-29775)', () => {
  expect(cause(verify(original.replace('<DigestValue>', '<DigestValue><!--AAAA-->')))).toBe('comments');
});

test('a second SignedInfo fails at reference (CVE-2025-29774)', () => {
  const info = /<SignedInfo>.*<\/SignedInfo>/.exec(signature)![0];
  expect(cause(verify(original.replace(info, () => info + info)))).toBe('reference');
});

test('a second Signature in one element fails at signature_position', () => {
  expect(cause(verify(original.replace(signature, () => signature + signature)))).toBe('signature_position');
});

test('a Signature that does not follow the Issuer fails at signature_position', () => {
  const moved = unsignedAssertion.replace('</saml:Assertion>', () => `${signature}</saml:Assertion>`);
  expect(cause(verify(around(moved)))).toBe('signature_position');
});

test('an Object in the Signature fails at signature_position', () => {
  expect(cause(verify(original.replace(signature, () => object('x'))))).toBe('signature_position');
});

test('one ID twice fails at id_uniqueness, under whatever name the attribute goes', () => {
  for (const attribute of ['ID', 'Id', 'id', 'xml:id'])
    expect(
      cause(verify(original.replace('<saml:Conditions', `<saml:Conditions ${attribute}="_assertion"`))),
    ).toBe('id_uniqueness');
});

test('a DOCTYPE fails at parse', () => {
  expect(cause(verify(`<!DOCTYPE r [<!ENTITY a "admin">]>${original.replace('>alice<', '>&a;<')}`))).toBe(
    'parse',
  );
});

test('an assertion signed by another with the other’s own certificate fails at key', () => {
  expect(cause(verify(signed(responseXml(SUCCESS + forged), 'Assertion', { pair: other })))).toBe('key');
});

test('a signature over the other element of the same document fails at reference', () => {
  const overResponse = originalB
    .replace(signatureB, '')
    .replace(/(<saml:Assertion.*?<\/saml:Issuer>)/, (start) => start + signatureB);
  expect(cause(verify(overResponse))).toBe('reference');
});

/** A Signature of the IdP's own key over whatever `reference` says: what an attacker gets from a careless signer. */
function withSignedInfo(change: (signedInfo: string) => string, sign = rsa): string {
  const info = change(/<SignedInfo>.*<\/SignedInfo>/.exec(signature)![0]);
  const resigned = signature.replace(/<SignedInfo>.*<\/SignedInfo>/, () => info);
  const root = parseXml(resigned).documentElement!;
  const value = sign(canonicaliseNode(childNamed(root, 'ds:SignedInfo')!));
  return original.replace(signature, () =>
    resigned.replace(/<SignatureValue>[^<]*/, () => `<SignatureValue>${value}`),
  );
}
function rsa(octets: string): string {
  const signer = new SignedXml({});
  const method = new signer.SignatureAlgorithms['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256']!();
  return method.getSignature(octets, idp.key);
}

test('the same SignedInfo signed again is valid, so the ones below fail for their own reason', () => {
  expect(verify(withSignedInfo((info) => info)).valid).toBe(true);
});

for (const [what, change, step] of [
  ['an empty Reference URI', (info: string) => info.replace('URI="#_assertion"', 'URI=""'), 'reference'],
  ['no Reference URI', (info: string) => info.replace(' URI="#_assertion"', ''), 'reference'],
  ['an XPointer', (info: string) => info.replace('#_assertion', "#xpointer(id('_assertion'))"), 'reference'],
  ['a Reference to the Response', (info: string) => info.replace('#_assertion', '#_response'), 'reference'],
  [
    'an external Reference',
    (info: string) => info.replace('#_assertion', 'https://evil.example/#_assertion'),
    'reference',
  ],
  [
    'two References',
    (info: string) => info.replace(/<Reference.*<\/Reference>/, (reference) => reference + reference),
    'reference',
  ],
  ['no Reference', (info: string) => info.replace(/<Reference.*<\/Reference>/, ''), 'reference'],
  [
    'an XPath transform',
    (info: string) =>
      info.replace(
        '</Transforms>',
        '<Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><XPath>self::saml:Issuer</XPath></Transform></Transforms>',
      ),
    'transforms',
  ],
  [
    'an XSLT transform first',
    (info: string) =>
      info.replace(
        '<Transforms>',
        '<Transforms><Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>',
      ),
    'transforms',
  ],
  [
    'a third transform of a kind that is allowed',
    (info: string) => info.replace('</Transforms>', `<Transform Algorithm="${C14N}"/></Transforms>`),
    'transforms',
  ],
  [
    'no enveloped-signature',
    (info: string) => info.replace(`<Transform Algorithm="${ENVELOPED}"/>`, ''),
    'transforms',
  ],
  ['no transforms', (info: string) => info.replace(/<Transforms>.*<\/Transforms>/, ''), 'transforms'],
  [
    'inclusive C14N as a transform',
    (info: string) =>
      info.replace(
        `<Transform Algorithm="${C14N}"`,
        '<Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"',
      ),
    'transforms',
  ],
  [
    'inclusive C14N of SignedInfo',
    (info: string) =>
      info.replace(
        `<CanonicalizationMethod Algorithm="${C14N}"`,
        '<CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"',
      ),
    'algorithms',
  ],
  [
    'MD5 as digest',
    (info: string) => info.replace('2001/04/xmlenc#sha256', '2001/04/xmldsig-more#md5'),
    'algorithms',
  ],
  [
    'an algorithm called __proto__',
    (info: string) => info.replace(/(SignatureMethod Algorithm=")[^"]*/, '$1__proto__'),
    'algorithms',
  ],
  [
    'two DigestValues',
    (info: string) => info.replace(/<DigestValue>.*<\/DigestValue>/, (value) => value + value),
    'digest',
  ],
  [
    'an empty DigestValue',
    (info: string) => info.replace(/<DigestValue>.*<\/DigestValue>/, '<DigestValue/>'),
    'digest',
  ],
  [
    'the digest of nothing',
    (info: string) =>
      info.replace(/<DigestValue>[^<]*/, `<DigestValue>${createHash('sha256').digest('base64')}`),
    'digest',
  ],
] as const)
  test(`${what}, properly signed, fails at ${step}`, () => {
    const verification = verify(withSignedInfo(change));
    expect(verification.valid).toBe(false);
    expect(cause(verification)).toBe(step);
  });

for (const uri of [
  'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
  'http://www.w3.org/2001/04/xmldsig-more#hmac-sha256',
])
  test(`${uri} with the public certificate as secret fails at algorithms`, () => {
    const hash = uri.endsWith('1') ? 'sha1' : 'sha256';
    const xml = withSignedInfo(
      (info) => info.replace(/(SignatureMethod Algorithm=")[^"]*/, `$1${uri}`),
      (octets) => createHmac(hash, idp.crt).update(octets).digest('base64'),
    );
    const verification = verify(xml);
    expect(cause(verification)).toBe('algorithms');
    expect(verification.steps.find(({ name }) => name === 'algorithms')?.hint).toContain('HMAC');
  });
