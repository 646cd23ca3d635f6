import type { Database as SqliteConnection, Statement as Prepared, Transaction } from 'better-sqlite3';
import { isBusy } from './busy.js';
import type { Statement } from './statement.js';

interface Write {
  readonly statements: readonly Statement[];
  readonly resolve: (changed: number[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The statements of one SQLite connection, each prepared once: preparing costs more than most of them take to run.
 * Stores have a fixed number of them. SQLite prepares one again by itself where a migration changed its tables.
 *
 * Writes are committed in groups. A commit writes every page that changed, and logins change the same few pages of the indexes over and
 * over; so those that come in one turn of the event loop share a commit. Each is answered once it is committed, and fails alone: where one
 * fails, as few do, what the group did is undone, and each is run again and committed by itself.
 */
export class SqliteStatements {
  readonly #prepared = new Map<string, Prepared>();
  readonly #group: Transaction<(writes: readonly Write[]) => readonly number[][]>;
  readonly #alone: Transaction<(statements: readonly Statement[]) => number[]>;
  #waiting: Write[] = [];

  constructor(private readonly connection: SqliteConnection) {
    this.#alone = connection.transaction((statements: readonly Statement[]) => this.#runAll(statements));
    this.#group = connection.transaction((writes: readonly Write[]) =>
      writes.map(({ statements }) => this.#runAll(statements)),
    );
  }

  /** Of a SELECT, or of what has RETURNING; at once, and committed. */
  rows({ sql, values }: Statement): unknown[] {
    return this.#prepare(sql).all(...values);
  }

  /** How many rows each changed that was run; where one fails, none of them changes anything. */
  write(statements: readonly Statement[]): Promise<number[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ statements, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#commit());
    });
  }

  #commit(): void {
    const writes = this.#waiting;
    this.#waiting = [];
    try {
      const changed = this.#group.immediate(writes);
      for (const [index, { resolve }] of writes.entries()) resolve(changed[index]!);
    } catch (error) {
      // another connection holds the file, and was waited for already, with the event loop standing still
      if (writes.length === 1 || isBusy(error)) for (const { reject } of writes) reject(error);
      else for (const write of writes) this.#commitAlone(write);
    }
  }

  #commitAlone({ statements, resolve, reject }: Write): void {
    try {
      resolve(this.#alone.immediate(statements));
    } catch (error) {
      reject(error);
    }
  }

  #runAll(statements: readonly Statement[]): number[] {
    const changed: number[] = [];
    for (const { sql, values, isDecisive } of statements) {
      const { changes } = this.#prepare(sql).run(...values);
      changed.push(changes);
      if (isDecisive === true && changes === 0) break;
    }
    return changed;
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
