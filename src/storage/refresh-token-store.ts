import type { DataSource } from 'typeorm';
import {
  refreshTokenState,
  type AccessToken,
  type FoundRefreshToken,
  type RefreshToken,
  type RefreshTokenDetails,
  type Reused,
} from '../tenant/grant.js';
import { Database } from './database.js';
import { deleteInLots } from './delete-in-lots.js';
import { REVOKE, type Revocation } from './grant-revocation.js';
import { grantCondition, type GrantSelection } from './grant-selection.js';
import { dropBeyondCap } from './refresh-token-cap.js';
import {
  HAS_NOT_ENDED,
  SELECT_REFRESH_TOKENS,
  readRefreshToken,
  type RefreshTokenRow,
} from './refresh-token-row.js';
import type { Statement } from './statement.js';
import { isStorableKey } from './storable-key.js';
import type { TransactionCursor } from './transaction-cursor.js';
import { endOf, insertTokens, instantOf, keepGrant } from './token-statements.js';

/** What an exchange changes of a token that is not replaced; what is left out stays. */
export interface RefreshTokenChange {
  /** ISO instant. A token only ever gets shorter: a later end changes nothing. */
  readonly expiresAt?: string | undefined;
  readonly idleExpiresAt?: string | null | undefined;
  /** Whole. */
  readonly details?: RefreshTokenDetails | undefined;
}

export interface Rotation {
  readonly digest: string;
  /** What replaces it, on the same grant. */
  readonly next: RefreshToken;
  readonly accessToken?: AccessToken;
  readonly now: Date;
  readonly leewayMs: number;
}

/** `first`: it replaced the token; `again`: the token was replaced a moment ago, and this is a sibling of what replaced it. */
export type RotationOutcome = { readonly rotated: 'first' | 'again' } | Reused | null;

/** Which of a list. */
export interface RefreshTokenPage {
  /** At most so many. */
  readonly take?: number;
  readonly after?: TransactionCursor | undefined;
}

/** For so long after it was replaced a token is known: whoever comes with it again ends the family. */
const KNOWN_AFTER_ROTATION_MS = 2_592_000_000;

/**
 * With the token all that are its siblings are replaced, and all that were replaced before are spent: so of what was issued within a
 * leeway only one goes on, whoever holds the others. One family is changed by one at a time, since its grant's row is locked before.
 */
const ROTATE = `UPDATE refresh_tokens SET
  status = CASE status WHEN 'active' THEN 'rotated' ELSE 'spent' END,
  rotated_at = CASE status WHEN 'active' THEN ? ELSE rotated_at END,
  kept_until = CASE status WHEN 'active' THEN ? ELSE kept_until END
  WHERE grant_id = ? AND status <> 'spent' AND kept_until > ?
  AND EXISTS (SELECT 1 FROM refresh_tokens WHERE digest = ? AND grant_id = ? AND status = 'active' AND ${HAS_NOT_ENDED})`;
/** Changes nothing: it decides. */
const ROTATE_AGAIN = `UPDATE refresh_tokens SET rotated_at = rotated_at
  WHERE digest = ? AND status = 'rotated' AND rotated_at > ? AND ${HAS_NOT_ENDED}`;
const TOUCH = `UPDATE refresh_tokens SET last_exchanged_at = ?, expires_at = ?, idle_expires_at = ?, kept_until = ?, document = ?
  WHERE digest = ? AND status = 'active' AND document = ? AND expires_at IS NOT DISTINCT FROM ? AND ${HAS_NOT_ENDED}`;
/** Its values are the instant, twice. */
const IS_LISTED = `grants.revoked_at IS NULL AND grants.refresh_tokens_revoked_at IS NULL
  AND refresh_tokens.digest = (SELECT digest FROM refresh_tokens AS newest
    WHERE newest.grant_id = grants.id AND newest.status = 'active' AND ${HAS_NOT_ENDED}
    ORDER BY newest.created_at DESC, newest.digest LIMIT 1)`;
/** Only over what the other was made from. */
const SET_DETAILS = `UPDATE refresh_tokens SET document = ? WHERE digest = ? AND status = 'active' AND document = ?`;

export class RefreshTokenStore {
  readonly #database: Database;

