import { MintmarkError } from '../protocol/mintmark-error.js';

/** Every way in which what an operator owns can be refused. */
export type TenantErrorCode =
  | 'invalid_body'
  | 'client_not_found'
  | 'user_not_found'
  | 'key_not_found'
  | 'session_not_found'
  | 'refresh_token_not_found'
  | 'action_not_found'
  | 'action_version_not_found'
  | 'trigger_not_found'
  | 'action_exists'
  /** It runs in a trigger. */
  | 'action_bound'
  /** There is no version of it that could run. */
  | 'action_not_deployed'
  /** Of Actions in the tenant. */
  | 'action_limit_reached'
  | 'action_code_invalid'
  | 'resource_server_not_found'
  | 'client_grant_not_found'
  | 'connection_not_found'
  | 'role_not_found'
  | 'organization_not_found'
  | 'member_not_found'
  | 'client_exists'
  | 'user_exists'
  | 'resource_server_exists'
  | 'client_grant_exists'
  | 'connection_exists'
  | 'role_exists'
  | 'organization_exists'
  | 'key_exists'
  /** It signs, so it cannot be revoked. */
  | 'key_is_current'
  | 'key_invalid'
  | 'cursor_invalid'
  | 'metadata_unreachable'
  | 'secret_unreadable'
  | 'seed_invalid';

export class TenantError extends MintmarkError<TenantErrorCode> {}
