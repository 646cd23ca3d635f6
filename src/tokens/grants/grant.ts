/** What a grant is to the token endpoint: a row of `grants.service.ts`. */
import type { TokenGrant } from '../../tenant/transaction.js';
import type { GrantCall, TokenResponse } from '../token-call.js';

export interface GrantRow {
  /** `protocol` of its transactions. */
  readonly name: TokenGrant;
  /** `grant_type`, and what of the client's `grant_types` allows it. */
  readonly type: string;
  readonly allowedBy: readonly string[];
  /** Whether a client without credentials of its own may use it. */
  readonly forPublicClients: boolean;
  /** Yields the answer, with the draft at its end. Throws OAuthError, JwtError, ActionError, and has issued nothing. */
  readonly exchange: (call: GrantCall) => Promise<TokenResponse>;
}
