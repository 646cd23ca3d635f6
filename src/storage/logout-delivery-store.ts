import type { DataSource } from 'typeorm';
import type { ClaimedDelivery, LogoutDelivery } from '../tenant/logout-delivery.js';
import { Database } from './database.js';
import { deleteInLots } from './delete-in-lots.js';
import { requireStorableKey } from './storable-key.js';
import type { SqlValue, Statement } from './statement.js';

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

/** When a settled one is due: beyond the last instant there is. */
const NEVER = 9_000_000_000_000_000;

const documentOf = (delivery: ClaimedDelivery): string =>
  JSON.stringify({ ...delivery, claimedUntil: undefined });

/** For whoever writes it together with the end of a session. Throws `invalid_body` for a client_id that no database can look up. */
export function insertDelivery(delivery: LogoutDelivery): Statement {
  const { id, clientId, attempts, nextAttemptAt, expiresAt } = delivery;
  requireStorableKey(clientId, '/client_id');
  const values = [id, clientId, attempts, Date.parse(nextAttemptAt), Date.parse(expiresAt)];
  return { sql: INSERT, values: [...values, JSON.stringify(delivery)] };
}

/** Whom back-channel logouts are still to be delivered to; a restart loses none. What became of them is kept until they expire. */
export class LogoutDeliveryStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** All or none. Throws `invalid_body` for a client_id that no database can look up. */
  async insert(deliveries: readonly LogoutDelivery[]): Promise<void> {
    const statements = deliveries.map(insertDelivery);
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

  /** It has its `outcome`, and is not tried again. False where the claim was over, and it is another's now. */
  settle(delivery: ClaimedDelivery): Promise<boolean> {
    return this.#write(delivery, 'next_attempt_at = ?, document = ?', [NEVER, documentOf(delivery)]);
  }

  /** The attempt failed. False where the claim was over, and it is another's now. */
  retry(delivery: ClaimedDelivery, nextAttemptAt: Date): Promise<boolean> {
    const values = [nextAttemptAt.getTime(), documentOf(delivery)];
    return this.#write(delivery, 'attempts = attempts + 1, next_attempt_at = ?, document = ?', values);
  }

  /** It was not tried after all: anybody may claim it at once. False where the claim was over. */
  release(delivery: ClaimedDelivery): Promise<boolean> {
    return this.#write(delivery, 'next_attempt_at = next_attempt_at', []);
  }

  /** When the next one is due that nobody holds; `null` where none waits. */
  async nextDue(): Promise<Date | null> {
    const [row] = await this.#database.rows<{ at: number | string | null }>(
      `SELECT min(CASE WHEN claimed_until > next_attempt_at THEN claimed_until ELSE next_attempt_at END) AS at
        FROM logout_deliveries WHERE next_attempt_at < ?`,
      [NEVER],
    );
    return row?.at === null || row === undefined ? null : new Date(Number(row.at));
  }

  /** Those under way and those that are settled, the newest first. */
  list(limit: number): Promise<LogoutDelivery[]> {
    return this.#documents('ORDER BY expires_at DESC, id DESC LIMIT ?', [limit]);
  }

  /** Those of these ids that are still there, in no order. */
  async getAll(ids: readonly string[]): Promise<LogoutDelivery[]> {
    if (ids.length === 0) return [];
    return this.#documents(`WHERE id IN (${ids.map(() => '?').join(', ')})`, ids);
  }

  /** Deletes what nobody tries any more, and all but the `keep` newest; yields how many. */
  async prune(now: Date, keep?: number): Promise<number> {
    const expired = await this.#deleteUpTo('expires_at <= ?', [now.getTime()]);
    if (keep === undefined) return expired;
    const [surplus] = await this.#database.rows<{ expires_at: number | string; id: string }>(
      'SELECT expires_at, id FROM logout_deliveries ORDER BY expires_at DESC, id DESC LIMIT 1 OFFSET ?',
      [keep],
    );
    if (!surplus) return expired;
    return (
      expired +
      (await this.#deleteUpTo('(expires_at, id) <= (?, ?)', [Number(surplus.expires_at), surplus.id]))
    );
  }

  #deleteUpTo(condition: string, values: readonly SqlValue[]): Promise<number> {
    return deleteInLots(this.#database, 'logout_deliveries', `${condition} ORDER BY expires_at, id`, values);
  }

  async #documents(chosen: string, values: readonly SqlValue[]): Promise<LogoutDelivery[]> {
    const rows = await this.#database.rows<{ attempts: number; document: string }>(
      `SELECT attempts, document FROM logout_deliveries ${chosen}`,
      values,
    );
    return rows.map(({ attempts, document }) => ({ ...(JSON.parse(document) as LogoutDelivery), attempts }));
  }

  async #write(
    { id, claimedUntil }: ClaimedDelivery,
    change: string,
    values: readonly SqlValue[],
  ): Promise<boolean> {
    const changed = await this.#database.change(
      `UPDATE logout_deliveries SET ${change}, claimed_until = NULL WHERE id = ? AND claimed_until = ?`,
      [...values, id, Date.parse(claimedUntil)],
    );
    return changed === 1;
  }
}
