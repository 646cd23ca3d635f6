/** Verifies a SAML response from anyone, and writes down how. */
import type { Verification, VerificationStep } from '../../verification.js';
import { sourceOf } from '../../xml/parse.js';
import {
  fail,
  skip,
  type Evidence,
  type Finding,
  type SamlResponseInput,
  type Step,
  type VerifyOptions,
} from './evidence.js';
import { stepsFor } from './steps.js';

export type { SamlResponseInput, VerifyOptions } from './evidence.js';

export interface SamlVerification extends Verification {
  /** The assertion as it stood on the wire, or as it was decrypted: there where one was found in its place, verified or not. */
  readonly assertionXml?: string;
}

/**
 * The transcript of `input`, from its bytes alone. The first failed step names the cause; later ones still look at what they can.
 * An error Response fails at `status`. Without `decryptionKey` what is encrypted is skipped, and the response is valid only where a
 * signature over the ciphertext verifies; with `keptAssertionXml` the signature in that one counts as well. Never throws.
 */
export function verifySamlResponse(input: SamlResponseInput, options: VerifyOptions): SamlVerification {
  const steps: VerificationStep[] = [];
  let evidence: Evidence = {};
  for (const step of stepsFor(input)) {
    const finding = run(step, evidence, options, steps);
    if (!finding) continue;
    const { learnt, ...said } = finding;
    steps.push({ name: step.name, ...said });
    evidence = Object.assign({}, evidence, learnt);
  }
  const { assertion, plaintext, Response, Assertion } = evidence;
  const assertionXml = plaintext ?? (assertion && sourceOf(assertion));
  return {
    valid:
      steps.every(({ status }) => status !== 'fail') &&
      (Response?.verified === true || Assertion?.verified === true),
    steps,
    ...(assertionXml !== undefined && { assertionXml }),
  };
}

function run(
  { needs, when, check }: Step,
  evidence: Evidence,
  options: VerifyOptions,
  before: readonly VerificationStep[],
): Finding | null {
  if (when && !when(evidence)) return null;
  if (needs.some((need) => evidence[need] === undefined)) return skip(whyNothing(evidence, before));
  try {
    return check(evidence, options);
  } catch (error) {
    return fail(
      `It could not be looked at: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown'}.`,
      'This is a fault of Mintmark; please report it with the response.',
    );
  }
}

function whyNothing(
  { encryptedAssertion, decrypted, success }: Evidence,
  before: readonly VerificationStep[],
): string {
  const failed = before.find(({ status }) => status === 'fail');
  if (failed && failed.name !== 'status') return `Not looked at, since ${failed.name} failed.`;
  if (encryptedAssertion && !decrypted)
    return 'Not looked at: the assertion is encrypted and was not decrypted.';
  return success === false ? 'An error Response has no assertion.' : 'There is nothing to look at.';
}
