/** A call that was answered. */
import { clockOf, finish } from '../../login/finish.js';
import type { Issued } from '../issue-tokens.js';
import type { OidcResult } from '../../tenant/transaction.js';
import type { GrantCall } from '../token-call.js';

/** What was answered, as it is kept. */
type Answered = Pick<Issued, 'events' | 'droppedClaims' | 'signedWith'> & {
  readonly body: OidcResult & { readonly refresh_token?: string };
};

/** Brings the draft to its end. The refresh token is told by its id alone. */
export function complete(
  { draft }: GrantCall,
  { body, events, droppedClaims, signedWith }: Answered,
  at: Date,
  refreshTokenId: string | null,
): void {
  const { transaction } = draft;
  const { refresh_token: _, ...result } = body;
  draft.become(
    finish(
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
    ),
  );
}
