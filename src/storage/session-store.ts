import type { DataSource } from 'typeorm';
import type { LogoutDelivery } from '../tenant/logout-delivery.js';
import type { Session, SessionDetails, SessionParticipant } from '../tenant/session.js';
import type { User } from '../tenant/user.js';
import { Database } from './database.js';
import { deleteInLots } from './delete-in-lots.js';
import { insertDelivery } from './logout-delivery-store.js';
import { lookupDigest } from './lookup-digest.js';
import { readParticipants, writeParticipant } from './session-participants.js';
import type { SqlValue } from './statement.js';
import { isStorableKey, requireStorableKey } from './storable-key.js';

interface SessionRow {
  readonly id: string;
  readonly user_id: string;
  /** PostgreSQL hands a bigint out as text. */
  readonly created_at: number | string;
  readonly authenticated_at: number | string;
  readonly last_seen_at: number | string;
  readonly expires_at: number | string;
  readonly details: string | null;
}

/** What may change of a session besides its being seen; what is left out stays. */
export interface SessionChange {
  /** ISO instant. A session only ever gets shorter: a later end changes nothing. */
  readonly expiresAt?: string | undefined;
  /** Whole. */
  readonly details?: SessionDetails | undefined;
}

/** What expired by `now`, and what was last seen before `idleSince`, is over. */
export interface SessionLifetimes {
  readonly now: Date;
  readonly idleSince: Date;
}

const COLUMNS = ['id', 'user_id', 'created_at', 'authenticated_at', 'last_seen_at', 'expires_at', 'details'];
const INSERT = `INSERT INTO sessions (${COLUMNS.join(', ')}) VALUES (?, ?, ?, ?, ?, ?, ?)`;
const SELECT = `SELECT ${COLUMNS.join(', ')} FROM sessions`;
const FIND = `SELECT ${COLUMNS.map((name) => `sessions.${name}`).join(', ')}, users.document
  FROM sessions JOIN users ON users.user_id = sessions.user_id WHERE sessions.id = ?`;

const CHANGE = `UPDATE sessions SET expires_at = ?, details = ?
  WHERE id = ? AND expires_at = ? AND details IS NOT DISTINCT FROM ?`;

const instant = (milliseconds: number | string): string => new Date(Number(milliseconds)).toISOString();

const fromRow = (row: SessionRow): Session => ({
  id: row.id,
  userId: row.user_id,
  createdAt: instant(row.created_at),
  authenticatedAt: instant(row.authenticated_at),
  lastSeenAt: instant(row.last_seen_at),
  expiresAt: instant(row.expires_at),
  ...(row.details === null ? {} : { details: JSON.parse(row.details) as SessionDetails }),
});

