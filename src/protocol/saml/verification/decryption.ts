/** XML Encryption: the content key is unwrapped with the SP's key, the assertion decrypted and read as a document of its own. */
import { constants, createDecipheriv, createPublicKey, privateDecrypt, X509Certificate } from 'node:crypto';
import type { DecipherGCM, KeyObject } from 'node:crypto';
import { fingerprint } from '../key-pairs.js';
import { readPrivateKey } from '../pem.js';
import { SamlError } from '../saml-error.js';
import { decodeUtf8, parseXml, RESPONSE_LIMITS, type Element } from '../../xml/parse.js';
import {
  attribute,
  childAt,
  childNamed,
  childrenNamed,
  everyNamed,
  isNamed,
  nameOf,
} from '../../xml/reading.js';
import { BLOCK_CIPHERS, entry, KEY_TRANSPORTS, MGFS, type BlockCipher } from './algorithms.js';
import { DIGEST_METHODS } from './algorithms.js';
import { base64Text } from './base64-text.js';
import { fail, pass, quote, skip, step, type Finding } from './evidence.js';
import { sentence } from './message.js';

const ELEMENT_TYPE = 'http://www.w3.org/2001/04/xmlenc#Element';
/** An assertion encrypted for more receivers than this is not looked through. */
const MAXIMUM_KEYS = 8;

/** Why it cannot be decrypted; becomes the failed step. */
class Undecryptable extends Error {
  constructor(
    readonly detail: string,
    readonly hint: string,
    readonly data?: Readonly<Record<string, unknown>>,
  ) {
    super(detail);
  }
}

export const decryption = step(
  'decryption',
  ['response'],
  ({ encryptedAssertion }, { decryptionKey, keptAssertionXml }): Finding => {
    if (!encryptedAssertion) return skip('Nothing is encrypted.');
    try {
      if (decryptionKey === undefined)
        return keptAssertionXml === undefined ? notDecrypted : readInstead(keptAssertionXml);
      return decrypt(encryptedAssertion, decryptionKey);
    } catch (error) {
      if (error instanceof Undecryptable)
        return fail(error.detail, error.hint, { ...(error.data && { data: error.data }) });
      if (error instanceof SamlError)
        return fail(sentence(error.description), 'decryptionKey must be the SP’s RSA private key as PEM.');
      throw error;
    }
  },
);

const hint = 'Give the SP’s private key as `decryptionKey` to see and verify what is inside.';
const notDecrypted = skip('The assertion is encrypted, and no key was given.', { hint });
const readInstead = (plaintext: string): Finding =>
  skip(
    'Not decrypted: only the SP has the private key. The steps below that look at the assertion read the one that was kept before it was encrypted, not the wire.',
    {
      hint,
      data: { readInstead: 'assertionXml' },
      learnt: { plaintext, decrypted: readPlaintext(plaintext) },
    },
  );

function decrypt(encrypted: Element, pem: string): Finding {
  const key = readPrivateKey(pem, { name: 'decryptionKey', pointer: '/decryptionKey' });
  const dataElements = childrenNamed(encrypted, 'xenc:EncryptedData');
  const [data] = dataElements;
  if (!data || dataElements.length > 1)
    throw new Undecryptable(
      `EncryptedAssertion holds ${dataElements.length} EncryptedData.`,
      'It holds exactly one (SAML Core 2.3.4).',
    );
  const type = attribute(data, 'Type');
  if (type !== undefined && type !== ELEMENT_TYPE)
    throw new Undecryptable(
      `EncryptedData/@Type is ${quote(type)}.`,
      `It must be ${ELEMENT_TYPE} (SAML Core 6.1).`,
    );
  const uri = attribute(childNamed(data, 'xenc:EncryptionMethod'), 'Algorithm');
  const cipher = entry(BLOCK_CIPHERS, uri);
  if (!cipher)
    throw new Undecryptable(
      `The block cipher is ${quote(uri)}.`,
      `Read are ${Object.values(BLOCK_CIPHERS)
        .map(({ name }) => name)
        .join(', ')}; the setting is \`encryptionAlgorithm\`.`,
    );
  const { contentKey, transport } = unwrap(encrypted, key, cipher);
  const plaintext = decodePlaintext(decipher(cipherValue(data), contentKey, cipher));
  const decrypted = readPlaintext(plaintext);
  return pass(`Decrypted with ${transport} and ${cipher.name}.`, {
    data: { keyTransport: transport, blockCipher: cipher.name, octets: Buffer.byteLength(plaintext) },
    learnt: { plaintext, decrypted },
    ...(!cipher.authenticated && {
      hint: 'CBC does not notice changed ciphertext: prefer `encryptionAlgorithm` aes256-gcm, or sign the Response (`signResponse`).',
    }),
  });
}

/** The EncryptedKey stands inside EncryptedData/KeyInfo or beside EncryptedData (SAML Core 2.3.4, errata E43). */
function unwrap(
  encrypted: Element,
  key: KeyObject,
  cipher: BlockCipher,
): { contentKey: Buffer; transport: string } {
  const wrappedKeys = everyNamed(encrypted, 'xenc:EncryptedKey').slice(0, MAXIMUM_KEYS);
  if (wrappedKeys.length === 0)
    throw new Undecryptable(
      'There is no EncryptedKey.',
      'The content key must come along, wrapped for the SP.',
    );
  for (const wrapped of wrappedKeys) {
    const { name, hash, label } = keyTransport(wrapped);
    try {
      const contentKey = privateDecrypt(
        {
          key,
          padding: constants.RSA_PKCS1_OAEP_PADDING,
          oaepHash: hash,
          ...(label && { oaepLabel: label }),
        },
        cipherValue(wrapped),
      );
      if (contentKey.length === cipher.keyBytes) return { contentKey, transport: name };
    } catch (error) {
      if (error instanceof Undecryptable) throw error;
      // wrapped for someone else
    }
  }
  throw notOurs(wrappedKeys, key);
}

