/** Where a person lets a device in (RFC 8628 3.3); works without scripts. */
import type { TransactionStatus } from '../../tenant/transaction.js';
import { hiddenFields } from './hidden-fields.js';
import { html } from './html.js';
import { page } from './page.js';

const FAULTY = html`aria-invalid="true" aria-describedby="problem"`;

/** `typed` and `problem`, where a code was wrong. */
export const userCodePage = ({
  typed = '',
  problem,
}: {
  readonly typed?: string;
  readonly problem?: string;
}): string =>
  page(
    `${problem === undefined ? '' : 'Not connected: '}Connect a device`,
    html`<h1>Connect a device</h1>
      <p class="soft">Type the code that the device shows.</p>
      <form class="entry" action="/activate" method="get">
        ${
          problem === undefined
            ? null
            : html`<div class="box bad" role="alert" id="problem"><p>${problem}</p></div>`
        }
        <label for="user_code">Code</label>
        <input
          id="user_code"
          name="user_code"
          type="text"
          value="${typed}"
          placeholder="WDJB-MJHT"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          required
          autofocus
          ${problem === undefined ? null : FAULTY}
        />
        <p class="buttons"><button class="primary">Continue</button></p>
      </form>`,
  );

export interface DeviceForm {
  readonly userCode: string;
  /** See `csrfTokenOf`. */
  readonly csrf: string;
  readonly clientName: string;
  readonly scope: readonly string[];
  readonly audience: string | null;
}

export const deviceConfirmationPage = (form: DeviceForm): string =>
  page(
    `Connect a device to ${form.clientName}`,
    html`<h1>Is this the code of your device?</h1>
      <p class="user-code">
        <b><code>${form.userCode}</code></b>
      </p>
      <p>
        <b>${form.clientName}</b> asks to be let in on a device. If the device in front of you does not show
        this very code, somebody else's does: then press Deny.
      </p>
      ${
        form.scope.length === 0 && form.audience === null
          ? null
          : html`<p class="soft small">
              It asks for ${form.scope.length === 0 ? 'no scope' : html`<code>${form.scope.join(' ')}</code>`}
              ${form.audience === null ? null : html` of <code>${form.audience}</code>`}
            </p>`
      }
      <form class="entry" action="/activate" method="post">
        ${hiddenFields([
          ['user_code', form.userCode],
          ['csrf', form.csrf],
        ])}
        <p class="buttons">
          <button class="primary" name="action" value="approve">Connect</button>
          <button name="action" value="deny">Deny</button>
        </p>
      </form>`,
  );

export const deviceDeniedPage = (clientName: string): string =>
  page(
    'Device denied',
    html`<h1>Device denied</h1>
      <div class="box bad"><p>${clientName} was not let in. The device is told when it asks next.</p></div>`,
  );

/** Of the login that was to let a device in. */
export const deviceEndedPage = ({
  transactionId,
  status,
  reason,
}: {
  readonly transactionId: string;
  readonly status: TransactionStatus;
  readonly reason: string | null;
}): string =>
  page(
    status === 'completed' ? 'Device connected' : 'Device not connected',
    html`<h1>${status === 'completed' ? 'Device connected' : 'Device not connected'}</h1>
      <div class="box ${status === 'completed' ? 'good' : 'bad'}">
        <p>
          ${
            status === 'completed'
              ? 'You can go back to the device, and close this page.'
              : `It was not let in: ${reason ?? status}`
          }
        </p>
      </div>
      <p>
        <a href="/debug/transactions/${encodeURIComponent(transactionId)}">The whole transaction</a>
        <span class="soft">step by step, with what its Actions did</span>
      </p>`,
  );
