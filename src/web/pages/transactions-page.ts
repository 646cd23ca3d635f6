/** The list of transactions, newest first. */
import type { Protocol, Transaction } from '../../tenant/transaction.js';
import { html, type Html } from './html.js';
import { page } from './page.js';
import { instant, status } from './values.js';

/** The filters as they stand in the address. */
export interface ListedBy {
  readonly client_id?: string | undefined;
  readonly user_id?: string | undefined;
  readonly status?: string | undefined;
  readonly protocol?: string | undefined;
}

const PATH = '/debug/transactions';
const STATUSES = ['completed', 'denied', 'failed', 'pending', 'suspended'];
const PROTOCOLS: Readonly<Record<Protocol, string>> = {
  samlp: 'SAML',
  oidc: 'OIDC',
  client_credentials: 'Client credentials',
  authorization_code: 'Authorization code',
  refresh_token: 'Refresh token',
  password: 'Password',
  device_code: 'Device code',
  token_exchange: 'Token exchange',
};

export const protocolName = ({ protocol }: Transaction): string => PROTOCOLS[protocol];

export function transactionsPage(
  items: readonly Transaction[],
  next: string | null,
  filters: ListedBy,
  isFirstPage: boolean,
): string {
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  return page(
    'Transactions',
    html`<h1>Transactions</h1>
      <p class="soft">One line a login, the newest first.</p>
      ${form(filters)} ${items.length === 0 ? nothing(isFiltered, isFirstPage) : table(items)}
      ${pages(next, filters, isFirstPage)}`,
  );
}

export const userOf = ({ user, userId, protocol }: Transaction): string =>
  user
    ? (user.email ?? user.name ?? userId ?? 'a user without a name')
    : protocol === 'client_credentials'
      ? 'the client itself'
      : protocol === 'samlp' || protocol === 'oidc'
        ? 'nobody yet'
        : 'nobody';

const table = (items: readonly Transaction[]): Html =>
  html`<table>
    <thead>
      <tr>
        <th>Transaction</th>
        <th>Client</th>
        <th>User</th>
        <th>Protocol</th>
        <th>Created</th>
      </tr>
    </thead>
    <tbody>
      ${items.map(
        (transaction) =>
          html`<tr>
            <td>
              ${status(transaction.status)}
              <a class="mono" href="${PATH}/${encodeURIComponent(transaction.id)}"
                >${shortened(transaction.id)}</a
              >
              ${transaction.reason === null ? null : html`<div class="soft">${transaction.reason}</div>`}
            </td>
            <td class="client" data-label="client">${transaction.clientId ?? 'unknown'}</td>
            <td class="user" data-label="user">${userOf(transaction)}</td>
            <td class="tight">${PROTOCOLS[transaction.protocol]}</td>
            <td class="tight">${instant(transaction.createdAt)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;

/** Enough of an id to tell a few from each other; the page of each has it whole. */
const shortened = (id: string): string => (id.length <= 16 ? id : `${id.slice(0, 12)}…`);

const options = (names: readonly (readonly [string, string])[], chosen: string | undefined): Html[] => [
  html`<option value="">any</option>`,
  ...names.map(([value, name]) =>
    value === chosen
      ? html`<option value="${value}" selected>${name}</option>`
      : html`<option value="${value}">${name}</option>`,
  ),
];

const form = (filters: ListedBy): Html =>
  html`<form action="${PATH}" method="get">
    <label
      >Status
      <select name="status">
        ${options(
          STATUSES.map((name) => [name, name]),
          filters.status,
        )}
      </select>
    </label>
    <label
      >Protocol
      <select name="protocol">
        ${options(Object.entries(PROTOCOLS), filters.protocol)}
      </select>
    </label>
    <label>Client <input name="client_id" value="${filters.client_id}" autocomplete="off" /></label>
    <label>User id <input name="user_id" value="${filters.user_id}" autocomplete="off" /></label>
    <button>Filter</button>
  </form>`;

const nothing = (isFiltered: boolean, isFirstPage: boolean): Html =>
  isFiltered || !isFirstPage
    ? html`<p>No transaction fits. <a href="${PATH}">Show all</a></p>`
    : html`<p>
        No login has taken place yet. <a href="/">The first page</a> has a line that issues a signed response.
      </p>`;

function pages(next: string | null, filters: ListedBy, isFirstPage: boolean): Html {
  const address = (more: Readonly<Record<string, string>>): string => {
    const asked = Object.entries({ ...filters, ...more }).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams(asked).toString();
    return query === '' ? PATH : `${PATH}?${query}`;
  };
  return html`<p class="contents">
    ${isFirstPage ? null : html`<a href="${address({})}">Newest</a>`}
    ${next === null ? null : html`<a href="${address({ cursor: next })}">Older</a>`}
  </p>`;
}
