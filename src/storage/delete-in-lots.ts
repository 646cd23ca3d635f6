import { setImmediate as otherWork } from 'node:timers/promises';
import type { Database } from './database.js';
import type { SqlValue } from './statement.js';

/** Small, since SQLite deletes on the thread that also answers requests. */
const LOT = 100;

/** Deletes the rows of a table that `chosen` (what follows WHERE, ORDER BY too) picks by their id, lot by lot; yields how many. */
export async function deleteInLots(
  database: Database,
  table: 'transactions' | 'sessions' | 'logouts',
  chosen: string,
  values: readonly SqlValue[],
): Promise<number> {
  const sql = `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${chosen} LIMIT ${LOT})`;
  for (let deleted = 0; ; await otherWork()) {
    const lot = await database.change(sql, values);
    deleted += lot;
    if (lot < LOT) return deleted;
  }
}
