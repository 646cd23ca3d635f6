/** Enveloped XML Signature, as SAML Core 5.4 profiles it: one Reference to the parent's ID, enveloped and exclusive C14N, nothing else. */
import { hash, sign, type KeyObject } from 'node:crypto';
import type { DigestAlgorithm, SignatureAlgorithm } from './algorithms.js';
import { element, withChildAt, type Prefix, type XmlElement } from './element.js';
import { canonicalise } from './writer.js';
import { ENVELOPED_SIGNATURE, EXCLUSIVE_C14N } from '../saml/names.js';
import { SamlError } from '../saml/saml-error.js';

/** What signs. The key is parsed once, outside: decoding a PEM costs twice as much as signing. */
export interface SigningPair {
  readonly privateKey: KeyObject;
  /** DER as base64 without header lines, as KeyInfo/X509Data/X509Certificate wants it. */
  readonly certificate: string;
}
export interface SignatureMethods {
  readonly signature: SignatureAlgorithm;
  readonly digest: DigestAlgorithm;
  /** InclusiveNamespaces PrefixList of the exclusive C14N transform; empty leaves the element out. */
  readonly inclusive: readonly Prefix[];
}

/**
 * `target` with a Signature over itself put in at `index`, right after its Issuer.
 * Sign inside out: whatever is put into `target` afterwards breaks its digest.
 */
export function signEnveloped(
  target: XmlElement,
  index: number,
  pair: SigningPair,
  methods: SignatureMethods,
): XmlElement {
  const id = target.attributes['ID'];
  if (id === undefined) throw new TypeError(`${target.name} has no ID for a Reference`);
  const digest = digestValue(canonicalise(target, methods.inclusive), methods);
  const info = signedInfo(id, digest, methods);
  const value = signatureValue(canonicalise(info), pair, methods);
  const signature = element('Signature', {}, [
    info,
    element('SignatureValue', {}, [value]),
    element('KeyInfo', {}, [element('X509Data', {}, [element('X509Certificate', {}, [pair.certificate])])]),
  ]);
  return withChildAt(target, index, signature);
}

const digestValue = (octets: string, { digest }: SignatureMethods): string =>
  unlessForbidden(`digest with ${digest.hash}`, () => hash(digest.hash, octets, 'base64'));

const signatureValue = (
  octets: string,
  { privateKey }: SigningPair,
  { signature }: SignatureMethods,
): string =>
  unlessForbidden(`sign with RSA and ${signature.hash}`, () =>
    sign(signature.hash, Buffer.from(octets), privateKey).toString('base64'),
  );

/** Throws `saml_algorithm_unsupported` where the machine's cryptographic policy forbids it, as RHEL 9 does with SHA-1. */
export function unlessForbidden<Result>(what: string, run: () => Result): Result {
  try {
    return run();
  } catch (cause) {
    const description = `this machine cannot ${what}: its OpenSSL refuses; a system-wide policy may forbid it`;
    throw new SamlError('saml_algorithm_unsupported', description, { cause });
  }
}

function signedInfo(
  id: string,
  digest: string,
  { signature, digest: method, inclusive }: SignatureMethods,
): XmlElement {
  const prefixes =
    inclusive.length === 0 ? [] : [element('ec:InclusiveNamespaces', { PrefixList: inclusive.join(' ') })];
  return element('SignedInfo', {}, [
    element('CanonicalizationMethod', { Algorithm: EXCLUSIVE_C14N }),
    element('SignatureMethod', { Algorithm: signature.uri }),
    element('Reference', { URI: `#${id}` }, [
      element('Transforms', {}, [
        element('Transform', { Algorithm: ENVELOPED_SIGNATURE }),
        element('Transform', { Algorithm: EXCLUSIVE_C14N }, prefixes),
      ]),
      element('DigestMethod', { Algorithm: method.uri }),
      element('DigestValue', {}, [digest]),
    ]),
  ]);
}
