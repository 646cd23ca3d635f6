/** A second opinion on what was verified by hand. */
import { SignedXml } from 'xml-crypto';
import { referenceLineEnds } from '../../xml/characters.js';
import { fail, pass, signatureStep, skip } from './evidence.js';

/** It walks the document a dozen times; above this size that takes a second and more. */
const SECOND_OPINION_CHARACTERS = 512 * 1024;
/** Its XPath sorts what it finds in a time that grows with the square of the siblings. */
const SECOND_OPINION_TAGS = 10_000;

const isTooLarge = (xml: string): boolean =>
  xml.length > SECOND_OPINION_CHARACTERS ||
  xml.split('<', SECOND_OPINION_TAGS + 2).length > SECOND_OPINION_TAGS + 1;

/** The library that most SPs written for Node ask. It reads the document with its own parser and finds the signed element itself. */
export const crossCheck = signatureStep(
  'cross_check',
  ['trusted', 'verified', 'referenceOctets', 'signatureMethod', 'digestMethod'],
  ({ documentXml, signature, trusted, referenceOctets, signatureMethod, digestMethod }) => {
    const unfit = !signatureMethod.secondOpinion
      ? `xml-crypto does not know ${signatureMethod.name}.`
      : !digestMethod.secondOpinion
        ? `xml-crypto does not know ${digestMethod.name}.`
        : isTooLarge(documentXml)
          ? 'The document is too large for it.'
          : undefined;
    if (unfit) return skip(unfit);
    const judge = new SignedXml({
      publicCert: trusted.toString(),
      getCertFromKeyInfo: () => null,
    });
    const verdict = ask(() => {
      judge.loadSignature(signature);
      // its parser would make line feeds of U+0085 and U+2028
      return judge.checkSignature(referenceLineEnds(documentXml));
    });
    if (verdict !== true)
      return fail(
        `xml-crypto says no: ${verdict || 'the digest differs'}.`,
        'Every step above passed, so the document holds something that readers treat differently; SPs written for Node will refuse it.',
      );
    const signed = judge.getSignedReferences();
    if (signed.length !== 1 || signed[0] !== referenceOctets)
      return fail(
        'xml-crypto verifies other octets than those above.',
        'The two find different elements for one Reference: the document is made to be read in two ways.',
      );
    return pass('xml-crypto verifies the same octets with the same certificate.');
  },
);
function ask(act: () => boolean): boolean | string {
  try {
    return act();
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 200) : String(error);
  }
}
