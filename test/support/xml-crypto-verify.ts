/** Verification by xml-crypto's plain SignedXml, which parses and canonicalises the document by itself. */
import { DOMParser } from '@xmldom/xmldom';
import { SignedXml } from 'xml-crypto';

const DSIG = 'http://www.w3.org/2000/09/xmldsig#';

export interface VerifiedSignature {
  /** Local name of the element that the Signature stands in. */
  readonly over: string;
  /** The canonical octets whose digest the Signature vouches for. */
  readonly octets: string;
}

/** Every signature of the document, verified with that certificate; throws when one of them is not valid. */
export function verifySignatures(xml: string, certificatePem: string): VerifiedSignature[] {
  const document = new DOMParser().parseFromString(xml, 'text/xml');
  return [...document.getElementsByTagNameNS(DSIG, 'Signature')].map((signature) => {
    const verifier = new SignedXml({ publicCert: certificatePem });
    verifier.loadSignature(signature);
    if (!verifier.checkSignature(xml)) throw new Error('a signature does not verify');
    const signed = verifier.getSignedReferences();
    if (signed.length !== 1) throw new Error(`${signed.length} references instead of one`);
    return { over: (signature.parentNode as unknown as { localName: string }).localName, octets: signed[0]! };
  });
}
