import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from 'node:crypto';
import { expect, test } from 'vitest';
import { readEncryptionPair, readSigningPair } from '../../src/protocol/saml/key-pairs.js';
import type { SamlErrorCode } from '../../src/protocol/saml/saml-error.js';
import type { SamlSettings } from '../../src/protocol/saml/settings.js';
import { selfSignedCertificate } from '../../src/tenant/key-generation.js';
import { decryptAssertion } from '../support/decrypt.js';
import { ENCRYPTED, issue, KEYS, NOW, testKey } from '../support/login-context.js';
import { samlFailure } from '../support/saml-failure.js';
import { verifySignatures } from '../support/xml-crypto-verify.js';

const { other, sp } = KEYS;
const ec = { cert: testKey('saml-ec.crt'), key: testKey('saml-ec.key'), publicKey: testKey('saml-ec.pub') };

/** An RSA key of so many bits with its certificate. */
function pairOf(bits: number, now = NOW) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  return {
    cert: selfSignedCertificate(privateKey, { now, commonName: `${bits} bits` }),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
const short = pairOf(512);
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
const pkcs1Key = createPrivateKey(other.key).export({ type: 'pkcs1', format: 'pem' }).toString();
const pkcs1PublicKey = createPublicKey(sp.publicKey).export({ type: 'pkcs1', format: 'pem' }).toString();
const encryptedKey = createPrivateKey(other.key)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
  .toString();
const oldEncryptedKey = createPrivateKey(other.key)
  .export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
  .toString();

const body = (pem: string): string => pem.replaceAll(/-----.*-----|\s/g, '');
const cut = (pem: string): string => pem.replace(/\n.*\n(-----END)/, '\n$1');
const damaged = (pem: string): string => pem.replace(/\n./, '\n*');

interface Refused {
  readonly settings: SamlSettings;
  readonly code: SamlErrorCode;
  /** Settings that are pointed at. */
  readonly at: readonly string[];
}
const signing = (cert: string | undefined, key: string | undefined): SamlSettings => ({ cert, key });
const encryption = (cert: string | undefined, key: string | undefined): SamlSettings => ({
  encryptionCert: cert,
  encryptionPublicKey: key,
});
const refused: Readonly<Record<string, Refused>> = {
  'cert without key': {
    settings: signing(other.cert, undefined),
    code: 'saml_key_pair_incomplete',
    at: ['cert'],
  },
  'key without cert': {
    settings: signing(undefined, other.key),
    code: 'saml_key_pair_incomplete',
    at: ['key'],
  },
  'encryptionCert without encryptionPublicKey': {
    settings: encryption(sp.cert, undefined),
    code: 'saml_key_pair_incomplete',
    at: ['encryptionCert'],
  },
  'encryptionPublicKey without encryptionCert': {
    settings: encryption(undefined, sp.publicKey),
    code: 'saml_key_pair_incomplete',
    at: ['encryptionPublicKey'],
  },
  'cert and key swapped': {
    settings: signing(other.key, other.cert),
    code: 'saml_pem_invalid',
    at: ['cert'],
  },
  'a certificate for a key': {
    settings: signing(other.cert, other.cert),
    code: 'saml_pem_invalid',
    at: ['key'],
  },
  'encryptionCert and encryptionPublicKey swapped': {
    settings: encryption(sp.publicKey, sp.cert),
    code: 'saml_pem_invalid',
    at: ['encryptionCert'],
  },
  'a private key for the encryptionPublicKey': {
    settings: encryption(sp.cert, sp.key),
    code: 'saml_pem_invalid',
    at: ['encryptionPublicKey'],
  },
  'cert and key of two pairs': {
    settings: signing(other.cert, KEYS.idp.key),
    code: 'saml_key_pair_mismatch',
    at: ['cert', 'key'],
  },
  'encryptionCert and encryptionPublicKey of two pairs': {
    settings: encryption(other.cert, sp.publicKey),
    code: 'saml_key_pair_mismatch',
    at: ['encryptionCert', 'encryptionPublicKey'],
  },
  'an empty cert and key': { settings: signing('', ''), code: 'saml_pem_invalid', at: ['cert'] },
  'words for a cert': { settings: signing('no PEM', other.key), code: 'saml_pem_invalid', at: ['cert'] },
  'base64 that is no certificate': {
    settings: signing('bm90IGEgY2VydA==', other.key),
    code: 'saml_pem_invalid',
    at: ['cert'],
  },
  'a cert that is cut off': {
    settings: signing(cut(other.cert), other.key),
    code: 'saml_pem_invalid',
    at: ['cert'],
  },
  'a key that is cut off': {
    settings: signing(other.cert, cut(other.key)),
    code: 'saml_pem_invalid',
    at: ['key'],
  },
  'a key without its end line': {
    settings: signing(other.cert, other.key.replace(/-----END.*/, '')),
    code: 'saml_pem_invalid',
    at: ['key'],
  },
  'a key without header lines': {
    settings: signing(other.cert, body(other.key)),
    code: 'saml_pem_invalid',
    at: ['key'],
  },
  'a damaged key': {
    settings: signing(other.cert, damaged(other.key)),
    code: 'saml_pem_invalid',
    at: ['key'],
  },
  'a damaged encryptionPublicKey': {
    settings: encryption(sp.cert, damaged(sp.publicKey)),
    code: 'saml_pem_invalid',
    at: ['encryptionPublicKey'],
  },
  'two certificates': {
    settings: signing(other.cert + KEYS.idp.cert, other.key),
    code: 'saml_pem_invalid',
    at: ['cert'],
  },
  'certificate and key in one': {
    settings: signing(other.cert, other.cert + other.key),
    code: 'saml_pem_invalid',
    at: ['key'],
  },
  'an encrypted key': { settings: signing(other.cert, encryptedKey), code: 'saml_pem_invalid', at: ['key'] },
  'an encrypted key in the old way': {
    settings: signing(other.cert, oldEncryptedKey),
    code: 'saml_pem_invalid',
    at: ['key'],
  },
  'an EC key': { settings: signing(ec.cert, ec.key), code: 'saml_pem_invalid', at: ['key'] },
  'an EC certificate beside an RSA key': {
    settings: signing(ec.cert, other.key),
    code: 'saml_key_pair_mismatch',
    at: ['cert', 'key'],
  },
  'an EC encryption key': {
    settings: encryption(ec.cert, ec.publicKey),
    code: 'saml_pem_invalid',
    at: ['encryptionPublicKey'],
  },
  'an EC certificate beside an RSA encryption key': {
    settings: encryption(ec.cert, sp.publicKey),
    code: 'saml_key_pair_mismatch',
    at: ['encryptionCert', 'encryptionPublicKey'],
  },
  'an RSA-PSS key': {
    settings: signing(other.cert, pss.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    code: 'saml_pem_invalid',
    at: ['key'],
  },
  'a 512-bit key': { settings: signing(short.cert, short.key), code: 'saml_key_too_short', at: ['key'] },
  'a 512-bit encryption key': {
    settings: encryption(short.cert, short.publicKey),
    code: 'saml_key_too_short',
    at: ['encryptionPublicKey'],
  },
};

for (const [title, { settings, code, at }] of Object.entries(refused))
  test(`7: ${title}: ${code}, nothing is signed by the tenant nor sent in the clear`, () => {
    for (const signResponse of [false, true]) {
      const failure = samlFailure(() => issue({ settings: { ...settings, signResponse } }));
      expect(failure.code).toBe(code);
      expect(failure.errors.map(({ pointer }) => pointer)).toEqual(at.map((name) => `/samlResponse/${name}`));
      for (const { detail } of failure.errors) expect(failure.description).toContain(detail);
    }
  });

test('7: no message repeats a word of a PEM, and none carries a cause that could', () => {
  for (const { settings } of Object.values(refused)) {
    const failure = samlFailure(() => issue({ settings }));
    const said = JSON.stringify([failure.description, failure.errors, failure.cause ?? null]);
    for (const pem of Object.values(settings) as (string | undefined)[])
      for (const line of pem?.split('\n') ?? [])
        if (line.length > 20 && !line.startsWith('-----')) expect(said).not.toContain(line);
  }
});

test('7: the message says what to do', () => {
  const said = (title: string): string =>
    samlFailure(() => issue({ settings: refused[title]!.settings })).description;
  expect(said('cert without key')).toBe('cert is set without key: both must be given, or neither');
  expect(said('cert and key swapped')).toContain('a PRIVATE KEY block where a CERTIFICATE block is needed');
  expect(said('two certificates')).toContain('2 PEM blocks');
  expect(said('an encrypted key')).toContain('no setting for a passphrase');
  expect(said('an encrypted key in the old way')).toContain('no setting for a passphrase');
  expect(said('an EC key')).toContain('a key of type ec');
  expect(said('a 512-bit key')).toContain('512 bits');
});

const crlf = (pem: string): string => pem.replaceAll('\n', '\r\n');
const literal = (pem: string): string => pem.replaceAll('\n', String.raw`\n`);
const mended: Readonly<Record<string, (pem: string) => string>> = {
  'as it is': (pem) => pem,
  'with CRLF': crlf,
  'with old Mac line ends': (pem) => pem.replaceAll('\n', '\r'),
  'with literal \\n': literal,
  'with literal \\r\\n': (pem) => pem.replaceAll('\n', String.raw`\r\n`),
  'in one line': (pem) => pem.replaceAll('\n', ''),
  'with spaces for line ends': (pem) => pem.replaceAll('\n', ' '),
  indented: (pem) => pem.replaceAll(/^/gm, '    '),
  'below the words of openssl': (pem) => `Bag Attributes\n    friendlyName: x\n${pem}\n`,
};
for (const [title, mend] of Object.entries(mended))
  test(`7: PEMs ${title} sign and encrypt`, () => {
    const signed = issue({ settings: signing(mend(other.cert), mend(other.key)) });
    expect(verifySignatures(signed.xml, other.cert)).toHaveLength(1);
    expect(signed.xml).toContain(`<X509Certificate>${body(other.cert)}</X509Certificate>`);
    const { xml, assertionXml } = issue({ settings: encryption(mend(sp.cert), mend(sp.publicKey)) });
    expect(xml).not.toContain('saml:NameID');
    expect(decryptAssertion(xml, sp.key)).toBe(assertionXml);
  });

test('7: a certificate without header lines, a PKCS#1 key and a PKCS#1 public key are taken', () => {
  const signed = issue({ settings: signing(body(other.cert), pkcs1Key) });
  expect(verifySignatures(signed.xml, other.cert)).toHaveLength(1);
  for (const cert of [body(sp.cert), `\n${body(sp.cert).replaceAll(/.{60}/g, '$&\r\n')}\n`]) {
    const { xml, assertionXml } = issue({ settings: encryption(cert, pkcs1PublicKey) });
    expect(decryptAssertion(xml, sp.key)).toBe(assertionXml);
  }
});

test('7: halves from two layers make a pair, and the certificate in KeyInfo is the pair’s, not the tenant’s', () => {
  const { xml, warnings } = issue({ client: { cert: other.cert }, settings: { key: other.key } });
  expect(verifySignatures(xml, other.cert)).toHaveLength(1);
  expect(() => verifySignatures(xml, KEYS.idp.cert)).toThrow();
  expect(xml).not.toContain(body(KEYS.idp.cert));
  expect(warnings.map(({ code }) => code)).toEqual(['own_certificate']);
});

test('7: the message of the encryption names whose key it was, by the certificate’s fingerprint', () => {
  const { encryptedWith } = issue({ settings: ENCRYPTED });
  expect(encryptedWith).toBe(createHash('sha256').update(new X509Certificate(sp.cert).raw).digest('hex'));
  expect(issue().encryptedWith).toBeNull();
});

test('every assertion is encrypted with another content key and another IV', () => {
  const values = new Set<string>();
  for (let run = 0; run < 5; run++)
    for (const [, value] of issue({ settings: ENCRYPTED }).xml.matchAll(/<xenc:CipherValue>(.{20})/g))
      values.add(value!);
  expect(values.size).toBe(10);
});

test('a key of 1024 bits is taken where the tenant allows it, and warned of', () => {
  const weak = pairOf(1024);
  const codes = (settings: SamlSettings): string[] => issue({ settings }).warnings.map(({ code }) => code);
  expect(codes(signing(weak.cert, weak.key))).toContain('signing_key_weak');
  expect(codes(encryption(weak.cert, weak.publicKey))).toContain('encryption_key_weak');
  expect(codes(signing(other.cert, other.key))).not.toContain('signing_key_weak');
  expect(codes(ENCRYPTED)).not.toContain('encryption_key_weak');
});

test('a tenant that allows 512 bits may sign with them, but RSA-OAEP has no room for a content key', () => {
  const rules = { minimumRsaBits: 512, pointer: '/samlResponse' };
  expect(readSigningPair(short.cert, short.key, rules)?.bits).toBe(512);
  const { code, errors } = samlFailure(() => readEncryptionPair(short.cert, short.publicKey, rules));
  expect(code).toBe('saml_key_too_short');
  expect(errors[0]!.pointer).toBe('/samlResponse/encryptionPublicKey');
  expect(errors[0]!.detail).toContain('RSA-OAEP');
});

test('a certificate that has expired, and one that is not valid yet, are used and warned of', () => {
  const warnings = (settings: SamlSettings, year: string) =>
    Object.fromEntries(
      issue({ settings, context: { now: new Date(`${year}-06-01T00:00:00Z`) } }).warnings.map(
        ({ code, detail }) => [code, detail],
      ),
    );
  const tenYears = pairOf(2048, new Date('2026-01-01T00:00:00Z'));
  const own = signing(tenYears.cert, tenYears.key);
  expect(warnings(own, '2030')).not.toHaveProperty('signing_certificate_dates');
  expect(warnings(own, '2037')['signing_certificate_dates']).toContain('expired');
  expect(warnings(own, '2025')['signing_certificate_dates']).toContain('not valid before');
  const theirs = encryption(tenYears.cert, tenYears.publicKey);
  expect(warnings(theirs, '2037')['encryption_certificate_dates']).toContain('expired');
});

test('SHA-1 and aes256-cbc are used as asked, and warned of', () => {
  const codes = (settings: SamlSettings): string[] => issue({ settings }).warnings.map(({ code }) => code);
  expect(codes({ signatureAlgorithm: 'rsa-sha1' })).toEqual(['sha1']);
  expect(codes({ digestAlgorithm: 'sha1' })).toEqual(['sha1']);
  expect(codes(ENCRYPTED)).toEqual(['encryption_cbc']);
  expect(codes({ ...ENCRYPTED, encryptionAlgorithm: 'aes256-gcm' })).toEqual([]);
  expect(codes({})).toEqual([]);
});
