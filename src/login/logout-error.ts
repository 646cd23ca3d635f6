import { MintmarkError } from '../protocol/mintmark-error.js';

/** Every way in which a logout can be refused that is not the fault of a message (those are SamlError). */
export type LogoutErrorCode =
  | 'logout_not_found'
  | 'logout_over'
  | 'logout_elsewhere'
  | 'logout_form_stale'
  | 'logout_disabled'
  | 'logout_answer_unexpected'
  | 'logout_client_unknown'
  | 'logout_hint_invalid'
  | 'logout_hint_mismatch'
  | 'logout_url_not_allowed';

export class LogoutError extends MintmarkError<LogoutErrorCode> {}
