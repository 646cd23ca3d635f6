/** Whose key made the SignatureValue (XML Signature 3.2.2). */
import { verify, X509Certificate } from 'node:crypto';
import { fingerprint } from '../key-pairs.js';
import { readCertificate } from '../pem.js';
import type { Element } from '../../xml/parse.js';
import { childNamed, childrenNamed, everyNamed } from '../../xml/reading.js';
import type { SignatureMethod } from './algorithms.js';
import { base64Text } from './base64-text.js';
import { fail, pass, signatureStep, type Finding, type SignatureEvidence } from './evidence.js';
import { named } from './message.js';

export const key = signatureStep(
  'key',
  ['signedInfoOctets', 'signatureMethod'],
  (evidence, { certificates, now }) =>
    named(() => {
      const trusted = certificates.map((pem, index) =>
        readCertificate(pem, { name: 'certificate', pointer: `/certificates/${index}` }),
      );
      return chooseKey(evidence, trusted, now);
    }, 'Give the IdP’s certificate as PEM.'),
);

/**
 * The trusted certificate whose key made the signature, else the one that KeyInfo names, else the first. KeyInfo itself is what the
 * sender claims and never a key to verify with (CVE-2024-32962).
 */
function chooseKey(
  evidence: SignatureEvidence & Required<Pick<SignatureEvidence, 'signedInfoOctets' | 'signatureMethod'>>,
  trusted: readonly X509Certificate[],
  now: Date,
): Finding<SignatureEvidence> {
  const [first] = trusted;
  if (!first)
    return fail(
      'No trusted certificate was given.',
      'Give the IdP’s `certificate`; the one inside the message proves nothing.',
    );
  const claimed = keyInfoCertificate(evidence.signature);
  const fingerprints = {
    trusted: trusted.map(fingerprint),
    keyInfo: claimed && fingerprint(claimed),
  };
  const signer = trusted.find((certificate) => isSignedBy(evidence, certificate));
  const same = claimed && trusted.find((certificate) => certificate.raw.equals(claimed.raw));
  const sameKey = claimed && trusted.find((certificate) => certificate.publicKey.equals(claimed.publicKey));
  const chosen = signer ?? same ?? sameKey ?? (claimed ? undefined : first);
  if (!chosen)
    return fail(
      `It is signed with the key of another certificate: KeyInfo holds ${fingerprints.keyInfo}, trusted ${trusted.length > 1 ? 'are' : 'is'} ${fingerprints.trusted.join(', ')}.`,
      'The IdP signs with another pair than the SP trusts: `cert` and `key` (api.samlResponse.setCert, setKey) replace the tenant’s pair, or the tenant’s key was rotated, or someone else has signed.',
      { data: fingerprints },
    );
  const notes = [
    claimed && !claimed.raw.equals(chosen.raw) && 'KeyInfo holds another certificate, which is ignored.',
    !claimed && 'There is no certificate in KeyInfo; some SPs want one.',
    (now < new Date(chosen.validFrom) || now >= new Date(chosen.validTo)) &&
      `The certificate is valid from ${chosen.validFrom} to ${chosen.validTo}; most SPs do not look, some refuse.`,
  ].filter((note) => typeof note === 'string');
  const used = fingerprint(chosen);
  return pass(`Trusted certificate ${chosen.subject.replaceAll('\n', ', ')}, SHA-256 ${used}.`, {
    ...(notes.length > 0 && { hint: notes.join(' ') }),
    data: { ...fingerprints, used, validFrom: chosen.validFrom, validTo: chosen.validTo },
    learnt: { trusted: chosen },
  });
}

function keyInfoCertificate(signature: Element): X509Certificate | undefined {
  const [found] = childrenNamed(signature, 'ds:KeyInfo').flatMap((info) =>
    everyNamed(info, 'ds:X509Certificate'),
  );
  try {
    const der = base64Text(found);
    return der === undefined ? undefined : new X509Certificate(Buffer.from(der, 'base64'));
  } catch {
    return undefined;
  }
}

function isSignedBy(
  evidence: SignatureEvidence & {
    readonly signedInfoOctets: string;
    readonly signatureMethod: SignatureMethod;
  },
  certificate: X509Certificate,
): boolean {
  const { signature, signedInfoOctets: octets, signatureMethod } = evidence;
  const value = base64Text(childNamed(signature, 'ds:SignatureValue'));
  if (value === undefined) return false;
  try {
    return verify(
      signatureMethod.hash,
      Buffer.from(octets),
      { key: certificate.publicKey, ...signatureMethod.options },
      Buffer.from(value, 'base64'),
    );
  } catch {
    // a key of another type than the algorithm's
    return false;
  }
}

export const signatureValue = signatureStep(
  'signature_value',
  ['trusted', 'signedInfoOctets', 'signatureMethod'],
  (evidence) => {
    const { trusted, signatureMethod } = evidence;
    if (isSignedBy(evidence, trusted))
      return pass(`${signatureMethod.name} over SignedInfo verifies with the trusted key.`, {
        learnt: { verified: true },
      });
    return fail(
      `${signatureMethod.name} over SignedInfo does not verify with the trusted key.`,
      'SignedInfo or SignatureValue was changed after signing, or another key has signed than KeyInfo claims: check that `certificate` is the one of the key that signs (`cert`, `key`).',
    );
  },
);
