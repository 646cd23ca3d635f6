/** Single logouts: the list, and one of them with every message that was sent and received. */
import type { LogoutDelivery } from '../../tenant/logout-delivery.js';
import type { Logout, LogoutStep } from '../../tenant/logout.js';
import type { TimelineEvent } from '../../tenant/transaction.js';
import { html, type Html } from './html.js';
import { page } from './page.js';
import { facts, instant } from './values.js';
import { xmlView } from './xml-view.js';

const requesterOf = ({ requester, relyingParty }: Logout): string =>
  requester?.clientId ??
  (relyingParty ? (relyingParty.clientId ?? 'an application that does not say which') : 'the user, here');

export interface ShownLogouts {
  readonly items: readonly Logout[];
  readonly deliveries: readonly LogoutDelivery[];
}

export const logoutsPage = ({ items, deliveries }: ShownLogouts): string =>
  page(
    'Logouts',
    html`<h1>Logouts</h1>
      <p class="soft">One line a single logout, the newest first; they are kept for a day.</p>
      ${items.length === 0 ? html`<p>There is none yet.</p>` : table(items)}
      <h2>In the back channel</h2>
      <p class="soft">
        Relying parties of OpenID Connect are told of the end of a session by a POST, whatever ended it.
      </p>
      ${deliveries.length === 0 ? html`<p>Nobody was to be told yet.</p>` : deliveryTable(deliveries)}`,
  );

const table = (items: readonly Logout[]): Html =>
  html`<table>
    <thead>
      <tr>
        <th>Logout</th>
        <th>Begun by</th>
        <th>User</th>
        <th>Service providers</th>
        <th>At</th>
      </tr>
    </thead>
    <tbody>
      ${items.map(
        (logout) =>
          html`<tr>
            <td data-label="Logout">
              <a class="mono" href="/debug/logouts/${logout.id}">${logout.id}</a><br />
              <span class="soft">${logout.status}</span>
            </td>
            <td data-label="Begun by">${requesterOf(logout)}</td>
            <td data-label="User">${logout.userId ?? 'nobody'}</td>
            <td data-label="Service providers">
              ${logout.steps.length === 0 ? html`<span class="soft">none to ask</span>` : logout.steps.map(stepLine)}
            </td>
            <td class="tight" data-label="At">${instant(logout.createdAt)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;

const STATES: Readonly<Record<LogoutStep['state'], string>> = {
  waiting: 'not asked yet',
  asked: 'asked, has not answered',
  logged_out: 'logged out',
  failed: 'not logged out',
  left_out: 'not asked',
};

const stepLine = ({ participant, state, reason }: LogoutStep): Html =>
  html`<div>
    ${participant.clientId}: ${STATES[state]}
    ${reason === null ? null : html`<span class="soft">(${reason})</span>`}
  </div>`;

const OUTCOMES: Readonly<Record<NonNullable<LogoutDelivery['outcome']>, string>> = {
  delivered: 'delivered',
  refused: 'refused',
  given_up: 'given up',
};

const deliveryTable = (deliveries: readonly LogoutDelivery[]): Html =>
  html`<table>
    <thead>
      <tr>
        <th>Relying party</th>
        <th>Because of</th>
        <th>Outcome</th>
        <th>Attempts</th>
        <th>Queued</th>
      </tr>
    </thead>
    <tbody>
      ${deliveries.map(
        ({ clientId, url, initiator, outcome, log = [], createdAt }) =>
          html`<tr>
            <td data-label="Relying party">${clientId}<br /><span class="mono small">${url}</span></td>
            <td data-label="Because of">${initiator}</td>
            <td data-label="Outcome">
              ${outcome === undefined ? 'waits for its next attempt' : OUTCOMES[outcome]}
            </td>
            <td data-label="Attempts">
              ${
                log.length === 0
                  ? html`<span class="soft">none yet</span>`
                  : log.map(
                      ({ at, status, reason }) =>
                        html`<div>${instant(at)}: ${reason ?? `taken with the status ${status}`}</div>`,
                    )
              }
            </td>
            <td class="tight" data-label="Queued">${instant(createdAt)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;

export interface ShownLogout {
  readonly logout: Logout;
  /** To the relying parties of its sessions. */
  readonly deliveries: readonly LogoutDelivery[];
}

export const logoutPage = ({ logout, deliveries }: ShownLogout): string =>
  page(
    `Logout of ${logout.userId ?? 'nobody'}`,
    html`<h1>Logout of ${logout.userId ?? 'nobody'}</h1>
      ${facts({
        id: logout.id,
        status: logout.status,
        'begun by': requesterOf(logout),
        'its request': logout.requester?.requestId,
        RelayState: logout.requester?.RelayState,
        'returns to': logout.relyingParty?.redirectTo ?? undefined,
        'sessions ended': logout.sessionIds.length,
        begun: logout.createdAt,
        ended: logout.finishedAt ?? undefined,
      })}
      <h2>Service providers</h2>
      ${logout.steps.length === 0 ? html`<p>There was nobody to ask.</p>` : logout.steps.map(stepLine)}
      ${
        deliveries.length === 0
          ? null
          : html`<h2>In the back channel</h2>
              ${deliveryTable(deliveries)}`
      }
      <h2>Timeline</h2>
      ${logout.timeline.map(event)}`,
  );

const event = ({ name, at, detail = {} }: TimelineEvent): Html => {
  const { xml, ...rest } = detail;
  return html`<h3><span class="mono">${name}</span></h3>
    <p class="soft small">${instant(at)}</p>
    ${facts(rest)} ${typeof xml === 'string' ? xmlView('message', xml) : null}`;
};
