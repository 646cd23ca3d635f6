import type { SessionParticipant } from '../tenant/session.js';
import { DatabaseError, type Database } from './database.js';
import { lookupDigest } from './lookup-digest.js';
import { decisive, type SqlValue, type Statement } from './statement.js';

/** A login that tells the SP nothing new, as most do, writes nothing: that is a third of what it would cost. */
const PUT = `INSERT INTO session_participants (session_id, client_id, name_id_digest, since, document)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT (session_id, client_id) DO UPDATE SET
  name_id_digest = excluded.name_id_digest, since = excluded.since, document = excluded.document
  WHERE session_participants.document <> excluded.document`;

function putParticipant({ since, ...participant }: SessionParticipant): Statement {
  const { sessionId, clientId, nameId } = participant;
  const values = [sessionId, clientId, lookupDigest(nameId), Date.parse(since), JSON.stringify(participant)];
  return { sql: PUT, values };
}

/**
 * Runs a statement and, if it changed something, those of `along`, and puts the participant in place of the client's earlier one in its
 * session: all or nothing; yields whether it changed something. Where the session has ended meanwhile nobody is left behind in it: then
 * the others are run without that.
 */
export async function changeWithParticipant(
  database: Database,
  statement: Statement,
  participant: SessionParticipant,
  along: readonly Statement[] = [],
): Promise<boolean> {
  const statements = [decisive(statement), ...along];
  try {
    return (await database.atomically([...statements, putParticipant(participant)]))[0] !== 0;
  } catch (error) {
    if (!(error instanceof DatabaseError && error.isMissingReference)) throw error;
    return (await database.atomically(statements))[0] !== 0;
  }
}

/** False where the session has ended. */
export async function writeParticipant(
  database: Database,
  participant: SessionParticipant,
): Promise<boolean> {
  const { sql, values } = putParticipant(participant);
  try {
    await database.change(sql, values);
    return true;
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
  const rows = await database.rows<{ since: number | string; document: string }>(
    `SELECT since, document FROM session_participants WHERE ${condition} ORDER BY since, session_id, client_id`,
    values,
  );
  return rows.map(({ since, document }) => ({
    ...(JSON.parse(document) as Omit<SessionParticipant, 'since'>),
    since: new Date(Number(since)).toISOString(),
  }));
}
