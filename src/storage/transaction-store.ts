import type { DataSource } from 'typeorm';
import { OAuthError } from '../protocol/oauth/oauth-error.js';
import type { DeviceCode } from '../tenant/device-code.js';
import type { AccessToken, Grant, Issuance, IssuedTokens } from '../tenant/grant.js';
import type { SessionParticipant } from '../tenant/session.js';
import {
  TRANSACTION_STATUSES,
  type Protocol,
  type Transaction,
  type TransactionStatus,
} from '../tenant/transaction.js';
import { Database } from './database.js';
import { approveDevice, denyDevice, holdDevice } from './device-code-store.js';
import { deleteInLots } from './delete-in-lots.js';
import { changeWithParticipant } from './session-participants.js';
import { decisive, type SqlValue, type Statement } from './statement.js';
import { isStorableKey, requireStorableKey } from './storable-key.js';
import { insertGrant, insertTokens, type IssuedBeside } from './token-statements.js';
import { insertTransaction } from './transaction-statements.js';
import { decodeCursor, encodeCursor } from './transaction-cursor.js';

/** What a login grants a client, with the code and the tokens that come of it. */
export interface IssuedGrant extends IssuedTokens, IssuedBeside {
  readonly grant: Grant;
  /** The device that is let in by it. */
  readonly device?: { readonly code: DeviceCode; readonly issuance: Issuance };
}

/** A login that ended without letting the device in. */
export interface RefusedDevice {
  readonly digest: string;
  /** ISO instant. */
  readonly refusedAt: string;
}

/** What a client got for itself, which no grant stands behind. */
export interface OwnToken {
  readonly ownToken: AccessToken;
}

/** What is written with a transaction, all or nothing. */
type Beside = IssuedGrant | RefusedDevice | OwnToken;

function statementsOf(beside: Beside): Statement[] {
  if ('ownToken' in beside) return insertTokens({ accessToken: beside.ownToken });
  if (!('grant' in beside)) return [denyDevice(beside.digest, new Date(beside.refusedAt))];
  const { grant, device } = beside;
  return [
    ...insertGrant(grant, beside),
    ...(device ? [approveDevice(device.code, grant.id, device.issuance, new Date(grant.createdAt))] : []),
  ];
}

export interface TransactionFilters {
  readonly clientId?: string | undefined;
  readonly userId?: string | undefined;
  readonly status?: TransactionStatus | undefined;
  readonly protocol?: Protocol | undefined;
}
const FILTER_COLUMNS = {
  clientId: 'client_id',
  userId: 'user_id',
  status: 'status',
  protocol: 'protocol',
} as const satisfies Record<keyof TransactionFilters, string>;

export interface TransactionListing {
  readonly items: readonly Transaction[];
  /** The cursor of the next page; `null` on the last. */
  readonly next: string | null;
}

const GET = 'SELECT document FROM transactions WHERE id = ?';
const UPDATE = `UPDATE transactions SET revision = ?, status = ?, user_id = ?, document = ?
  WHERE id = ? AND revision = ? AND status IN ('pending', 'suspended')`;

/** It walks over as many entries of an index as are kept, and over no rows. */
const NEWEST_BEYOND = `SELECT created_at, id FROM transactions WHERE status = ?
  ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?`;

const instantOf = (transaction: Transaction): number => Date.parse(transaction.createdAt);

