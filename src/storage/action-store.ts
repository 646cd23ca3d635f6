import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { DataSource } from 'typeorm';
import {
  ACTION_LIMITS,
  TRIGGER_IDS,
  type Action,
  type ActionContent,
  type ActionVersion,
  type Binding,
  type Deployment,
  type TriggerId,
} from '../tenant/action.js';
import { Database, DatabaseError } from './database.js';
import type { Listing, Page } from './documents.js';
import { lookupDigest } from './lookup-digest.js';
import type { SqlValue, Statement } from './statement.js';
import { isStorableKey } from './storable-key.js';
import { COUNT_TENANT_CHANGE } from './tenant-revision.js';

export interface ActionFilters {
  readonly trigger?: TriggerId | undefined;
  /** To the letter. */
  readonly name?: string | undefined;
  readonly deployed?: boolean | undefined;
}

export interface NewVersion {
  /** UUID v4. */
  readonly versionId: string;
  readonly now: Date;
  /** Of an older version, to go back to it, or made from what runs now; the draft's where it is left out. */
  readonly content?: ActionContent | ((deployed: ActionContent | null) => ActionContent) | undefined;
  /** Yields what runs already where that is the same: of instances that deploy one change at once, one does. */
  readonly skipsSame?: boolean | undefined;
}

interface VersionRow {
  readonly id: string;
  readonly action_id: string;
  readonly number: number;
  /** PostgreSQL hands a bigint out as text. */
  readonly created_at: number | string;
  readonly content: string;
  /** 1 or 0: SQLite has no booleans. */
  readonly is_deployed: number;
}

