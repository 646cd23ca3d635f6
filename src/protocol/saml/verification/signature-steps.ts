/** The steps of one Signature: XML Signature 3.2, reference validation and then signature validation, as SAML Core 5.4 profiles it. */
import { crossCheck } from './cross-check.js';
import { digest, signedInfo } from './digest.js';
import {
  skip,
  type Carrier,
  type Evidence,
  type Finding,
  type Step,
  type VerifyOptions,
} from './evidence.js';
import { key, signatureValue } from './key.js';
import { algorithms, reference, transforms } from './reference.js';

/** In this order. */
const SIGNATURE_STEPS = [
  reference,
  transforms,
  algorithms,
  digest,
  signedInfo,
  key,
  signatureValue,
  crossCheck,
] as const;

/** Those of the Signature in `carrier`; an assertion's stand in the transcript, skipped, where nothing is signed at all. */
export const signatureSteps = (carrier: Carrier): Step[] =>
  SIGNATURE_STEPS.map(({ name, needs, check }) => ({
    name,
    needs: [carrier],
    when: (evidence: Evidence) =>
      evidence[carrier] !== undefined || (carrier === 'Assertion' && !evidence.Response),
    check: (evidence: Evidence, options: VerifyOptions): Finding => {
      const known = evidence[carrier]!;
      if (needs.some((need) => known[need] === undefined))
        return skip('Not looked at, since a step before it did not pass.');
      const { learnt, data, ...said } = check(known, options);
      return {
        ...said,
        data: { signed: carrier, ...data },
        ...(learnt && { learnt: { [carrier]: { ...known, ...learnt } } }),
      };
    },
  }));
