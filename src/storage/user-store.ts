import { setTimeout } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { TenantError } from '../tenant/tenant-error.js';
import type { User } from '../tenant/user.js';
import { Database } from './database.js';
import { Documents, type Listing, type Page } from './documents.js';
import { lookupDigest } from './lookup-digest.js';
import { isStorableKey } from './storable-key.js';

/** Whatever its case; `null` for what is no text. */
const digestOf = (name: unknown): string | null =>
  typeof name === 'string' ? lookupDigest(name.toLowerCase()) : null;

/** The first count begins with what the store knows. */
const NEXT_COUNT = `1 + COALESCE(logins_count,
  (SELECT count(*) FROM transactions WHERE transactions.user_id = users.user_id AND transactions.status = 'completed'))`;
/** One statement counts, so that of logins at the same time each is told another number. */
const COUNT_LOGIN = `UPDATE users SET logins_count = ${NEXT_COUNT} WHERE user_id = ? RETURNING logins_count`;

export class UserStore {
  readonly #database: Database;
  readonly #users: Documents<User>;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
    this.#users = new Documents<User>(this.#database, {
      name: 'users',
      key: 'user_id',
      derived: {
        email_digest: ({ email }) => digestOf(email),
        username_digest: ({ username }) => digestOf(username),
      },
    });
  }

  /** Oldest first. */
  list(page: Page): Promise<Listing<User>> {
    return this.#users.list(page);
  }

  get(userId: string): Promise<User | null> {
    return this.#users.get(userId);
  }

  /** Whatever the case of the email. Oldest first: several connections may know one address. */
  findByEmail(email: string): Promise<readonly User[]> {
    return this.#users.listBy('email_digest', digestOf(email));
  }

  /** Likewise. */
  findByUsername(username: string): Promise<readonly User[]> {
    return this.#users.listBy('username_digest', digestOf(username));
  }

  /** Throws `user_exists`; `invalid_body` for a user_id that no database can look up. */
  async insert(user: User, passwordHash: string | null = null): Promise<void> {
    if (!(await this.#users.insert(user, { password_hash: passwordHash })))
      throw new TenantError(
        'user_exists',
        `there is a user ${user.user_id} already: PATCH it, or choose another user_id`,
      );
  }

  /** False where there is no such user. Leaves the password as it is. */
  replace(user: User): Promise<boolean> {
    return this.#users.replace(user);
  }

  /** Leaves the password as it is where none is given. Throws `invalid_body` as `insert` does. */
  upsert(user: User, passwordHash: string | null = null): Promise<void> {
    return this.#users.upsert(user, passwordHash === null ? {} : { password_hash: passwordHash });
  }

  /**
   * Writes what `change` makes of the user, and yields it; `null` where there is none.
   * `change` may be asked several times: concurrent changes follow one another, and none is lost.
   */
  update(userId: string, change: (user: User) => User): Promise<User | null> {
    return this.#users.update(userId, change);
  }

  /** False where there is no such user. The password goes with it. */
  delete(userId: string): Promise<boolean> {
    return this.#users.delete(userId);
  }

  /** `null` where there is no such user, or it has no password. */
  async passwordHash(userId: string): Promise<string | null> {
    if (!isStorableKey(userId)) return null;
    const [row] = await this.#database.rows<{ password_hash: string | null }>(
      'SELECT password_hash FROM users WHERE user_id = ?',
      [userId],
    );
    return row?.password_hash ?? null;
  }

  /** `null` takes the password away. False where there is no such user. */
  async setPasswordHash(userId: string, passwordHash: string | null): Promise<boolean> {
    if (!isStorableKey(userId)) return false;
    const changed = await this.#database.change('UPDATE users SET password_hash = ? WHERE user_id = ?', [
      passwordHash,
      userId,
    ]);
    return changed === 1;
  }

  /**
   * A new password, and when it came to be (`last_password_reset`): not before the old one is gone, so that whoever was comparing that
   * began earlier. Whoever logs in after this is told done begins later. `null` where there is no such user.
   */
  async changePassword(userId: string, passwordHash: string, now: () => Date): Promise<User | null> {
    if (!(await this.setPasswordHash(userId, passwordHash))) return null;
    const last_password_reset = now().toISOString();
    const user = await this.update(userId, (kept) => ({ ...kept, last_password_reset }));
    // a timer may be early by a part of a millisecond
    await setTimeout(2);
    return user;
  }

  /**
   * Counts a login, and yields how many there were, this one included; `null` where there is no such user. Where none was counted yet,
   * the completed transactions that are still stored count too.
   */
  async countLogin(userId: string): Promise<number | null> {
    if (!isStorableKey(userId)) return null;
    const [row] = await this.#database.rows<{ logins_count: number }>(COUNT_LOGIN, [userId]);
    return row?.logins_count ?? null;
  }

  /** What `countLogin` would yield, without counting. */
  async nextLoginsCount(userId: string): Promise<number | null> {
    if (!isStorableKey(userId)) return null;
    const [row] = await this.#database.rows<{ logins_count: number | string }>(
      `SELECT ${NEXT_COUNT} AS logins_count FROM users WHERE user_id = ?`,
      [userId],
    );
    return row ? Number(row.logins_count) : null;
  }
}
