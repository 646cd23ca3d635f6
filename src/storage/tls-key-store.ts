import type { DataSource } from 'typeorm';
import type { TlsPair } from '../tenant/tls-certificates.js';
import { Database } from './database.js';

type Purpose = 'authority' | 'server';

interface TlsKeyRow {
  readonly private_key_pem: string;
  readonly certificate_pem: string;
}

const INSERT = 'INSERT INTO tls_keys (purpose, private_key_pem, certificate_pem) VALUES (?, ?, ?)';

/** What https is served with: one authority for all instances, and the certificate it last signed. */
export class TlsKeyStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  async get(purpose: Purpose): Promise<TlsPair | null> {
    const [row] = await this.#database.rows<TlsKeyRow>(
      'SELECT private_key_pem, certificate_pem FROM tls_keys WHERE purpose = ?',
      [purpose],
    );
    return row ? { privateKeyPem: row.private_key_pem, certificatePem: row.certificate_pem } : null;
  }

  /** The authority: this one if there was none. Of several instances at their first start one wins, and all get that one. */
  async insertFirstAuthority({ privateKeyPem, certificatePem }: TlsPair): Promise<TlsPair> {
    await this.#database.change(`${INSERT} ON CONFLICT DO NOTHING`, [
      'authority',
      privateKeyPem,
      certificatePem,
    ]);
    return (await this.get('authority'))!;
  }

  async putServer({ privateKeyPem, certificatePem }: TlsPair): Promise<void> {
    await this.#database.change(
      `${INSERT} ON CONFLICT (purpose) DO UPDATE
        SET private_key_pem = excluded.private_key_pem, certificate_pem = excluded.certificate_pem`,
      ['server', privateKeyPem, certificatePem],
    );
  }
}
