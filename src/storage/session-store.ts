import type { DataSource } from 'typeorm';
import type { Session, SessionParticipant } from '../tenant/session.js';
import type { User } from '../tenant/user.js';
import { Database, type SqlValue, type Statement } from './database.js';
import { lookupDigest } from './lookup-digest.js';
import { isStorableKey } from './storable-key.js';

interface SessionRow {
  readonly id: string;
  readonly user_id: string;
  /** A driver may give a bigint as text. */
  readonly created_at: number | string;
  readonly authenticated_at: number | string;
  readonly last_seen_at: number | string;
  readonly expires_at: number | string;
}
interface ParticipantRow {
  readonly session_id: string;
  readonly client_id: string;
  readonly name_id: string;
  readonly format: string;
  readonly session_index: string;
  readonly since: number | string;
}

const COLUMNS = ['id', 'user_id', 'created_at', 'authenticated_at', 'last_seen_at', 'expires_at'] as const;
const INSERT = `INSERT INTO sessions (${COLUMNS.join(', ')}) VALUES (?, ?, ?, ?, ?, ?)`;
const FIND = `SELECT ${COLUMNS.map((name) => `sessions.${name}`).join(', ')}, users.document
  FROM sessions JOIN users ON users.user_id = sessions.user_id WHERE sessions.id = ?`;
const PARTICIPANT_COLUMNS = 'session_id, client_id, name_id, format, session_index, since';
/** Only into a session that is still there: one that was ended in this moment must leave nobody behind. */
const PUT_PARTICIPANT = `INSERT INTO session_participants
  (session_id, client_id, name_id_digest, name_id, format, session_index, since)
  SELECT id, ?, ?, ?, ?, ?, ? FROM sessions WHERE id = ?`;
const OVER_THE_LAST = `ON CONFLICT (session_id, client_id) DO UPDATE SET name_id_digest = excluded.name_id_digest,
  name_id = excluded.name_id, format = excluded.format, session_index = excluded.session_index, since = excluded.since`;

const instant = (milliseconds: number | string): string => new Date(Number(milliseconds)).toISOString();
const milliseconds = (text: string): number => Date.parse(text);

/** The statement that writes a participant, to go along with others. */
export const putParticipant = (participant: SessionParticipant): Statement =>
  putParticipantWhere(participant, 'true', []);

/** Where a further condition, with its own values, holds. */
export const putParticipantWhere = (
  participant: SessionParticipant,
  condition: string,
  values: readonly SqlValue[],
): Statement => ({
  sql: `${PUT_PARTICIPANT} AND ${condition} ${OVER_THE_LAST}`,
  values: [
    participant.clientId,
    lookupDigest(participant.nameId),
    participant.nameId,
    participant.format,
    participant.sessionIndex,
    milliseconds(participant.since),
    participant.sessionId,
    ...values,
  ],
});

