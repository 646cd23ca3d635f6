/**
 * SAML responses that no code of ours has built: written by hand, signed by xml-crypto as its README shows, encrypted by node:crypto.
 * What reads and verifies is judged by them.
 */
import { constants, createCipheriv, publicEncrypt, randomBytes, type CipherGCM } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SignedXml } from 'xml-crypto';

export const keyFile = (name: string): string =>
  readFileSync(new URL(`../keys/saml-${name}.pem`, import.meta.url), 'utf8');
export const idp = { key: keyFile('idp.key'), crt: keyFile('idp.crt') };
export const other = { key: keyFile('other.key'), crt: keyFile('other.crt') };
export const sp = { key: keyFile('sp.key'), crt: keyFile('sp.crt'), pub: keyFile('sp.pub') };

const now = new Date('2030-01-31T12:00:10Z');
export const acs = 'https://sp.example.com/acs';
export const audience = 'https://sp.example.com';
export const expected = {
  certificates: [idp.crt],
  audience,
  recipient: acs,
  destination: acs,
  inResponseTo: '_request',
  now,
} as const;

const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion';
const SAMLP = 'urn:oasis:names:tc:SAML:2.0:protocol';

export interface Parts {
  readonly nameId: string;
  readonly notBefore: string;
  readonly notOnOrAfter: string;
  readonly audience: string;
  readonly recipient: string;
  readonly destination: string;
  readonly issuer: string;
  readonly email: string;
}
const usual: Parts = {
  nameId: 'alice',
  notBefore: '2030-01-31T12:00:00Z',
  notOnOrAfter: '2030-01-31T13:00:00Z',
  audience,
  recipient: acs,
  destination: acs,
  issuer: 'urn:idp',
  email: 'alice@example.com',
};

/** The assertion of `Parts`, with the namespaces it uses. */
export function assertionXml(parts: Partial<Parts> = {}, id = '_assertion'): string {
  const {
    nameId,
    notBefore,
    notOnOrAfter,
    audience: only,
    recipient,
    issuer,
    email,
  } = { ...usual, ...parts };
  return (
    `<saml:Assertion xmlns:saml="${SAML}" Version="2.0" ID="${id}" IssueInstant="2030-01-31T12:00:00.000Z">` +
    `<saml:Issuer>${issuer}</saml:Issuer>` +
    `<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">${nameId}</saml:NameID>` +
    `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">` +
    `<saml:SubjectConfirmationData NotOnOrAfter="${notOnOrAfter}" Recipient="${recipient}" InResponseTo="_request"/>` +
    `</saml:SubjectConfirmation></saml:Subject>` +
    `<saml:Conditions NotBefore="${notBefore}" NotOnOrAfter="${notOnOrAfter}">` +
    `<saml:AudienceRestriction><saml:Audience>${only}</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
    `<saml:AuthnStatement AuthnInstant="2030-01-31T11:59:00Z" SessionIndex="_session"><saml:AuthnContext>` +
    `<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef>` +
    `</saml:AuthnContext></saml:AuthnStatement>` +
    `<saml:AttributeStatement xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
    `<saml:Attribute Name="email" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">` +
    `<saml:AttributeValue xsi:type="xs:string">${email}</saml:AttributeValue></saml:Attribute>` +
    `</saml:AttributeStatement></saml:Assertion>`
  );
}

export const SUCCESS =
  '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>';

/** A Response around `content`, which is what follows Issuer. */
export function responseXml(content: string, parts: Partial<Parts> = {}, id = '_response'): string {
  const { destination, issuer } = { ...usual, ...parts };
  return (
    `<samlp:Response xmlns:samlp="${SAMLP}" ID="${id}" InResponseTo="_request" Version="2.0" ` +
    `IssueInstant="2030-01-31T12:00:00.001Z" Destination="${destination}">` +
    `<saml:Issuer xmlns:saml="${SAML}">${issuer}</saml:Issuer>${content}</samlp:Response>`
  );
}

export interface Signing {
  readonly pair?: { readonly key: string; readonly crt: string };
  readonly signature?: string;
  readonly digest?: string;
  readonly transforms?: readonly string[];
  readonly inclusive?: readonly string[];
  /** `ds` writes `<ds:Signature>`. */
  readonly prefix?: string;
  readonly keyInfo?: boolean;
}
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
export const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
export const C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';

