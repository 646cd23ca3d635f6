/** Messages of a service provider, signed by xml-crypto and by node-saml, which have no part in our canonical form. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SAML, type SamlConfig } from '@node-saml/node-saml';
import { SignedXml } from 'xml-crypto';

export const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const HASHES = {
  sha1: ['http://www.w3.org/2000/09/xmldsig#rsa-sha1', 'http://www.w3.org/2000/09/xmldsig#sha1'],
  sha256: ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2001/04/xmlenc#sha256'],
  sha512: ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'http://www.w3.org/2001/04/xmlenc#sha512'],
} as const;

/** Of test/keys: `sp.key`, `idp.crt`. */
export const pem = (name: string): string =>
  readFileSync(new URL(`../keys/saml-${name}.pem`, import.meta.url), 'utf8');
export const certificate = (name: string): X509Certificate => new X509Certificate(pem(`${name}.crt`));

export const SP = 'https://sp.example.test';

/** A node-saml SP that signs with the SP's key and trusts the IdP's. */
export const nodeSaml = (options: Partial<SamlConfig> = {}): SAML =>
  new SAML({
    issuer: SP,
    callbackUrl: `${SP}/acs`,
    entryPoint: 'https://idp.example.test/samlp/demo',
    logoutUrl: 'https://idp.example.test/samlp/demo/logout',
    idpCert: pem('idp.crt'),
    privateKey: pem('sp.key'),
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    ...options,
  });

const message = (name: string, content: string, attributes = ''): string =>
  `<samlp:${name} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"${attributes}><saml:Issuer>${SP}</saml:Issuer>${content}</samlp:${name}>`;
/** Unsigned messages that are valid, with room for more attributes and content. */
export const MESSAGES = {
  AuthnRequest: (more = '', attributes = ''): string => message('AuthnRequest', more, attributes),
  LogoutRequest: (more = '', attributes = ''): string =>
    message(
      'LogoutRequest',
      `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">alice</saml:NameID>${more}`,
      attributes,
    ),
  LogoutResponse: (more = '', attributes = ''): string =>
    message(
      'LogoutResponse',
      `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>${more}`,
      attributes,
    ),
} as const;

/** `xml` with an enveloped signature over its root, after the Issuer. */
export function signed(
  xml: string,
  options: {
    readonly key?: string;
    readonly signature?: keyof typeof HASHES;
    readonly digest?: keyof typeof HASHES;
    readonly transforms?: string[];
    readonly isEmptyUri?: boolean;
    /** XPaths of more elements that the signature covers. */
    readonly alsoCovers?: readonly string[];
  } = {},
): string {
  const { key = 'sp.key', signature = 'sha256', digest = signature } = options;
  const signer = new SignedXml({
    privateKey: pem(key),
    publicCert: pem('sp.crt'),
    signatureAlgorithm: HASHES[signature][0],
    canonicalizationAlgorithm: EXCLUSIVE,
  });
  for (const xpath of ['/*', ...(options.alsoCovers ?? [])])
    signer.addReference({
      xpath,
      digestAlgorithm: HASHES[digest][1],
      transforms: options.transforms ?? [ENVELOPED, EXCLUSIVE],
      isEmptyUri: options.isEmptyUri ?? false,
    });
  signer.computeSignature(xml, {
    location: { reference: "/*/*[local-name()='Issuer']", action: 'after' },
  });
  return signer.getSignedXml();
}

/** The Signature of a document that `signed` made. */
export const signatureOf = (xml: string): string => /<Signature[\s\S]*<\/Signature>/.exec(xml)![0];

export const base64 = (xml: string): string => Buffer.from(xml).toString('base64');
/** A form as a browser posts it. */
export const form = (fields: Readonly<Record<string, string>>): string =>
  new URLSearchParams(fields).toString();
