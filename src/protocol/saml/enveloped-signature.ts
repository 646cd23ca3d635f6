/**
 * The enveloped signature of a message (SAML Core 5.4), verified so that wrapping it gains nothing (saml-output.md 9.5): one Signature,
 * a child of the root, one Reference to the root, and every field read again from the very octets that verified.
 */
import type { X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { SignedXml } from 'xml-crypto';
import { DIGEST_ALGORITHMS, SIGNATURE_ALGORITHMS } from '../xml/algorithms.js';
import { referenceLineEnds } from '../xml/characters.js';
import { parseXml, type Element } from '../xml/parse.js';
import { attribute, childAt, childrenNamed, everyNamed } from '../xml/reading.js';
import { ENVELOPED_SIGNATURE, EXCLUSIVE_C14N } from './names.js';
import { SamlError } from './saml-error.js';

/** A message as it was read: its document, whether a Signature stands in it, and what it says. */
export interface SignedMessage {
  readonly xml: string;
  readonly signed: boolean;
}

/** URIs of what is taken. SHA-1 only where the operator says so: whoever can forge it could choose where assertions go. */
interface Methods {
  readonly signature: readonly string[];
  readonly digest: readonly string[];
}
const METHODS: Methods = {
  signature: [SIGNATURE_ALGORITHMS['rsa-sha256'].uri, 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512'],
  digest: [DIGEST_ALGORITHMS.sha256.uri, 'http://www.w3.org/2001/04/xmlenc#sha512'],
};
const WITH_SHA1: Methods = {
  signature: [...METHODS.signature, SIGNATURE_ALGORITHMS['rsa-sha1'].uri],
  digest: [...METHODS.digest, DIGEST_ALGORITHMS.sha1.uri],
};

/**
 * The one of `certificates` whose key signed `message`; what KeyInfo says is never looked at. Throws SamlError `saml_request_unsigned`,
 * `saml_sigalg_missing`, `saml_sigalg_unsupported` or `saml_request_signature`.
 */
export function verifyEnveloped<Message extends SignedMessage>(
  message: Message,
  read: (xml: string) => Message,
  certificates: readonly X509Certificate[],
  options: { readonly acceptSha1?: boolean } = {},
): X509Certificate {
  const root = parseXml(message.xml).documentElement!;
  const refuse = refusalOf(root.localName ?? 'message');
  const signatures = everyNamed(root, 'ds:Signature');
  const [signature] = signatures;
  if (!signature)
    throw new SamlError(
      'saml_request_unsigned',
      `the ${root.localName} must be signed, since a certificate is set to verify it with, and it is not: have the SP sign it, or take the certificate back`,
    );
  if (signatures.length > 1 || signature.parentNode !== root)
    throw refuse('it must have one Signature, a child of its root');
  checkReference(root, signature, options.acceptSha1 ? WITH_SHA1 : METHODS, refuse);
  for (const certificate of certificates) {
    const octets = verifiedOctets(message.xml, signature, certificate);
    if (octets === undefined) continue;
    if (octets === false)
      throw refuse('its digest is of something else: the message was changed after signing');
    if (octets.length !== 1) throw refuse('it signs more than its root');
    // the judge's octets hold U+0085 and its like as they are, and a reader's parser could take them for line ends
    if (!isDeepStrictEqual(saying(message), saying(read(referenceLineEnds(octets[0]!)))))
      throw refuse('what it signs is not what the message says');
    return certificate;
  }
  throw refuse(
    `it does not verify with the RSA key of ${certificates.length === 1 ? 'the certificate that is set' : 'any certificate that is set'}: another key signed it, or its SignedInfo was changed after signing`,
  );
}

/** What a message says, whichever octets it was read from. */
function saying(message: SignedMessage): object {
  const { xml: _, signed: __, ...fields } = message;
  return fields;
}

/** One Reference to the root's ID; enveloped and exclusive C14N; no weak algorithm, no MAC. */
function checkReference(root: Element, signature: Element, methods: Methods, refuse: Refusal): void {
  const [info, ...others] = childrenNamed(signature, 'ds:SignedInfo');
  if (!info || others.length > 0) throw refuse('it must have exactly one SignedInfo');
  const references = childrenNamed(info, 'ds:Reference');
  const [reference] = references;
  if (!reference || references.length > 1) throw refuse('it must have exactly one Reference');
  if (attribute(reference, 'URI') !== `#${attribute(root, 'ID')}`)
    throw refuse('its Reference must be # and the ID of the root');
  const transforms = childrenNamed(childAt(reference, 'ds:Transforms') ?? reference, 'ds:Transform').map(
    algorithm,
  );
  if (
    transforms.length > 2 ||
    transforms.some((uri) => uri !== ENVELOPED_SIGNATURE && uri !== EXCLUSIVE_C14N)
  )
    throw refuse('its transforms must be enveloped-signature and exclusive C14N, nothing else');
  if (algorithm(childAt(info, 'ds:CanonicalizationMethod')) !== EXCLUSIVE_C14N)
    throw refuse('its SignedInfo must be canonicalised by exclusive C14N');
  checkAlgorithm('SignatureMethod', childAt(info, 'ds:SignatureMethod'), methods.signature);
  checkAlgorithm('DigestMethod', childAt(reference, 'ds:DigestMethod'), methods.digest);
}

const algorithm = (method: Element | undefined): string | undefined => attribute(method, 'Algorithm');

function checkAlgorithm(name: string, method: Element | undefined, known: readonly string[]): void {
  const uri = algorithm(method);
  if (uri === undefined)
    throw new SamlError(
      'saml_sigalg_missing',
      `the Signature has no ${name} with an Algorithm to say how it was made`,
    );
  if (known.includes(uri)) return;
  const weak = WITH_SHA1.signature.includes(uri) || WITH_SHA1.digest.includes(uri);
  throw new SamlError(
    'saml_sigalg_unsupported',
    `the ${name} ${JSON.stringify(uri.slice(0, 200))} is not taken; use one of ${known.join(', ')}${weak ? ', or set acceptSha1Requests' : ''}`,
  );
}

/** What the signature covers; `false` where that was changed, `undefined` where another key signed, or nothing that can be read. */
function verifiedOctets(
  xml: string,
  signature: Element,
  { publicKey }: X509Certificate,
): readonly string[] | false | undefined {
  if (publicKey.asymmetricKeyType !== 'rsa') return undefined;
  const judge = new SignedXml({ publicCert: publicKey, getCertFromKeyInfo: () => null });
  try {
    judge.loadSignature(signature);
    return judge.checkSignature(referenceLineEnds(xml)) && judge.getSignedReferences();
  } catch {
    return undefined;
  }
}

type Refusal = (detail: string) => SamlError;
const refusalOf =
  (what: string): Refusal =>
  (detail) =>
    new SamlError('saml_request_signature', `the signature of the ${what} is refused: ${detail}`);
