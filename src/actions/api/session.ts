/** `api.session`: the browser's session with this server (actions-api.md 10). */
import { stringArgument } from './argument-errors.js';
import { booleanOf, instantOf, isObject, optionsOf, shown } from './arguments.js';
import { setter, type ApiRun, type Member } from './member.js';
import { prefixed, withEntry, withoutEntry, type Metadata } from './metadata.js';

const COOKIE_MODES = ['persistent', 'non-persistent'] as const;

/** Denies the login and ends the session. */
function revoke({ event, wishes }: ApiRun, [given, more]: readonly unknown[]): void {
  const reason = stringArgument('reason', given);
  const { preserveRefreshTokens = false } = optionsOf('options', more, ['preserveRefreshTokens']);
  const preserve = booleanOf('options.preserveRefreshTokens', preserveRefreshTokens);
  if (typeof event.session?.id !== 'string' || event.session.id === '')
    throw new Error(
      'Cannot revoke a session that does not exist: event.session.id is missing, as in a login without a browser',
    );
  wishes.denial = { by: 'session.revoke', code: 'access_denied', reason, preserveRefreshTokens: preserve };
}

/** The earliest of several calls wins; a negative instant ends the session at once. */
function setExpiresAt({ draft }: ApiRun, [absolute]: readonly unknown[]): void {
  draft.session.expiresAt = Math.min(instantOf('absolute', absolute), draft.session.expiresAt ?? Infinity);
}
function setIdleExpiresAt({ draft }: ApiRun, [inactivity]: readonly unknown[]): void {
  const { idleExpiresAt = Infinity } = draft.session;
  draft.session.idleExpiresAt = Math.min(instantOf('inactivity', inactivity), idleExpiresAt);
}

function setCookieMode({ draft, event, changeEvent }: ApiRun, [given]: readonly unknown[]): void {
  if (!given) throw new Error('Cookie mode must be provided');
  const mode = COOKIE_MODES.find((known) => known === given);
  if (mode === undefined)
    throw new Error(
      `Invalid cookie mode: ${typeof given === 'string' ? given.slice(0, 64) : shown(given)}. Valid values are 'persistent' and 'non-persistent'.`,
    );
  draft.session.cookieMode = mode;
  // Some flows have an empty object where there is no session.
  if (event.session && Object.keys(event.session).length > 0)
    changeEvent(['session', 'cookie', 'mode'], mode);
}

const metadataOf = ({ draft, event }: ApiRun): Metadata =>
  draft.session.metadata ?? (isObject(event.session?.metadata) ? event.session.metadata : {});

function setMetadata(run: ApiRun, [key, value]: readonly unknown[]): void {
  const before = metadataOf(run);
  const after = prefixed('Failed to set session metadata', () => {
    if (!run.event.session) throw new Error('Cannot set metadata on a session that does not exist.');
    return withEntry(before, key, value);
  });
  if (after === before) return;
  run.draft.session.metadata = after;
  run.changeEvent(['session', 'metadata', String(key)], value ?? undefined);
}

function deleteMetadata(run: ApiRun, [key]: readonly unknown[]): void {
  if (!run.event.session) return;
  const before = metadataOf(run);
  const after = withoutEntry(before, key);
  if (after === before) return;
  run.draft.session.metadata = after;
  run.changeEvent(['session', 'metadata', String(key)], undefined);
}

function evictMetadata({ draft, event, changeEvent }: ApiRun): void {
  if (!event.session) return;
  draft.session.metadata = {};
  changeEvent(['session', 'metadata'], {});
}

export const SESSION: readonly Member[] = [
  setter('session.revoke', revoke),
  setter('session.setExpiresAt', setExpiresAt),
  setter('session.setIdleExpiresAt', setIdleExpiresAt),
  setter('session.setCookieMode', setCookieMode),
  setter('session.setMetadata', setMetadata),
  setter('session.deleteMetadata', deleteMetadata),
  setter('session.evictMetadata', evictMetadata),
];