  constructor(dataSource: DataSource) {
    this.#database = new Database(dataSource);
  }

  /** On a grant that is there already; false, and nothing written, where that is revoked. */
  async insert(token: RefreshToken): Promise<boolean> {
    const tokens = { refreshToken: token };
    const changed = await this.#database.atomically([
      keepGrant(token.grantId, tokens, { needsRefresh: true }),
      ...insertTokens(tokens),
    ]);
    if (changed[0] === 0) return false;
    await dropBeyondCap(this.#database, token);
    return true;
  }

  /** With its grant, in one statement. What it is worth tells `refreshTokenState`. */
  async find(digest: string): Promise<FoundRefreshToken | null> {
    const row = await this.#read(digest);
    return row ? readRefreshToken(row) : null;
  }

  /** The newest token of the family that the API knows by this id; an active one before those that were replaced. */
  async get(id: string): Promise<FoundRefreshToken | null> {
    if (!isStorableKey(id)) return null;
    const [row] = await this.#database.rows<RefreshTokenRow>(
      `${SELECT_REFRESH_TOKENS} WHERE refresh_tokens.id = ? ORDER BY
        CASE refresh_tokens.status WHEN 'active' THEN 0 ELSE 1 END, refresh_tokens.created_at DESC, digest LIMIT 1`,
      [id],
    );
    return row ? readRefreshToken(row) : null;
  }

  /** One of each family that is alive, the one that was begun last first: all, or so many after the cursor. */
  async list(
    selection: GrantSelection,
    now: Date,
    { take, after }: RefreshTokenPage = {},
  ): Promise<FoundRefreshToken[]> {
    const condition = grantCondition(selection);
    if (!condition) return [];
    const rows = await this.#database.rows<RefreshTokenRow>(
      `${SELECT_REFRESH_TOKENS} WHERE ${condition.sql} AND ${IS_LISTED}
        ${after ? 'AND (grants.created_at, refresh_tokens.id) < (?, ?)' : ''}
        ORDER BY grants.created_at DESC, refresh_tokens.id DESC ${take === undefined ? '' : 'LIMIT ?'}`,
      [
        ...condition.values,
        now.getTime(),
        now.getTime(),
        ...(after ? [after.createdAt, after.id] : []),
        ...(take === undefined ? [] : [take]),
      ],
    );
    return rows.map(readRefreshToken);
  }

  /**
   * Of the family that the API knows by this id. What is exchanged in this very moment was read before, and carries on what it had.
   * False where there is none that is alive.
   */
  async setMetadata(id: string, metadata: RefreshTokenDetails['metadata'], now: Date): Promise<boolean> {
    for (;;) {
      const found = await this.get(id);
      if (!found || refreshTokenState(found, now, 0) !== 'active') return false;
      const { digest, details } = found.token;
      const values = [JSON.stringify({ ...details, metadata }), digest, JSON.stringify(details)];
      if ((await this.#database.change(SET_DETAILS, values)) === 1) return true;
    }
  }

  /**
   * Replaces a token and its siblings, and writes what is issued with its successor in one step. Of any number of callers exactly one is
   * the first; within the leeway others get siblings, until one of the successors has been replaced in its turn. Where it is neither,
   * nothing was issued: `reused` calls for the grant to be revoked, `null` is unknown, expired or revoked.
   */
  async rotate(rotation: Rotation): Promise<RotationOutcome> {
    const { digest, next, now, leewayMs } = rotation;
    const at = now.getTime();
    const { grantId } = next;
    const first = await this.#replace(rotation, {
      sql: ROTATE,
      values: [at, at + KNOWN_AFTER_ROTATION_MS, grantId, at, digest, grantId, at, at],
    });
    if (first !== 'not decided') return first === 'issued' ? { rotated: 'first' } : null;
    if (leewayMs > 0) {
      const values = [digest, at - leewayMs, at, at];
      const again = await this.#replace(rotation, { sql: ROTATE_AGAIN, values });
      if (again !== 'not decided') return again === 'issued' ? { rotated: 'again' } : null;
    }
    const row = await this.#read(digest);
    return row && row.status !== 'active' ? { reused: true, grantId } : null;
  }

  /**
   * Uses a token that stays, and writes the access token that is issued for it in one step. `change` may be asked several times: exchanges
   * at once follow one another, and what one noted is not lost. Yields the token as it is then; answers as `rotate` does where it is no good.
   */
  async touch(
    digest: string,
    now: Date,
    change: (found: FoundRefreshToken) => RefreshTokenChange,
    accessToken?: AccessToken,
  ): Promise<RefreshToken | Reused | null> {
    for (;;) {
      const row = await this.#read(digest);
      if (!row) return null;
      const found = readRefreshToken(row);
      if (row.status !== 'active') return { reused: true, grantId: row.grant_id };
      if (found.isRevoked || endOf(found.token) <= now.getTime()) return null;
      const next = withChange(found.token, change(found), now);
      const tokens = { ...(accessToken ? { accessToken } : {}), refreshToken: next };
      const [kept, touched] = await this.#database.atomically([
        keepGrant(row.grant_id, tokens, { needsRefresh: true }),
        touch(row, next, now),
        ...insertTokens(accessToken ? { accessToken } : {}),
      ]);
      if (kept === 0) return null;
      if (touched === 1) return next;
    }
  }

  /** The whole family, and by default the grant with all its access tokens. False where there is no such token, or it was revoked before. */
  revoke(digest: string, now: Date, revocation: Revocation = 'everything'): Promise<boolean> {
    return this.#revokeBy('digest', digest, now, revocation);
  }

  /** By what the API knows it by. */
  revokeId(id: string, now: Date, revocation: Revocation = 'refresh_tokens'): Promise<boolean> {
    return this.#revokeBy('id', id, now, revocation);
  }

  /** Deletes what is over, and what was replaced long enough ago; yields how many. */
  prune(now: Date): Promise<number> {
    return deleteInLots(this.#database, 'refresh_tokens', 'kept_until <= ? ORDER BY kept_until', [
      now.getTime(),
    ]);
  }

  async #replace(
    { next, accessToken }: Rotation,
    deciding: Statement,
  ): Promise<'issued' | 'revoked' | 'not decided'> {
    const tokens = { ...(accessToken ? { accessToken } : {}), refreshToken: next };
    const counts = await this.#database.atomically([
      keepGrant(next.grantId, tokens, { needsRefresh: true }),
      { ...deciding, isDecisive: true },
      ...insertTokens(tokens),
    ]);
    if (counts[0] === 0) return 'revoked';
    return counts[1] === 0 ? 'not decided' : 'issued';
  }

  async #read(digest: string): Promise<RefreshTokenRow | undefined> {
    if (!isStorableKey(digest)) return undefined;
    const [row] = await this.#database.rows<RefreshTokenRow>(`${SELECT_REFRESH_TOKENS} WHERE digest = ?`, [
      digest,
    ]);
    return row;
  }

  async #revokeBy(
    column: 'digest' | 'id',
    value: string,
    now: Date,
    revocation: Revocation,
  ): Promise<boolean> {
    if (!isStorableKey(value)) return false;
    const revoked = await this.#database.change(
      `${REVOKE[revocation]} AND id IN (SELECT grant_id FROM refresh_tokens WHERE ${column} = ?)`,
      [now.getTime(), value],
    );
    return revoked > 0;
  }
}

function withChange(token: RefreshToken, change: RefreshTokenChange, now: Date): RefreshToken {
  const ends = [token.expiresAt, change.expiresAt ?? null].filter((end) => end !== null);
  return {
    ...token,
    lastExchangedAt: now.toISOString(),
    expiresAt: ends.toSorted((one, other) => Date.parse(one) - Date.parse(other))[0] ?? null,
    idleExpiresAt: change.idleExpiresAt === undefined ? token.idleExpiresAt : change.idleExpiresAt,
    details: change.details ?? token.details,
  };
}

/** Only over what `next` was made from. */
function touch(row: RefreshTokenRow, next: RefreshToken, now: Date): Statement {
  const at = now.getTime();
  return {
    sql: TOUCH,
    values: [
      at,
      instantOf(next.expiresAt),
      instantOf(next.idleExpiresAt),
      endOf(next),
      JSON.stringify(next.details),
      row.digest,
      row.document,
      row.expires_at === null ? null : Number(row.expires_at),
      at,
      at,
    ],
    isDecisive: true,
  };
}
