/** A login that REST began, and a browser went on with, has no application to go back to. */
import type { TransactionStatus } from '../../tenant/transaction.js';
import { html } from './html.js';
import { page } from './page.js';

export interface Ended {
  readonly transactionId: string;
  readonly status: TransactionStatus;
  /** Why it was denied or failed. */
  readonly reason: string | null;
}

export const endedPage = ({ transactionId, status, reason }: Ended): string =>
  page(
    'The login is over',
    html`<h1>The login is over</h1>
      <div class="box ${status === 'completed' ? 'good' : 'bad'}">
        <p>
          ${
            status === 'completed'
              ? 'It is completed. What was issued stands in its transaction.'
              : `It was not completed: ${reason ?? status}`
          }
        </p>
      </div>
      <p>
        <a href="/debug/transactions/${encodeURIComponent(transactionId)}">The whole transaction</a>
        <span class="soft">step by step, with what its Actions did</span>
      </p>`,
  );
