/** Who may go on with a login that is stored, and what there is for them where it is over. */
import { sessionIdOf } from '../tenant/session.js';
import type { BrowserPart, Transaction } from '../tenant/transaction.js';
import type { LoginAnswer } from './browser-login.js';
import { LoginError } from './login-error.js';

/** Throws LoginError `login_elsewhere` where the login belongs to another browser. */
export function requireSameBrowser(part: BrowserPart | undefined, browserToken: string | undefined): void {
  const digest = part?.digest ?? null;
  if (digest === null || (browserToken !== undefined && sessionIdOf(browserToken) === digest)) return;
  throw new LoginError(
    'login_elsewhere',
    'This login was begun in another browser, or cookies are not kept. Allow cookies for this server, and start again at the application.',
  );
}

/**
 * An assertion is delivered once. A refusal is delivered to whoever asks again: it may have been made over REST while the page stood
 * open, and then the SP waits for it still.
 */
export function refusedBefore(transaction: Transaction): LoginAnswer {
  if (transaction.status === 'completed' || transaction.result === null) throw loginOver(transaction.id);
  return { kind: 'deliver', transaction };
}

/** Another user has logged in already, and Actions have done what they do for that one. */
export const anotherUsers = (): LoginError =>
  new LoginError(
    'login_form_stale',
    'This login goes on for another user already. To log in as somebody else, start again at the application.',
  );

/**
 * Throws LoginError unless `userId` may log in by it, in the browser with that token: `transaction_suspended` where that user has, and
 * is away at the page of an Action.
 */
export function requireOpen(transaction: Transaction, browserToken: string, userId: string): void {
  requireSameBrowser(transaction.browser, browserToken);
  if (transaction.actions && transaction.userId !== userId) throw anotherUsers();
  if (transaction.status === 'suspended')
    throw new LoginError(
      'transaction_suspended',
      'This login goes on at another page already. Go back to that one, or start again at the application.',
    );
}

export const loginGoingOn = (): LoginError =>
  new LoginError(
    'transaction_running',
    'This login is going on in another request of this browser. Wait for that one, or start again at the application.',
  );

export const loginOver = (id: string): LoginError =>
  new LoginError(
    'transaction_finished',
    'This login is over; its answer was delivered once. To log in again, start at the application.',
    { extensions: { transaction_id: id } },
  );
