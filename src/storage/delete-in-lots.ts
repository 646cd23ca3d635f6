import { setImmediate as otherWork } from 'node:timers/promises';
import type { Database } from './database.js';
import type { SqlValue } from './statement.js';

/** Small, since SQLite deletes on the thread that also answers requests. */
const LOT = 100;

/** By what their rows are told apart. */
const KEYS = {
  transactions: 'id',
  sessions: 'id',
  logouts: 'id',
  grants: 'id',
  authorization_codes: 'digest',
  refresh_tokens: 'digest',
  access_tokens: 'key',
  device_codes: 'digest',
  pushed_requests: 'digest',
  used_token_ids: 'key',
  logout_deliveries: 'id',
} as const;

/** Deletes the rows of a table that `chosen` (what follows WHERE, ORDER BY too) picks, lot by lot; yields how many. */
export async function deleteInLots(
  database: Database,
  table: keyof typeof KEYS,
  chosen: string,
  values: readonly SqlValue[],
): Promise<number> {
  const key = KEYS[table];
  const sql = `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${chosen} LIMIT ${LOT})`;
  for (let deleted = 0; ; await otherWork()) {
    const lot = await database.change(sql, values);
    deleted += lot;
    if (lot < LOT) return deleted;
  }
}
