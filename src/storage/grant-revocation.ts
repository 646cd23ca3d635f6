import type { Statement } from './statement.js';

/** What of a grant ends: every token, or its refresh tokens only, so that the access tokens that are out live to their end. */
export type Revocation = 'everything' | 'refresh_tokens';

/** Changes nothing; whoever runs it first is waited for. Grants are locked in no order, so two revocations could wait for one another. */
export const WAIT_FOR_OTHERS: Statement = {
  sql: 'UPDATE tenant SET revision = revision WHERE id = 1',
  values: [],
};

/** What ends a grant, by what of it ends; its values are the instant, and those of the condition that follows. */
export const REVOKE: Readonly<Record<Revocation, string>> = {
  everything: 'UPDATE grants SET revoked_at = ? WHERE revoked_at IS NULL',
  refresh_tokens: `UPDATE grants SET refresh_tokens_revoked_at = ?
    WHERE revoked_at IS NULL AND refresh_tokens_revoked_at IS NULL`,
};
