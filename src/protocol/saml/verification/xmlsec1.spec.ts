/** Documents that xmlsec1 has signed and encrypted: software without kinship to anything that verifies them here. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import {
  assertionXml,
  C14N,
  ENVELOPED,
  expected,
  keyFile,
  responseXml,
  sp,
  SUCCESS,
} from '../../../../test/saml/foreign-response.js';
import { judgedBy, xmlsec1 } from '../../../../test/support/judges.js';
import { verifySamlResponse, type SamlVerification, type VerifyOptions } from './verify-saml-response.js';

const keys = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/keys/saml-${name}.pem`, import.meta.url));
const SAML = 'urn:oasis:names:tc:SAML:2.0:';
const ids = ['--id-attr:ID', `${SAML}assertion:Assertion`, '--id-attr:ID', `${SAML}protocol:Response`];

/** Runs xmlsec1 over `input` and yields what it writes. */
function run(mode: string, input: string, ...options: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'mintmark-'));
  const [source, target] = [join(folder, 'in.xml'), join(folder, 'out.xml')];
  writeFileSync(source, input);
  execFileSync('xmlsec1', [mode, ...options, '--output', target, source], { stdio: 'pipe', cwd: folder });
  return readFileSync(target, 'utf8')
    .replace(/^<\?xml[^>]*\?>\n/, '')
    .trimEnd();
}

interface Template {
  readonly signature?: string;
  readonly digest?: string;
  readonly prefixes?: string;
  readonly key?: string;
}
function template(id: string, { signature, digest, prefixes }: Template): string {
  const inclusive = prefixes ? `<ec:InclusiveNamespaces xmlns:ec="${C14N}" PrefixList="${prefixes}"/>` : '';
  return (
    `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>\n  <ds:CanonicalizationMethod Algorithm="${C14N}"/>` +
    `<ds:SignatureMethod Algorithm="${signature ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'}"/>` +
    `<ds:Reference URI="#${id}"><ds:Transforms><ds:Transform Algorithm="${ENVELOPED}"/>` +
    `<ds:Transform Algorithm="${C14N}">${inclusive}</ds:Transform></ds:Transforms>` +
    `<ds:DigestMethod Algorithm="${digest ?? 'http://www.w3.org/2001/04/xmlenc#sha256'}"/><ds:DigestValue/></ds:Reference>` +
    `</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>`
  );
}
/** `xml` with the first Issuer of `name` followed by a Signature that xmlsec1 makes. */
function signedByXmlsec(xml: string, name: 'Response' | 'Assertion', options: Template = {}): string {
  const start = new RegExp(`(<[a-z]+:${name} .*?</saml:Issuer>)`, 's');
  const { key = 'idp' } = options;
  const prepared = xml.replace(
    start,
    (opening) => opening + template(name === 'Response' ? '_response' : '_assertion', options),
  );
  return run(
    '--sign',
    prepared,
    ...ids,
    '--node-xpath',
    `//*[local-name()='${name}']/*[local-name()='Signature']`,
    '--privkey-pem',
    `${keys(`${key}.key`)},${keys(`${key}.crt`)}`,
  );
}
const unsigned = (email?: string): string =>
  responseXml(SUCCESS + assertionXml(email === undefined ? {} : { email }));

const verify = (xml: string, more: Partial<VerifyOptions> = {}): SamlVerification =>
  verifySamlResponse({ xml }, { ...expected, decryptionKey: sp.key, ...more });
const failed = ({ steps }: SamlVerification): string[] =>
  steps.filter(({ status }) => status === 'fail').map(({ name, detail }) => `${name}: ${detail}`);
const status = ({ steps }: SamlVerification, name: string): string | undefined =>
  steps.find((step) => step.name === name)?.status;

for (const name of ['Assertion', 'Response'] as const)
  judgedBy(xmlsec1)(`a ${name} that xmlsec1 has signed is valid`, () => {
    const verification = verify(signedByXmlsec(unsigned(), name));
    expect(failed(verification)).toEqual([]);
    expect(verification.valid).toBe(true);
  });

judgedBy(xmlsec1)('both signed by xmlsec1, one after the other, are valid', () => {
  const verification = verify(signedByXmlsec(signedByXmlsec(unsigned(), 'Assertion'), 'Response'));
  expect(failed(verification)).toEqual([]);
  expect(verification.steps.filter(({ name }) => name === 'signature_value')).toHaveLength(2);
});

judgedBy(xmlsec1)('a pretty-printed response that xmlsec1 has signed is valid', () => {
  const verification = verify(signedByXmlsec(unsigned().replaceAll('><', '>\r\n  <'), 'Assertion'));
  expect(failed(verification)).toEqual([]);
});

