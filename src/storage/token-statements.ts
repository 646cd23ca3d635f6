/** How grants, codes and tokens are written, for whoever writes several of them together. */
import type {
  AccessToken,
  AuthorizationCode,
  Grant,
  IssuedTokens,
  RedeemedTokens,
  RefreshToken,
} from '../tenant/grant.js';
import type { Statement } from './statement.js';
import { requireStorableKey } from './storable-key.js';

/** The last instant there is: what never ends is kept until then. */
const NEVER = 8_640_000_000_000_000;

export const instantOf = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso));

/** When an active token is over by itself. */
export const endOf = ({
  expiresAt,
  idleExpiresAt,
}: Pick<RefreshToken, 'expiresAt' | 'idleExpiresAt'>): number =>
  Math.min(instantOf(expiresAt) ?? NEVER, instantOf(idleExpiresAt) ?? NEVER);

const INSERT_GRANT = `INSERT INTO grants
  (id, client_id, user_id, session_id, created_at, kept_until, refresh_tokens_since, document)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT_CODE = `INSERT INTO authorization_codes
  (digest, transaction_id, client_id, grant_id, status, expires_at, document) VALUES (?, ?, ?, ?, 'issued', ?, ?)`;
const INSERT_REFRESH_TOKEN = `INSERT INTO refresh_tokens
  (digest, id, grant_id, status, created_at, rotated_at, last_exchanged_at, expires_at, idle_expires_at, kept_until, document)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
/**
 * Two JWTs that say the same in the same second are one text: it counts as what issued it last. What was revoked stays revoked, by itself
 * or with its grant.
 */
const INSERT_ACCESS_TOKEN = `INSERT INTO access_tokens
  (key, grant_id, client_id, expires_at, document) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET grant_id = excluded.grant_id, client_id = excluded.client_id,
  expires_at = excluded.expires_at, document = excluded.document, revoked_at = COALESCE(access_tokens.revoked_at,
  (SELECT grants.revoked_at FROM grants WHERE grants.id = access_tokens.grant_id))`;
const KEEP_GRANT = `UPDATE grants SET kept_until = CASE WHEN kept_until < ? THEN ? ELSE kept_until END,
  refresh_tokens_since = COALESCE(refresh_tokens_since, ?) WHERE id = ? AND revoked_at IS NULL`;

function insertCode(code: AuthorizationCode): Statement {
  const { digest, transactionId, clientId, grantId, expiresAt } = code;
  const values = [digest, transactionId, clientId, grantId, Date.parse(expiresAt), JSON.stringify(code)];
  return { sql: INSERT_CODE, values };
}

function insertRefreshToken(token: RefreshToken): Statement {
  return {
    sql: INSERT_REFRESH_TOKEN,
    values: [
      token.digest,
      token.id,
      token.grantId,
      token.status,
      Date.parse(token.createdAt),
      instantOf(token.rotatedAt),
      instantOf(token.lastExchangedAt),
      instantOf(token.expiresAt),
      instantOf(token.idleExpiresAt),
      endOf(token),
      JSON.stringify(token.details),
    ],
  };
}

function insertAccessToken(token: AccessToken): Statement {
  const { key, grantId, clientId, expiresAt } = token;
  return {
    sql: INSERT_ACCESS_TOKEN,
    values: [key, grantId, clientId, Date.parse(expiresAt), JSON.stringify(token)],
  };
}

/** Both may be there, or one. */
export function insertTokens({ accessToken, refreshToken }: IssuedTokens): Statement[] {
  return [
    ...(accessToken ? [insertAccessToken(accessToken)] : []),
    ...(refreshToken ? [insertRefreshToken(refreshToken)] : []),
  ];
}

const refreshTokensSince = ({ refreshToken }: IssuedTokens): number | null =>
  instantOf(refreshToken?.createdAt ?? null);

const endOfTokens = ({ accessToken, refreshToken }: IssuedTokens): number =>
  Math.max(accessToken ? Date.parse(accessToken.expiresAt) : 0, refreshToken ? endOf(refreshToken) : 0);

/**
 * Decides whether tokens may still be issued on a grant, and has it kept for as long as they live. Whoever locks the grant's row and
 * those of its refresh tokens locks the grant's first, so that a family is changed by one at a time.
 */
export function keepGrant(
  grantId: string,
  tokens: RedeemedTokens,
  { needsRefresh }: { readonly needsRefresh: boolean },
): Statement {
  const until = Math.max(endOfTokens(tokens), instantOf(tokens.endsAt ?? null) ?? 0);
  return {
    sql: needsRefresh ? `${KEEP_GRANT} AND refresh_tokens_revoked_at IS NULL` : KEEP_GRANT,
    values: [until, until, refreshTokensSince(tokens), grantId],
    isDecisive: true,
  };
}

export interface IssuedBeside {
  readonly code?: AuthorizationCode;
  /** ISO instant: until then it is kept, though there be no token that lives as long. */
  readonly endsAt?: string;
}

/** A grant with all that is issued at once with it. Throws `invalid_body` for a user_id or client_id that no database can look up. */
export function insertGrant(
  grant: Grant,
  { code, endsAt, ...tokens }: IssuedTokens & IssuedBeside = {},
): Statement[] {
  const { id, clientId, userId, sessionId, createdAt } = grant;
  requireStorableKey(clientId, '/client_id');
  if (userId !== null) requireStorableKey(userId, '/user_id');
  const ends = [endsAt, code?.expiresAt].map((end) => (end === undefined ? 0 : Date.parse(end)));
  const keptUntil = Math.max(...ends, endOfTokens(tokens));
  return [
    {
      sql: INSERT_GRANT,
      values: [
        id,
        clientId,
        userId,
        sessionId,
        Date.parse(createdAt),
        keptUntil,
        refreshTokensSince(tokens),
        JSON.stringify(grant),
      ],
    },
    ...(code ? [insertCode(code)] : []),
    ...insertTokens(tokens),
  ];
}
