/**
 * The one place that knows two databases are spoken to. Stores write SQL that both understand, with `?` for values.
 * Every change is one statement, or a list handed over whole: TypeORM keeps a single SQLite connection, so a
 * transaction held open across an `await` would take in, and roll back, what other requests were told is stored.
 */
import type { Database as SqliteConnection } from 'better-sqlite3';
import { QueryFailedError, type DataSource, type QueryResult, type QueryRunner } from 'typeorm';
import { sqliteStatements, type SqliteStatements } from './sqlite-statements.js';
import type { SqlValue, Statement } from './statement.js';

/** What drivers report when the database is not there, or cannot do anything for anybody; a statement at fault is none of it. */
const UNAVAILABLE: readonly RegExp[] = [
  /^(?:ECONN(?:REFUSED|RESET)|E(?:NOTFOUND|AI_AGAIN|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH)|NO_CODE)$/,
  // connection lost, resources (connections, disk, memory), shut down, a standby that only reads
  /^(?:08...|53...|57P..|58...|25006)$/,
  /^SQLITE_(?:BUSY|FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB)/,
];

/** The database refused or was not there. Unlike TypeORM's own error it does not carry the values, which may be keys. */
export class DatabaseError extends Error {
  constructor(
    /** Of the driver: `SQLITE_FULL`, `23505`, `ECONNREFUSED`, …; `NO_CODE` where it gave none. */
    readonly code: string,
    message: string,
    readonly sql: string,
  ) {
    super(`${code}: ${message}`);
    this.name = 'DatabaseError';
  }

  /** Whether a row was written that refers to one which is not there. */
  get isMissingReference(): boolean {
    return this.code === '23503' || this.code === 'SQLITE_CONSTRAINT_FOREIGNKEY';
  }

  /** Whether the same call may succeed later, as it is. */
  get isUnavailability(): boolean {
    return UNAVAILABLE.some((pattern) => pattern.test(this.code));
  }
}

/** A driver that loses its connection while it waits gives no code, only words. */
const LOST = /connection (?:terminated|ended|closed)|timeout exceeded when trying to connect|not queryable/i;

function withoutValues(error: unknown, sql: string): unknown {
  const cause = error instanceof QueryFailedError ? (error.driverError as unknown) : error;
  if (!(cause instanceof Error)) return new DatabaseError('UNKNOWN', 'the driver gave no reason', sql);
  if ('code' in cause && typeof cause.code === 'string')
    return new DatabaseError(cause.code, cause.message, sql);
  return new DatabaseError(LOST.test(cause.message) ? 'NO_CODE' : 'UNKNOWN', cause.message, sql);
}

/** What TypeORM's driver for SQLite has of its own. */
interface SqliteDriver {
  readonly databaseConnection: SqliteConnection;
}

export class Database {
  readonly #dataSource: DataSource;
  readonly #onPostgres: boolean;
  readonly #numbered = new Map<string, string>();

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
    this.#onPostgres = dataSource.options.type === 'postgres';
  }

  async rows<Row>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    if (this.#onPostgres) return (await this.#query({ sql, values })).records as Row[];
    return (await this.#onSqlite(sql, (statements) => statements.rows({ sql, values }))) as Row[];
  }

  /** How many rows the statement changed. */
  async change(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    if (this.#onPostgres) return (await this.#query({ sql, values })).affected ?? 0;
    const [changed] = await this.#onSqlite(sql, (statements) => statements.write([{ sql, values }]));
    return changed ?? 0;
  }

  /** All of the statements or none, in order; how many rows each changed that was run. Each sees what the ones before it did. */
  async atomically(statements: readonly Statement[]): Promise<number[]> {
    const sql = statements.map((statement) => statement.sql).join('; ');
    if (!this.#onPostgres) return this.#onSqlite(sql, (prepared) => prepared.write(statements));
    const queryRunner = this.#dataSource.createQueryRunner();
    try {
      return await this.#inTransaction(queryRunner, statements);
    } catch (error) {
      throw withoutValues(error, sql);
    } finally {
      await queryRunner.release();
    }
  }

  /** Past TypeORM's query runner, which takes longer than most statements of a login do. */
  async #onSqlite<Result>(
    sql: string,
    run: (statements: SqliteStatements) => Result | Promise<Result>,
  ): Promise<Result> {
    try {
      const { databaseConnection } = this.#dataSource.driver as unknown as SqliteDriver;
      return await run(sqliteStatements(databaseConnection));
    } catch (error) {
      throw withoutValues(error, sql);
    }
  }

  async #query({ sql, values }: Statement): Promise<QueryResult> {
    const queryRunner = this.#dataSource.createQueryRunner();
    try {
      return await queryRunner.query(this.#numberedOf(sql), values as SqlValue[], true);
    } catch (error) {
      throw withoutValues(error, sql);
    } finally {
      await queryRunner.release();
    }
  }

  async #inTransaction(queryRunner: QueryRunner, statements: readonly Statement[]): Promise<number[]> {
    await queryRunner.startTransaction('READ COMMITTED');
    try {
      const changed: number[] = [];
      for (const { sql, values, isDecisive } of statements) {
        const { affected = 0 } = await queryRunner.query(this.#numberedOf(sql), values as SqlValue[], true);
        changed.push(affected);
        if (isDecisive === true && affected === 0) break;
      }
      await queryRunner.commitTransaction();
      return changed;
    } catch (error) {
      await queryRunner.rollbackTransaction().catch(() => undefined);
      throw error;
    }
  }

  /** PostgreSQL counts its placeholders: `$1`, `$2`. */
  #numberedOf(sql: string): string {
    let numbered = this.#numbered.get(sql);
    if (numbered === undefined) {
      let position = 0;
      numbered = sql.replaceAll('?', () => `$${++position}`);
      this.#numbered.set(sql, numbered);
    }
    return numbered;
  }
}
