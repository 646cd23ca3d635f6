/**
 * The enveloped signature of a request (SAML Core 5.4), verified so that wrapping it gains nothing (saml-output.md 9.5): one Signature,
 * a child of the root, one Reference to the root, and every field read again from the very octets that verified.
 */
import { isDeepStrictEqual } from 'node:util';
import { SignedXml } from 'xml-crypto';
import { DIGEST_ALGORITHMS, SIGNATURE_ALGORITHMS } from '../xml/algorithms.js';
import { referenceLineEnds } from '../xml/characters.js';
import { parseXml, type Element } from '../xml/parse.js';
import { attribute, childAt, childrenNamed, everyNamed } from '../xml/reading.js';
import { readAuthnRequest, type AuthnRequest } from './authn-request.js';
import { ENVELOPED_SIGNATURE, EXCLUSIVE_C14N } from './names.js';
import { readCertificate } from './pem.js';
import { SamlError } from './saml-error.js';

/** SHA-1 is not among them: whoever can forge it could choose where assertions go. */
const SIGNATURE_METHODS: readonly string[] = [
  SIGNATURE_ALGORITHMS['rsa-sha256'].uri,
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
];
const DIGEST_METHODS: readonly string[] = [
  DIGEST_ALGORITHMS.sha256.uri,
  'http://www.w3.org/2001/04/xmlenc#sha512',
];

/** Throws SamlError `saml_request_unsigned` or `saml_request_signature`; what KeyInfo says is never looked at. */
export function verifyRequestSignature(request: AuthnRequest, signingCert: string): void {
  const root = parseXml(request.xml).documentElement!;
  const signatures = everyNamed(root, 'ds:Signature');
  const [signature] = signatures;
  if (!signature)
    throw new SamlError(
      'saml_request_unsigned',
      'signingCert is set, so the AuthnRequest must be signed, and it is not: have the SP sign it, or take signingCert back',
    );
  if (signatures.length > 1 || signature.parentNode !== root)
    throw refuse('it must have one Signature, a child of the AuthnRequest itself');
  checkReference(root, signature);
  const certificate = readCertificate(signingCert, { name: 'signingCert', pointer: '/signingCert' });
  const judge = new SignedXml({ publicCert: certificate.toString(), getCertFromKeyInfo: () => null });
  if (!verifies(judge, request.xml, signature))
    throw refuse(
      'it does not verify with signingCert: another key signed it, or it was changed after signing',
    );
  const signed = judge.getSignedReferences();
  const { xml: _, signed: __, ...read } = request;
  if (signed.length !== 1) throw refuse('it signs more than the AuthnRequest');
  const { xml: ___, signed: ____, ...covered } = readAuthnRequest(referenceLineEnds(signed[0]!));
  if (!isDeepStrictEqual(read, covered)) throw refuse('what it signs is not what the AuthnRequest says');
}

/** One Reference to the root's ID; enveloped and exclusive C14N; no weak algorithm, no MAC. */
function checkReference(root: Element, signature: Element): void {
  const info = childAt(signature, 'ds:SignedInfo');
  const references = info ? childrenNamed(info, 'ds:Reference') : [];
  const [reference] = references;
  if (!reference || references.length > 1) throw refuse('it must have exactly one Reference');
  if (attribute(reference, 'URI') !== `#${attribute(root, 'ID')}`)
    throw refuse('its Reference must be # and the ID of the AuthnRequest');
  const algorithm = (element: Element | undefined): string => attribute(element, 'Algorithm') ?? '';
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
  for (const [element, allowed] of [
    [childAt(info, 'ds:SignatureMethod'), SIGNATURE_METHODS],
    [childAt(reference, 'ds:DigestMethod'), DIGEST_METHODS],
  ] as const)
    if (!allowed.includes(algorithm(element)))
      throw refuse(
        `the algorithm ${algorithm(element) || '(none)'} is not taken; use one of ${allowed.join(', ')}`,
      );
}

/** xml-crypto answers false for a wrong digest and throws for a wrong signature value. */
function verifies(judge: SignedXml, xml: string, signature: Element): boolean {
  try {
    judge.loadSignature(signature);
    return judge.checkSignature(referenceLineEnds(xml));
  } catch {
    return false;
  }
}

const refuse = (detail: string): SamlError =>
  new SamlError('saml_request_signature', `the signature of the AuthnRequest is refused: ${detail}`);
