import type { Database } from './database.js';
import type { SqlValue } from './statement.js';

/** How much waits to be used: of one client, and of all. */
export interface Waiting {
  readonly ofClient: number;
  readonly inAll: number;
}

/** By a statement that yields `of_client` and `in_all`. PostgreSQL's counts come as text. */
export async function countWaiting(
  database: Database,
  sql: string,
  values: readonly SqlValue[],
): Promise<Waiting> {
  const [row] = await database.rows<{ of_client: number | string; in_all: number | string }>(sql, values);
  return { ofClient: Number(row!.of_client), inAll: Number(row!.in_all) };
}
