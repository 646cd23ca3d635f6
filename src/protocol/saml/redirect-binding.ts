/**
 * HTTP-Redirect (SAML Bindings 3.4): a message in a query, and its detached signature over the very octets of that query.
 * Nothing is re-encoded to verify: `%2f`, `+` and an empty RelayState must count as they were signed.
 */
import { sign, verify, type KeyObject } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../xml/algorithms.js';
import { readCertificate } from './pem.js';
import { SamlError } from './saml-error.js';

/** A query is read up to so many characters. */
const LONGEST_QUERY = 65_536;
const MESSAGES = ['SAMLRequest', 'SAMLResponse'] as const;
const MEMBERS = [...MESSAGES, 'RelayState', 'SigAlg', 'Signature', 'SAMLEncoding'] as const;
const DEFLATE = 'urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE';

export type RedirectMessage = { readonly [Member in (typeof MEMBERS)[number]]?: string } & {
  /** What a signature covers: message, RelayState where there is one, and SigAlg, as they stand in the query. */
  readonly signedOctets: string;
};

/**
 * The members of a query string, without its `?`. Throws `saml_message_too_large`, or `saml_request_binding` for a member that
 * stands twice (the parsed and the signed one could differ), two messages, or an encoding that is not DEFLATE.
 */
export function readRedirect(query: string): RedirectMessage {
  if (query.length > LONGEST_QUERY)
    throw new SamlError(
      'saml_message_too_large',
      `the query has ${query.length} characters; at most ${LONGEST_QUERY} are read, larger messages go by HTTP-POST`,
    );
  const raw = new Map<string, string>();
  for (const part of query.split('&')) {
    const equals = part.indexOf('=');
    const name = decode(equals === -1 ? part : part.slice(0, equals));
    if (!(MEMBERS as readonly string[]).includes(name)) continue;
    if (raw.has(name)) throw refuse(`${name} stands twice in the query`);
    raw.set(name, equals === -1 ? '' : part.slice(equals + 1));
  }
  if (MESSAGES.every((name) => raw.has(name))) throw refuse('it has a SAMLRequest and a SAMLResponse');
  const message = Object.fromEntries([...raw].map(([name, value]) => [name, decode(value)]));
  if (message['SAMLEncoding'] !== undefined && message['SAMLEncoding'] !== DEFLATE)
    throw refuse(`SAMLEncoding must be ${DEFLATE}, or be left out`);
  const signedOctets = [...MESSAGES, 'RelayState', 'SigAlg']
    .filter((name) => raw.has(name))
    .map((name) => `${name}=${raw.get(name)!}`)
    .join('&');
  return { ...message, signedOctets };
}

/** As forms encode: `+` is a space, and a broken escape is an error of the sender. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw refuse('the query has a percent sign that begins no valid escape');
  }
}

/** SHA-1 only where the operator says so: whoever can forge it could choose where assertions go. */
const VERIFIABLE: readonly SignatureAlgorithm[] = [
  SIGNATURE_ALGORITHMS['rsa-sha256'],
  { uri: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384', hash: 'sha384' },
  { uri: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', hash: 'sha512' },
];

/**
 * Throws SamlError, the four cases apart (saml-output.md 9.4): `saml_request_unsigned`, `saml_sigalg_missing`,
 * `saml_sigalg_unsupported`, `saml_request_signature`.
 */
export function verifyRedirect(
  message: RedirectMessage,
  signingCert: string,
  options: { allowSha1?: boolean } = {},
): void {
  if (message.Signature === undefined)
    throw new SamlError(
      'saml_request_unsigned',
      'signingCert is set, so the message must be signed in its query, and there is no Signature: an XML Signature inside the message does not count on HTTP-Redirect',
    );
  if (message.SigAlg === undefined)
    throw new SamlError(
      'saml_sigalg_missing',
      'the query has a Signature but no SigAlg to say how it was made',
    );
  const known = options.allowSha1 ? [...VERIFIABLE, SIGNATURE_ALGORITHMS['rsa-sha1']] : VERIFIABLE;
  const algorithm = known.find(({ uri }) => uri === message.SigAlg);
  if (!algorithm)
    throw new SamlError(
      'saml_sigalg_unsupported',
      `the SigAlg ${message.SigAlg.slice(0, 200)} is not taken; use one of ${known.map(({ uri }) => uri).join(', ')}`,
    );
  const { publicKey } = readCertificate(signingCert, { name: 'signingCert', pointer: '/signingCert' });
  const signature = Buffer.from(message.Signature, 'base64');
  // node-saml signs a space as %20 and sends it as +; both are the same value, so nothing is gained by insisting
  const octets = [message.signedOctets, message.signedOctets.replaceAll('+', '%20')];
  const isSigned = (text: string): boolean => verify(algorithm.hash, Buffer.from(text), publicKey, signature);
  if (publicKey.asymmetricKeyType !== 'rsa' || !octets.some(isSigned))
    throw new SamlError(
      'saml_request_signature',
      'the signature of the query does not verify with signingCert: another key signed it, or message, RelayState or SigAlg were changed or re-encoded on the way',
    );
}

/** The query that sends `xml`, signed where a key is given. An empty RelayState is left out. */
export function writeRedirect(
  name: (typeof MESSAGES)[number],
  xml: string,
  more: {
    readonly relayState?: string;
    readonly signer?: { readonly key: KeyObject; readonly algorithm: SignatureAlgorithm };
  } = {},
): string {
  const { relayState, signer } = more;
  const members = [
    [name, deflateRawSync(xml).toString('base64')],
    ...(relayState ? [['RelayState', relayState]] : []),
    ...(signer ? [['SigAlg', signer.algorithm.uri]] : []),
  ] as const;
  const query = members.map(([member, value]) => `${member}=${encodeURIComponent(value)}`).join('&');
  if (!signer) return query;
  const signature = sign(signer.algorithm.hash, Buffer.from(query), signer.key).toString('base64');
  return `${query}&Signature=${encodeURIComponent(signature)}`;
}

const refuse = (detail: string): SamlError =>
  new SamlError('saml_request_binding', `the message cannot be read from the query: ${detail}`);
