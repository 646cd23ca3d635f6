import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { SECRETS_KEY_BYTES } from '../tenant/sealed-secret.js';
import { tenantSettingsSchema, type TenantSettings } from '../tenant/tenant-settings.js';
import { Database } from './database.js';
import { COUNT_TENANT_CHANGE } from './tenant-revision.js';

/** The tenant's one row. */
export class SettingsStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /**
   * Grows with every change of settings, admin token or signing keys, by any instance. One cheap read: read it first,
   * and what was parsed under the same revision still holds.
   */
  async revision(): Promise<number> {
    const [row] = await this.#database.rows<{ revision: number }>('SELECT revision FROM tenant WHERE id = 1');
    return row!.revision;
  }

  /** What was put, with defaults for the members it left out. */
  async get(): Promise<TenantSettings> {
    const [row] = await this.#database.rows<{ settings: string | null }>(
      'SELECT settings FROM tenant WHERE id = 1',
    );
    return tenantSettingsSchema.parse(JSON.parse(row?.settings ?? '{}'));
  }

  async put(settings: TenantSettings): Promise<void> {
    await this.#database.atomically([
      COUNT_TENANT_CHANGE,
      { sql: 'UPDATE tenant SET settings = ? WHERE id = 1', values: [JSON.stringify(settings)] },
    ]);
  }

  /**
   * Writes what `change` makes of the settings, and yields it. `change` may be asked several times: concurrent changes
   * follow one another, and none is lost.
   */
  async update(change: (settings: TenantSettings) => TenantSettings): Promise<TenantSettings> {
    for (;;) {
      const [row] = await this.#database.rows<{ revision: number; settings: string | null }>(
        'SELECT revision, settings FROM tenant WHERE id = 1',
      );
      const next = change(tenantSettingsSchema.parse(JSON.parse(row!.settings ?? '{}')));
      const settings = JSON.stringify(next);
      if (settings === row!.settings) return next;
      const changed = await this.#database.change(
        'UPDATE tenant SET settings = ?, revision = revision + 1 WHERE id = 1 AND revision = ?',
        [settings, row!.revision],
      );
      if (changed === 1) return next;
    }
  }

  /** `null` until one is set. */
  async adminTokenHash(): Promise<string | null> {
    const [row] = await this.#database.rows<{ admin_token_hash: string | null }>(
      'SELECT admin_token_hash FROM tenant WHERE id = 1',
    );
    return row?.admin_token_hash ?? null;
  }

  async setAdminTokenHash(hash: string): Promise<void> {
    await this.#database.atomically([
      COUNT_TENANT_CHANGE,
      { sql: 'UPDATE tenant SET admin_token_hash = ? WHERE id = 1', values: [hash] },
    ]);
  }

  /** False where one is set already: of several instances at their first start one generates the token. */
  async setFirstAdminTokenHash(hash: string): Promise<boolean> {
    const [, set] = await this.#database.atomically([
      COUNT_TENANT_CHANGE,
      {
        sql: 'UPDATE tenant SET admin_token_hash = ? WHERE id = 1 AND admin_token_hash IS NULL',
        values: [hash],
      },
    ]);
    return set === 1;
  }

  /** Takes a token back that nobody was told; no effect once another is set. */
  async clearAdminTokenHash(hash: string): Promise<void> {
    await this.#database.atomically([
      COUNT_TENANT_CHANGE,
      {
        sql: 'UPDATE tenant SET admin_token_hash = NULL WHERE id = 1 AND admin_token_hash = ?',
        values: [hash],
      },
    ]);
  }

  /**
   * What the secrets of Actions are sealed with. It is made when it is first asked for, of several instances by one, and never changes:
   * whoever has it may keep it.
   */
  async secretsKey(): Promise<Buffer> {
    const kept = await this.#keptSecretsKey();
    if (kept) return kept;
    await this.#database.change(
      'UPDATE tenant SET secrets_key = ? WHERE id = 1 AND secrets_key IS NULL',
      // nobody can have parsed what was not there: it counts as no change
      [randomBytes(SECRETS_KEY_BYTES).toString('base64url')],
    );
    return (await this.#keptSecretsKey())!;
  }

  async #keptSecretsKey(): Promise<Buffer | null> {
    const [row] = await this.#database.rows<{ secrets_key: string | null }>(
      'SELECT secrets_key FROM tenant WHERE id = 1',
    );
    return typeof row?.secrets_key === 'string' ? Buffer.from(row.secrets_key, 'base64url') : null;
  }
}
