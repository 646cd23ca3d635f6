import { MintmarkError } from '../protocol/mintmark-error.js';

/** Every way in which a login can be refused before it has an outcome of its own. */
export type LoginErrorCode =
  | 'transaction_not_found'
  | 'transaction_finished'
  | 'transaction_awaits_login'
  | 'transaction_suspended'
  | 'transaction_running'
  | 'continue_state_invalid'
  | 'login_not_found'
  | 'login_elsewhere'
  | 'login_expired'
  | 'login_form_stale'
  | 'user_code_unknown'
  | 'credentials_refused'
  | 'too_many_attempts'
  | 'client_unknown'
  | 'auto_login_unusable'
  | 'artefact_not_found'
  | 'client_not_saml'
  | 'user_missing'
  | 'user_without_id'
  | 'setting_not_of_protocol';

export class LoginError extends MintmarkError<LoginErrorCode> {}
