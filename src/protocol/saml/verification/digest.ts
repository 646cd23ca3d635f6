/** The octets: of the element that is covered and of SignedInfo (XML Signature 3.2.1). */
import { createHash } from 'node:crypto';
import { canonicaliseNode } from '../../xml/canonical-node.js';
import { childrenNamed } from '../../xml/reading.js';
import { base64Text } from './base64-text.js';
import { fail, pass, signatureStep } from './evidence.js';

export const digest = signatureStep(
  'digest',
  ['reference', 'transformPrefixes', 'digestMethod'],
  (evidence) => {
    const { parent, signature, reference: at, transformPrefixes, digestMethod } = evidence;
    const canonicalOctets = canonicaliseNode(parent, { without: signature, inclusive: transformPrefixes });
    const values = childrenNamed(at, 'ds:DigestValue');
    const expected = values.length === 1 ? base64Text(values[0]) : undefined;
    const actual = createHash(digestMethod.name).update(canonicalOctets).digest('base64');
    const data = {
      algorithm: digestMethod.name,
      expected,
      actual,
      octets: Buffer.byteLength(canonicalOctets),
      canonicalOctets,
    };
    if (expected !== actual)
      return fail(
        `The ${parent.localName} digests to ${actual}, and DigestValue says ${expected ?? 'nothing readable'}.`,
        `The ${parent.localName} is not what was signed: something in it was changed, re-indented or re-serialised after signing, or the DigestValue was.`,
        { data },
      );
    return pass(`The ${parent.localName}, ${data.octets} octets, digests to DigestValue.`, {
      data,
      learnt: {
        referenceOctets: canonicalOctets,
      },
    });
  },
);

export const signedInfo = signatureStep('signed_info', ['signedInfo', 'signedInfoPrefixes'], (evidence) => {
  const canonicalOctets = canonicaliseNode(evidence.signedInfo, { inclusive: evidence.signedInfoPrefixes });
  const octets = Buffer.byteLength(canonicalOctets);
  return pass(`${octets} canonical octets of SignedInfo.`, {
    data: { octets, canonicalOctets },
    learnt: {
      signedInfoOctets: canonicalOctets,
    },
  });
});
