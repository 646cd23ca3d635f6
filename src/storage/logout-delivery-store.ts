import type { DataSource } from 'typeorm';
import type { ClaimedDelivery, LogoutDelivery } from '../tenant/logout-delivery.js';
import { Database } from './database.js';
import { deleteInLots } from './delete-in-lots.js';
import { requireStorableKey } from './storable-key.js';
import type { Statement } from './statement.js';

interface DeliveryRow {
  readonly attempts: number;
  /** PostgreSQL hands a bigint out as text. */
  readonly next_attempt_at: number | string;
  readonly claimed_until: number | string;
  readonly document: string;
}

const INSERT = `INSERT INTO logout_deliveries
  (id, client_id, attempts, next_attempt_at, expires_at, document) VALUES (?, ?, ?, ?, ?, ?)`;
const IS_DUE = 'next_attempt_at <= ? AND expires_at > ? AND (claimed_until IS NULL OR claimed_until <= ?)';
const CLAIM = `UPDATE logout_deliveries SET claimed_until = ? WHERE id = ? AND ${IS_DUE}
  RETURNING attempts, next_attempt_at, claimed_until, document`;

const instant = (milliseconds: number | string): string => new Date(Number(milliseconds)).toISOString();

const fromRow = (row: DeliveryRow): ClaimedDelivery => ({
  ...(JSON.parse(row.document) as LogoutDelivery),
  attempts: row.attempts,
  nextAttemptAt: instant(row.next_attempt_at),
  claimedUntil: instant(row.claimed_until),
});

/** Whom back-channel logouts are still to be delivered to; a restart loses none. */
export class LogoutDeliveryStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** All or none. Throws `invalid_body` for a client_id that no database can look up. */
  async insert(deliveries: readonly LogoutDelivery[]): Promise<void> {
    const statements = deliveries.map((delivery): Statement => {
      const { id, clientId, attempts, nextAttemptAt, expiresAt } = delivery;
      requireStorableKey(clientId, '/client_id');
      const values = [id, clientId, attempts, Date.parse(nextAttemptAt), Date.parse(expiresAt)];
      return { sql: INSERT, values: [...values, JSON.stringify(delivery)] };
    });
    if (statements.length > 0) await this.#database.atomically(statements);
  }

  /**
   * At most `limit` whose turn it is, the longest waiting first; for `leaseMs` nobody else gets them. Of several instances that ask at once
   * each gets others, maybe fewer than there are.
   */
  async claimDue(now: Date, limit: number, leaseMs: number): Promise<ClaimedDelivery[]> {
    const at = now.getTime();
    const due = await this.#database.rows<{ id: string }>(
      `SELECT id FROM logout_deliveries WHERE ${IS_DUE} ORDER BY next_attempt_at, id LIMIT ?`,
      [at, at, at, limit],
    );
    const claimed: ClaimedDelivery[] = [];
    // Each by itself: several rows of one statement are locked in no order, and two instances could wait for one another.
    for (const { id } of due) {
      const [row] = await this.#database.rows<DeliveryRow>(CLAIM, [at + leaseMs, id, at, at, at]);
      if (row) claimed.push(fromRow(row));
    }
    return claimed;
  }

  /** Delivered, or given up. False where it is gone already. */
  async delete(id: string): Promise<boolean> {
    return (await this.#database.change('DELETE FROM logout_deliveries WHERE id = ?', [id])) === 1;
  }

  /** The attempt failed. False where the claim was over, and it is another's now. */
  async retry({ id, claimedUntil }: ClaimedDelivery, nextAttemptAt: Date): Promise<boolean> {
    const retried = await this.#database.change(
      `UPDATE logout_deliveries SET attempts = attempts + 1, next_attempt_at = ?, claimed_until = NULL
        WHERE id = ? AND claimed_until = ?`,
      [nextAttemptAt.getTime(), id, Date.parse(claimedUntil)],
    );
    return retried === 1;
  }

  /** When the next one is due that nobody holds; `null` where none waits. */
  async nextDue(): Promise<Date | null> {
    const [row] = await this.#database.rows<{ at: number | string | null }>(
      `SELECT min(CASE WHEN claimed_until > next_attempt_at THEN claimed_until ELSE next_attempt_at END) AS at
        FROM logout_deliveries`,
    );
    return row?.at === null || row === undefined ? null : new Date(Number(row.at));
  }

  /** Deletes what nobody tries any more; yields how many. */
  prune(now: Date): Promise<number> {
    return deleteInLots(this.#database, 'logout_deliveries', 'expires_at <= ? ORDER BY expires_at', [
      now.getTime(),
    ]);
  }
}
