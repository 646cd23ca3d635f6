/** How a SAML message travels: base64 of the XML, deflated before it on HTTP-Redirect (SAML Bindings 3.4.4.1, 3.5.4). */
import { inflateRawSync } from 'node:zlib';
import { decodeUtf8 } from '../xml/parse.js';
import { SamlError } from './saml-error.js';

/** Characters of base64, and bytes of XML: a request of ordinary make has one or two thousand. */
const REQUEST_BYTES = 64 * 1024;
const CHUNK_BYTES = 4096;

/**
 * The bytes that base64 `text` stands for; line breaks and other white space are passed over, as SAML Bindings 3.5.4 permits.
 * Throws `saml_message_undecodable`, guessing what was forgotten.
 */
export function decodeBase64(text: string): Buffer {
  const joined = text.replace(/[ \t\r\n]+/g, '');
  if (joined === '') throw undecodable('it is empty');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(joined)) throw undecodable(whyNotBase64(joined));
  if (hasLostPluses(text.trim(), joined))
    throw undecodable(
      'it has spaces where "+" stood; write + as %2B in a form or a query, and URL-decode no more than once',
    );
  if (joined.replace(/=+$/, '').length % 4 === 1)
    throw undecodable('it is not whole base64; its end is cut off');
  return Buffer.from(joined, 'base64');
}

/** Read as a form, `+` is a space. White space that wraps lines stands at even distances, and adds to whole base64. */
function hasLostPluses(text: string, joined: string): boolean {
  if (!/^[^+\t\r\n]+$/.test(text) || text === joined || text.length % 4 !== 0) return false;
  const [first, ...others] = text.split(' ').slice(0, -1);
  return joined.length % 4 !== 0 || others.some((line) => line.length !== first?.length);
}

function whyNotBase64(text: string): string {
  if (text.startsWith('<')) return 'it is XML itself; encode its bytes in base64';
  if (/%[0-9A-Fa-f]{2}/.test(text)) return 'it is still percent-encoded; decode the URL parameter first';
  if (/^[\w-]+=*$/.test(text)) return 'it is base64url; SAML uses plain base64 with + and /';
  if (/=[^=]/.test(text)) return 'something stands after the end of the base64';
  return `it holds ${JSON.stringify(/[^A-Za-z0-9+/=]/u.exec(text)?.[0] ?? '=')}, which is not base64`;
}

/**
 * The XML text of `encoded`, deflated or plain: the first decoded byte tells, since senders mix the two up on either binding.
 * Throws `saml_message_undecodable`, or `saml_message_too_large` where `encoded` or what it inflates to is over `limit`.
 */
export function decodeMessage(encoded: string, limit: number = REQUEST_BYTES): string {
  if (encoded.length > limit)
    throw tooLarge(`it has ${encoded.length} characters; at most ${limit} are read`);
  const bytes = decodeBase64(encoded);
  return decodeUtf8(looksPlain(bytes) ? bytes : inflate(bytes, limit));
}

/** `<`, white space before it, or a byte order mark. */
const looksPlain = (bytes: Buffer): boolean =>
  /^(?:[<\t\n\r ]|\xEF\xBB|\xFF\xFE|\xFE\xFF)/.test(bytes.toString('latin1', 0, 2));

function inflate(bytes: Buffer, limit: number): Buffer {
  try {
    // a request of ordinary make fits into one chunk of this size; Node's own of 16 kB is made, and let go, for each
    return inflateRawSync(bytes, { maxOutputLength: limit, chunkSize: CHUNK_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge(`it inflates to more than ${limit} bytes`);
    throw undecodable(
      bytes[0] === 0x78
        ? 'it has a zlib header; HTTP-Redirect wants raw DEFLATE, without header and checksum'
        : 'it is neither XML nor raw DEFLATE of XML; send base64 of the one by HTTP-POST, of the other by HTTP-Redirect',
    );
  }
}

const undecodable = (why: string): SamlError =>
  new SamlError('saml_message_undecodable', `the SAML message cannot be decoded: ${why}`);
const tooLarge = (why: string): SamlError =>
  new SamlError('saml_message_too_large', `the SAML message is too large: ${why}`);
