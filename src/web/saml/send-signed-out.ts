import type { FastifyReply } from 'fastify';
import type { LogoutOutcome } from '../../login/logouts.service.js';
import { html } from '../pages/html.js';
import { signedOutPage } from '../pages/logout-pages.js';
import { page } from '../pages/page.js';
import { sendProtocolPage } from '../pages/protocol-page.js';

/** How a logout ended; `null` where nobody was logged in. */
export const sendSignedOut = (reply: FastifyReply, outcome: LogoutOutcome | null): string =>
  sendProtocolPage(reply, outcome ? signedOutPage(outcome) : notLoggedIn(), { formAction: 'none' });

const notLoggedIn = (): string =>
  page(
    'Not logged in',
    html`<h1>Not logged in</h1>
      <p>
        Nobody is logged in at this identity provider in this browser, so there is nothing to log out of.
      </p>`,
  );
