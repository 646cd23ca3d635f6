/**
 * HTTP-Redirect (SAML Bindings 3.4): a message in a query, and its detached signature over the very octets of that query.
 * Nothing is re-encoded to verify: `%2f`, `+` and an empty RelayState must count as they were signed.
 */
import { sign, verify, type KeyObject, type X509Certificate } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../xml/algorithms.js';
import { unlessForbidden } from '../xml/signature.js';
import { readMembers, unreadable, type Members, type MessageMember } from './form-members.js';
import { SamlError } from './saml-error.js';

const DEFLATE = 'urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE';

/**
 * The members of a query string, without its `?`. Throws what `readMembers` throws, and `saml_request_binding` for an encoding
 * that is not DEFLATE.
 */
export function readRedirect(query: string): Members {
  const members = readMembers(query, 'query');
  if (members.SAMLEncoding && members.SAMLEncoding.value !== DEFLATE)
    throw unreadable('query', `SAMLEncoding must be ${DEFLATE}, or be left out`);
  return members;
}

/** SHA-1 only where the operator says so: whoever can forge it could choose where assertions go. */
const VERIFIABLE: readonly SignatureAlgorithm[] = [
  SIGNATURE_ALGORITHMS['rsa-sha256'],
  { uri: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384', hash: 'sha384' },
  { uri: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', hash: 'sha512' },
];
const WITH_SHA1: readonly SignatureAlgorithm[] = [...VERIFIABLE, SIGNATURE_ALGORITHMS['rsa-sha1']];

/**
 * The one of `certificates` whose key signed `query`. Throws SamlError, the four cases apart (saml-output.md 9.4): `saml_request_unsigned`,
 * `saml_sigalg_missing`, `saml_sigalg_unsupported`, `saml_request_signature`.
 */
export function verifyRedirect(
  query: string,
  certificates: readonly X509Certificate[],
  options: { readonly acceptSha1?: boolean } = {},
): X509Certificate {
  const members = readRedirect(query);
  if (!members.Signature)
    throw new SamlError(
      'saml_request_unsigned',
      'the message must be signed in its query, since a certificate is set to verify it with, and there is no Signature: an XML Signature inside the message does not count on HTTP-Redirect (SAML Bindings 3.4.4.1)',
    );
  if (!members.SigAlg)
    throw new SamlError(
      'saml_sigalg_missing',
      'the query has a Signature but no SigAlg to say how it was made',
    );
  const known = options.acceptSha1 ? WITH_SHA1 : VERIFIABLE;
  const { value: uri } = members.SigAlg;
  const algorithm = known.find((entry) => entry.uri === uri);
  if (!algorithm)
    throw new SamlError(
      'saml_sigalg_unsupported',
      `the SigAlg ${JSON.stringify(uri.slice(0, 200))} is not taken; use one of ${known.map((entry) => entry.uri).join(', ')}${uri === SIGNATURE_ALGORITHMS['rsa-sha1'].uri ? ', or set acceptSha1Requests' : ''}`,
    );
  const signature = Buffer.from(members.Signature.value, 'base64');
  const isSigned = (octets: string): X509Certificate | undefined =>
    certificates.find(
      ({ publicKey }) =>
        publicKey.asymmetricKeyType === 'rsa' &&
        unlessForbidden(`verify with RSA and ${algorithm.hash}`, () =>
          verify(algorithm.hash, Buffer.from(octets), publicKey, signature),
        ),
    );
  const sent = signedOctets(members);
  const respelt = asNodeSamlSigns(sent);
  const certificate = isSigned(sent) ?? (respelt === sent ? undefined : isSigned(respelt));
  if (certificate) return certificate;
  throw new SamlError(
    'saml_request_signature',
    `the signature of the query does not verify with the RSA key of ${certificates.length === 1 ? 'the certificate that is set' : 'any certificate that is set'}: another key signed it, or message, RelayState or SigAlg were changed or re-encoded on the way`,
  );
}

/** SAML Bindings 3.4.4.1: the message, RelayState where there is one, and SigAlg, as they stand in the query. */
const SIGNED = ['SAMLRequest', 'SAMLResponse', 'RelayState', 'SigAlg'] as const;
const signedOctets = (members: Members): string =>
  SIGNED.flatMap((name) => (members[name] ? [`${name}=${members[name].raw}`] : [])).join('&');

/**
 * node-saml signs what `querystring` writes and sends what `URLSearchParams` writes. The two spell some characters in two ways;
 * they stand for the same values, so nothing is gained by insisting.
 */
const asNodeSamlSigns = (octets: string): string =>
  /\+|%(?:2[1789]|7E)/.test(octets)
    ? octets.replace(/\+|%(?:2[1789]|7E)/g, (spelt) => (spelt === '+' ? '%20' : decodeURIComponent(spelt)))
    : octets;

/** Browsers escape an apostrophe in a query on their way (URL Standard, special-query percent-encode set), and what arrives must be what was signed. */
const escaped = (value: string): string => encodeURIComponent(value).replaceAll("'", '%27');

/** The query that sends `xml`, signed where a key is given. An empty RelayState is left out. */
export function writeRedirect(
  name: MessageMember,
  xml: string,
  more: {
    readonly relayState?: string | undefined;
    readonly signer?: { readonly key: KeyObject; readonly algorithm: SignatureAlgorithm };
  } = {},
): string {
  const { relayState, signer } = more;
  const members = [
    [name, deflateRawSync(xml).toString('base64')],
    ...(relayState ? [['RelayState', relayState]] : []),
    ...(signer ? [['SigAlg', signer.algorithm.uri]] : []),
  ] as const;
  const query = members.map(([member, value]) => `${member}=${escaped(value)}`).join('&');
  if (!signer) return query;
  const { key, algorithm } = signer;
  const signature = unlessForbidden(`sign with RSA and ${algorithm.hash}`, () =>
    sign(algorithm.hash, Buffer.from(query), key).toString('base64'),
  );
  return `${query}&Signature=${encodeURIComponent(signature)}`;
}
