/** The way back from where an Action sent the browser: `/continue?state=…`. The state works once, and in that browser. */
import { hash } from 'node:crypto';
import type { Continuation, RequestFacts, Transaction } from '../../tenant/transaction.js';
import { clockOf } from '../finish.js';
import { LoginError } from '../login-error.js';
import { isFinished } from '../next-step.js';

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
  if (!isOf(continuation, state)) throw invalidState();
  if (Date.parse(continuation.expiresAt) <= at.getTime())
    throw new LoginError(
      'login_expired',
      'This login was left more than an hour ago. Start again at the application.',
    );
  return continuation;
}

/** Whether the login was ended while its user was away, by REST or in another window, so that `state` was never used. */
export const wasEndedMeanwhile = (transaction: Transaction, state: string): boolean =>
  isFinished(transaction) && isOf(transaction.actions?.continuation, state);

const isOf = (continuation: Continuation | null | undefined, state: string): continuation is Continuation =>
  continuation?.digest === digestOf(state);

const invalidState = (): LoginError =>
  new LoginError(
    'continue_state_invalid',
    'The state is missing, unknown, or was used already (invalid_request). Send the browser back to /continue with the very state that it came with, once.',
  );

/** The transaction with the request that came back, kept until its browser has brought its cookies, and `key`. */
export const withReceived = (
  transaction: Transaction,
  continuation: Continuation,
  request: RequestFacts,
  key: string,
): Transaction => ({
  ...transaction,
  actions: {
    ...transaction.actions!,
    continuation: { ...continuation, received: { digest: digestOf(key), request } },
  },
  revision: transaction.revision + 1,
});

/**
 * The request that its Action gets to see: what came without cookies, where this browser was sent on with its `key`, else what came now.
 * Whoever knows the state could post in this browser's name, and does not know the key. Throws LoginError `continue_state_invalid`.
 */
export function returnOf(
  { received }: Continuation,
  arrival: RequestFacts,
  key: string | undefined,
): RequestFacts {
  if (key === undefined) return arrival;
  if (received?.digest !== digestOf(key)) throw invalidState();
  return received.request;
}

/** The transaction as its Action goes on with it: the state is used up, and `event.request` is the one that came back. */
export const continued = (
  transaction: Transaction,
  { actionName }: Continuation,
  request: RequestFacts,
  at: Date,
): Transaction => ({
  ...transaction,
  status: 'pending',
  request,
  actions: { ...transaction.actions!, state: 'running', resumed: true, continuation: null },
  timeline: [
    ...transaction.timeline,
    {
      name: 'user.returned',
      at: clockOf(transaction, at).toISOString(),
      detail: { to: actionName, method: request.method },
    },
  ],
});
