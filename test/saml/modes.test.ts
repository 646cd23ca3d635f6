import { SAML, type Profile, type SamlConfig } from '@node-saml/node-saml';
import { expect, test } from 'vitest';
import type { SamlSettings } from '../../src/protocol/saml/settings.js';
import { judgedBy, xmllint, xmlsec1 } from '../support/judges.js';
import { ACS, ALICE, ENCRYPTED, issue, KEYS } from '../support/login-context.js';
import { schemaErrors, xmlsecDecrypt, xmlsecVerify } from '../support/oasis.js';

interface Mode {
  readonly settings: SamlSettings;
  readonly signs: readonly ('Assertion' | 'Response')[];
  readonly encrypts: boolean;
}
const modes: Record<string, Mode> = {
  'A, signed assertion': { settings: {}, signs: ['Assertion'], encrypts: false },
  'B, signed response': { settings: { signResponse: true }, signs: ['Response'], encrypts: false },
  'C, encrypted, signed inside': { settings: ENCRYPTED, signs: ['Assertion'], encrypts: true },
  'C with gcm': {
    settings: { ...ENCRYPTED, encryptionAlgorithm: 'aes256-gcm' },
    signs: ['Assertion'],
    encrypts: true,
  },
  'D, encrypted, signed outside': {
    settings: { ...ENCRYPTED, signResponse: true },
    signs: ['Response'],
    encrypts: true,
  },
  'D with gcm': {
    settings: { ...ENCRYPTED, signResponse: true, encryptionAlgorithm: 'aes256-gcm' },
    signs: ['Response'],
    encrypts: true,
  },
  'E, both signed': { settings: { signBoth: true }, signs: ['Assertion', 'Response'], encrypts: false },
  'E encrypted': {
    settings: { ...ENCRYPTED, signBoth: true },
    signs: ['Assertion', 'Response'],
    encrypts: true,
  },
  'A with rsa-sha1 and sha1': {
    settings: { signatureAlgorithm: 'rsa-sha1', digestAlgorithm: 'sha1' },
    signs: ['Assertion'],
    encrypts: false,
  },
  'A with rsa-sha256 over sha1': {
    settings: { digestAlgorithm: 'sha1' },
    signs: ['Assertion'],
    encrypts: false,
  },
  'A with InclusiveNamespaces': {
    settings: { inclusiveNamespaces: true },
    signs: ['Assertion'],
    encrypts: false,
  },
  'B with InclusiveNamespaces': {
    settings: { inclusiveNamespaces: true, signResponse: true },
    signs: ['Response'],
    encrypts: false,
  },
  'A with its own pair': {
    settings: { cert: KEYS.other.cert, key: KEYS.other.key },
    signs: ['Assertion'],
    encrypts: false,
  },
};
const certificateOf = ({ settings }: Mode): string => settings.cert ?? KEYS.idp.cert;

const serviceProvider = (mode: Mode, more: Partial<SamlConfig> = {}): SAML =>
  new SAML({
    callbackUrl: ACS,
    issuer: ACS,
    audience: ACS,
    idpCert: certificateOf(mode),
    idpIssuer: 'urn:auth0:mintmark',
    wantAssertionsSigned: mode.signs.includes('Assertion'),
    wantAuthnResponseSigned: mode.signs.includes('Response'),
    decryptionPvk: KEYS.sp.key,
    acceptedClockSkewMs: -1,
    ...more,
  });
const accept = async (mode: Mode, xml: string, more?: Partial<SamlConfig>): Promise<Profile> => {
  const { profile } = await serviceProvider(mode, more).validatePostResponseAsync({
    SAMLResponse: Buffer.from(xml).toString('base64'),
  });
  return profile!;
};

for (const [name, mode] of Object.entries(modes)) {
  judgedBy(xmllint)(`mode ${name}: the response is valid against the OASIS schema`, () => {
    expect(schemaErrors(issue(mode).xml)).toBe('');
  });

  judgedBy(xmlsec1)(`mode ${name}: the signatures verify, and not with another certificate`, () => {
    const { xml, signed } = issue(mode);
    expect(signed).toEqual(mode.signs.map((element) => element.toLowerCase()));
    const readable = mode.encrypts ? xmlsecDecrypt(xml, KEYS.sp.key) : xml;
    for (const element of mode.signs) {
      // an outer signature covers the ciphertext, an inner one the plaintext
      const document =
        element === 'Response'
          ? xml
          : readable.replace(/<saml:EncryptedAssertion[^>]*>|<\/saml:EncryptedAssertion>/g, '');
      expect(xmlsecVerify(document, certificateOf(mode), element)).toBe('');
      expect(
        xmlsecVerify(
          document,
          certificateOf(mode) === KEYS.idp.cert ? KEYS.other.cert : KEYS.idp.cert,
          element,
        ),
      ).not.toBe('');
    }
  });

  judgedBy(xmllint)(`mode ${name}: the assertion before encryption stands on its own`, () => {
    const { assertionXml } = issue(mode);
    if (!mode.encrypts) return expect(assertionXml).toBeNull();
    expect(
      schemaErrors(
        `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_x" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>${assertionXml}</samlp:Response>`,
      ),
    ).toBe('');
  });

  test(`mode ${name}: node-saml accepts it and reads the profile`, async () => {
    const profile = await accept(mode, issue(mode).xml);
    expect(profile.nameID).toBe('auth0|alice');
    expect(profile['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress']).toBe(ALICE.email);
  });

  test(`mode ${name}: node-saml refuses a wrong certificate, a wrong audience, and any tampered letter of the name`, async () => {
    const { xml } = issue(mode);
    await expect(accept(mode, xml, { idpCert: KEYS.sp.cert })).rejects.toThrow(/signature/i);
    await expect(accept(mode, xml, { audience: 'https://another.example.test' })).rejects.toThrow(
      /audience/i,
    );
    if (!mode.encrypts)
      await expect(accept(mode, xml.replace('Alice Liddell', 'Mallory'))).rejects.toThrow(/signature/i);
  });
}

test('an outer signature covers the ciphertext: one changed byte of it is refused before decryption', async () => {
  const mode = modes['D, encrypted, signed outside']!;
  const { xml } = issue(mode);
  const tampered = xml.replace(
    /(<xenc:CipherValue>)(.)/g,
    (_, tag: string, letter: string) => tag + (letter === 'A' ? 'B' : 'A'),
  );
  await expect(accept(mode, tampered)).rejects.toThrow(/signature/i);
});

test('node-saml refuses an expired assertion and one that is not valid yet', async () => {
  const mode = modes['A, signed assertion']!;
  const past = issue({ context: { now: new Date('2020-01-01T00:00:00Z') } }).xml;
  await expect(accept(mode, past, { acceptedClockSkewMs: 0 })).rejects.toThrow(/expired/);
  const future = issue({ context: { now: new Date('2126-01-01T00:00:00Z') } }).xml;
  await expect(accept(mode, future, { acceptedClockSkewMs: 0 })).rejects.toThrow(/not yet valid/);
});
