import type { DataSource } from 'typeorm';
import { Database } from './database.js';

/** A window begins with its first attempt; one statement counts, so that of attempts at the same time each is told another number. */
const COUNT = `INSERT INTO login_attempts (key, count, until) VALUES (?, 1, ?)
  ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN login_attempts.until <= ? THEN 1 ELSE login_attempts.count + 1 END,
  until = CASE WHEN login_attempts.until <= ? THEN excluded.until ELSE login_attempts.until END
  RETURNING count, until`;

/** How often somebody tried to log in of late, for all instances together. */
export class LoginAttemptStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** Counts an attempt under `key`; yields how many there were in its window of `seconds`, this one included, and when that ends. */
  async count(key: string, now: Date, seconds: number): Promise<{ count: number; until: Date }> {
    const at = now.getTime();
    const [row] = await this.#database.rows<{ count: number; until: number | string }>(COUNT, [
      key,
      at + seconds * 1000,
      at,
      at,
    ]);
    return { count: row!.count, until: new Date(Number(row!.until)) };
  }

  /** One attempt the less, since it was none of those that are counted. */
  async takeBack(key: string): Promise<void> {
    await this.#database.change('UPDATE login_attempts SET count = count - 1 WHERE key = ? AND count > 0', [
      key,
    ]);
  }

  /** Whether anything was counted under `key`, in a window that is still open. */
  async isOpen(key: string, now: Date): Promise<boolean> {
    const rows = await this.#database.rows('SELECT 1 FROM login_attempts WHERE key = ? AND until > ?', [
      key,
      now.getTime(),
    ]);
    return rows.length > 0;
  }

  async clear(key: string): Promise<void> {
    await this.#database.change('DELETE FROM login_attempts WHERE key = ?', [key]);
  }

  /** Deletes the windows that are over; yields how many. */
  prune(now: Date): Promise<number> {
    return this.#database.change('DELETE FROM login_attempts WHERE until <= ?', [now.getTime()]);
  }
}
