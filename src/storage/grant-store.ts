import type { DataSource } from 'typeorm';
import type { Grant, IssuedTokens } from '../tenant/grant.js';
import { Database } from './database.js';
import { deleteInLots } from './delete-in-lots.js';
import { REVOKE, WAIT_FOR_OTHERS, type Revocation } from './grant-revocation.js';
import { grantCondition, type GrantSelection } from './grant-selection.js';
import { dropBeyondCap } from './refresh-token-cap.js';
import { isStorableKey } from './storable-key.js';
import { insertGrant, type IssuedBeside } from './token-statements.js';

export interface FoundGrant {
  readonly grant: Grant;
  /** ISO instants; `null` where it was not revoked. */
  readonly revokedAt: string | null;
  readonly refreshTokensRevokedAt: string | null;
}

interface GrantRow {
  readonly document: string;
  /** PostgreSQL hands a bigint out as text. */
  readonly revoked_at: number | string | null;
  readonly refresh_tokens_revoked_at: number | string | null;
}

const instant = (milliseconds: number | string | null): string | null =>
  milliseconds === null ? null : new Date(Number(milliseconds)).toISOString();

/**
 * What users and clients were granted. A token is alive only as long as its grant is, so that a revocation is one statement, and ends
 * also what is being issued at that moment.
 */
export class GrantStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** With what is issued at once: all or nothing. It is kept for as long as anything of that lives. Throws `invalid_body` for a user_id that no database can look up. */
  async insert(grant: Grant, issued: IssuedTokens & IssuedBeside = {}): Promise<void> {
    await this.#database.atomically(insertGrant(grant, issued));
    if (issued.refreshToken) await dropBeyondCap(this.#database, issued.refreshToken);
  }

  async find(id: string): Promise<FoundGrant | null> {
    if (!isStorableKey(id)) return null;
    const [row] = await this.#database.rows<GrantRow>(
      'SELECT document, revoked_at, refresh_tokens_revoked_at FROM grants WHERE id = ?',
      [id],
    );
    if (!row) return null;
    return {
      grant: JSON.parse(row.document) as Grant,
      revokedAt: instant(row.revoked_at),
      refreshTokensRevokedAt: instant(row.refresh_tokens_revoked_at),
    };
  }

  /** All that were given in a session, the oldest first; a revoked one too, since its client was told of the session all the same. */
  async inSession(sessionId: string): Promise<Grant[]> {
    if (!isStorableKey(sessionId)) return [];
    const rows = await this.#database.rows<{ document: string }>(
      'SELECT document FROM grants WHERE session_id = ? ORDER BY created_at, id',
      [sessionId],
    );
    return rows.map(({ document }) => JSON.parse(document) as Grant);
  }

  /** Yields how many were not revoked before. A grant of which nothing is alive any more does not count. */
  async revoke(selection: GrantSelection, now: Date, revocation: Revocation = 'everything'): Promise<number> {
    const condition = grantCondition(selection);
    if (!condition) return 0;
    const sql = `${REVOKE[revocation]} AND kept_until > ? AND ${condition.sql}`;
    const values = [now.getTime(), now.getTime(), ...condition.values];
    if (selection.grantId !== undefined) return this.#database.change(sql, values);
    const [, revoked] = await this.#database.atomically([WAIT_FOR_OTHERS, { sql, values }]);
    return revoked ?? 0;
  }

  /** Deletes those of which nothing is alive; yields how many. As long as its session lives, somebody is to be told of its end. */
  prune(now: Date): Promise<number> {
    return deleteInLots(
      this.#database,
      'grants',
      `kept_until <= ? AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.id = grants.session_id)
        ORDER BY kept_until`,
      [now.getTime()],
    );
  }
}
