/**
 * Reads PEM text as people paste it (saml-output.md 10): CRLF, a literal `\n`, lines joined or missing, a certificate without its
 * header are mended; a second block, another kind of block or an encrypted key is refused, with what to do.
 * Throws SamlError `saml_pem_invalid`; never repeats the PEM's content.
 */
import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { SamlError } from './saml-error.js';

/** Where a PEM stands in the input: the setting's name for the message, and its JSON pointer. */
export interface PemField {
  readonly name: string;
  readonly pointer: string;
}

export function readCertificate(text: string, field: PemField): X509Certificate {
  const body = onlyBlock(
    text,
    field,
    ['CERTIFICATE', 'TRUSTED CERTIFICATE', 'X509 CERTIFICATE'],
    'CERTIFICATE',
  ).body;
  return attempt(
    () => new X509Certificate(Buffer.from(body, 'base64')),
    field,
    'it does not hold an X.509 certificate',
  );
}

/** PKCS#8, or PKCS#1 as older tools write it. */
export function readPrivateKey(text: string, field: PemField): KeyObject {
  const { label, body } = onlyBlock(text, field, ['PRIVATE KEY', 'RSA PRIVATE KEY'], 'PRIVATE KEY');
  const key = attempt(() => createPrivateKey(wrap(label, body)), field, 'it does not hold a private key');
  return rsaOnly(key, field);
}

/** SubjectPublicKeyInfo, or PKCS#1. */
export function readPublicKey(text: string, field: PemField): KeyObject {
  const { label, body } = onlyBlock(text, field, ['PUBLIC KEY', 'RSA PUBLIC KEY'], 'PUBLIC KEY');
  const key = attempt(() => createPublicKey(wrap(label, body)), field, 'it does not hold a public key');
  return rsaOnly(key, field);
}

interface Block {
  readonly label: string;
  readonly body: string;
}

function onlyBlock(text: string, field: PemField, labels: readonly string[], wanted: string): Block {
  const mended = text
    .replaceAll(String.raw`\r`, '')
    .replaceAll(String.raw`\n`, '\n')
    .trim();
  const blocks = [...mended.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g)];
  if (blocks.length === 0 && wanted === 'CERTIFICATE' && /^[A-Za-z0-9+/=\s]+$/.test(mended))
    return { label: wanted, body: base64(mended, field) };
  if (blocks.length === 0) throw refuse(field, `it has no -----BEGIN ${wanted}----- block`);
  if (blocks.length > 1)
    throw refuse(
      field,
      `it holds ${blocks.length} PEM blocks; give only the ${wanted.toLowerCase()} itself, without a chain`,
    );
  const [, label, body] = blocks[0] as unknown as [string, string, string];
  if (label === 'ENCRYPTED PRIVATE KEY' || body.includes('Proc-Type: 4,ENCRYPTED'))
    throw refuse(
      field,
      'the key is encrypted and there is no setting for a passphrase; give it unencrypted PKCS#8',
    );
  if (!labels.includes(label))
    throw refuse(field, `it is a ${label} block where a ${wanted} block is needed`);
  return {
    label: label === 'RSA PRIVATE KEY' || label === 'RSA PUBLIC KEY' ? label : wanted,
    body: base64(body, field),
  };
}

function base64(text: string, field: PemField): string {
  const joined = text.replace(/\s+/g, '');
  if (joined === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(joined))
    throw refuse(field, 'its content is not base64');
  return joined;
}

const wrap = (label: string, body: string): string =>
  `-----BEGIN ${label}-----\n${body.replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;

function attempt<Result>(read: () => Result, field: PemField, detail: string): Result {
  try {
    return read();
  } catch {
    // OpenSSL's message adds nothing a person can act on, and could quote the input
    throw refuse(field, `${detail}; it may be cut off or damaged`);
  }
}

function rsaOnly(key: KeyObject, field: PemField): KeyObject {
  if (key.asymmetricKeyType === 'rsa') return key;
  throw refuse(field, `it is a key of type ${key.asymmetricKeyType}; SAML signs and encrypts with RSA here`);
}

const refuse = ({ name, pointer }: PemField, detail: string): SamlError =>
  new SamlError('saml_pem_invalid', `${name} cannot be read: ${detail}`, { errors: [{ pointer, detail }] });
