/**
 * `api.refreshToken`: the refresh token that is exchanged, or that is about to be issued (actions-api.md 10). What is set before there is
 * one is kept for it, and does not make an `event.refresh_token`: Actions ask by that whether an exchange is going on.
 */
import { boundedStringOf, instantOf, isObject } from './arguments.js';
import { setter, type ApiRun, type Member } from './member.js';
import { prefixed, withEntry, withoutEntry, type Metadata } from './metadata.js';

const LONGEST_REASON = 1024;

/** Denies the exchange and revokes the token. */
function revoke({ event, wishes }: ApiRun, [given]: readonly unknown[]): void {
  const reason = boundedStringOf('reason', given, LONGEST_REASON);
  if (event.transaction?.protocol !== 'oauth2-refresh-token')
    throw new Error(
      "Cannot revoke a refresh token that does not exist: there is one in a refresh token exchange only (event.transaction.protocol === 'oauth2-refresh-token')",
    );
  wishes.denial = { by: 'refreshToken.revoke', code: 'access_denied', reason };
}

/** An online token lives and ends with its session. */
function assertOffline({ event }: ApiRun, member: string): void {
  if (event.refresh_token?.access === 'online')
    throw new Error(`Cannot call ${member} on an online refresh token.`);
}

function setExpiresAt(run: ApiRun, [absolute]: readonly unknown[]): void {
  assertOffline(run, 'setExpiresAt');
  const { refreshToken } = run.draft;
  refreshToken.expiresAt = Math.min(instantOf('absolute', absolute), refreshToken.expiresAt ?? Infinity);
}
function setIdleExpiresAt(run: ApiRun, [inactivity]: readonly unknown[]): void {
  assertOffline(run, 'setIdleExpiresAt');
  const { refreshToken } = run.draft;
  const { idleExpiresAt = Infinity } = refreshToken;
  refreshToken.idleExpiresAt = Math.min(instantOf('inactivity', inactivity), idleExpiresAt);
}

const metadataOf = ({ draft, event }: ApiRun): Metadata =>
  draft.refreshToken.metadata ??
  (isObject(event.refresh_token?.metadata) ? event.refresh_token.metadata : {});

function keep(
  { draft, event, changeEvent }: ApiRun,
  after: Metadata,
  path: readonly string[],
  value?: unknown,
) {
  draft.refreshToken.metadata = after;
  if (event.refresh_token) changeEvent(['refresh_token', 'metadata', ...path], value);
}

function setMetadata(run: ApiRun, [key, value]: readonly unknown[]): void {
  const before = metadataOf(run);
  const after = prefixed('Failed to set refresh token metadata', () => {
    assertOffline(run, 'setMetadata');
    return withEntry(before, key, value);
  });
  if (after !== before) keep(run, after, [String(key)], value ?? undefined);
}

function deleteMetadata(run: ApiRun, [key]: readonly unknown[]): void {
  assertOffline(run, 'deleteMetadata');
  const before = metadataOf(run);
  const after = withoutEntry(before, key);
  if (after !== before) keep(run, after, [String(key)]);
}

function evictMetadata(run: ApiRun): void {
  assertOffline(run, 'evictMetadata');
  if (Object.keys(metadataOf(run)).length > 0) keep(run, {}, [], {});
}

export const REFRESH_TOKEN: readonly Member[] = [
  setter('refreshToken.revoke', revoke),
  setter('refreshToken.setExpiresAt', setExpiresAt),
  setter('refreshToken.setIdleExpiresAt', setIdleExpiresAt),
  setter('refreshToken.setMetadata', setMetadata),
  setter('refreshToken.deleteMetadata', deleteMetadata),
  setter('refreshToken.evictMetadata', evictMetadata),
];
