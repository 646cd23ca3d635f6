import type { DataSource } from 'typeorm';
import type { Logout } from '../tenant/logout.js';
import { Database } from './database.js';
import { deleteInLots } from './delete-in-lots.js';
import { isStorableKey } from './storable-key.js';

/** Single logouts, under way and over. */
export class LogoutStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  async insert(logout: Logout): Promise<void> {
    await this.#database.change(
      'INSERT INTO logouts (id, revision, status, created_at, document) VALUES (?, ?, ?, ?, ?)',
      [logout.id, logout.revision, logout.status, Date.parse(logout.createdAt), JSON.stringify(logout)],
    );
  }

  async get(id: string): Promise<Logout | null> {
    if (!isStorableKey(id)) return null;
    const [row] = await this.#database.rows<{ document: string }>(
      'SELECT document FROM logouts WHERE id = ?',
      [id],
    );
    return row ? (JSON.parse(row.document) as Logout) : null;
  }

  /**
   * Writes `next` over the revision before it; false where that is no longer the stored one, or it is finished.
   * Of any number of writers that read the same revision exactly one is told true.
   */
  async update(next: Logout): Promise<boolean> {
    const changed = await this.#database.change(
      `UPDATE logouts SET revision = ?, status = ?, document = ? WHERE id = ? AND revision = ? AND status = 'running'`,
      [next.revision, next.status, JSON.stringify(next), next.id, next.revision - 1],
    );
    return changed === 1;
  }

  /** Newest first. */
  async list(limit: number): Promise<Logout[]> {
    const rows = await this.#database.rows<{ document: string }>(
      'SELECT document FROM logouts ORDER BY created_at DESC, id DESC LIMIT ?',
      [limit],
    );
    return rows.map(({ document }) => JSON.parse(document) as Logout);
  }

  /** Deletes what was begun before, and all but the newest `keep`: anyone may ask for a logout. Yields how many. */
  async prune({ olderThan, keep }: { readonly olderThan: Date; readonly keep: number }): Promise<number> {
    // no id is empty: everything before the instant, and nothing at it
    let pruned = await this.#deleteUpTo(olderThan.getTime(), '');
    const [surplus] = await this.#database.rows<{ created_at: number | string; id: string }>(
      'SELECT created_at, id FROM logouts ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?',
      [keep],
    );
    if (surplus) pruned += await this.#deleteUpTo(Number(surplus.created_at), surplus.id);
    return pruned;
  }

  #deleteUpTo(createdAt: number, id: string): Promise<number> {
    return deleteInLots(this.#database, 'logouts', '(created_at, id) <= (?, ?) ORDER BY created_at, id', [
      createdAt,
      id,
    ]);
  }
}