const INSERT = `INSERT INTO actions (id, revision, created_at, trigger, name_digest, deployed_version_id, document)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const READ = `SELECT actions.revision, actions.document, action_versions.number, action_versions.content
  FROM actions LEFT JOIN action_versions ON action_versions.id = actions.deployed_version_id WHERE actions.id = ?`;
const WRITE = `UPDATE actions SET trigger = ?, name_digest = ?, deployed_version_id = ?, document = ?, revision = revision + 1
  WHERE id = ? AND revision = ?`;
const VERSION_COLUMNS = `action_versions.id, action_versions.action_id, action_versions.number, action_versions.created_at,
  action_versions.content, CASE WHEN actions.deployed_version_id = action_versions.id THEN 1 ELSE 0 END AS is_deployed`;
const SELECT_VERSIONS = `SELECT ${VERSION_COLUMNS} FROM action_versions JOIN actions ON actions.id = action_versions.action_id`;
const DEPLOYED = `SELECT action_bindings.trigger AS bound_to, actions.document, ${VERSION_COLUMNS} FROM action_bindings
  JOIN actions ON actions.id = action_bindings.action_id
  JOIN action_versions ON action_versions.id = actions.deployed_version_id
  ORDER BY action_bindings.trigger, action_bindings.position`;
const INSERT_BINDING = 'INSERT INTO action_bindings (id, trigger, position, action_id, document)';

const versionOf = (row: VersionRow): ActionVersion => ({
  id: row.id,
  actionId: row.action_id,
  number: row.number,
  created_at: new Date(Number(row.created_at)).toISOString(),
  deployed: row.is_deployed === 1,
  content: JSON.parse(row.content) as ActionContent,
});

/** As they are kept: a member that is `undefined` is none. */
const isSame = (one: ActionContent, other: ActionContent): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));

const isTakenName = (error: unknown): boolean =>
  error instanceof DatabaseError && ['23505', 'SQLITE_CONSTRAINT_UNIQUE'].includes(error.code);

/**
 * Actions, what was deployed of them, and what runs in which trigger. Whatever changes what the next login runs counts as a change of the
 * tenant (`SettingsStore.revision`), so that every instance notices. That also makes such changes follow one another.
 */
export class ActionStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** As a draft of which nothing is deployed. False where the name is taken. */
  async insert(action: Action): Promise<boolean> {
    const draft: Action = { ...action, deployedVersionId: null, allChangesDeployed: false };
    const changed = await this.#database.change(INSERT, [
      draft.id,
      // Not 1: a change made from a row that was deleted and made anew must not fit the new one.
      randomInt(2 ** 30),
      Date.parse(draft.created_at),
      draft.trigger,
      lookupDigest(draft.name),
      null,
      JSON.stringify(draft),
    ]);
    return changed === 1;
  }

  async get(id: string): Promise<Action | null> {
    return isStorableKey(id) ? this.#find('id = ?', id) : null;
  }

  async findByName(name: string): Promise<Action | null> {
    return this.#find('name_digest = ?', lookupDigest(name));
  }

  /** Oldest first. */
  async list({ trigger, name, deployed, page, perPage }: ActionFilters & Page): Promise<Listing<Action>> {
    const conditions: string[] = [];
    const values: SqlValue[] = [];
    if (trigger !== undefined) {
      conditions.push('trigger = ?');
      values.push(trigger);
    }
    if (name !== undefined) {
      conditions.push('name_digest = ?');
      values.push(lookupDigest(name));
    }
    if (deployed !== undefined) conditions.push(`deployed_version_id IS ${deployed ? 'NOT ' : ''}NULL`);
    const from = `FROM actions ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}`;
    const rows = await this.#database.rows<{ document: string }>(
      `SELECT document ${from} ORDER BY created_at, id LIMIT ? OFFSET ?`,
      [...values, perPage, page * perPage],
    );
    return {
      items: rows.map(({ document }) => JSON.parse(document) as Action),
      total: await this.#count(from, values),
    };
  }

  /**
   * Writes what `change` makes of the Action, and yields it; `null` where there is none. What says what is deployed is not the change's.
   * `change` may be asked several times: concurrent changes follow one another, and none is lost.
   */
  async update(id: string, change: (action: Action) => Action): Promise<Action | 'name_taken' | null> {
    for (;;) {
      const read = await this.#read(id);
      if (!read) return null;
      const changed = change(read.action);
      if (changed.id !== id) throw new TypeError('a change of an Action moved it');
      const next: Action = {
        ...changed,
        deployedVersionId: read.action.deployedVersionId,
        allChangesDeployed: read.deployed !== null && isSame(changed.draft, read.deployed.content),
      };
      try {
        // what runs is named in errors and timelines
        const [, written] = await this.#database.atomically([
          COUNT_TENANT_CHANGE,
          writing(next, read.revision),
        ]);
        if (written === 1) return next;
      } catch (error) {
        if (isTakenName(error)) return 'name_taken';
        throw error;
      }
    }
  }

  /** With its versions. One that is bound goes only if it is forced to, and its bindings with it. */
  async delete(
    id: string,
    { force = false }: { readonly force?: boolean } = {},
  ): Promise<'deleted' | 'bound' | 'not_found'> {
    if (!isStorableKey(id)) return 'not_found';
    const unbind: Statement[] = force
      ? [{ sql: 'DELETE FROM action_bindings WHERE action_id = ?', values: [id] }]
      : [];
    const changed = await this.#database.atomically([
      COUNT_TENANT_CHANGE,
      ...unbind,
      {
        sql: 'DELETE FROM actions WHERE id = ? AND NOT EXISTS (SELECT 1 FROM action_bindings WHERE action_id = ?)',
        values: [id, id],
      },
    ]);
    if (changed.at(-1) === 1) return 'deleted';
    return (await this.get(id)) ? 'bound' : 'not_found';
  }

  /**
   * Makes the next version, and has it run from the next login on; `null` where there is no such Action.
   * Of the versions the newest stay; what runs is the newest of all.
   */
  async deploy(
    id: string,
    { versionId, now, content, skipsSame = false }: NewVersion,
  ): Promise<Deployment | null> {
    for (;;) {
      const read = await this.#read(id);
      if (!read) return null;
      const next =
        typeof content === 'function'
          ? content(read.deployed?.content ?? null)
          : (content ?? read.action.draft);
      if (skipsSame && read.deployed && isSame(next, read.deployed.content)) {
        const running = await this.version(read.action.deployedVersionId!);
        if (running) return { action: read.action, version: running };
        continue;
      }
      const version: ActionVersion = {
        id: versionId,
        actionId: id,
        number: (read.deployed?.number ?? 0) + 1,
        created_at: now.toISOString(),
        deployed: true,
        content: next,
      };
      const action: Action = {
        ...read.action,
        deployedVersionId: versionId,
        allChangesDeployed: isSame(version.content, read.action.draft),
      };
      const [, written] = await this.#database.atomically([
        COUNT_TENANT_CHANGE,
        { ...writing(action, read.revision), isDecisive: true },
        {
          sql: 'INSERT INTO action_versions (id, action_id, number, created_at, content) VALUES (?, ?, ?, ?, ?)',
          values: [versionId, id, version.number, now.getTime(), JSON.stringify(version.content)],
        },
        {
          sql: 'DELETE FROM action_versions WHERE action_id = ? AND number <= ?',
          values: [id, version.number - ACTION_LIMITS.versions],
        },
      ]);
      if (written === 1) return { action, version };
    }
  }

  /** Newest first; none where there is no such Action. */
  async versions(actionId: string, { page, perPage }: Page): Promise<Listing<ActionVersion>> {
    if (!isStorableKey(actionId)) return { items: [], total: 0 };
    const rows = await this.#database.rows<VersionRow>(
      `${SELECT_VERSIONS} WHERE action_versions.action_id = ? ORDER BY action_versions.number DESC LIMIT ? OFFSET ?`,
      [actionId, perPage, page * perPage],
    );
    return {
      items: rows.map(versionOf),
      total: await this.#count('FROM action_versions WHERE action_id = ?', [actionId]),
    };
  }

  async version(versionId: string): Promise<ActionVersion | null> {
    if (!isStorableKey(versionId)) return null;
    const [row] = await this.#database.rows<VersionRow>(`${SELECT_VERSIONS} WHERE action_versions.id = ?`, [
      versionId,
    ]);
    return row ? versionOf(row) : null;
  }

  /** In the order in which they run. */
  async bindings(trigger: TriggerId): Promise<Binding[]> {
    const rows = await this.#database.rows<{ document: string }>(
      'SELECT document FROM action_bindings WHERE trigger = ? ORDER BY position',
      [trigger],
    );
    return rows.map(({ document }) => JSON.parse(document) as Binding);
  }

  /** In place of all that the trigger has; they run in this order. False, and nothing changes, where one of the Actions is not there. */
  async setBindings(trigger: TriggerId, bindings: readonly Binding[]): Promise<boolean> {
    if (bindings.length > ACTION_LIMITS.actionsPerTrigger)
      throw new RangeError(`a trigger runs at most ${ACTION_LIMITS.actionsPerTrigger} Actions`);
    const inserts = bindings.map((binding, position): Statement => ({
      sql: `${INSERT_BINDING} VALUES (?, ?, ?, ?, ?)`,
      values: [binding.id, trigger, position, binding.actionId, JSON.stringify({ ...binding, trigger })],
    }));
    const bound = await this.#bind([
      COUNT_TENANT_CHANGE,
      { sql: 'DELETE FROM action_bindings WHERE trigger = ?', values: [trigger] },
      ...inserts,
    ]);
    return bound !== null;
  }

  /** After all that the trigger has. False, and nothing changes, where it has the Action already, or there is no such Action. */
  async bindLast(trigger: TriggerId, binding: Binding): Promise<boolean> {
    const bound = await this.#bind([
      COUNT_TENANT_CHANGE,
      {
        sql: `${INSERT_BINDING} SELECT CAST(? AS text), CAST(? AS text), COALESCE(MAX(position), -1) + 1,
          CAST(? AS text), CAST(? AS text) FROM action_bindings WHERE trigger = ?
          HAVING NOT EXISTS (SELECT 1 FROM action_bindings WHERE trigger = ? AND action_id = ?)`,
        values: [
          binding.id,
          trigger,
          binding.actionId,
          JSON.stringify({ ...binding, trigger }),
          trigger,
          trigger,
          binding.actionId,
        ],
      },
    ]);
    return bound?.at(-1) === 1;
  }

  /** What the next login runs: the deployed versions of what is bound, in order. What is bound and not deployed is left out. */
  async deployed(): Promise<Record<TriggerId, Deployment[]>> {
    const rows = await this.#database.rows<VersionRow & { bound_to: TriggerId; document: string }>(DEPLOYED);
    const of = (trigger: TriggerId): Deployment[] =>
      rows
        .filter(({ bound_to }) => bound_to === trigger)
        .map((row) => ({ action: JSON.parse(row.document) as Action, version: versionOf(row) }));
    return Object.fromEntries(TRIGGER_IDS.map((trigger) => [trigger, of(trigger)])) as Record<
      TriggerId,
      Deployment[]
    >;
  }

  /** `null` where an Action is not there. */
  async #bind(statements: readonly Statement[]): Promise<number[] | null> {
    try {
      return await this.#database.atomically(statements);
    } catch (error) {
      if (error instanceof DatabaseError && error.isMissingReference) return null;
      throw error;
    }
  }

  async #find(condition: string, value: SqlValue): Promise<Action | null> {
    const [row] = await this.#database.rows<{ document: string }>(
      `SELECT document FROM actions WHERE ${condition}`,
      [value],
    );
    return row ? (JSON.parse(row.document) as Action) : null;
  }

  /** With what of it is deployed. */
  async #read(id: string): Promise<{
    readonly action: Action;
    readonly revision: number;
    readonly deployed: Pick<ActionVersion, 'number' | 'content'> | null;
  } | null> {
    if (!isStorableKey(id)) return null;
    const [row] = await this.#database.rows<{
      revision: number;
      document: string;
      number: number | null;
      content: string | null;
    }>(READ, [id]);
    if (!row) return null;
    const { revision, document, number, content } = row;
    return {
      action: JSON.parse(document) as Action,
      revision,
      deployed:
        number === null || content === null
          ? null
          : { number, content: JSON.parse(content) as ActionContent },
    };
  }

  async #count(from: string, values: readonly SqlValue[]): Promise<number> {
    const [count] = await this.#database.rows<{ total: number | string }>(
      `SELECT count(*) AS total ${from}`,
      values,
    );
    return Number(count?.total);
  }
}

const writing = (action: Action, revision: number): Statement => ({
  sql: WRITE,
  values: [
    action.trigger,
    lookupDigest(action.name),
    action.deployedVersionId,
    JSON.stringify(action),
    action.id,
    revision,
  ],
});
