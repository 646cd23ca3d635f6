import type { Database } from './database.js';
import { DatabaseError } from './database.js';
import type { Listing, Page } from './documents.js';
import type { SqlValue, Statement } from './statement.js';
import { isStorableKey } from './storable-key.js';

/** Whether each text can be looked up; what cannot is not there. */
export const areStorable = (...texts: readonly string[]): boolean => texts.every(isStorableKey);

/** All of the statements, each of which says who belongs to whom; false, and nothing changes, where one of them is not there. */
export async function assign(database: Database, statements: readonly Statement[]): Promise<boolean> {
  const { length } = statements;
  if (!statements.every(({ values }) => areStorable(...values.filter((value) => typeof value === 'string'))))
    return false;
  try {
    if (length > 0) await database.atomically(statements);
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && error.isMissingReference) return false;
    throw error;
  }
}

/** A page of the documents that a join yields. `from` begins with FROM and ends with its conditions. */
export async function joined<Value>(
  database: Database,
  {
    from,
    order,
    values,
  }: { readonly from: string; readonly order: string; readonly values: readonly SqlValue[] },
  { page, perPage }: Page,
): Promise<Listing<Value>> {
  if (!areStorable(...values.filter((value) => typeof value === 'string'))) return { items: [], total: 0 };
  const rows = await database.rows<{ document: string }>(
    `SELECT document ${from} ORDER BY ${order} LIMIT ? OFFSET ?`,
    [...values, perPage, page * perPage],
  );
  const [count] = await database.rows<{ total: number | string }>(`SELECT count(*) AS total ${from}`, values);
  return { items: rows.map(({ document }) => JSON.parse(document) as Value), total: Number(count?.total) };
}
