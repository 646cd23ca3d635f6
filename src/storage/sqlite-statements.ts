import type { Database as SqliteConnection, Statement as Prepared, Transaction } from 'better-sqlite3';
import type { Statement } from './statement.js';

/**
 * The statements of one SQLite connection, each prepared once: preparing costs more than most of them take to run.
 * Stores have a fixed number of them. SQLite prepares one again by itself where a migration changed its tables.
 */
export class SqliteStatements {
  readonly #prepared = new Map<string, Prepared>();
  readonly #transaction: Transaction<(statements: readonly Statement[]) => number[]>;

  constructor(private readonly connection: SqliteConnection) {
    this.#transaction = connection.transaction((statements: readonly Statement[]) => {
      const changed: number[] = [];
      for (const { sql, values, isDecisive } of statements) {
        const { changes } = this.#prepare(sql).run(...values);
        changed.push(changes);
        if (isDecisive === true && changes === 0) break;
      }
      return changed;
    });
  }

  /** Of a SELECT, or of what has RETURNING. */
  rows({ sql, values }: Statement): unknown[] {
    return this.#prepare(sql).all(...values);
  }

  /** How many rows it changed. */
  change({ sql, values }: Statement): number {
    return this.#prepare(sql).run(...values).changes;
  }

  /** How many rows each changed that was run; where one fails, none of them changes anything. */
  inOneGo(statements: readonly Statement[]): number[] {
    return this.#transaction.immediate(statements);
  }

  #prepare(sql: string): Prepared {
    let prepared = this.#prepared.get(sql);
    if (!prepared) {
      prepared = this.connection.prepare(sql);
      this.#prepared.set(sql, prepared);
    }
    return prepared;
  }
}

/** All stores speak to one connection; it is forgotten with the last of them. */
const OF_CONNECTION = new WeakMap<SqliteConnection, SqliteStatements>();

export function sqliteStatements(connection: SqliteConnection): SqliteStatements {
  let statements = OF_CONNECTION.get(connection);
  if (!statements) {
    statements = new SqliteStatements(connection);
    OF_CONNECTION.set(connection, statements);
  }
  return statements;
}
