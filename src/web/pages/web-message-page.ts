/** Hands the answer of /authorize to the page that framed or opened this one (response_mode=web_message), and to no other origin. */
import type { Delivery } from '../../protocol/oauth/authorization-response.js';
import { Html, html } from './html.js';
import { passingPage } from './page.js';

export type WebMessage = Omit<Extract<Delivery, { kind: 'web_message' }>, 'kind'> & {
  /** That the policy of the page allows the script by. */
  readonly nonce: string;
  /** Name of the client. */
  readonly to: string;
};

const SCRIPT = Html.constant(`
const { message, origin } = document.getElementById('message').dataset;
const receiver = window.parent === window ? window.opener : window.parent;
if (receiver) receiver.postMessage(JSON.parse(message), origin);
`);

/** The browser itself withholds the message where the receiver is of another origin. */
export const webMessagePage = ({ targetOrigin, message, nonce, to }: WebMessage): string =>
  passingPage(
    `Going to ${to}`,
    html`<h1>Going to ${to}</h1>
      <p class="soft" id="message" data-message="${JSON.stringify(message)}" data-origin="${targetOrigin}">
        The answer is handed to the page of <code>${targetOrigin}</code> that asked for it.
      </p>
      <script nonce="${nonce}">
        ${SCRIPT};
      </script>`,
  );
