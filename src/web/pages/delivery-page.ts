/** The form that carries a response to the service provider (SAML Bindings 3.5.4). */
import { hiddenFields } from './hidden-fields.js';
import { Html, html } from './html.js';
import { passingPage } from './page.js';

export interface Delivery {
  /** The validated address. */
  readonly action: string;
  /** In the order in which they are posted. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** That the policy of the page allows the script by. */
  readonly nonce: string;
  /** Name of the client. */
  readonly to: string;
}

/** Should the SP not answer soon, and where the user comes back, nothing is posted again without a press of the button. */
const OFFER_BUTTON_AFTER_MS = 3_000;

/**
 * Runs while the page is still being read, so that the way back leads past it (HTML, form submission: history handling "replace").
 * Fields may be called `submit` or `append`, and hide what the form itself can do: its methods are taken from the prototype.
 */
const SCRIPT = Html.constant(`
const form = document.getElementById('delivery');
function offerButton() {
  if (document.getElementById('again')) return;
  const button = document.createElement('button');
  button.id = 'again';
  button.className = 'primary';
  button.textContent = 'Continue';
  Element.prototype.append.call(form, button);
}
addEventListener('pageshow', (event) => { if (event.persisted) offerButton(); });
if (performance.getEntriesByType('navigation')[0]?.type === 'back_forward') offerButton();
else {
  HTMLFormElement.prototype.submit.call(form);
  setTimeout(offerButton, ${OFFER_BUTTON_AFTER_MS});
}
`);

/** Posts itself; without scripts, by a button. */
export const deliveryPage = ({ action, fields, nonce, to }: Delivery): string =>
  passingPage(
    `Going to ${to}`,
    html`<h1>Going to ${to}</h1>
      <p class="soft">The answer is being delivered to <code>${originOf(action)}</code>.</p>
      <form class="entry" id="delivery" action="${action}" method="post" accept-charset="utf-8">
        ${hiddenFields(fields)}
        <noscript>
          <p>Scripts are off in this browser: press the button to go on.</p>
          <button class="primary">Continue</button>
        </noscript>
      </form>
      <script nonce="${nonce}">
        ${SCRIPT};
      </script>`,
  );

/** Enough to tell people where they go. */
const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url);
