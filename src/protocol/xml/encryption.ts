/** XML Encryption of one element: a fresh AES key wrapped for the receiver by RSA-OAEP, the EncryptedKey nested (saml-output.md 12.1). */
import { constants, createCipheriv, publicEncrypt, type CipherGCM, type KeyObject } from 'node:crypto';
import { DIGEST_ALGORITHMS, RSA_OAEP_MGF1P, type BlockCipher } from './algorithms.js';
import { element, type XmlElement } from './element.js';

const ELEMENT_TYPE = 'http://www.w3.org/2001/04/xmlenc#Element';

/** For whom. The key wraps the content key; the certificate is only copied into KeyInfo. */
export interface EncryptionRecipient {
  readonly publicKey: KeyObject;
  /** DER as base64. */
  readonly certificate: string;
}

/**
 * `plaintext`, one complete element that declares every namespace it uses, as `xenc:EncryptedData`.
 * `random(n)` yields n secret random bytes, new ones each time: a GCM nonce must never meet its key twice (XML Encryption 1.1, 5.2.4).
 */
export function encryptElement(
  plaintext: string,
  recipient: EncryptionRecipient,
  method: BlockCipher,
  random: (bytes: number) => Buffer,
): XmlElement {
  const drawn = random(method.keyBytes + method.ivBytes);
  const contentKey = drawn.subarray(0, method.keyBytes);
  const iv = drawn.subarray(method.keyBytes);
  const wrapped = publicEncrypt(
    { key: recipient.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
    contentKey,
  );
  return element('xenc:EncryptedData', { Type: ELEMENT_TYPE }, [
    element('xenc:EncryptionMethod', { Algorithm: method.uri }),
    element('ds:KeyInfo', {}, [
      element('xenc:EncryptedKey', {}, [
        element('xenc:EncryptionMethod', { Algorithm: RSA_OAEP_MGF1P }, [
          element('ds:DigestMethod', { Algorithm: DIGEST_ALGORITHMS.sha1.uri }),
        ]),
        element('ds:KeyInfo', {}, [
          element('ds:X509Data', {}, [element('ds:X509Certificate', {}, [recipient.certificate])]),
        ]),
        cipherData(wrapped),
      ]),
    ]),
    cipherData(encrypt(plaintext, contentKey, iv, method)),
  ]);
}

/** IV ‖ ciphertext, and for GCM ‖ tag (XML Encryption 1.1, 5.2). PKCS#7 padding is a case of XML Encryption's own. */
function encrypt(plaintext: string, key: Buffer, iv: Buffer, method: BlockCipher): Buffer {
  const cipher = createCipheriv(method.cipher, key, iv);
  const parts = [iv, cipher.update(plaintext, 'utf8'), cipher.final()];
  if (method.cipher === 'aes-256-gcm') parts.push((cipher as CipherGCM).getAuthTag());
  return Buffer.concat(parts);
}

const cipherData = (bytes: Buffer): XmlElement =>
  element('xenc:CipherData', {}, [element('xenc:CipherValue', {}, [bytes.toString('base64')])]);