/** `xml` with a Signature after the Issuer of its first element of that name. */
export function signed(xml: string, name: 'Response' | 'Assertion', signing: Signing = {}): string {
  const { pair = idp, transforms = [ENVELOPED, C14N], inclusive = [], prefix, keyInfo = true } = signing;
  const signer = new SignedXml({
    privateKey: pair.key,
    publicCert: pair.crt,
    signatureAlgorithm: signing.signature ?? RSA_SHA256,
    canonicalizationAlgorithm: C14N,
    ...(!keyInfo && { getKeyInfoContent: () => null }),
  });
  signer.addReference({
    xpath: `//*[local-name(.)='${name}']`,
    transforms: [...transforms],
    digestAlgorithm: signing.digest ?? SHA256,
    inclusiveNamespacesPrefixList: [...inclusive],
  });
  signer.computeSignature(xml, {
    ...(prefix && { prefix }),
    location: { reference: `//*[local-name(.)='${name}']/*[local-name(.)='Issuer']`, action: 'after' },
  });
  return signer.getSignedXml();
}

const CIPHERS = {
  'aes128-cbc': ['aes-128-cbc', 'http://www.w3.org/2001/04/xmlenc#aes128-cbc', 16, 16],
  'aes192-cbc': ['aes-192-cbc', 'http://www.w3.org/2001/04/xmlenc#aes192-cbc', 24, 16],
  'aes256-cbc': ['aes-256-cbc', 'http://www.w3.org/2001/04/xmlenc#aes256-cbc', 32, 16],
  'aes128-gcm': ['aes-128-gcm', 'http://www.w3.org/2009/xmlenc11#aes128-gcm', 16, 12],
  'aes192-gcm': ['aes-192-gcm', 'http://www.w3.org/2009/xmlenc11#aes192-gcm', 24, 12],
  'aes256-gcm': ['aes-256-gcm', 'http://www.w3.org/2009/xmlenc11#aes256-gcm', 32, 12],
} as const;
export type Cipher = keyof typeof CIPHERS;
export const ciphers = Object.keys(CIPHERS) as Cipher[];

/** An EncryptedAssertion of `plaintext`, for the SP. */
export function encrypted(
  plaintext: string | Buffer,
  cipher: Cipher = 'aes256-gcm',
  place: 'nested' | 'beside' = 'nested',
): string {
  const [name, uri, keyBytes, ivBytes] = CIPHERS[cipher];
  const contentKey = randomBytes(keyBytes);
  const iv = randomBytes(ivBytes);
  const stream = createCipheriv(name, contentKey, iv);
  const parts = [iv, stream.update(plaintext), stream.final()];
  if (name.endsWith('gcm')) parts.push((stream as CipherGCM).getAuthTag());
  const wrapped = publicEncrypt(
    { key: sp.pub, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
    contentKey,
  );
  const der = sp.crt.replace(/-----[^-]+-----|\s/g, '');
  const encryptedKey =
    `<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p">` +
    `<ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/></xenc:EncryptionMethod>` +
    `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>` +
    `<xenc:CipherData><xenc:CipherValue>${wrapped.toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>`;
  return (
    `<saml:EncryptedAssertion xmlns:saml="${SAML}" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">` +
    `<xenc:EncryptedData Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="${uri}"/>` +
    (place === 'nested' ? `<ds:KeyInfo>${encryptedKey}</ds:KeyInfo>` : '') +
    `<xenc:CipherData><xenc:CipherValue>${Buffer.concat(parts).toString('base64')}</xenc:CipherValue></xenc:CipherData>` +
    `</xenc:EncryptedData>${place === 'beside' ? encryptedKey : ''}</saml:EncryptedAssertion>`
  );
}

/** One good response a mode (saml-output.md 3.3). */
export const good = {
  A: () => signed(responseXml(SUCCESS + assertionXml()), 'Assertion'),
  B: () => signed(responseXml(SUCCESS + assertionXml()), 'Response'),
  C: () => responseXml(SUCCESS + encrypted(signed(assertionXml(), 'Assertion'))),
  D: () => signed(responseXml(SUCCESS + encrypted(assertionXml())), 'Response'),
  E: () => signed(signed(responseXml(SUCCESS + assertionXml()), 'Assertion'), 'Response'),
} as const;
export type Mode = keyof typeof good;
export const modes = Object.keys(good) as Mode[];

export const base64 = (xml: string): string => Buffer.from(xml).toString('base64');