/** Sessions of browsers, and which service providers were told of them. */
export class SessionStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  async insert(session: Session): Promise<void> {
    await this.#database.change(INSERT, [
      session.id,
      session.userId,
      milliseconds(session.createdAt),
      milliseconds(session.authenticatedAt),
      milliseconds(session.lastSeenAt),
      milliseconds(session.expiresAt),
    ]);
  }

  async get(id: string): Promise<Session | null> {
    if (!isStorableKey(id)) return null;
    const rows = await this.#database.rows<SessionRow>(
      `SELECT ${COLUMNS.join(', ')} FROM sessions WHERE id = ?`,
      [id],
    );
    return rows[0] ? sessionOf(rows[0]) : null;
  }

  /** With its user, in one statement; `null` where there is none, or the user is gone. Whether it is over is the caller's to judge. */
  async find(id: string): Promise<{ readonly session: Session; readonly user: User } | null> {
    if (!isStorableKey(id)) return null;
    const [row] = await this.#database.rows<SessionRow & { document: string }>(FIND, [id]);
    return row ? { session: sessionOf(row), user: JSON.parse(row.document) as User } : null;
  }

  /** False where there is no such session. */
  touch(id: string, lastSeenAt: Date): Promise<boolean> {
    return this.#changesOne('UPDATE sessions SET last_seen_at = ? WHERE id = ?', [lastSeenAt.getTime(), id]);
  }

  /** The user proved again who they are. False where there is no such session. */
  reauthenticate(id: string, authenticatedAt: Date): Promise<boolean> {
    const at = authenticatedAt.getTime();
    return this.#changesOne('UPDATE sessions SET authenticated_at = ?, last_seen_at = ? WHERE id = ?', [
      at,
      at,
      id,
    ]);
  }

  /** Newest first. */
  async listOfUser(userId: string): Promise<Session[]> {
    if (!isStorableKey(userId)) return [];
    const rows = await this.#database.rows<SessionRow>(
      `SELECT ${COLUMNS.join(', ')} FROM sessions WHERE user_id = ? ORDER BY created_at DESC, id`,
      [userId],
    );
    return rows.map(sessionOf);
  }

  /** Its participants go with it. False where there is no such session. */
  async delete(id: string): Promise<boolean> {
    if (!isStorableKey(id)) return false;
    const [, deleted] = await this.#database.atomically(
      deletion('SELECT id FROM sessions WHERE id = ?', [id]),
    );
    return deleted === 1;
  }

  /** How many there were. */
  async deleteOfUser(userId: string): Promise<number> {
    if (!isStorableKey(userId)) return 0;
    const [, deleted] = await this.#database.atomically(
      deletion('SELECT id FROM sessions WHERE user_id = ?', [userId]),
    );
    return deleted ?? 0;
  }

  /** In place of the client's earlier entry in the session. Nothing where the session has ended. */
  async putParticipant(participant: SessionParticipant): Promise<void> {
    const { sql, values } = putParticipant(participant);
    await this.#database.change(sql, values);
  }

  /** Oldest first. */
  async participants(sessionId: string): Promise<SessionParticipant[]> {
    if (!isStorableKey(sessionId)) return [];
    return this.#participants('session_id = ?', [sessionId]);
  }

  /** In any session. Oldest first. */
  async participantsNamed(clientId: string, nameId: string): Promise<SessionParticipant[]> {
    if (!isStorableKey(clientId)) return [];
    return this.#participants('client_id = ? AND name_id_digest = ?', [clientId, lookupDigest(nameId)]);
  }

  async deleteParticipant(sessionId: string, clientId: string): Promise<boolean> {
    if (!isStorableKey(clientId)) return false;
    return this.#changesOne('DELETE FROM session_participants WHERE session_id = ? AND client_id = ?', [
      sessionId,
      clientId,
    ]);
  }

  /** Deletes what expired by `now`, or was last seen before `idleSince`; yields how many. */
  async prune(now: Date, idleSince: Date): Promise<number> {
    const [, deleted] = await this.#database.atomically([
      ...deletion('SELECT id FROM sessions WHERE expires_at <= ? OR last_seen_at < ?', [
        now.getTime(),
        idleSince.getTime(),
      ]),
      // written by a login that ended while its session did
      {
        sql: 'DELETE FROM session_participants WHERE session_id NOT IN (SELECT id FROM sessions)',
        values: [],
      },
    ]);
    return deleted ?? 0;
  }

  async #participants(condition: string, values: readonly SqlValue[]): Promise<SessionParticipant[]> {
    const rows = await this.#database.rows<ParticipantRow>(
      `SELECT ${PARTICIPANT_COLUMNS} FROM session_participants WHERE ${condition} ORDER BY since, client_id`,
      values,
    );
    return rows.map((row) => ({
      sessionId: row.session_id,
      clientId: row.client_id,
      nameId: row.name_id,
      format: row.format,
      sessionIndex: row.session_index,
      since: instant(row.since),
    }));
  }

  async #changesOne(sql: string, values: readonly SqlValue[]): Promise<boolean> {
    return (await this.#database.change(sql, values)) === 1;
  }
}

const deletion = (chosen: string, values: readonly SqlValue[]): Statement[] => [
  { sql: `DELETE FROM session_participants WHERE session_id IN (${chosen})`, values },
  { sql: `DELETE FROM sessions WHERE id IN (${chosen})`, values },
];

const sessionOf = (row: SessionRow): Session => ({
  id: row.id,
  userId: row.user_id,
  createdAt: instant(row.created_at),
  authenticatedAt: instant(row.authenticated_at),
  lastSeenAt: instant(row.last_seen_at),
  expiresAt: instant(row.expires_at),
});
