/** The step after somebody has logged in, by whatever means. */
import type { SessionParticipant } from '../tenant/session.js';
import type { Transaction } from '../tenant/transaction.js';
import type { User } from '../tenant/user.js';

/** How the user was authenticated: by the page, by a session that was there, or without being asked. */
export type AuthenticatedBy = 'password' | 'one_click' | 'session' | 'auto_login';

export interface LoggedIn {
  readonly user: User;
  readonly by: AuthenticatedBy;
  readonly sessionId: string;
  /** ISO instant. */
  readonly authenticatedAt: string;
  readonly at: Date;
}

export const loggedIn = (
  transaction: Transaction,
  { user, by, sessionId, authenticatedAt, at }: LoggedIn,
): Transaction => ({
  ...transaction,
  user,
  userId: user.user_id,
  authenticatedAt,
  browser: { digest: null, refusals: 0, ...transaction.browser, sessionId },
  timeline: [
    ...transaction.timeline,
    { name: 'user.authenticated', at: at.toISOString(), detail: { user_id: user.user_id, by } },
  ],
});

/** Whom a single logout has to ask later; `undefined` where the SP was told of nobody. */
export function participantOf({
  status,
  clientId,
  browser,
  subject,
  finishedAt,
}: Transaction): SessionParticipant | undefined {
  const sessionId = browser?.sessionId ?? null;
  if (status !== 'completed' || sessionId === null || clientId === null || !subject) return undefined;
  return { sessionId, clientId, ...subject, since: finishedAt! };
}
