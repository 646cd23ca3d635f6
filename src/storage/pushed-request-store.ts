import type { DataSource } from 'typeorm';
import type { PushedRequest } from '../tenant/pushed-request.js';
import { countWaiting, type Waiting } from './count-waiting.js';
import { Database } from './database.js';
import { deleteInLots } from './delete-in-lots.js';
import { isStorableKey, requireStorableKey } from './storable-key.js';

/** Over an index alone. */
const COUNT_WAITING = `SELECT COUNT(*) AS in_all, COUNT(CASE WHEN client_id = ? THEN 1 END) AS of_client
  FROM pushed_requests WHERE expires_at > ?`;

export class PushedRequestStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** Throws `invalid_body` for a client_id that no database can look up. */
  async insert(request: PushedRequest): Promise<void> {
    const { digest, clientId, expiresAt } = request;
    requireStorableKey(clientId, '/client_id');
    await this.#database.change(
      'INSERT INTO pushed_requests (digest, client_id, expires_at, document) VALUES (?, ?, ?, ?)',
      [digest, clientId, Date.parse(expiresAt), JSON.stringify(request)],
    );
  }

  /** How many nobody has used yet. */
  waiting(clientId: string, now: Date): Promise<Waiting> {
    return countWaiting(this.#database, COUNT_WAITING, [clientId, now.getTime()]);
  }

  /** Exactly one of any number of callers gets it; `null` where there is none, it has expired, or another client left it. */
  async take(digest: string, clientId: string, now: Date): Promise<PushedRequest | null> {
    if (!isStorableKey(digest) || !isStorableKey(clientId)) return null;
    const [row] = await this.#database.rows<{ document: string }>(
      'DELETE FROM pushed_requests WHERE digest = ? AND client_id = ? AND expires_at > ? RETURNING document',
      [digest, clientId, now.getTime()],
    );
    return row ? (JSON.parse(row.document) as PushedRequest) : null;
  }

  /** Deletes what has expired; yields how many. */
  prune(now: Date): Promise<number> {
    return deleteInLots(this.#database, 'pushed_requests', 'expires_at <= ? ORDER BY expires_at', [
      now.getTime(),
    ]);
  }
}
