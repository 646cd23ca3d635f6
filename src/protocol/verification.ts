/** What a verifier writes down: a transcript of steps, for SAML and for JWTs alike. */
export interface VerificationStep {
  /** Stable, snake_case: `parse`, `digest`, `signature_value`, `conditions`, … */
  readonly name: string;
  readonly status: 'pass' | 'fail' | 'skipped';
  /** What was looked at and found, in one sentence. */
  readonly detail: string;
  /** On a failure: the likely cause, naming the setting at fault. */
  readonly hint?: string;
  /** The material of the step: octets, digests, fingerprints. */
  readonly data?: Readonly<Record<string, unknown>>;
}
export interface Verification {
  /** No step failed, and the message is covered by a signature that verifies. */
  readonly valid: boolean;
  readonly steps: readonly VerificationStep[];
}
