import type { Session, SessionDetails } from '../../tenant/session.js';
import type { Effects } from '../../tenant/effects.js';

/** The last instant that a Date can hold. */
const LAST_INSTANT_MS = 8.64e15;
/** Oldest first; a browser that is sent through the same page at every login would gather them without end. */
const MOST_METHODS = 25;

export interface SessionWrite {
  readonly expiresAt?: string;
  readonly details?: SessionDetails;
}

/** What of a session is to be written; `null` where no Action asked for anything. */
export function sessionWrite(
  { details = { methods: [], metadata: {} } }: Session,
  { session, methods }: Effects,
): SessionWrite | null {
  const { expiresAt, idleExpiresAt, cookieMode, metadata } = session;
  // the end of a session that idles holds until its user is seen again: every login must say it anew (actions-api.md 10)
  const { idleExpiresAt: idleBefore, ...kept } = details;
  const changesDetails =
    methods.length > 0 ||
    [cookieMode, metadata].some((value) => value !== undefined) ||
    idleExpiresAt !== idleBefore;
  if (expiresAt === undefined && !changesDetails) return null;
  return {
    ...(expiresAt !== undefined && { expiresAt: instant(expiresAt) }),
    ...(changesDetails && {
      details: {
        ...kept,
        methods: [...details.methods, ...methods].slice(-MOST_METHODS),
        ...(metadata && { metadata }),
        ...(cookieMode && { cookieMode }),
        ...(idleExpiresAt !== undefined && { idleExpiresAt }),
      },
    }),
  };
}

export const instant = (milliseconds: number): string =>
  new Date(Math.max(-LAST_INSTANT_MS, Math.min(LAST_INSTANT_MS, milliseconds))).toISOString();
