/** What a service provider does with an EncryptedAssertion, by node:crypto alone and by the algorithms that the document names. */
import { constants, createDecipheriv, privateDecrypt } from 'node:crypto';
import { partsOf } from './wire.js';

const DATA = '/Response/EncryptedAssertion/EncryptedData';
const WRAPPED = `${DATA}/KeyInfo/EncryptedKey`;

/** The octets that were encrypted, as text. */
export function decryptAssertion(xml: string, privateKeyPem: string): string {
  const parts = partsOf(xml);
  const bytes = (path: string): Buffer => Buffer.from(parts.get(`${path}/CipherData/CipherValue`)!, 'base64');
  if (
    parts.get(`${WRAPPED}/EncryptionMethod/@Algorithm`) !== 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p'
  )
    throw new Error('not wrapped with RSA-OAEP');
  const key = privateDecrypt(
    { key: privateKeyPem, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
    bytes(WRAPPED),
  );
  const [data, method] = [bytes(DATA), parts.get(`${DATA}/EncryptionMethod/@Algorithm`)];
  if (method === 'http://www.w3.org/2001/04/xmlenc#aes256-cbc') {
    const decipher = createDecipheriv('aes-256-cbc', key, data.subarray(0, 16));
    return Buffer.concat([decipher.update(data.subarray(16)), decipher.final()]).toString('utf8');
  }
  if (method !== 'http://www.w3.org/2009/xmlenc11#aes256-gcm') throw new Error(`unknown cipher ${method}`);
  const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, 12));
  decipher.setAuthTag(data.subarray(-16));
  return Buffer.concat([decipher.update(data.subarray(12, -16)), decipher.final()]).toString('utf8');
}
