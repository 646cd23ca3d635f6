import type { DataSource } from 'typeorm';
import type { DeviceCode, DeviceCodeStatus, DevicePollOutcome } from '../tenant/device-code.js';
import type { Grant, Issuance, RedeemedTokens, Reused } from '../tenant/grant.js';
import type { Transaction } from '../tenant/transaction.js';
import { countWaiting, type Waiting } from './count-waiting.js';
import { Database } from './database.js';
import { deleteInLots } from './delete-in-lots.js';
import type { Statement } from './statement.js';
import { dropBeyondCap } from './refresh-token-cap.js';
import { isStorableKey, requireStorableKey } from './storable-key.js';
import { insertGrant, insertTokens, keepGrant } from './token-statements.js';
import { insertTransaction } from './transaction-statements.js';

interface DeviceCodeRow {
  readonly status: DeviceCodeStatus;
  readonly grant_id: string | null;
  readonly poll_interval: number;
  readonly polled_early: number;
  readonly document: string;
}

/** What a poll grows the interval by when it comes too early (RFC 8628 3.5). */
const SLOW_DOWN_SECONDS = 5;

/** A code is known for so long after its end: its device is told once that it was too slow. */
const KNOWN_AFTER_END_MS = 3_600_000;

const COLUMNS = 'status, grant_id, poll_interval, polled_early, document';
const INSERT = `INSERT INTO device_codes
  (digest, user_code, client_id, status, grant_id, expires_at, poll_interval, polled_early, document)
  VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING`;
/** One statement looks when the last poll was and notes this one, so that of polls at the same time all but one are too early. */
const POLL = `UPDATE device_codes SET
  polled_early = CASE WHEN last_polled_at + poll_interval * 1000 > ? THEN 1 ELSE 0 END,
  poll_interval = poll_interval + CASE WHEN status = 'pending' AND last_polled_at + poll_interval * 1000 > ?
    THEN ${SLOW_DOWN_SECONDS} ELSE 0 END,
  last_polled_at = ?
  WHERE digest = ? RETURNING ${COLUMNS}`;

/** Over an index of those alone. */
const COUNT_WAITING = `SELECT COUNT(*) AS in_all, COUNT(CASE WHEN client_id = ? THEN 1 END) AS of_client
  FROM device_codes WHERE status = 'pending' AND expires_at > ?`;

const fromRow = (row: DeviceCodeRow): DeviceCode => ({
  ...(JSON.parse(row.document) as DeviceCode),
  status: row.status,
  interval: row.poll_interval,
  grantId: row.grant_id,
});

function outcomeOf(row: DeviceCodeRow, code: DeviceCode, now: Date): DevicePollOutcome {
  if (row.status === 'redeemed' || row.status === 'denied') return row.status;
  if (Date.parse(code.expiresAt) <= now.getTime()) return 'expired';
  if (row.status === 'approved') return 'approved';
  return row.polled_early === 1 ? 'slow_down' : 'pending';
}

/** Lets a device in that still waits, with the grant that its tokens will hang on; that one is for the caller to write. */
export const approveDevice = (
  code: DeviceCode,
  grantId: string,
  issuance: Issuance,
  now: Date,
): Statement => ({
  sql: `UPDATE device_codes SET status = 'approved', grant_id = ?, document = ?
    WHERE digest = ? AND status = 'pending' AND expires_at > ?`,
  values: [grantId, JSON.stringify({ ...code, issuance }), code.digest, now.getTime()],
});

/**
 * Holds a device that still waits, for the statements after it: nobody else answers for it before they are done. It comes first of them, so
 * that the device's row is locked before any other.
 */
export const holdDevice = (digest: string, now: Date): Statement => ({
  sql: `UPDATE device_codes SET status = 'pending' WHERE digest = ? AND status = 'pending' AND expires_at > ?`,
  values: [digest, now.getTime()],
  isDecisive: true,
});

export const denyDevice = (digest: string, now: Date): Statement => ({
  sql: `UPDATE device_codes SET status = 'denied' WHERE digest = ? AND status = 'pending' AND expires_at > ?`,
  values: [digest, now.getTime()],
});

