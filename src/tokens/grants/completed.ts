/** A call that was answered. */
import { clockOf, finish } from '../../login/finish.js';
import type { Issued } from '../issue-tokens.js';
import type { OidcResult, Transaction } from '../../tenant/transaction.js';
import type { GrantCall } from '../token-call.js';

/** What was answered, as it is kept. */
type Answered = Pick<Issued, 'events' | 'droppedClaims' | 'signedWith'> & {
  readonly body: OidcResult & { readonly refresh_token?: string };
};

/** The call at its end. The refresh token is told by its id alone. */
export function completed(
  { draft }: GrantCall,
  { body, events, droppedClaims, signedWith }: Answered,
  at: Date,
  refreshTokenId: string | null,
): Transaction {
  const { transaction } = draft;
  const { refresh_token: _, ...result } = body;
  return finish(
    transaction,
    'completed',
    { result, droppedClaims, signedWith },
    [
      ...events,
      ...(refreshTokenId === null
        ? []
        : [{ name: 'token.issued', detail: { token: 'refresh_token', id: refreshTokenId } }]),
    ],
    { clock: clockOf(transaction, at), at },
  );
}

/** Brings the draft to its end. */
export function complete(call: GrantCall, answered: Answered, at: Date, refreshTokenId: string | null): void {
  call.draft.become(completed(call, answered, at, refreshTokenId));
}
