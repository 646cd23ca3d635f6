import { MintmarkError } from '../mintmark-error.js';

/** Every way in which making a JWT can fail; reading one never does, see verification.ts. */
export type JwtErrorCode =
  /** `scope` was set as a custom claim. */
  | 'claim_scope_refused'
  /** A custom claim holds something that JSON has no words for. */
  | 'claim_not_json'
  /** The custom claims of one token are over 102 400 bytes. */
  | 'claims_too_large'
  /** The key cannot sign with the algorithm that it was chosen for. */
  | 'jwt_key_unusable';

/** A named failure of the JWT core. */
export class JwtError extends MintmarkError<JwtErrorCode> {}
