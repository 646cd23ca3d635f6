import { MintmarkError } from '../protocol/mintmark-error.js';

/** Every way in which what an operator owns can be refused. */
export type TenantErrorCode =
  | 'invalid_body'
  | 'client_not_found'
  | 'user_not_found'
  | 'key_not_found'
  | 'session_not_found'
  | 'client_exists'
  | 'user_exists'
  | 'key_exists'
  | 'key_invalid'
  | 'cursor_invalid'
  | 'metadata_unreachable'
  | 'secret_unreadable'
  | 'seed_invalid';

export class TenantError extends MintmarkError<TenantErrorCode> {}
