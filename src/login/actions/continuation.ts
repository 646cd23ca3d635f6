/** The way back from where an Action sent the browser: `/continue?state=…`. The state works once, and in that browser. */
import { hash } from 'node:crypto';
import type { Continuation, RequestFacts, Transaction } from '../../tenant/transaction.js';
import { LoginError } from '../login-error.js';

/** How long a person may stay away. */
const LONGEST_ABSENCE_MS = 3_600_000;

/** It names its transaction, and is no other's: 256 random bits. */
export const newState = (transactionId: string, random: (bytes: number) => Buffer): string =>
  `${transactionId}.${random(32).toString('base64url')}`;

/** `null` where it was not made here. */
export function transactionIdIn(state: string): string | null {
  const [, id] = /^(txn_[0-9a-f]{32})\.[\w-]{43}$/.exec(state) ?? [];
  return id ?? null;
}

const digestOf = (state: string): string => hash('sha256', state, 'base64url');

export function newContinuation(
  target: string,
  state: string,
  action: { readonly id: string; readonly name: string },
  at: Date,
): Continuation {
  const url = new URL(target);
  url.searchParams.set('state', state);
  return {
    digest: digestOf(state),
    url: url.href,
    actionId: action.id,
    actionName: action.name,
    expiresAt: new Date(at.getTime() + LONGEST_ABSENCE_MS).toISOString(),
  };
}

/** What `state` goes on with. Throws LoginError `continue_state_invalid`, `login_expired`. */
export function continuationOf(transaction: Transaction | null, state: string, at: Date): Continuation {
  const continuation = transaction?.status === 'suspended' ? transaction.actions?.continuation : null;
  if (!continuation || continuation.digest !== digestOf(state)) throw invalidState();
  if (Date.parse(continuation.expiresAt) <= at.getTime())
    throw new LoginError(
      'login_expired',
      'This login was left more than an hour ago. Start again at the application.',
    );
  return continuation;
}

export const invalidState = (): LoginError =>
  new LoginError(
    'continue_state_invalid',
    'invalid_request: state is missing, unknown, or was used already. Send the browser back to /continue with the very state that it came with, once.',
  );

/** The transaction with the request that came back, kept until its browser has brought its cookies. */
export const withReceived = (
  transaction: Transaction,
  continuation: Continuation,
  received: RequestFacts,
): Transaction => ({
  ...transaction,
  actions: { ...transaction.actions!, continuation: { ...continuation, received } },
  revision: transaction.revision + 1,
});

/** The transaction as its Action goes on with it: the state is used up, and `event.request` is the one that came back. */
export const continued = (
  transaction: Transaction,
  continuation: Continuation,
  arrival: RequestFacts,
  at: Date,
): Transaction => ({
  ...transaction,
  status: 'pending',
  request: continuation.received ?? arrival,
  actions: { ...transaction.actions!, state: 'running', resumed: true, continuation: null },
  timeline: [
    ...transaction.timeline,
    {
      name: 'user.returned',
      at: at.toISOString(),
      detail: { to: continuation.actionName, method: (continuation.received ?? arrival).method },
    },
  ],
});
