/** A call that was answered. */
import { clockOf, finish } from '../../login/finish.js';
import type { Issued } from '../issue-tokens.js';
import type { GrantCall } from '../token-call.js';

/** Brings the draft to its end. The refresh token is told by its id alone. */
export function complete(
  { draft }: GrantCall,
  { body, events, droppedClaims, signedWith }: Issued,
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