function keyTransport(wrapped: Element): { name: string; hash: string; label?: Buffer } {
  const method = childNamed(wrapped, 'xenc:EncryptionMethod');
  const uri = attribute(method, 'Algorithm');
  const transport = entry(KEY_TRANSPORTS, uri);
  if (!transport)
    throw new Undecryptable(
      `The key transport is ${quote(uri)}.`,
      `Read are ${Object.values(KEY_TRANSPORTS)
        .map(({ name }) => name)
        .join(' and ')}; RSA 1.5 is an oracle for whoever can ask often (XML Encryption 1.1, 5.5.1).`,
    );
  const digestUri = attribute(childNamed(method, 'ds:DigestMethod'), 'Algorithm');
  const hash = digestUri === undefined ? 'sha1' : entry(DIGEST_METHODS, digestUri)?.name;
  const mgfUri = attribute(childNamed(method, 'xenc11:MGF'), 'Algorithm');
  const mgf = transport.freeMgf && mgfUri !== undefined ? entry(MGFS, mgfUri) : transport.mgf;
  if (hash === undefined || hash !== mgf)
    throw new Undecryptable(
      `RSA-OAEP with the digest ${quote(digestUri ?? 'sha1')} and MGF1 ${quote(mgfUri ?? transport.mgf)}.`,
      'Both must be the same hash here, SHA-1 for rsa-oaep-mgf1p, which most SPs expect.',
    );
  const label = base64Text(childNamed(method, 'xenc:OAEPparams'));
  return {
    name: `${transport.name} (${hash})`,
    hash,
    ...(label !== undefined && { label: Buffer.from(label, 'base64') }),
  };
}

function notOurs(wrappedKeys: readonly Element[], key: KeyObject): Undecryptable {
  const ours = createPublicKey(key);
  const receivers = wrappedKeys
    .flatMap((wrapped) => everyNamed(wrapped, 'ds:X509Certificate'))
    .flatMap(certificate);
  const meant = receivers.some((receiver) => receiver.publicKey.equals(ours));
  return new Undecryptable(
    'The content key cannot be unwrapped with this key.',
    meant
      ? 'KeyInfo names the certificate of this very key, so the wrapped key was damaged, or `encryptionPublicKey` is not the key in `encryptionCert`.'
      : 'It was encrypted for another: `encryptionPublicKey` and `encryptionCert` must be those of this decryptionKey.',
    { encryptedFor: receivers.map(fingerprint) },
  );
}
function certificate(element: Element): X509Certificate[] {
  try {
    return [new X509Certificate(Buffer.from(base64Text(element) ?? '', 'base64'))];
  } catch {
    return [];
  }
}

function cipherValue(parent: Element): Buffer {
  const value = base64Text(childAt(parent, 'xenc:CipherData', 'xenc:CipherValue'));
  if (value === undefined)
    throw new Undecryptable(
      `${parent.localName} has no readable CipherValue.`,
      'It must hold base64; a CipherReference is not followed.',
    );
  return Buffer.from(value, 'base64');
}

const TAG_BYTES = 16;

/** XML Encryption 1.1, 5.2: IV first; GCM ends with its tag; of CBC the last byte says how many are padding, whatever they are. */
function decipher(
  bytes: Buffer,
  contentKey: Buffer,
  { cipher, ivBytes, authenticated }: BlockCipher,
): Buffer {
  try {
    const iv = bytes.subarray(0, ivBytes);
    const tag = authenticated ? bytes.subarray(-TAG_BYTES) : Buffer.alloc(0);
    const body = bytes.subarray(ivBytes, bytes.length - tag.length);
    if (authenticated && bytes.length < ivBytes + TAG_BYTES) throw new RangeError('short');
    const stream = createDecipheriv(cipher, contentKey, iv);
    if (authenticated) (stream as DecipherGCM).setAuthTag(tag);
    else stream.setAutoPadding(false);
    const padded = Buffer.concat([stream.update(body), stream.final()]);
    if (authenticated) return padded;
    const padding = padded.at(-1) ?? 0;
    if (padding < 1 || padding > ivBytes) throw new RangeError('padding');
    return padded.subarray(0, -padding);
  } catch {
    throw new Undecryptable(
      'The ciphertext does not decrypt with the content key.',
      'It was changed after it was encrypted, or cut off.',
    );
  }
}

function decodePlaintext(bytes: Buffer): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw new Undecryptable(
      'The plaintext is not UTF-8 text.',
      'The ciphertext was changed after it was encrypted.',
    );
  }
}

/** SAML Core 6.1: one complete Assertion, which declares what it uses. */
function readPlaintext(plaintext: string): Element {
  let root: Element;
  try {
    root = parseXml(plaintext, RESPONSE_LIMITS).documentElement!;
  } catch (error) {
    throw new Undecryptable(
      `The plaintext cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      'It must be one whole element that declares every namespace prefix it uses, or the ciphertext was changed.',
    );
  }
  if (!isNamed(root, 'saml:Assertion'))
    throw new Undecryptable(`The plaintext is ${nameOf(root)}.`, 'It must be one saml:Assertion.');
  return root;
}
