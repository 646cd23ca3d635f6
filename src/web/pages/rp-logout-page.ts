/** Asks whether a relying party is right to say that somebody wants to log out. */
import { hiddenFields } from './hidden-fields.js';
import { html } from './html.js';
import { page } from './page.js';

export interface RpLogoutConfirmation {
  readonly who: string;
  /** `null` where it does not say who it is. */
  readonly clientName: string | null;
  readonly action: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

export const rpLogoutPage = ({ who, clientName, action, fields }: RpLogoutConfirmation): string =>
  page(
    'Log out',
    html`<h1>Log out?</h1>
      <p>
        ${clientName === null ? 'An application' : html`<b>${clientName}</b>`} asks to log you out, and does
        not show that it knows your session. You are logged in as <b>${who}</b>. Logging out ends this
        session, and asks every application that you reached through it to end its own.
      </p>
      <form class="entry" action="${action}" method="post">
        ${hiddenFields(fields)}
        <p class="buttons"><button class="primary">Log out</button></p>
      </form>
      <p class="soft small">To stay logged in, just leave this page.</p>`,
  );