const more = 'http://www.w3.org/2001/04/xmldsig-more#';
const xmlenc = 'http://www.w3.org/2001/04/xmlenc#';
for (const [signature, digest] of [
  [`${more}rsa-sha384`, `${more}sha384`],
  [`${more}rsa-sha512`, `${xmlenc}sha512`],
  ['http://www.w3.org/2000/09/xmldsig#rsa-sha1', 'http://www.w3.org/2000/09/xmldsig#sha1'],
] as const)
  judgedBy(xmlsec1)(`${signature} of xmlsec1 is valid`, () => {
    expect(failed(verify(signedByXmlsec(unsigned(), 'Assertion', { signature, digest })))).toEqual([]);
  });

judgedBy(xmlsec1)('ecdsa-sha256 of xmlsec1 is valid with the EC certificate, not with an RSA one', () => {
  const xml = signedByXmlsec(unsigned(), 'Assertion', { signature: `${more}ecdsa-sha256`, key: 'ec' });
  const verification = verify(xml, { certificates: [keyFile('ec.crt')] });
  expect(failed(verification)).toEqual([]);
  expect(status(verification, 'cross_check')).toBe('skipped');
  expect(status(verify(xml), 'key')).toBe('fail');
});

judgedBy(xmlsec1)('InclusiveNamespaces of xmlsec1 are valid, whether declared above or inside', () => {
  const declared = unsigned().replace(
    '<samlp:Response ',
    '<samlp:Response xmlns="urn:default" xmlns:out="urn:out" ',
  );
  for (const prefixes of ['xs', 'xs xsi saml', 'out samlp', '#default out'])
    expect(
      status(verify(signedByXmlsec(declared, 'Assertion', { prefixes })), 'signature_value'),
      prefixes,
    ).toBe('pass');
});

judgedBy(xmlsec1)('texts and names at the edges of canonicalisation verify as xmlsec1 signs them', () => {
  const texts =
    '&#13;&#10;&#9;&lt;&gt;&amp;"\' ]]&gt; \u0085\u2028\u2029 &#x85; \u{1F600} <![CDATA[<x>&"]]> \uFFFD';
  const names =
    '<x:e xmlns:x="urn:x" xmlns:b="urn:b" xmlns:A="urn:A" xmlns:a="urn:a" A:k="&#10;" b:k="&#9;&quot;" a:k="&#13;" k=" x\ty"><y xmlns="urn:d"><z xmlns=""><w/></z></y></x:e>';
  for (const value of [texts, `a${names}`]) {
    const verification = verify(signedByXmlsec(unsigned(value), 'Assertion'));
    expect(status(verification, 'digest')).toBe('pass');
    expect(status(verification, 'signature_value')).toBe('pass');
  }
});

judgedBy(xmlsec1)('where xml-crypto canonicalises otherwise than xmlsec1, cross_check alone says so', () => {
  const cases = '<e xmlns:A="urn:A" xmlns:a="urn:a" A:k="1" a:k="2"/>';
  const verification = verify(signedByXmlsec(unsigned(cases), 'Assertion'));
  expect(failed(verification).map((text) => text.split(':')[0])).toEqual(['cross_check']);
});

for (const [name, session, uri] of [
  ['aes128-cbc', 'aes-128', `${xmlenc}aes128-cbc`],
  ['aes192-cbc', 'aes-192', `${xmlenc}aes192-cbc`],
  ['aes256-cbc', 'aes-256', `${xmlenc}aes256-cbc`],
  ['aes128-gcm', 'aes-128', 'http://www.w3.org/2009/xmlenc11#aes128-gcm'],
  ['aes192-gcm', 'aes-192', 'http://www.w3.org/2009/xmlenc11#aes192-gcm'],
  ['aes256-gcm', 'aes-256', 'http://www.w3.org/2009/xmlenc11#aes256-gcm'],
] as const)
  judgedBy(xmlsec1)(`${name} of xmlsec1 is decrypted, and what is inside verified`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'mintmark-'));
    const plain = join(folder, 'assertion.xml');
    writeFileSync(plain, signedByXmlsec(assertionXml(), 'Assertion'));
    const encryptedData = run(
      '--encrypt',
      `<xenc:EncryptedData xmlns:xenc="${xmlenc}" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Type="${xmlenc}Element">` +
        `<xenc:EncryptionMethod Algorithm="${uri}"/><ds:KeyInfo><xenc:EncryptedKey>` +
        `<xenc:EncryptionMethod Algorithm="${xmlenc}rsa-oaep-mgf1p"/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo>` +
        `<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>` +
        `<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>`,
      '--pubkey-cert-pem',
      keys('sp.crt'),
      '--session-key',
      session,
      '--xml-data',
      plain,
    );
    const assertion = `<saml:EncryptedAssertion xmlns:saml="${SAML}assertion">${encryptedData}</saml:EncryptedAssertion>`;
    const verification = verify(responseXml(SUCCESS + assertion));
    expect(failed(verification)).toEqual([]);
    expect(verification.valid).toBe(true);
    const outside = verify(signedByXmlsec(responseXml(SUCCESS + assertion), 'Response'));
    expect(failed(outside)).toEqual([]);
    expect(outside.steps.filter(({ name: step }) => step === 'signature_value')).toHaveLength(2);
  });
