import type { FoundRefreshToken, Grant, RefreshTokenDetails, RefreshTokenStatus } from '../tenant/grant.js';

/** PostgreSQL hands a bigint out as text. */
type Instant = number | string;

/** A refresh token with what its grant says. */
export interface RefreshTokenRow {
  readonly digest: string;
  readonly id: string;
  readonly grant_id: string;
  readonly status: RefreshTokenStatus;
  readonly created_at: Instant;
  readonly rotated_at: Instant | null;
  readonly last_exchanged_at: Instant | null;
  readonly expires_at: Instant | null;
  readonly idle_expires_at: Instant | null;
  readonly document: string;
  readonly grant_document: string;
  readonly grant_revoked_at: Instant | null;
  readonly refresh_tokens_revoked_at: Instant | null;
}

const COLUMNS = [
  'digest',
  'id',
  'grant_id',
  'status',
  'created_at',
  'rotated_at',
  'last_exchanged_at',
  'expires_at',
  'idle_expires_at',
  'document',
] as const satisfies (keyof RefreshTokenRow)[];

/** A token whose grant is gone is as good as unknown: nothing of it was alive. */
export const SELECT_REFRESH_TOKENS = `SELECT ${COLUMNS.map((name) => `refresh_tokens.${name}`).join(', ')},
  grants.document AS grant_document, grants.revoked_at AS grant_revoked_at, grants.refresh_tokens_revoked_at
  FROM refresh_tokens JOIN grants ON grants.id = refresh_tokens.grant_id`;

/** Of a row of refresh_tokens; its values are the instant, twice. */
export const HAS_NOT_ENDED = `(expires_at IS NULL OR expires_at > ?) AND (idle_expires_at IS NULL OR idle_expires_at > ?)`;

const instant = (milliseconds: Instant): string => new Date(Number(milliseconds)).toISOString();
const instantOrNull = (milliseconds: Instant | null): string | null =>
  milliseconds === null ? null : instant(milliseconds);

export const readRefreshToken = (row: RefreshTokenRow): FoundRefreshToken => ({
  token: {
    digest: row.digest,
    id: row.id,
    grantId: row.grant_id,
    status: row.status,
    createdAt: instant(row.created_at),
    rotatedAt: instantOrNull(row.rotated_at),
    lastExchangedAt: instantOrNull(row.last_exchanged_at),
    expiresAt: instantOrNull(row.expires_at),
    idleExpiresAt: instantOrNull(row.idle_expires_at),
    details: JSON.parse(row.document) as RefreshTokenDetails,
  },
  grant: JSON.parse(row.grant_document) as Grant,
  isRevoked: row.grant_revoked_at !== null || row.refresh_tokens_revoked_at !== null,
});