/** Sessions of browsers, and which service providers were told of them. The participants of a session go with it, however it goes. */
export class SessionStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** Throws `invalid_body` for a user_id that no database can look up. */
  async insert(session: Session): Promise<void> {
    requireStorableKey(session.userId, '/user_id');
    await this.#database.change(INSERT, [
      session.id,
      session.userId,
      Date.parse(session.createdAt),
      Date.parse(session.authenticatedAt),
      Date.parse(session.lastSeenAt),
      Date.parse(session.expiresAt),
      session.details ? JSON.stringify(session.details) : null,
    ]);
  }

  async get(id: string): Promise<Session | null> {
    if (!isStorableKey(id)) return null;
    const row = await this.#read(id);
    return row ? fromRow(row) : null;
  }

  /** With its user, in one statement; `null` where there is none, or the user is gone. Whether it is over is the caller's to judge. */
  async find(id: string): Promise<{ readonly session: Session; readonly user: User } | null> {
    if (!isStorableKey(id)) return null;
    const [row] = await this.#database.rows<SessionRow & { document: string }>(FIND, [id]);
    return row ? { session: fromRow(row), user: JSON.parse(row.document) as User } : null;
  }

  /** False where there is no such session. */
  touch(id: string, lastSeenAt: Date): Promise<boolean> {
    return this.#changesOne(id, 'UPDATE sessions SET last_seen_at = ? WHERE id = ?', [
      lastSeenAt.getTime(),
      id,
    ]);
  }

  /** The user proved again who they are. False where there is no such session. */
  reauthenticate(id: string, authenticatedAt: Date): Promise<boolean> {
    const at = authenticatedAt.getTime();
    return this.#changesOne(id, 'UPDATE sessions SET authenticated_at = ?, last_seen_at = ? WHERE id = ?', [
      at,
      at,
      id,
    ]);
  }

  /**
   * Writes what `change` asks for, and yields the session as it is then; `null` where there is none.
   * `change` may be asked several times: concurrent changes follow one another, and none is lost.
   */
  async update(id: string, change: (session: Session) => SessionChange): Promise<Session | null> {
    if (!isStorableKey(id)) return null;
    for (;;) {
      const row = await this.#read(id);
      if (!row) return null;
      const { expiresAt, details } = change(fromRow(row));
      const kept = Number(row.expires_at);
      const end = expiresAt === undefined ? kept : Math.min(kept, Date.parse(expiresAt));
      const text = details ? JSON.stringify(details) : row.details;
      if (end === kept && text === row.details) return fromRow(row);
      const next = { ...row, expires_at: end, details: text };
      const changed = await this.#database.change(CHANGE, [end, text, id, kept, row.details]);
      if (changed === 1) return fromRow(next);
    }
  }

  /** Newest first. */
  async listOfUser(userId: string): Promise<Session[]> {
    if (!isStorableKey(userId)) return [];
    const rows = await this.#database.rows<SessionRow>(
      `${SELECT} WHERE user_id = ? ORDER BY created_at DESC, id DESC`,
      [userId],
    );
    return rows.map(fromRow);
  }

  /** False where there is no such session. */
  delete(id: string): Promise<boolean> {
    return this.#changesOne(id, 'DELETE FROM sessions WHERE id = ?', [id]);
  }

  /** Ends it, and has the back-channel logouts wait for their delivery: both or neither. False, and nothing waits, where there is no such session. */
  async end(id: string, deliveries: readonly LogoutDelivery[]): Promise<boolean> {
    if (!isStorableKey(id)) return false;
    const ended = { sql: 'DELETE FROM sessions WHERE id = ?', values: [id], isDecisive: true };
    return (await this.#database.atomically([ended, ...deliveries.map(insertDelivery)]))[0] === 1;
  }

  /** Ids of at most `limit` that are over by their lifetimes, and in which a client was granted something. */
  async overWithGrants({ now, idleSince }: SessionLifetimes, limit: number): Promise<string[]> {
    const rows = await this.#database.rows<{ id: string }>(
      `SELECT id FROM sessions WHERE (expires_at <= ? OR last_seen_at < ?)
        AND EXISTS (SELECT 1 FROM grants WHERE grants.session_id = sessions.id) LIMIT ?`,
      [now.getTime(), idleSince.getTime(), limit],
    );
    return rows.map(({ id }) => id);
  }

  /** How many there were. */
  async deleteOfUser(userId: string): Promise<number> {
    if (!isStorableKey(userId)) return 0;
    return this.#database.change('DELETE FROM sessions WHERE user_id = ?', [userId]);
  }

  /** In place of the client's earlier entry in the session. Nothing where the session has ended. */
  async putParticipant(participant: SessionParticipant): Promise<void> {
    await writeParticipant(this.#database, participant);
  }

  /** Oldest first. */
  async participants(sessionId: string): Promise<SessionParticipant[]> {
    if (!isStorableKey(sessionId)) return [];
    return readParticipants(this.#database, 'session_id = ?', [sessionId]);
  }

  /** In any session. Oldest first. */
  async participantsNamed(clientId: string, nameId: string): Promise<SessionParticipant[]> {
    if (!isStorableKey(clientId)) return [];
    return readParticipants(this.#database, 'client_id = ? AND name_id_digest = ?', [
      clientId,
      lookupDigest(nameId),
    ]);
  }

  /** False where there is none. */
  async deleteParticipant(sessionId: string, clientId: string): Promise<boolean> {
    if (!isStorableKey(clientId)) return false;
    return this.#changesOne(
      sessionId,
      'DELETE FROM session_participants WHERE session_id = ? AND client_id = ?',
      [sessionId, clientId],
    );
  }

  /**
   * Deletes what expired by `now`, what was last seen before `idleSince`, and all but the `keep` that were seen last: whoever keeps no
   * cookie begins one at each login. Yields how many sessions.
   */
  async prune({ now, idleSince, keep }: SessionLifetimes & { readonly keep: number }): Promise<number> {
    const expired = await deleteInLots(this.#database, 'sessions', 'expires_at <= ? ORDER BY expires_at', [
      now.getTime(),
    ]);
    const idle = await deleteInLots(this.#database, 'sessions', 'last_seen_at < ? ORDER BY last_seen_at', [
      idleSince.getTime(),
    ]);
    const [surplus] = await this.#database.rows<{ last_seen_at: number | string; id: string }>(
      'SELECT last_seen_at, id FROM sessions ORDER BY last_seen_at DESC, id DESC LIMIT 1 OFFSET ?',
      [keep],
    );
    if (!surplus) return expired + idle;
    const beyond = await deleteInLots(
      this.#database,
      'sessions',
      '(last_seen_at, id) <= (?, ?) ORDER BY last_seen_at, id',
      [Number(surplus.last_seen_at), surplus.id],
    );
    return expired + idle + beyond;
  }

  async #read(id: string): Promise<SessionRow | undefined> {
    const [row] = await this.#database.rows<SessionRow>(`${SELECT} WHERE id = ?`, [id]);
    return row;
  }

  async #changesOne(id: string, sql: string, values: readonly SqlValue[]): Promise<boolean> {
    return isStorableKey(id) && (await this.#database.change(sql, values)) === 1;
  }
}
