import type { DataSource } from 'typeorm';
import { Database } from './database.js';
import { deleteInLots } from './delete-in-lots.js';
import { lookupDigest } from './lookup-digest.js';

/** What was signed by others and works once: DPoP proofs and client assertions. */
export interface TokenId {
  readonly kind: 'dpop' | 'client_assertion';
  /** Whose ids they are: the thumbprint of the key, or the client_id. */
  readonly owner: string;
  /** As sent: any text. */
  readonly jti: string;
}

/** An id may come again once nobody would accept what it stood in. */
const USE = `INSERT INTO used_token_ids (key, expires_at) VALUES (?, ?)
  ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at WHERE used_token_ids.expires_at <= ?`;

/** The `jti` that came of late, for all instances together, so that nothing signed is used twice. */
export class UsedTokenIdStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** True for exactly one of any number of callers, until `expiresAt`: then the token it stood in is refused by its age. */
  async use({ kind, owner, jti }: TokenId, expiresAt: Date, now: Date): Promise<boolean> {
    const key = lookupDigest(JSON.stringify([kind, owner, jti]));
    return (await this.#database.change(USE, [key, expiresAt.getTime(), now.getTime()])) === 1;
  }

  /** Deletes what may come again; yields how many. */
  prune(now: Date): Promise<number> {
    return deleteInLots(this.#database, 'used_token_ids', 'expires_at <= ? ORDER BY expires_at', [
      now.getTime(),
    ]);
  }
}
