/** The pages of the demo service provider. */
import type { LogoutResponse } from '../../protocol/saml/logout-response.js';
import { STATUS } from '../../protocol/saml/names.js';
import type { ResponseSummary } from '../../protocol/saml/summary.js';
import { html, type Html } from '../pages/html.js';
import { page } from '../pages/page.js';
import { code, facts, shown } from '../pages/values.js';
import { transcript, verdict } from '../pages/verification-view.js';
import { xmlView } from '../pages/xml-view.js';
import type { DemoLogin } from './demo-cookies.js';
import type { DemoSp } from './demo-sp.js';
import type { ReceivedResponse } from './receive-response.js';

/** A form would be kept to our origin on every hop (CSP 3 form-action), and a logout goes through other sites: that one is a link. */
export function demoPage(demo: {
  readonly sp: DemoSp;
  readonly clientId: string;
  readonly login: DemoLogin | null;
}): string {
  const { sp, login } = demo;
  const clientId = encodeURIComponent(demo.clientId);
  return page(
    'Demo service provider',
    html`<h1>Demo service provider</h1>
      <p>
        A SAML service provider to try a login with before your own is ready. It knows Mintmark by its
        metadata alone, speaks to it through your browser, and believes only what verifies.
      </p>
      ${
        login
          ? html`<div class="box good">
              <p><strong>Logged in</strong> as ${code(login.nameId)}.</p>
              <p><a href="/demo/sp/logout">Log out everywhere</a></p>
            </div>`
          : html`<div class="box"><p>Nobody is logged in here.</p></div>`
      }
      <h2 id="login">Log in</h2>
      <p>
        <a class="button" href="/demo/sp/login">Log in</a>
        <span class="soft">by an AuthnRequest, as most service providers do</span>
      </p>
      <ul class="plain">
        <li>
          <a href="/demo/sp/login?ForceAuthn=true">Log in afresh</a>
          <span class="soft">ForceAuthn: a session that is there does not count</span>
        </li>
        <li>
          <a href="/demo/sp/login?IsPassive=true">Log in without a page</a>
          <span class="soft">IsPassive: only where a session is there</span>
        </li>
        <li>
          <a href="/samlp/${clientId}">Begin at Mintmark</a>
          <span class="soft">IdP-initiated: a response that nobody asked for</span>
        </li>
      </ul>
      <h2 id="about">What it is</h2>
      ${facts({ 'Entity ID': sp.entityId, 'ACS URL': sp.acsUrl, 'Logout URL': sp.sloUrl })}
      <p class="contents">
        <a href="/demo/sp/metadata">Its metadata</a>
        <a href="/debug/clients/${clientId}">Its client</a>
        <a href="/debug/transactions?client_id=${clientId}">Its logins</a>
      </p>
      <p class="soft small">
        It is registered as the client <code>${demo.clientId}</code>, by its metadata. Change that client, and
        see what the service provider says to it.
      </p>`,
  );
}

export function acsPage(received: ReceivedResponse, wantedRelayState: string | null): string {
  const { accepted, claimed, verification, xml, RelayState } = received;
  const name = accepted?.nameId.value ?? null;
  return page(
    accepted ? `Logged in: ${name ?? ''}` : 'Not logged in',
    html`${
        accepted
          ? html`<h1>Logged in as ${name}</h1>
              <p>The demo service provider has accepted the response.</p>`
          : html`<h1>Not logged in</h1>
              <p>The demo service provider has refused the response, and believes nothing of it.</p>`
      }
      ${refusalOf(claimed)} ${verdict('The response', verification)} ${undecrypted(received)}
      <p class="contents">
        ${accepted ? html`<a href="/demo/sp/logout">Log out everywhere</a>` : null}
        <a href="/demo/sp">${accepted ? 'Back to the demo' : 'Try again'}</a>
        <a href="/debug/transactions">How Mintmark came to it</a>
      </p>
      ${accepted ? user(accepted) : null}
      <h2 id="came">How it came</h2>
      ${facts({
        InResponseTo: claimed?.inResponseTo ?? 'nothing: it is unsolicited',
        RelayState: RelayState ?? 'none',
        'As it was sent':
          wantedRelayState === null ? undefined : wantedRelayState === RelayState ? 'yes' : 'no',
      })}
      <h2 id="verification">How it was verified</h2>
      ${transcript(verification)}
      ${
        xml === null
          ? null
          : html`<h2 id="response">The response</h2>
              ${xmlView('Response', xml)}`
      }`,
  );
}

/** What an error Response says is signed by nobody, as a rule: a hint for people, and no more. */
const refusalOf = (claimed: ResponseSummary | null): Html | null =>
  claimed === null || claimed.status.code === STATUS.success
    ? null
    : html`<div class="box bad">
        <p><strong>The identity provider did not log anybody in.</strong> ${claimed.status.message}</p>
        <p class="small">
          ${[claimed.status.code, claimed.status.subCode].map((name) => (name ? html`<code>${name}</code> ` : null))}
        </p>
      </div>`;

const undecrypted = ({ accepted, claimed }: ReceivedResponse): Html | null =>
  accepted === null && claimed?.encrypted
    ? html`<div class="box warn">
        <p>The assertion is encrypted, and this service provider has no key to decrypt it with.</p>
      </div>`
    : null;

const user = ({
  nameId,
  sessionIndex,
  authnInstant,
  authnContextClassRef,
  attributes,
}: ResponseSummary): Html =>
  html`<h2 id="user">Who it is</h2>
    ${facts({
      NameID: nameId.value,
      Format: nameId.format ?? undefined,
      SessionIndex: sessionIndex ?? undefined,
      AuthnInstant: authnInstant ?? undefined,
      AuthnContextClassRef: authnContextClassRef ?? undefined,
    })}
    <h3 id="attributes">Attributes</h3>
    ${
      attributes.length === 0
        ? html`<p>There are none.</p>`
        : html`<table class="attributes">
            <thead>
              <tr>
                <th>Name</th>
                <th>Values</th>
              </tr>
            </thead>
            <tbody>
              ${attributes.map(
                ({ name, values }) =>
                  html`<tr>
                    <td class="mono">${name}</td>
                    <td>${shown(values.map((value) => value ?? 'nil'))}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }`;

/** `response` is `null` where nobody was logged in to begin with. */
export function loggedOutPage(response: Pick<LogoutResponse, 'status' | 'xml'> | null): string {
  const partial = response?.status.subCode === STATUS.partialLogout;
  const failed = response !== null && response.status.code !== STATUS.success;
  return page(
    'Logged out',
    html`<h1>${response ? 'Logged out' : 'Nobody is logged in here'}</h1>
      ${
        failed
          ? html`<div class="box bad">
              <p>This service provider has ended its session; the identity provider could not end its own.</p>
              <p class="small">${response.status.message} <code>${response.status.code}</code></p>
            </div>`
          : partial
            ? html`<div class="box warn">
                <p>
                  Not every service provider could be logged out: the identity provider says PartialLogout.
                </p>
              </div>`
            : response
              ? html`<div class="box good"><p>Here, at the identity provider, and everywhere else.</p></div>`
              : null
      }
      <p class="contents"><a href="/demo/sp">Back to the demo</a></p>
      ${response ? xmlView('LogoutResponse', response.xml) : null}`,
  );
}
