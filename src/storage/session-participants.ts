import type { SessionParticipant } from '../tenant/session.js';
import { DatabaseError, type Database } from './database.js';
import { lookupDigest } from './lookup-digest.js';
import type { SqlValue, Statement } from './statement.js';

const PUT = `INSERT INTO session_participants (session_id, client_id, name_id_digest, since, document)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT (session_id, client_id) DO UPDATE SET
  name_id_digest = excluded.name_id_digest, since = excluded.since, document = excluded.document`;

const putParticipant = (participant: SessionParticipant): Statement => ({
  sql: PUT,
  values: [
    participant.sessionId,
    participant.clientId,
    lookupDigest(participant.nameId),
    Date.parse(participant.since),
    JSON.stringify(participant),
  ],
});

/**
 * Runs a statement and, if it changed something, puts the participant in place of the client's earlier one in its session: both or
 * neither; yields whether it changed something. Where the session has ended meanwhile nobody is left behind in it: then the statement
 * is run alone.
 */
export async function changeWithParticipant(
  database: Database,
  statement: Statement,
  participant: SessionParticipant,
): Promise<boolean> {
  const decisive = { ...statement, isDecisive: true };
  try {
    return (await database.atomically([decisive, putParticipant(participant)]))[0] !== 0;
  } catch (error) {
    if (!(error instanceof DatabaseError && error.isMissingReference)) throw error;
    return (await database.change(statement.sql, statement.values)) !== 0;
  }
}

/** False where the session has ended. */
export async function writeParticipant(
  database: Database,
  participant: SessionParticipant,
): Promise<boolean> {
  const { sql, values } = putParticipant(participant);
  try {
    return (await database.change(sql, values)) === 1;
  } catch (error) {
    if (error instanceof DatabaseError && error.isMissingReference) return false;
    throw error;
  }
}

/** Oldest first. */
export async function readParticipants(
  database: Database,
  condition: string,
  values: readonly SqlValue[],
): Promise<SessionParticipant[]> {
  const rows = await database.rows<{ document: string }>(
    `SELECT document FROM session_participants WHERE ${condition} ORDER BY since, session_id, client_id`,
    values,
  );
  return rows.map(({ document }) => JSON.parse(document) as SessionParticipant);
}
