import type { DataSource } from 'typeorm';
import type { TenantError } from '../tenant/tenant-error.js';
import { Database, DatabaseError } from './database.js';
import { Documents, type DocumentTable, type Listing, type Page } from './documents.js';
import type { SqlValue, Statement } from './statement.js';

/** Whether a row was written whose unique column has the value of another. */
const isTaken = (error: unknown): boolean =>
  error instanceof DatabaseError && ['23505', 'SQLITE_CONSTRAINT_UNIQUE'].includes(error.code);

interface Kind<Value> {
  readonly table: DocumentTable<Value>;
  /** Says which id or name is taken already. */
  readonly taken: (value: Value) => TenantError;
}

/** What the stores of documents have in common that are found by an id, and are told apart by something else too. */
export abstract class DocumentStore<Value extends { readonly created_at: string }> {
  protected readonly database: Database;
  protected readonly documents: Documents<Value>;
  readonly #taken: Kind<Value>['taken'];

  constructor(dataSource: DataSource, { table, taken }: Kind<Value>) {
    this.database = new Database(dataSource);
    this.documents = new Documents(this.database, table);
    this.#taken = taken;
  }

  get(id: string): Promise<Value | null> {
    return this.documents.get(id);
  }

  /** False where there is none. */
  delete(id: string): Promise<boolean> {
    return this.documents.delete(id);
  }

  /** Throws the `…_exists` of its kind. */
  async insert(value: Value): Promise<void> {
    const isNew = await this.#unlessTaken(
      () => value,
      () => this.documents.insert(value, {}, this.written(value, null)),
    );
    if (!isNew) throw this.#taken(value);
  }

  /**
   * Writes what `change` makes of it, and yields it; `null` where there is none. `change` may be asked several times: concurrent changes
   * follow one another, and none is lost. Throws the `…_exists` of its kind.
   */
  async update(id: string, change: (value: Value) => Value): Promise<Value | null> {
    let last: Value | undefined;
    const remembered = (kept: Value): Value => (last = change(kept));
    return this.#unlessTaken(
      () => last!,
      () => this.documents.update(id, remembered, (next, kept) => this.written(next, kept)),
    );
  }

  /** What else is written with a value that takes the place of `kept`. */
  protected written(_value: Value, _kept: Value | null): readonly Statement[] {
    return [];
  }

  /** Oldest first. */
  protected listWhere(page: Page, where: Readonly<Record<string, SqlValue>>): Promise<Listing<Value>> {
    return this.documents.list(page, where);
  }

  async #unlessTaken<Result>(value: () => Value, write: () => Promise<Result>): Promise<Result> {
    try {
      return await write();
    } catch (error) {
      if (!isTaken(error)) throw error;
      throw this.#taken(value());
    }
  }
}
