import { randomInt } from 'node:crypto';
import type { Database } from './database.js';
import { decisive, type SqlValue, type Statement } from './statement.js';
import { isStorableKey, requireStorableKey } from './storable-key.js';

/** A page of a list, as Auth0 counts them: the first is 0. */
export interface Page {
  readonly page: number;
  readonly perPage: number;
}
export interface Listing<Value> {
  readonly items: readonly Value[];
  /** Of all pages. */
  readonly total: number;
}

/** What a table of documents is told apart by. */
export interface DocumentTable<Value> {
  readonly name: string;
  /** The column, and the member of the document, that is its key. */
  readonly key: string & keyof Value;
  /** Further columns that follow from the document. */
  readonly derived: Readonly<Record<string, (value: Value) => SqlValue>>;
}

/**
 * Whole values kept as JSON text under a key of theirs, oldest first: what clients, users and the like share.
 * A revision counts the writes to a row, so that a change is written only over what it was made from.
 */
export class Documents<Value extends { readonly created_at: string }> {
  readonly #database: Database;
  readonly #table: DocumentTable<Value>;
  readonly #select: string;

  constructor(database: Database, table: DocumentTable<Value>) {
    this.#database = database;
    this.#table = table;
    this.#select = `SELECT revision, document FROM ${table.name} WHERE ${table.key} = ?`;
  }

  async get(key: string): Promise<Value | null> {
    return (await this.#read(key))?.value ?? null;
  }

  /** Those whose columns have these values. */
  async list(
    { page, perPage }: Page,
    where: Readonly<Record<string, SqlValue>> = {},
  ): Promise<Listing<Value>> {
    const { name, key } = this.#table;
    const conditions = Object.keys(where).map((column) => `${column} = ?`);
    const from = `FROM ${name}${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''}`;
    const rows = await this.#database.rows<{ document: string }>(
      `SELECT document ${from} ORDER BY created_at, ${key} LIMIT ? OFFSET ?`,
      [...Object.values(where), perPage, page * perPage],
    );
    const [count] = await this.#database.rows<{ total: number | string }>(
      `SELECT count(*) AS total ${from}`,
      Object.values(where),
    );
    return {
      items: rows.map(({ document }) => JSON.parse(document) as Value),
      total: Number(count?.total),
    };
  }

  /** The oldest whose columns have these values. */
  async find(where: Readonly<Record<string, SqlValue>>): Promise<Value | null> {
    const { name, key } = this.#table;
    const conditions = Object.keys(where).map((column) => `${column} = ?`);
    const [row] = await this.#database.rows<{ document: string }>(
      `SELECT document FROM ${name} WHERE ${conditions.join(' AND ')} ORDER BY created_at, ${key} LIMIT 1`,
      Object.values(where),
    );
    return row ? (JSON.parse(row.document) as Value) : null;
  }

  /** The documents whose derived column has this value, oldest first. */
  async listBy(column: string, value: SqlValue): Promise<Value[]> {
    const { name, key } = this.#table;
    const rows = await this.#database.rows<{ document: string }>(
      `SELECT document FROM ${name} WHERE ${column} = ? ORDER BY created_at, ${key}`,
      [value],
    );
    return rows.map(({ document }) => JSON.parse(document) as Value);
  }

  /**
   * False where the key is taken; then nothing changes. Throws `invalid_body` for a key that cannot be stored.
   * What goes `along` is done with it, all or nothing.
   */
  async insert(
    value: Value,
    further: Readonly<Record<string, SqlValue>> = {},
    along: readonly Statement[] = [],
  ): Promise<boolean> {
    return (await this.#write(this.#inserting(value, further, 'NOTHING'), along)) === 1;
  }

  /** Throws `invalid_body` for a key that cannot be stored. */
  async upsert(value: Value, further: Readonly<Record<string, SqlValue>> = {}): Promise<void> {
    const { name } = this.#table;
    const written = Object.keys({ ...this.#columns(value), ...further })
      .map((column) => `${column} = excluded.${column}`)
      .join(', ');
    await this.#write(
      this.#inserting(value, further, `UPDATE SET ${written}, revision = ${name}.revision + 1`),
    );
  }

  /** Writes over whatever is there; false where nothing is. */
  async replace(value: Value): Promise<boolean> {
    return (await this.#overwrite(value)) === 1;
  }

  /**
   * Writes what `change` makes of the document, and yields it; `null` where there is none.
   * When somebody else writes in between, `change` is asked again with what they wrote: no write is lost.
   * What goes `along` is done with it, all or nothing.
   */
  async update(
    key: string,
    change: (value: Value) => Value,
    along: (next: Value, kept: Value) => readonly Statement[] = () => [],
  ): Promise<Value | null> {
    for (;;) {
      const read = await this.#read(key);
      if (!read) return null;
      const next = change(read.value);
      if (this.#keyOf(next) !== key) throw new TypeError(`a change of a row of ${this.#table.name} moved it`);
      if ((await this.#overwrite(next, read.revision, along(next, read.value))) === 1) return next;
    }
  }

  async delete(key: string): Promise<boolean> {
    if (!isStorableKey(key)) return false;
    const { name, key: column } = this.#table;
    return (await this.#database.change(`DELETE FROM ${name} WHERE ${column} = ?`, [key])) === 1;
  }

  async #read(key: string): Promise<{ value: Value; revision: number } | null> {
    if (!isStorableKey(key)) return null;
    const [row] = await this.#database.rows<{ revision: number; document: string }>(this.#select, [key]);
    return row ? { value: JSON.parse(row.document) as Value, revision: row.revision } : null;
  }

  #inserting(value: Value, further: Readonly<Record<string, SqlValue>>, onConflict: string): Statement {
    const { name, key } = this.#table;
    requireStorableKey(this.#keyOf(value), `/${key}`);
    const row = {
      [key]: this.#keyOf(value),
      // Not 1: a change made from a row that was deleted and made anew must not fit the new one.
      revision: randomInt(2 ** 30),
      ...this.#columns(value),
      ...further,
    };
    const columns = Object.keys(row);
    return {
      sql: `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ON CONFLICT (${key}) DO ${onConflict}`,
      values: Object.values(row),
    };
  }

  #overwrite(value: Value, revision?: number, along: readonly Statement[] = []): Promise<number> {
    const { name, key } = this.#table;
    if (!isStorableKey(this.#keyOf(value))) return Promise.resolve(0);
    const row = this.#columns(value);
    const written = Object.keys(row).map((column) => `${column} = ?`);
    const unchanged = revision === undefined ? '' : ' AND revision = ?';
    return this.#write(
      {
        sql: `UPDATE ${name} SET ${written.join(', ')}, revision = revision + 1 WHERE ${key} = ?${unchanged}`,
        values: [...Object.values(row), this.#keyOf(value), ...(revision === undefined ? [] : [revision])],
      },
      along,
    );
  }

  /** How many rows the statement changed; where it is none, what goes along is left out. */
  async #write(statement: Statement, along: readonly Statement[] = []): Promise<number> {
    if (along.length === 0) return this.#database.change(statement.sql, statement.values);
    const [changed = 0] = await this.#database.atomically([decisive(statement), ...along]);
    return changed;
  }

  #columns(value: Value): Record<string, SqlValue> {
    return {
      created_at: Date.parse(value.created_at),
      document: JSON.stringify(value),
      ...Object.fromEntries(Object.entries(this.#table.derived).map(([name, of]) => [name, of(value)])),
    };
  }

  #keyOf(value: Value): string {
    return value[this.#table.key] as string;
  }
}