export class TransactionStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /**
   * With whom a single logout will have to ask, and with what was issued: all or nothing. Throws `invalid_body` for a user_id that no
   * database can look up, and OAuthError `device_answered` where a device that is to be let in does not wait any more.
   */
  async insert(transaction: Transaction, participant?: SessionParticipant, issued?: Beside): Promise<void> {
    await this.#changesOne(insertTransaction(transaction), participant, issued);
  }

  async get(id: string): Promise<Transaction | null> {
    if (!isStorableKey(id)) return null;
    const [row] = await this.#database.rows<{ document: string }>(GET, [id]);
    return row ? (JSON.parse(row.document) as Transaction) : null;
  }

  /**
   * Writes `next` over the revision before it; false where that is no longer the stored one, or its status is final.
   * Of any number of writers that read the same revision exactly one is told true, and its `participant` alone is written, as what it `issued` is.
   * Throws as `insert` does.
   */
  async update(next: Transaction, participant?: SessionParticipant, issued?: Beside): Promise<boolean> {
    if (next.userId !== null) requireStorableKey(next.userId, '/user/user_id');
    const values = [
      next.revision,
      next.status,
      next.userId,
      JSON.stringify(next),
      next.id,
      next.revision - 1,
    ];
    return this.#changesOne({ sql: UPDATE, values }, participant, issued);
  }

  /** Newest first. Throws `cursor_invalid`. */
  async list({
    filters = {},
    limit,
    cursor,
  }: {
    readonly filters?: TransactionFilters;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<TransactionListing> {
    const conditions: string[] = [];
    const values: SqlValue[] = [];
    for (const [name, column] of Object.entries(FILTER_COLUMNS)) {
      const wanted = filters[name as keyof TransactionFilters];
      if (wanted === undefined) continue;
      if (!isStorableKey(wanted)) return { items: [], next: null };
      conditions.push(`${column} = ?`);
      values.push(wanted);
    }
    if (cursor !== undefined) {
      const { createdAt, id } = decodeCursor(cursor);
      conditions.push('(created_at, id) < (?, ?)');
      values.push(createdAt, id);
    }
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    const rows = await this.#database.rows<{ document: string }>(
      `SELECT document FROM transactions ${where} ORDER BY created_at DESC, id DESC LIMIT ?`,
      // One more than asked for tells whether another page follows.
      [...values, limit + 1],
    );
    const items = rows.slice(0, limit).map(({ document }) => JSON.parse(document) as Transaction);
    const last = items.at(-1);
    const next =
      last && rows.length > limit ? encodeCursor({ createdAt: instantOf(last), id: last.id }) : null;
    return { items, next };
  }

  /**
   * Deletes what was created before `olderThan`, and of each status the oldest beyond the newest `keep`; yields how many. So calls that fail,
   * which anybody can make, push out neither what was issued nor a login that is going on.
   */
  async prune({ olderThan, keep }: { readonly olderThan: Date; readonly keep: number }): Promise<number> {
    let pruned = await deleteInLots(
      this.#database,
      'transactions',
      'created_at < ? ORDER BY created_at, id',
      [olderThan.getTime()],
    );
    for (const status of TRANSACTION_STATUSES) {
      const [surplus] = await this.#database.rows<{ created_at: number | string; id: string }>(
        NEWEST_BEYOND,
        [status, keep],
      );
      if (surplus)
        pruned += await deleteInLots(
          this.#database,
          'transactions',
          'status = ? AND (created_at, id) <= (?, ?) ORDER BY created_at, id',
          [status, Number(surplus.created_at), surplus.id],
        );
    }
    return pruned;
  }

  async #changesOne(
    statement: Statement,
    participant: SessionParticipant | undefined,
    issued: Beside | undefined,
  ): Promise<boolean> {
    const along = issued ? statementsOf(issued) : [];
    if (issued && 'grant' in issued && issued.device)
      return this.#letsIn(issued.device.code, issued.grant, [{ ...statement, isDecisive: true }, ...along]);
    if (participant) return changeWithParticipant(this.#database, statement, participant, along);
    if (along.length === 0) return (await this.#database.change(statement.sql, statement.values)) === 1;
    return (await this.#database.atomically([decisive(statement), ...along]))[0] === 1;
  }

  /** Of logins that let one device in at once exactly one ends so. */
  async #letsIn(
    { digest }: DeviceCode,
    { createdAt }: Grant,
    statements: readonly Statement[],
  ): Promise<boolean> {
    const held = holdDevice(digest, new Date(createdAt));
    const [waits, changed] = await this.#database.atomically([held, ...statements]);
    if (waits === 0)
      throw new OAuthError(
        'device_answered',
        'Somebody else has let the device in, or refused it, while this login went on. Look at the device; if it still asks, have it show another code.',
      );
    return changed === 1;
  }
}
