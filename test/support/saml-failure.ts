import { SamlError } from '../../src/protocol/saml/saml-error.js';

/** The SamlError that `run` throws; anything else it throws, or nothing, fails the test. */
export function samlFailure(run: () => unknown): SamlError {
  try {
    run();
  } catch (error) {
    if (error instanceof SamlError) return error;
    throw error;
  }
  throw new Error('it should have thrown a SamlError, and did not');
}
