/** Single logout in the front channel (SAML Profiles 4.4): whether, from whom next, and how it went. */
import type { LogoutStep } from '../../tenant/logout.js';
import { hiddenFields } from './hidden-fields.js';
import { Html, html } from './html.js';
import { page } from './page.js';

interface LogoutForm {
  /** Id of the logout. */
  readonly state: string;
  /** See `csrfTokenOf`. */
  readonly csrf: string;
}

const carried = ({ state, csrf }: LogoutForm): Html =>
  hiddenFields([
    ['state', state],
    ['csrf', csrf],
  ]);

export const logoutConfirmationPage = (form: LogoutForm & { readonly who: string }): string =>
  page(
    'Log out',
    html`<h1>Log out?</h1>
      <p>
        You are logged in as <b>${form.who}</b>. Logging out ends this session, and asks every application
        that you reached through it to end its own.
      </p>
      <form class="entry" action="/logout" method="post">
        ${carried(form)}
        <p class="buttons"><button class="primary">Log out</button></p>
      </form>
      <p class="soft small">To stay logged in, just leave this page.</p>`,
  );

/** As `sendMessage` yields it. */
type Message =
  { readonly url: string } | { readonly action: string; readonly fields: Readonly<Record<string, string>> };

export interface LogoutHop extends LogoutForm {
  /** Counted from 1. */
  readonly step: number;
  readonly of: number;
  /** Name of the client. */
  readonly to: string;
  readonly message: Message;
  /** Where a post with `action=skip` leaves this client out. Its field `why` is `person`, `unreachable` or `silent`. */
  readonly next: string;
  /** That the policy of the page allows the script by. */
  readonly nonce: string;
  /**
   * Whether the browser looks if the SP is there before it goes: true if left out. An SP that answers with
   * `Cross-Origin-Resource-Policy: same-origin` looks dead to it; say false where it is known to be alive.
   */
  readonly probe?: boolean | undefined;
}

const PROBE_MS = 4_000;
const PATIENCE_MS = 8_000;

/**
 * Goes to the SP, or past it. A browser that has left for a dead server shows a page of its own, and nothing of ours runs any more; so
 * it looks first. Nothing happens by itself where the user came back to this page.
 *
 * A post from a page that is still loading takes that page's place in the history (HTML, form submission: history handling "replace").
 * Looking starts once the page has loaded, so that it is not the faster of the two that decides whether the way back leads here.
 */
const SCRIPT = Html.constant(`
const go = document.getElementById('go');
const progress = document.getElementById('progress');
const { probe } = go.dataset;
let patience;
function cameBack() {
  clearTimeout(patience);
  progress.textContent = 'You came back to this step. Go on, or leave the application out.';
}
function leaveOut(why) {
  document.getElementById('why').value = why;
  HTMLFormElement.prototype.submit.call(document.getElementById('leave-out'));
}
function leave() {
  patience = setTimeout(leaveOut, ${PATIENCE_MS}, 'silent');
  if (go instanceof HTMLFormElement) HTMLFormElement.prototype.submit.call(go);
  else location.replace(go.href);
}
async function look() {
  try {
    await fetch(probe, {
      mode: 'no-cors', credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer',
      signal: AbortSignal.timeout(${PROBE_MS}),
    });
  } catch (error) {
    return leaveOut(error.name === 'TimeoutError' ? 'silent' : 'unreachable');
  }
  leave();
}
addEventListener('pagehide', () => clearTimeout(patience));
addEventListener('pageshow', (event) => { if (event.persisted) cameBack(); });
if (performance.getEntriesByType('navigation')[0]?.type === 'back_forward') cameBack();
else {
  progress.append(' This goes on by itself.');
  if (!probe || (location.protocol === 'https:' && probe.startsWith('http:'))) leave();
  else addEventListener('load', look);
}
`);

/** What every browser asks of every server unbidden, so that it means nothing to the SP. */
const probeOf = (url: string): string =>
  URL.canParse('/favicon.ico', url) ? new URL('/favicon.ico', url).href : '';

/** Asks one client: by itself, or without scripts by a button. A client that does not answer is left out, by itself or by a button. */
export function logoutStepPage(hop: LogoutHop): string {
  const { step, of, to, message, next, nonce } = hop;
  const probe = hop.probe === false ? '' : probeOf('url' in message ? message.url : message.action);
  const way =
    'url' in message
      ? html`<a class="button primary" id="go" href="${message.url}" data-probe="${probe}">Go on</a>`
      : html`<form id="go" action="${message.action}" method="post" data-probe="${probe}">
          ${hiddenFields(Object.entries(message.fields))}
          <button class="primary">Go on</button>
        </form>`;
  return page(
    `Logging out of ${to}`,
    html`<h1>Logging out of ${to}</h1>
      <p class="soft">Application ${step} of ${of}</p>
      <p id="progress" role="status">${to} is asked to end its session.</p>
      <noscript><p>Scripts are off in this browser: press a button to go on.</p></noscript>
      <div class="buttons">
        ${way}
        <form id="leave-out" action="${next}" method="post">
          ${carried(hop)} ${hiddenFields([['action', 'skip']])}
          <input type="hidden" id="why" name="why" value="person" />
          <button>Leave ${to} out</button>
        </form>
      </div>
      <script nonce="${nonce}">
        ${SCRIPT};
      </script>`,
  );
}

export interface SignedOut {
  readonly steps: readonly {
    /** Of the client. */
    readonly name: string;
    readonly state: LogoutStep['state'];
    readonly reason: string | null;
  }[];
  /** Whether some client may still have a session. */
  readonly partial: boolean;
  /** The client that began and is not told how it ended. */
  readonly untold?: { readonly name: string; readonly why: string } | null;
}

/** In words, and the class of the mark beside them. */
const OUTCOMES: Readonly<Record<LogoutStep['state'], readonly [words: string, mark: string]>> = {
  logged_out: ['logged out', 'completed'],
  failed: ['did not log you out', 'failed'],
  asked: ['has not answered', 'failed'],
  left_out: ['was not asked', 'pending'],
  waiting: ['has not been asked yet', 'pending'],
};

export const signedOutPage = ({ steps, partial, untold }: SignedOut): string =>
  page(
    partial ? 'Logged out in part' : 'Logged out',
    html`<h1>${partial ? 'Logged out, but not everywhere' : 'Logged out'}</h1>
      <p>Your session at this identity provider is over.</p>
      ${
        partial
          ? html`<div class="box warn">
              <p>An application that is not logged out keeps its session until you log out there.</p>
            </div>`
          : null
      }
      ${
        untold
          ? html`<div class="box warn">
              <p><b>${untold.name}</b> asked for this and cannot be told how it went.</p>
              <p class="small">${untold.why}</p>
            </div>`
          : null
      }
      ${
        steps.length === 0
          ? null
          : html`<ul class="plain">
              ${steps.map(outcome)}
            </ul>`
      }`,
  );

function outcome({ name, state, reason }: SignedOut['steps'][number]): Html {
  const [words, mark] = OUTCOMES[state];
  return html`<li>
    <b>${name}</b> <span class="status ${mark}">${words}</span>
    ${reason === null ? null : html`<div class="soft small">${reason}</div>`}
  </li>`;
}
