import type { DataSource } from 'typeorm';
import type { AccessToken, FoundAccessToken, Grant } from '../tenant/grant.js';
import { Database } from './database.js';
import { deleteInLots } from './delete-in-lots.js';
import { isStorableKey, requireStorableKey } from './storable-key.js';
import { insertTokens, keepGrant } from './token-statements.js';

interface AccessTokenRow {
  readonly document: string;
  readonly revoked_at: number | string | null;
  readonly grant_document: string | null;
  readonly grant_revoked_at: number | string | null;
}

const FIND = `SELECT access_tokens.document, access_tokens.revoked_at,
  grants.document AS grant_document, grants.revoked_at AS grant_revoked_at
  FROM access_tokens LEFT JOIN grants ON grants.id = access_tokens.grant_id WHERE access_tokens.key = ?`;

/** Every access token that was issued, JWTs too: for introspection, /userinfo and revocation. */
export class AccessTokenStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /**
   * Of a client's own, or on a grant that is there already; false, and nothing written, where that is revoked.
   * Throws `invalid_body` for a client_id that no database can look up.
   */
  async insert(token: AccessToken): Promise<boolean> {
    requireStorableKey(token.clientId, '/client_id');
    const tokens = { accessToken: token };
    const written = insertTokens(tokens);
    const kept = token.grantId === null ? [] : [keepGrant(token.grantId, tokens, { needsRefresh: false })];
    return (await this.#database.atomically([...kept, ...written])).every((changed) => changed === 1);
  }

  /** With its grant, in one statement. What it is worth tells `accessTokenState`. */
  async find(key: string): Promise<FoundAccessToken | null> {
    if (!isStorableKey(key)) return null;
    const [row] = await this.#database.rows<AccessTokenRow>(FIND, [key]);
    if (!row) return null;
    const token = JSON.parse(row.document) as AccessToken;
    const isGrantGone = token.grantId !== null && row.grant_document === null;
    return {
      token,
      grant: row.grant_document === null ? null : (JSON.parse(row.grant_document) as Grant),
      isRevoked: isGrantGone || row.revoked_at !== null || row.grant_revoked_at !== null,
    };
  }

  /** It alone, and not its grant. False where there is none, or it was revoked before. */
  async revoke(key: string, now: Date): Promise<boolean> {
    if (!isStorableKey(key)) return false;
    const changed = await this.#database.change(
      'UPDATE access_tokens SET revoked_at = ? WHERE key = ? AND revoked_at IS NULL',
      [now.getTime(), key],
    );
    return changed === 1;
  }

  /** Those that a client got for itself; the others end with their grants. Yields how many. */
  async revokeOwnOf(clientId: string, now: Date): Promise<number> {
    if (!isStorableKey(clientId)) return 0;
    const at = now.getTime();
    return this.#database.change(
      `UPDATE access_tokens SET revoked_at = ?
        WHERE client_id = ? AND grant_id IS NULL AND revoked_at IS NULL AND expires_at > ?`,
      [at, clientId, at],
    );
  }

  /** Deletes what has expired; yields how many. */
  prune(now: Date): Promise<number> {
    return deleteInLots(this.#database, 'access_tokens', 'expires_at <= ? ORDER BY expires_at', [
      now.getTime(),
    ]);
  }
}
