import { MintmarkError } from '../protocol/mintmark-error.js';

/** Every way in which a login can be refused before it has an outcome of its own. */
export type LoginErrorCode =
  | 'transaction_not_found'
  | 'transaction_finished'
  | 'artefact_not_found'
  | 'client_not_saml'
  | 'user_without_id'
  | 'setting_not_of_protocol';

export class LoginError extends MintmarkError<LoginErrorCode> {}
