import { readFileSync } from 'node:fs';
import { SAML } from '@node-saml/node-saml';
import { expect, test } from 'vitest';
import { SignedXml } from 'xml-crypto';
import { readAuthnRequest } from './authn-request.js';
import { verifyRequestSignature } from './request-signature.js';

const key = (name: string): string =>
  readFileSync(new URL(`../../../test/keys/saml-${name}.pem`, import.meta.url), 'utf8');
const sp = { key: key('sp.key'), cert: key('sp.crt') };

/** As node-saml posts it: signed with an enveloped signature. */
async function posted(signatureAlgorithm: 'sha1' | 'sha256' | 'sha512' = 'sha256'): Promise<string> {
  const saml = new SAML({
    issuer: 'https://sp.example.test',
    callbackUrl: 'https://sp.example.test/acs',
    entryPoint: 'https://idp.example.test/samlp/demo',
    idpCert: sp.cert,
    privateKey: sp.key,
    signatureAlgorithm,
    digestAlgorithm: signatureAlgorithm,
    authnRequestBinding: 'HTTP-POST',
    skipRequestCompression: true,
  });
  const form = await saml.getAuthorizeFormAsync('');
  return Buffer.from(/name="SAMLRequest" value="([^"]+)"/.exec(form)![1]!, 'base64').toString();
}
const verdict = (xml: string, cert = sp.cert): string => {
  try {
    verifyRequestSignature(readAuthnRequest(xml), cert);
    return 'verifies';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

test.each(['sha256', 'sha512'] as const)(
  'a request that node-saml signed with %s verifies',
  async (algorithm) => {
    expect(verdict(await posted(algorithm))).toBe('verifies');
  },
);

test('a request signed with SHA-1 is refused', async () => {
  expect(verdict(await posted('sha1'))).toBe('saml_request_signature');
});

test('a request without a signature is told apart from one with a bad signature', async () => {
  const xml = await posted();
  expect(verdict(xml.replace(/<Signature[\s\S]*<\/Signature>/, ''))).toBe('saml_request_unsigned');
  expect(verdict(xml.replace('https://sp.example.test/acs', 'https://evil.example.test/acs'))).toBe(
    'saml_request_signature',
  );
  expect(verdict(xml, key('other.crt'))).toBe('saml_request_signature');
});

test('a signed request wrapped into another one is refused', async () => {
  const xml = (await posted()).replace(/^<\?xml[^>]*>/, '');
  const outer = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_evil" Version="2.0" IssueInstant="2026-01-01T00:00:00Z" AssertionConsumerServiceURL="https://evil.example.test/acs"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://sp.example.test</saml:Issuer><samlp:Extensions>${xml}</samlp:Extensions></samlp:AuthnRequest>`;
  expect(verdict(outer)).toBe('saml_request_signature');
  const signature = /<Signature[\s\S]*<\/Signature>/.exec(xml)![0];
  const moved = outer
    .replace('</saml:Issuer>', `</saml:Issuer>${signature}`)
    .replace(xml, xml.replace(signature, ''));
  expect(verdict(moved)).toBe('saml_request_signature');
});

test('a signature with an HMAC, an extra transform or an empty Reference URI is refused', () => {
  const bare =
    '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">sp</saml:Issuer></samlp:AuthnRequest>';
  const signWith = (isEmptyUri: boolean, transforms: string[]): string => {
    const signer = new SignedXml({
      privateKey: sp.key,
      publicCert: sp.cert,
      signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
      canonicalizationAlgorithm: 'http://www.w3.org/2001/10/xml-exc-c14n#',
    });
    signer.addReference({
      xpath: '/*',
      digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
      transforms,
      isEmptyUri,
    });
    signer.computeSignature(bare, {
      location: { reference: "/*/*[local-name()='Issuer']", action: 'after' },
    });
    return signer.getSignedXml();
  };
  const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
  const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
  expect(verdict(signWith(false, [enveloped, exclusive]))).toBe('verifies');
  expect(verdict(signWith(true, [enveloped, exclusive]))).toBe('saml_request_signature');
  expect(verdict(signWith(false, [enveloped, 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315']))).toBe(
    'saml_request_signature',
  );
  const hmac = signWith(false, [enveloped, exclusive]).replace(
    'xmldsig-more#rsa-sha256',
    'xmldsig-more#hmac-sha256',
  );
  expect(verdict(hmac)).toBe('saml_request_signature');
});
