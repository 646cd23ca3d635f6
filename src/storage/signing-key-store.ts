import type { DataSource } from 'typeorm';
import type { TokenAlgorithm } from '../tenant/client.js';
import { keyNotFound, type SigningKey } from '../tenant/signing-key.js';
import { TenantError } from '../tenant/tenant-error.js';
import { Database } from './database.js';
import type { Statement } from './statement.js';
import { isStorableKey } from './storable-key.js';
import { COUNT_TENANT_CHANGE } from './tenant-revision.js';

interface SigningKeyRow {
  readonly kid: string;
  readonly alg: TokenAlgorithm;
  readonly status: SigningKey['status'];
  readonly private_key_pem: string;
  readonly certificate_pem: string | null;
  /** PostgreSQL hands a bigint out as text. */
  readonly created_at: number | string;
}

const SELECT = 'SELECT kid, alg, status, private_key_pem, certificate_pem, created_at FROM signing_keys';

const fromRow = (row: SigningKeyRow): SigningKey => ({
  kid: row.kid,
  alg: row.alg,
  status: row.status,
  privateKeyPem: row.private_key_pem,
  certificatePem: row.certificate_pem,
  createdAt: new Date(Number(row.created_at)).toISOString(),
});

const insertAsCurrent = (key: SigningKey): Statement => ({
  sql: `INSERT INTO signing_keys (kid, alg, status, private_key_pem, certificate_pem, created_at)
    VALUES (?, ?, 'current', ?, ?, ?) ON CONFLICT DO NOTHING`,
  values: [key.kid, key.alg, key.privateKeyPem, key.certificatePem, Date.parse(key.createdAt)],
});

export class SigningKeyStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** The current ones first, then the earlier ones, then the revoked ones, newest first. */
  async list(): Promise<readonly SigningKey[]> {
    // In the alphabet, current comes before previous, and that before revoked.
    const rows = await this.#database.rows<SigningKeyRow>(`${SELECT} ORDER BY status, created_at DESC, kid`);
    return rows.map(fromRow);
  }

  async current(alg: TokenAlgorithm): Promise<SigningKey | null> {
    const [row] = await this.#database.rows<SigningKeyRow>(`${SELECT} WHERE alg = ? AND status = 'current'`, [
      alg,
    ]);
    return row ? fromRow(row) : null;
  }

  /**
   * The current key of the algorithm: this one if there was none. Of several instances at their first start one key
   * wins, and all of them get that one. Throws `key_exists` where the key is kept as an earlier one.
   */
  async insertFirst(key: SigningKey): Promise<SigningKey> {
    const found = await this.current(key.alg);
    if (found) return found;
    await this.#database.atomically([COUNT_TENANT_CHANGE, insertAsCurrent(key)]);
    const winner = await this.current(key.alg);
    if (!winner) throw keyExists(key);
    return winner;
  }

  /** Makes the key the current one of its algorithm; the one before it stays published. Throws `key_exists`. */
  async rotate(key: SigningKey): Promise<void> {
    const [, , inserted] = await this.#database.atomically([
      COUNT_TENANT_CHANGE,
      {
        sql: `UPDATE signing_keys SET status = 'previous' WHERE alg = ? AND status = 'current'
          AND NOT EXISTS (SELECT 1 FROM signing_keys AS kept WHERE kept.kid = ?)`,
        values: [key.alg, key.kid],
      },
      insertAsCurrent(key),
    ]);
    if (inserted !== 1) throw keyExists(key);
  }

  /** An earlier key; it stays revoked. Throws `key_not_found`, and `key_is_current` for one that signs. */
  async revoke(kid: string): Promise<SigningKey> {
    if (!isStorableKey(kid)) throw keyNotFound(kid);
    await this.#database.atomically([
      COUNT_TENANT_CHANGE,
      {
        sql: `UPDATE signing_keys SET status = 'revoked' WHERE kid = ? AND status = 'previous'`,
        values: [kid],
      },
    ]);
    const [row] = await this.#database.rows<SigningKeyRow>(`${SELECT} WHERE kid = ?`, [kid]);
    if (!row) throw keyNotFound(kid);
    if (row.status !== 'revoked')
      throw new TenantError(
        'key_is_current',
        `the key ${kid} is the current one of ${row.alg}, so tokens would go out without a key; POST /api/keys/rotate {"alg": "${row.alg}"}, then revoke it`,
      );
    return fromRow(row);
  }
}

const keyExists = (key: SigningKey): TenantError =>
  new TenantError('key_exists', `the key ${key.kid} is kept already: make or import a new one`);
