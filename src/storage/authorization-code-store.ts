import type { DataSource } from 'typeorm';
import type { AuthorizationCode, Grant, IssuedTokens, RedeemedTokens, Reused } from '../tenant/grant.js';
import type { Transaction } from '../tenant/transaction.js';
import { Database } from './database.js';
import { deleteInLots } from './delete-in-lots.js';
import { dropBeyondCap } from './refresh-token-cap.js';
import { isStorableKey } from './storable-key.js';
import { insertGrant, insertTokens, keepGrant } from './token-statements.js';
import { insertTransaction } from './transaction-statements.js';

/** As one statement reads it. */
export interface FoundCode {
  readonly code: AuthorizationCode;
  readonly grant: Grant;
  readonly isRedeemed: boolean;
  readonly isRevoked: boolean;
}

/** A redeemed code is known for so long after its end: whoever comes with it again ends what it gave. */
const KNOWN_AFTER_END_MS = 3_600_000;

/** Asked of the code's one grant: SQLite would read through all of them for `IN`. */
const REDEEM = `UPDATE authorization_codes SET status = 'redeemed'
  WHERE digest = ? AND status = 'issued' AND expires_at > ?
  AND EXISTS (SELECT 1 FROM grants WHERE grants.id = authorization_codes.grant_id AND grants.revoked_at IS NULL)`;

export class AuthorizationCodeStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** With its grant, and the tokens that are issued beside it: all or nothing. Throws `invalid_body` as `GrantStore.insert` does. */
  async insert(code: AuthorizationCode, grant: Grant, tokens: IssuedTokens = {}): Promise<void> {
    await this.#database.atomically(insertGrant(grant, { code, ...tokens }));
  }

  /** To be checked before it is redeemed; whether it has expired is the caller's to judge. */
  async find(digest: string): Promise<FoundCode | null> {
    if (!isStorableKey(digest)) return null;
    const [row] = await this.#database.rows<{
      document: string;
      status: string;
      grant_document: string;
      revoked_at: number | string | null;
    }>(
      `SELECT authorization_codes.document, authorization_codes.status,
        grants.document AS grant_document, grants.revoked_at
        FROM authorization_codes JOIN grants ON grants.id = authorization_codes.grant_id WHERE digest = ?`,
      [digest],
    );
    if (!row) return null;
    return {
      code: JSON.parse(row.document) as AuthorizationCode,
      grant: JSON.parse(row.grant_document) as Grant,
      isRedeemed: row.status === 'redeemed',
      isRevoked: row.revoked_at !== null,
    };
  }

  /** Exactly one of any number of callers gets the code; `null` where it is unknown, expired or its grant revoked. */
  async redeem(digest: string, now: Date): Promise<{ readonly code: AuthorizationCode } | Reused | null> {
    if (!isStorableKey(digest)) return null;
    const [row] = await this.#database.rows<{ document: string }>(`${REDEEM} RETURNING document`, [
      digest,
      now.getTime(),
    ]);
    return row ? { code: JSON.parse(row.document) as AuthorizationCode } : this.#reused(digest);
  }

  /**
   * Redeems a code and writes what is issued for it in one step, so that a crash leaves neither a spent code without tokens nor tokens
   * of a code that can be used again; the call's own transaction goes with them. Answers as `redeem` does; where it is not `true`, nothing was written.
   */
  async exchange(
    { digest, grantId }: Pick<AuthorizationCode, 'digest' | 'grantId'>,
    tokens: RedeemedTokens,
    now: Date,
    transaction?: Transaction,
  ): Promise<true | Reused | null> {
    const changed = await this.#database.atomically([
      { sql: REDEEM, values: [digest, now.getTime()], isDecisive: true },
      keepGrant(grantId, tokens, { needsRefresh: tokens.refreshToken !== undefined }),
      ...insertTokens(tokens),
      ...(transaction ? [insertTransaction(transaction)] : []),
    ]);
    if (changed[0] === 0) return this.#reused(digest);
    if (changed[1] === 0) return null;
    if (tokens.refreshToken) await dropBeyondCap(this.#database, tokens.refreshToken);
    return true;
  }

  /** Deletes those that ended long enough ago; yields how many. */
  prune(now: Date): Promise<number> {
    return deleteInLots(this.#database, 'authorization_codes', 'expires_at <= ? ORDER BY expires_at', [
      now.getTime() - KNOWN_AFTER_END_MS,
    ]);
  }

  async #reused(digest: string): Promise<Reused | null> {
    const [row] = await this.#database.rows<{ grant_id: string }>(
      `SELECT grant_id FROM authorization_codes WHERE digest = ? AND status = 'redeemed'`,
      [digest],
    );
    return row ? { reused: true, grantId: row.grant_id } : null;
  }
}
