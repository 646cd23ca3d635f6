import type { DataSource } from 'typeorm';
import type { TriggerId } from '../tenant/action.js';
import type { CacheRecord } from '../tenant/effects.js';
import { Database } from './database.js';
import type { Statement } from './statement.js';

/** Entries of a trigger (actions-api.md 2). */
const MOST_ENTRIES = 20;

/** JSON escapes what columns cannot hold: U+0000, half of a surrogate pair. */
const kept = (text: string): string => JSON.stringify(text);

/** Changes nothing; whoever runs it first is waited for. Entries are locked in no order, so two writers could wait for one another. */
const WAIT_FOR_OTHERS: Statement = { sql: 'UPDATE tenant SET revision = revision WHERE id = 1', values: [] };

const PUT = `INSERT INTO action_cache (trigger, key, value, expires_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (trigger, key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`;
const DELETE = 'DELETE FROM action_cache WHERE trigger = ? AND key = ?';
const DROP = `DELETE FROM action_cache WHERE trigger = ? AND (expires_at <= ? OR key NOT IN
  (SELECT key FROM action_cache WHERE trigger = ? ORDER BY expires_at DESC, key LIMIT ${MOST_ENTRIES}))`;

/** `api.cache`: what the Actions of a trigger keep for later runs of any of them, on any instance. */
export class ActionCacheStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** What has not expired by `now` (milliseconds since 1970), by key. */
  async read(trigger: TriggerId, now: number): Promise<Record<string, CacheRecord>> {
    const rows = await this.#database.rows<{ key: string; value: string; expires_at: number | string }>(
      'SELECT key, value, expires_at FROM action_cache WHERE trigger = ? AND expires_at > ? ORDER BY key',
      [trigger, Math.trunc(now)],
    );
    // not by assignment: a key may be `__proto__`
    return Object.fromEntries(
      rows.map(({ key, value, expires_at }) => [
        JSON.parse(key) as string,
        { value: JSON.parse(value) as string, expires_at: Number(expires_at) },
      ]),
    );
  }

  /**
   * All of the changes, by key; `null` deletes. Then what has expired goes, and of more entries than a trigger may have those that would
   * be the first to expire.
   */
  async write(
    trigger: TriggerId,
    changes: Readonly<Record<string, CacheRecord | null>>,
    now: number,
  ): Promise<void> {
    const statements = Object.entries(changes).map(([key, record]): Statement =>
      record === null
        ? { sql: DELETE, values: [trigger, kept(key)] }
        : { sql: PUT, values: [trigger, kept(key), kept(record.value), Math.trunc(record.expires_at)] },
    );
    if (statements.length === 0) return;
    await this.#database.atomically([
      WAIT_FOR_OTHERS,
      ...statements,
      { sql: DROP, values: [trigger, Math.trunc(now), trigger] },
    ]);
  }
}
