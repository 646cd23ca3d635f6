/** Of a user's refresh tokens for a client so many live; with one more the oldest goes (oauth-oidc.md 4.3). */
import type { RefreshToken } from '../tenant/grant.js';
import type { Database } from './database.js';
import { REVOKE, WAIT_FOR_OTHERS } from './grant-revocation.js';
import { HAS_NOT_ENDED } from './refresh-token-row.js';
import type { SqlValue } from './statement.js';

export const MOST_REFRESH_TOKENS = 200;

/** SQLite has no OFFSET without a LIMIT. */
const ALL = 1_000_000;

/** What is too much; a family counts once, however many of its tokens live. */
const beyondCap = (limit: number): string => `SELECT id FROM grants
  WHERE user_id = (SELECT user_id FROM grants WHERE id = ?) AND client_id = (SELECT client_id FROM grants WHERE id = ?)
  AND refresh_tokens_since IS NOT NULL AND revoked_at IS NULL AND refresh_tokens_revoked_at IS NULL
  AND EXISTS (SELECT 1 FROM refresh_tokens
    WHERE refresh_tokens.grant_id = grants.id AND refresh_tokens.status = 'active' AND ${HAS_NOT_ENDED})
  ORDER BY refresh_tokens_since DESC, id DESC LIMIT ${limit} OFFSET ${MOST_REFRESH_TOKENS}`;

const IS_BEYOND = beyondCap(1);
const DROP = `${REVOKE.refresh_tokens} AND id IN (${beyondCap(ALL)})`;

/**
 * After a family was begun. Looks first, since grants of one user are locked by one at a time, and that is the whole tenant's. A crash before
 * it, or a database that fails, leaves one too many until the next is begun: what was issued is issued, and its client is to have it.
 */
export async function dropBeyondCap(
  database: Database,
  { grantId, createdAt }: Pick<RefreshToken, 'grantId' | 'createdAt'>,
): Promise<void> {
  const at = Date.parse(createdAt);
  const values: readonly SqlValue[] = [grantId, grantId, at, at];
  try {
    if ((await database.rows(IS_BEYOND, values)).length === 0) return;
    await database.atomically([WAIT_FOR_OTHERS, { sql: DROP, values: [at, ...values] }]);
  } catch {
    // the next family drops what is left
  }
}