export class DeviceCodeStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** False where its user code is another's that is pending; then nothing changes. Throws `invalid_body` for a client_id that no database can look up. */
  async insert(code: DeviceCode): Promise<boolean> {
    requireStorableKey(code.clientId, '/client_id');
    const { digest, userCode, clientId, status, grantId, expiresAt, interval } = code;
    const inserted = await this.#database.change(INSERT, [
      digest,
      userCode,
      clientId,
      status,
      grantId,
      Date.parse(expiresAt),
      interval,
      JSON.stringify(code),
    ]);
    return inserted === 1;
  }

  /** How many devices wait at this moment. */
  waiting(clientId: string, now: Date): Promise<Waiting> {
    return countWaiting(this.#database, COUNT_WAITING, [clientId, now.getTime()]);
  }

  /** The one that waits for this user code; `null` where none does any more. */
  async findPending(userCode: string, now: Date): Promise<DeviceCode | null> {
    if (!isStorableKey(userCode)) return null;
    const [row] = await this.#database.rows<DeviceCodeRow>(
      `SELECT ${COLUMNS} FROM device_codes WHERE user_code = ? AND status = 'pending' AND expires_at > ?`,
      [userCode, now.getTime()],
    );
    return row ? fromRow(row) : null;
  }

  /**
   * The device asks whether it was let in; `null` where there is no such code. The interval of what it yields holds for the next poll.
   * Nothing is redeemed by it.
   */
  async poll(
    digest: string,
    now: Date,
  ): Promise<{ readonly outcome: DevicePollOutcome; readonly code: DeviceCode } | null> {
    if (!isStorableKey(digest)) return null;
    const at = now.getTime();
    const [row] = await this.#database.rows<DeviceCodeRow>(POLL, [at, at, at, digest]);
    if (!row) return null;
    const code = fromRow(row);
    return { outcome: outcomeOf(row, code, now), code };
  }

  /**
   * Lets the device in, with the grant that its tokens will hang on: both or neither. Of any number of callers that approve or deny
   * exactly one is told true. Throws `invalid_body` as `GrantStore.insert` does.
   */
  async approve(code: DeviceCode, grant: Grant, issuance: Issuance, now: Date): Promise<boolean> {
    const [approved] = await this.#database.atomically([
      { ...approveDevice(code, grant.id, issuance, now), isDecisive: true },
      // until its tokens are issued, which have it kept longer
      ...insertGrant(grant, { endsAt: code.expiresAt }),
    ]);
    return approved === 1;
  }

  /** False where it does not wait any more. */
  async deny(digest: string, now: Date): Promise<boolean> {
    if (!isStorableKey(digest)) return false;
    const { sql, values } = denyDevice(digest, now);
    return (await this.#database.change(sql, values)) === 1;
  }

  /**
   * Ends an approved code and writes what is issued for it, and the call's own transaction, in one step. Of any number of callers exactly one is told true; where it is
   * not, nothing was written: `null` was not approved, or has expired, or its grant was revoked.
   */
  async redeem(
    { digest, grantId }: Pick<DeviceCode, 'digest' | 'grantId'>,
    tokens: RedeemedTokens,
    now: Date,
    transaction?: Transaction,
  ): Promise<true | Reused | null> {
    if (grantId === null) return null;
    const changed = await this.#database.atomically([
      {
        sql: `UPDATE device_codes SET status = 'redeemed' WHERE digest = ? AND status = 'approved' AND expires_at > ?`,
        values: [digest, now.getTime()],
        isDecisive: true,
      },
      keepGrant(grantId, tokens, { needsRefresh: tokens.refreshToken !== undefined }),
      ...insertTokens(tokens),
      ...(transaction ? [insertTransaction(transaction)] : []),
    ]);
    if (changed[0] === 1) {
      if (changed[1] === 0) return null;
      if (tokens.refreshToken) await dropBeyondCap(this.#database, tokens.refreshToken);
      return true;
    }
    const [row] = await this.#database.rows<{ status: DeviceCodeStatus }>(
      'SELECT status FROM device_codes WHERE digest = ?',
      [digest],
    );
    return row?.status === 'redeemed' ? { reused: true, grantId } : null;
  }

  /** Deletes those that ended long enough ago; yields how many. */
  prune(now: Date): Promise<number> {
    return deleteInLots(this.#database, 'device_codes', 'expires_at <= ? ORDER BY expires_at', [
      now.getTime() - KNOWN_AFTER_END_MS,
    ]);
  }
}
