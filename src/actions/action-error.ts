import { MintmarkError } from '../protocol/mintmark-error.js';

/** Every way in which an Action ends a transaction that is not its `api` denying it. */
export type ActionErrorCode =
  /** It threw; the description is what it threw. */
  | 'action_threw'
  /** Its code could not be loaded: a syntax error, no such handler, a package that is not there. */
  | 'action_unusable'
  | 'action_timed_out'
  /** Its process ended: out of memory, process.exit, or killed for what it did. */
  | 'action_crashed'
  /** Output beyond a bound: logs are cut, but calls and results are not. */
  | 'action_output_too_large'
  /** It asked for a page that Mintmark does not have: MFA, a form. */
  | 'interaction_unavailable'
  /** It redirected where no browser can be: prompt=none. */
  | 'interaction_required'
  /** setPrimaryUser names nobody, or somebody who does not hold this identity. */
  | 'primary_user_invalid'
  /** It redirected, and exports no onContinuePostLogin. */
  | 'continuation_missing';

export class ActionError extends MintmarkError<ActionErrorCode> {}
